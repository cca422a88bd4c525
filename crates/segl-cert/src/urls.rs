use core::fmt;

use crate::PdsLocation;

/// Where the services of an authority answer, all under one base address.
///
/// A certificate points to public services, so the host must be a public-looking name even while the authority serves
/// elsewhere (EN 319 412-2 GEN-4.3.11 and -4.4.1): `http://pki.example.com` will do, `localhost` and numbers will not.
/// Pointers are `http` because what they lead to is signed; disclosure statements are `https` (EN 319 412-5 4.3.4).
///
/// ```
/// use segl_cert::AuthorityUrls;
///
/// let urls = AuthorityUrls::new("http://pki.example.com")?;
/// assert_eq!(urls.ocsp(), "http://pki.example.com/ocsp");
/// assert!(AuthorityUrls::new("http://localhost:8080").is_err());
/// # Ok::<(), segl_cert::BaseUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityUrls {
    /// `http://host[:port][/path]`, without a slash at the end.
    base: String,
}

/// Why a base address cannot stand in a certificate.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// A query, fragment, user name or a character outside the unreserved set.
    #[error("the base address holds {0:?}; it is http://host[:port][/path] in plain characters")]
    Character(char),
    /// No host, or one that is not public: an address in numbers, a name without a dot or under a domain kept for
    /// local use.
    #[error(
        "the host is not a public name; a certificate must not point to it (http://pki.example.com will do)"
    )]
    Host,
    /// More than 128 characters, which together with the paths below would not be shown on one line.
    #[error("the base address is longer than 128 characters")]
    TooLong,
    /// It does not start with `http://`.
    #[error("the base address does not start with http://")]
    Scheme,
}

/// Top-level names that no public host has (RFC 6761, RFC 6762, RFC 9476 and ICANN's `internal`).
const LOCAL_DOMAINS: [&str; 10] =
    ["alt", "arpa", "corp", "example", "home", "internal", "invalid", "local", "localhost", "test"];

impl AuthorityUrls {
    /// Takes a base address such as `http://pki.example.com`; a slash at the end is dropped.
    pub fn new(base: &str) -> Result<Self, BaseUrlError> {
        let rest = base.strip_prefix("http://").ok_or(BaseUrlError::Scheme)?.trim_end_matches('/');
        if base.len() > 128 {
            return Err(BaseUrlError::TooLong);
        }
        let plain = |c: &char| c.is_ascii_alphanumeric() || "-._~/:".contains(*c);
        if let Some(odd) = rest.chars().find(|character| !plain(character)) {
            return Err(BaseUrlError::Character(odd));
        }
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
        if !is_public_host(host) || port.parse::<u16>().is_err() {
            return Err(BaseUrlError::Host);
        }
        Ok(Self { base: format!("http://{rest}") })
    }

    /// The base address, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The root certificate, DER.
    pub fn root_certificate(&self) -> String {
        self.at("/ca/root.cer")
    }

    /// The issuing authority's certificate, DER.
    pub fn ca_certificate(&self) -> String {
        self.at("/ca/ca1.cer")
    }

    /// The CRL of the root.
    pub fn root_crl(&self) -> String {
        self.at("/crl/root.crl")
    }

    /// The CRL of the issuing authority.
    pub fn ca_crl(&self) -> String {
        self.at("/crl/ca1.crl")
    }

    /// The OCSP responder.
    pub fn ocsp(&self) -> String {
        self.at("/ocsp")
    }

    /// The time-stamp unit. No certificate carries this one.
    pub fn time_stamp(&self) -> String {
        self.at("/tsa")
    }

    /// The disclosure statements: English and Danish, `https`.
    pub fn disclosure_statements(&self) -> Vec<PdsLocation> {
        let rest = self.base.strip_prefix("http://").unwrap_or_default();
        ["en", "da"]
            .map(|language| PdsLocation {
                url: format!("https://{rest}/pds/{language}.pdf"),
                language: language.to_owned(),
            })
            .to_vec()
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl fmt::Display for AuthorityUrls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

/// Whether a host is a name of two labels or more that somebody could look up from outside.
pub(crate) fn is_public_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let labels: Vec<&str> = host.split('.').collect();
    let labels_fit = labels.len() >= 2
        && labels.iter().all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
    let top = labels.last().copied().unwrap_or_default();
    labels_fit && top.starts_with(|first: char| first.is_ascii_alphabetic()) && !LOCAL_DOMAINS.contains(&top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_looking_hosts_pass() {
        for good in
            ["http://pki.example.com", "http://pki.example.com/", "http://a.dk:8080/b/c", "http://x.xn--p1ai"]
        {
            assert!(AuthorityUrls::new(good).is_ok(), "{good}");
        }
        for (bad, error) in [
            ("https://pki.example.com", BaseUrlError::Scheme),
            ("pki.example.com", BaseUrlError::Scheme),
            ("http://", BaseUrlError::Host),
            ("http://localhost", BaseUrlError::Host),
            ("http://LOCALHOST:80", BaseUrlError::Host),
            ("http://127.0.0.1:8080", BaseUrlError::Host),
            ("http://pki.test", BaseUrlError::Host),
            ("http://pki.example", BaseUrlError::Host),
            ("http://a..dk", BaseUrlError::Host),
            ("http://a.dk:x", BaseUrlError::Host),
            ("http://u@a.dk", BaseUrlError::Character('@')),
            ("http://a.dk/?q", BaseUrlError::Character('?')),
            ("http://a.dk/\u{e6}", BaseUrlError::Character('\u{e6}')),
        ] {
            assert_eq!(AuthorityUrls::new(bad), Err(error), "{bad}");
        }
        assert_eq!(
            AuthorityUrls::new(&format!("http://a.dk/{}", "x".repeat(200))),
            Err(BaseUrlError::TooLong)
        );
    }

    #[test]
    fn disclosure_statements_are_https() {
        let urls = AuthorityUrls::new("http://pki.example.com/x/").unwrap();
        assert_eq!(urls.disclosure_statements()[0].url, "https://pki.example.com/x/pds/en.pdf");
        assert_eq!(urls.ca_crl(), "http://pki.example.com/x/crl/ca1.crl");
    }
}
