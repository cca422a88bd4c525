//! Addresses as certificates hold them, read strictly.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest address that is read, in octets; those of CRLs in directories come near to 1 000.
pub const MAX_URL: usize = 4096;
/// The longest host name, in octets (RFC 1035, 2.3.4).
const MAX_HOST: usize = 253;
/// The longest label of a host name, in octets (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;
/// How much of an unreadable address is shown.
const MAX_SHOWN: usize = 200;

/// An absolute `http` or `https` address (RFC 3986), with a host that means one thing only.
///
/// No user information, no fragment, no numbers of four octets written otherwise than `192.0.2.1`. [`Display`](fmt::Display) and
/// `Debug` leave the query out; [`Self::as_str`] has it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    scheme: Scheme,
    host: String,
    port: u16,
    /// Begins with `/`.
    path_and_query: String,
    text: String,
}

/// How the host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// HTTP without TLS: what CRLs, OCSP and certificates use by design, because they are signed themselves.
    Http,
    /// HTTP over TLS.
    Https,
}

/// Why text is not an address that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// A control character, which has no place in an address.
    #[error("a control character at octet {offset} of the address")]
    Control {
        /// Where, in octets.
        offset: usize,
    },
    /// The host is no name and no address in its usual spelling.
    #[error("the host of the address is neither a name nor an IP address")]
    Host,
    /// There is no scheme, so the address is not absolute.
    #[error("the address is not absolute: it must begin with http:// or https://")]
    NotAbsolute,
    /// The port is not a number from 1 to 65535.
    #[error("the port of the address is not a number from 1 to 65535")]
    Port,
    /// Something else than `http` and `https`: certificates also name `ldap`.
    #[error("{scheme} is not supported: only http and https are")]
    Scheme {
        /// The scheme, in lower case.
        scheme: String,
    },
    /// Longer than [`MAX_URL`].
    #[error("the address has {length} octets, more than {MAX_URL}")]
    TooLong {
        /// Its length in octets.
        length: usize,
    },
    /// A user name or password stands before the host.
    #[error("the address holds a user name or password")]
    UserInfo,
}

impl Scheme {
    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Url {
    /// Reads an address. Blanks around it and its fragment are dropped; characters that may not stand in a path are
    /// percent-encoded.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if text.len() > MAX_URL {
            return Err(UrlError::TooLong { length: text.len() });
        }
        if let Some(offset) = text.bytes().position(|octet| octet.is_ascii_control()) {
            return Err(UrlError::Control { offset });
        }
        let scheme_text = scheme_of(text).ok_or(UrlError::NotAbsolute)?;
        let scheme = match scheme_text.to_ascii_lowercase() {
            name if name == "http" => Scheme::Http,
            name if name == "https" => Scheme::Https,
            scheme => return Err(UrlError::Scheme { scheme }),
        };
        let rest = text.get(scheme_text.len()..).and_then(|rest| rest.strip_prefix("://"));
        Self::after_scheme(scheme, rest.ok_or(UrlError::NotAbsolute)?)
    }

    /// Reads a reference as a server gives it in `Location`, relative to this address (RFC 3986, 5.2).
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn join(&self, reference: &str) -> Result<Self, UrlError> {
        let reference = reference.trim_matches([' ', '\t']);
        if scheme_of(reference).is_some() {
            return Self::parse(reference);
        }
        let origin = self.origin();
        let path = self.path_and_query.split('?').next().unwrap_or("/");
        let joined = if let Some(rest) = reference.strip_prefix("//") {
            format!("{}://{rest}", self.scheme.name())
        } else if reference.starts_with('/') {
            format!("{origin}{}", without_dots(reference))
        } else if reference.starts_with(['?', '#']) {
            format!("{origin}{path}{reference}")
        } else {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{origin}{}", without_dots(&format!("{folder}/{reference}")))
        };
        Self::parse(&joined)
    }

    /// This address with one more segment; `None` when it has a query, behind which no segment can be.
    pub(crate) fn with_segment(&self, segment: &str) -> Option<Self> {
        if self.path_and_query.contains('?') {
            return None;
        }
        let slash = if self.path_and_query.ends_with('/') { "" } else { "/" };
        Self::parse(&format!("{}{slash}{segment}", self.text)).ok()
    }

    /// The scheme.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host in lower case: a name, or an IP address (IPv6 without brackets).
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host as an IP address, when it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The port, the scheme's own when the address has none.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The whole address, with its query: it may hold what is not for a log.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn origin(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == self.scheme.default_port() {
            format!("{}://{host}", self.scheme.name())
        } else {
            format!("{}://{host}:{}", self.scheme.name(), self.port)
        }
    }

    fn after_scheme(scheme: Scheme, rest: &str) -> Result<Self, UrlError> {
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let (host, port) = host_and_port(authority)?;
        let port = match port {
            None | Some("") => scheme.default_port(),
            Some(digits) if digits.bytes().all(|octet| octet.is_ascii_digit()) => {
                digits.parse().ok().filter(|port| *port != 0).ok_or(UrlError::Port)?
            }
            Some(_) => return Err(UrlError::Port),
        };
        let slash = if tail.starts_with('/') { "" } else { "/" };
        let path_and_query = format!("{slash}{}", percent_encoded(tail));
        let mut url = Self { scheme, host, port, path_and_query, text: String::new() };
        url.text = format!("{}{}", url.origin(), url.path_and_query);
        // Encoding makes it longer.
        if url.text.len() > MAX_URL { Err(UrlError::TooLong { length: url.text.len() }) } else { Ok(url) }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.split_once('?') {
            Some((shown, _)) => write!(f, "{shown}?…"),
            None => f.write_str(&self.text),
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// What may be shown of an address that need not be one: no user information, no query, no control characters.
pub(crate) fn shown(text: &str) -> String {
    if let Ok(url) = Url::parse(text) {
        return url.to_string();
    }
    let (start, rest) =
        text.find("://").and_then(|at| text.split_at_checked(at.saturating_add(3))).unwrap_or(("", text));
    let (rest, cut) = match rest.find(['?', '#']).and_then(|at| rest.get(..at)) {
        Some(rest) => (rest, "?…"),
        None => (rest, ""),
    };
    // What cannot be read may have a slash in its password: nothing before the last @ is shown.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let whole = format!("{start}{rest}{cut}");
    whole.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect()
}

/// The scheme in front of the first colon, when there is one.
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let mut octets = scheme.bytes();
    let is_scheme = octets.next().is_some_and(|first| first.is_ascii_alphabetic())
        && octets.all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet));
    is_scheme.then_some(scheme)
}

fn host_and_port(authority: &str) -> Result<(String, Option<&str>), UrlError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(UrlError::Host)?;
        let address: Ipv6Addr = address.parse().map_err(|_| UrlError::Host)?;
        let port = match port.strip_prefix(':') {
            None if !port.is_empty() => return Err(UrlError::Host),
            port => port,
        };
        return Ok((address.to_string(), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
    };
    if host.len() > MAX_HOST || !host.split('.').all(is_label) {
        return Err(UrlError::Host);
    }
    // Resolvers read 127.1, 0x7f000001 and 017700000001 as addresses; whoever looks at the text does not.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|octet| octet.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|octet| octet.is_ascii_hexdigit()));
    if is_number && host.parse::<Ipv4Addr>().is_err() {
        return Err(UrlError::Host);
    }
    Ok((host, port))
}

/// Octets that may not stand in a path or query, percent-encoded; what is encoded already stays as it is.
fn percent_encoded(text: &str) -> String {
    use fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for octet in text.bytes() {
        if octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&octet) {
            out.push(char::from(octet));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{octet:02X}");
        }
    }
    out
}

/// Resolves `.` and `..` in the path (RFC 3986, 5.2.4).
fn without_dots(path_and_query: &str) -> String {
    let (path, query) = match path_and_query.find(['?', '#']) {
        Some(at) => path_and_query.split_at_checked(at).unwrap_or((path_and_query, "")),
        None => (path_and_query, ""),
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_folder = false;
    for segment in path.split('/').skip(1) {
        ends_in_folder = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let slash = if ends_in_folder && !kept.is_empty() { "/" } else { "" };
    format!("/{}{slash}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_certificates_hold() {
        for (text, read) in [
            ("http://pki.example.com/ca.crl", "http://pki.example.com/ca.crl"),
            ("HTTP://PKI.Example.COM:80", "http://pki.example.com/"),
            (" http://pki.example.com./a b.crl\r\n", "http://pki.example.com/a%20b.crl"),
            (
                "http://h/cn=Ød,o=X?certificateRevocationList#x",
                "http://h/cn=%C3%98d,o=X?certificateRevocationList",
            ),
            ("https://h:443/%20", "https://h/%20"),
            ("http://h?q", "http://h/?q"),
            ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
            ("http://192.0.2.1/", "http://192.0.2.1/"),
            ("http://a_b.example/", "http://a_b.example/"),
        ] {
            assert_eq!(Url::parse(text).unwrap().as_str(), read);
        }
        let url = Url::parse("http://[::ffff:7f00:1]/").unwrap();
        assert_eq!(url.ip(), Some("::ffff:127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_refused() {
        let ldap = "ldap://ldap.example.com/cn=CA?certificateRevocationList;binary";
        assert_eq!(Url::parse(ldap), Err(UrlError::Scheme { scheme: "ldap".to_owned() }));
        assert_eq!(
            Url::parse(ldap).unwrap_err().to_string(),
            "ldap is not supported: only http and https are"
        );
        for (text, error) in [
            ("file:///etc/passwd", UrlError::Scheme { scheme: "file".to_owned() }),
            ("/ca.crl", UrlError::NotAbsolute),
            ("http:/h", UrlError::NotAbsolute),
            ("http:h", UrlError::NotAbsolute),
            ("", UrlError::NotAbsolute),
            ("http://u:p@h/", UrlError::UserInfo),
            ("http://a@b@h/", UrlError::UserInfo),
            ("http://h:0/", UrlError::Port),
            ("http://h:65536/", UrlError::Port),
            ("http://h:+80/", UrlError::Port),
            ("http://h:80:80/", UrlError::Port),
            ("http:///x", UrlError::Host),
            ("http://a..b/", UrlError::Host),
            ("http://ø.example/", UrlError::Host),
            ("http://h\\@x/", UrlError::UserInfo),
            ("http://h\\x/", UrlError::Host),
            ("http://h%00/", UrlError::Host),
            ("http://[::1/", UrlError::Host),
            ("http://[::1]x/", UrlError::Host),
            ("http://[fe80::1%25eth0]/", UrlError::Host),
            ("http://127.1/", UrlError::Host),
            ("http://2130706433/", UrlError::Host),
            ("http://0x7f.0x1/", UrlError::Host),
            ("http://0177.0.0.1/", UrlError::Host),
            ("http://h/a\r\nHost: x", UrlError::Control { offset: 10 }),
            ("http://h/\0", UrlError::Control { offset: 9 }),
        ] {
            assert_eq!(Url::parse(text), Err(error), "{text:?}");
        }
        let long = format!("http://h/{}", "a".repeat(MAX_URL));
        assert_eq!(Url::parse(&long), Err(UrlError::TooLong { length: MAX_URL + 9 }));
        let long_when_encoded = format!("http://h/{}", " x".repeat(1024));
        assert_eq!(Url::parse(&long_when_encoded), Err(UrlError::TooLong { length: 9 + 4 * 1024 }));
    }

    #[test]
    fn references_are_joined() {
        let base = Url::parse("http://h:8080/a/b/c?q").unwrap();
        for (reference, joined) in [
            ("d", "http://h:8080/a/b/d"),
            ("../d?x", "http://h:8080/a/d?x"),
            ("../../../../d", "http://h:8080/d"),
            ("..", "http://h:8080/a/"),
            ("./", "http://h:8080/a/b/"),
            ("/x/./y/../z", "http://h:8080/x/z"),
            ("?y", "http://h:8080/a/b/c?y"),
            ("//other/x", "http://other/x"),
            ("https://other/x", "https://other/x"),
        ] {
            assert_eq!(base.join(reference).unwrap().as_str(), joined, "{reference}");
        }
        assert!(matches!(base.join("gopher://h/"), Err(UrlError::Scheme { .. })));
        assert_eq!(base.join("//u@h/"), Err(UrlError::UserInfo));
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(Url::parse("http://h/x?token=1").unwrap().to_string(), "http://h/x?…");
        assert_eq!(format!("{:?}", Url::parse("http://h/x?token=1").unwrap()), "Url(http://h/x?…)");
        assert_eq!(shown("http://user:secret@h/x?token=1"), "http://h/x?…");
        assert_eq!(shown("ldap://user:se/cret@h/x#y"), "ldap://h/x?…");
        assert_eq!(shown("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert!(shown(&"x".repeat(10_000)).len() <= MAX_SHOWN);
    }
}
