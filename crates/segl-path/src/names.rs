//! Name constraints (RFC 5280, 4.2.1.10).

use segl_x509::{
    Certificate, ExtensionError, GeneralName, GeneralSubtree, NameConstraints, ObjectIdentifier, oids,
};

use crate::budget::Budget;
use crate::error::Reason;

/// What the authorities so far permit and exclude: a name must satisfy each of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct NameState {
    constraints: Vec<NameConstraints>,
}

impl NameState {
    pub(crate) fn add(&mut self, constraints: NameConstraints) {
        if !constraints.permitted.is_empty() || !constraints.excluded.is_empty() {
            self.constraints.push(constraints);
        }
    }

    /// 6.1.3 (b) and (c) for subject, subjectAltName, and mail addresses inside the subject.
    pub(crate) fn check(&self, certificate: &Certificate, budget: &mut Budget) -> Result<(), Reason> {
        if self.constraints.is_empty() {
            return Ok(());
        }
        for name in names(certificate)? {
            for constraints in &self.constraints {
                // Those of other forms are passed over, but one after the other.
                budget.name_comparisons(constraints.permitted.len(), constraints.excluded.len())?;
                let related = |subtree: &&GeneralSubtree| same_form(&subtree.base, &name);
                let mut permitted = constraints.permitted.iter().filter(related).peekable();
                let has_permitted = permitted.peek().is_some();
                let mut is_permitted = false;
                for subtree in permitted {
                    is_permitted |= contains(subtree, &name)?;
                }
                for subtree in constraints.excluded.iter().filter(related) {
                    if contains(subtree, &name)? {
                        return Err(Reason::NameExcluded { name });
                    }
                }
                if has_permitted && !is_permitted {
                    return Err(Reason::NameNotPermitted { name });
                }
            }
        }
        Ok(())
    }
}

fn names(certificate: &Certificate) -> Result<Vec<GeneralName>, ExtensionError> {
    let subject = certificate.subject();
    let mut names = Vec::new();
    if !subject.is_empty() {
        names.push(GeneralName::Directory(subject.clone()));
    }
    // What is no text is no mailbox either, and meets no constraint.
    let mailboxes = subject.attributes().filter(|attribute| attribute.is(oids::EMAIL_ADDRESS));
    names.extend(mailboxes.map(|one| GeneralName::Email(one.text().unwrap_or_default().into_owned())));
    for name in certificate.subject_alt_names()?.unwrap_or_default() {
        names.extend(international_mailbox(&name));
        names.push(name);
    }
    Ok(names)
}

/// SmtpUTF8Mailbox: constraints on mail addresses hold for it too (RFC 9598, 6), or it would be the way around them.
fn international_mailbox(name: &GeneralName) -> Option<GeneralName> {
    const SMTP_UTF8_MAILBOX: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.8.9");
    let GeneralName::Other { type_id, value } = name else { return None };
    // What is no UTF8String is no mailbox, and meets no constraint.
    let text = || match value.split_first() {
        Some((0x0c, rest)) => {
            short_or_long(rest).and_then(|content| String::from_utf8(content.to_vec()).ok())
        }
        _ => None,
    };
    (*type_id == SMTP_UTF8_MAILBOX).then(|| GeneralName::Email(text().unwrap_or_default()))
}

/// The content behind a length, which fills the rest; a mailbox has less than 64 KiB.
fn short_or_long(rest: &[u8]) -> Option<&[u8]> {
    let (len, content) = match rest {
        [len @ ..=0x7f, content @ ..] | [0x81, len, content @ ..] => (usize::from(*len), content),
        [0x82, high, low, content @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), content),
        _ => return None,
    };
    (content.len() == len).then_some(content)
}

fn same_form(one: &GeneralName, two: &GeneralName) -> bool {
    match (one, two) {
        (GeneralName::Other { type_id: one, .. }, GeneralName::Other { type_id: two, .. }) => one == two,
        _ => core::mem::discriminant(one) == core::mem::discriminant(two),
    }
}

/// Whether the name lies in the subtree; both have the same form.
fn contains(subtree: &GeneralSubtree, name: &GeneralName) -> Result<bool, Reason> {
    let unsupported = || Reason::NameConstraintUnsupported { name: name.clone() };
    if subtree.minimum != 0 || subtree.maximum.is_some() {
        return Err(unsupported());
    }
    match (&subtree.base, name) {
        (GeneralName::Directory(base), GeneralName::Directory(name)) => Ok(base.is_prefix_of(name)),
        (GeneralName::Dns(base), GeneralName::Dns(name)) => Ok(dns(base, name)),
        (GeneralName::Email(base), GeneralName::Email(name)) => email(base, name).ok_or_else(unsupported),
        (GeneralName::Ip(base), GeneralName::Ip(name)) => ip(base, name).ok_or_else(unsupported),
        // A URI without a host can be neither permitted nor excluded with certainty.
        (GeneralName::Uri(base), GeneralName::Uri(name)) => {
            uri_host(name).map(|host| host_in(base, host)).ok_or_else(unsupported)
        }
        _ => Err(unsupported()),
    }
}

/// Zero or more labels may stand in front of the base.
fn dns(base: &str, name: &str) -> bool {
    let (base, name) = (base.trim_end_matches('.'), name.trim_end_matches('.'));
    base.is_empty() || host_in(base, name) || (!base.starts_with('.') && ends_with(name, &format!(".{base}")))
}

/// A mailbox, all mailboxes of a host, or with a leading dot all hosts of a domain; `None` when the name is no mailbox, which can be
/// neither permitted nor excluded with certainty.
fn email(base: &str, name: &str) -> Option<bool> {
    let (local, host) = name.rsplit_once('@')?;
    // Of a host in other letters the form that constraints have is not known here.
    if !host.is_ascii() {
        return None;
    }
    Some(match base.rsplit_once('@') {
        Some((base_local, base_host)) => base_local == local && host_in(base_host, host),
        None => host_in(base, host),
    })
}

/// A host, or with a leading dot all hosts below.
fn host_in(base: &str, host: &str) -> bool {
    // With the dot of the root it is the same host.
    let (base, host) = (base.trim_end_matches('.'), host.trim_end_matches('.'));
    if base.starts_with('.') { ends_with(host, base) } else { base.eq_ignore_ascii_case(host) }
}

fn ends_with(host: &str, tail: &str) -> bool {
    let start = host.len().checked_sub(tail.len());
    // The tail must leave something in front of it.
    start
        .is_some_and(|start| start > 0 && host.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(tail)))
}

/// The host of `scheme://user@host:port/path`; `None` for an address or when there is none.
fn uri_host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let is_address = host.starts_with('[') || host.chars().all(|c| c.is_ascii_digit() || c == '.');
    (!host.is_empty() && !is_address).then_some(host)
}

/// Address and mask against an address; `None` when the lengths do not fit one another.
fn ip(base: &[u8], address: &[u8]) -> Option<bool> {
    if !matches!(base.len(), 8 | 32) || !matches!(address.len(), 4 | 16) {
        return None;
    }
    let (network, mask) = base.split_at_checked(base.len() / 2)?;
    // An IPv4 constraint says nothing about an IPv6 address.
    Some(
        network.len() == address.len()
            && network.iter().zip(mask).zip(address).all(|((net, mask), octet)| net & mask == octet & mask),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        assert!(dns("example.com", "example.com") && dns("example.com", "a.B.example.COM"));
        assert!(!dns("example.com", "badexample.com") && dns("", "anything"));
        assert!(dns(".example.com", "a.example.com") && !dns(".example.com", "example.com"));
        assert!(
            host_in("host.com", "HOST.com")
                && host_in("host.com", "host.com.")
                && !host_in("host.com", "a.host.com")
        );
    }

    #[test]
    fn mailboxes() {
        let (inside, outside) = (Some(true), Some(false));
        assert_eq!((email("a@b.com", "a@B.com"), email("a@b.com", "A@b.com")), (inside, outside));
        assert_eq!((email("b.com", "x@b.com"), email("b.com", "x@a.b.com")), (inside, outside));
        assert_eq!((email(".b.com", "x@a.b.com"), email(".b.com", "x@b.com")), (inside, outside));
        assert_eq!((email("b.com", "x@b.com."), email("a@b.com", "a@b.com.")), (inside, inside));
        assert_eq!(email("b.com", "no mailbox"), None);
        assert_eq!((email("b.com", "ø@b.com"), email("b.com", "x@bø.com")), (inside, None));
    }

    #[test]
    fn international_mailboxes_are_mailboxes() {
        let other = |oid: &str, value: &[u8]| GeneralName::Other {
            type_id: ObjectIdentifier::new_unwrap(oid).into(),
            value: value.to_vec(),
        };
        let read = |value: &[u8]| international_mailbox(&other("1.3.6.1.5.5.7.8.9", value));
        let mailbox = |text: &str| Some(GeneralName::Email(text.to_owned()));
        assert_eq!(read("\u{c}\u{4}ø@b".as_bytes()), mailbox("ø@b"));
        assert_eq!(read(&[&[0x0c, 0x81, 200][..], &[b'a'; 200]].concat()), mailbox(&"a".repeat(200)));
        assert_eq!(read(&[&[0x0c, 0x82, 1, 0][..], &[b'a'; 256]].concat()), mailbox(&"a".repeat(256)));
        for bad in [&b"\x16\x01a"[..], b"\x0c\x02a", b"\x0c\x01\xff", b"\x0c\x80", b""] {
            assert_eq!(read(bad), mailbox(""), "{bad:?}");
        }
        assert_eq!(international_mailbox(&other("1.3.6.1.4.1.311.20.2.3", b"\x0c\x01a")), None);
        assert_eq!(international_mailbox(&GeneralName::Dns("a".to_owned())), None);
    }

    #[test]
    fn uris_have_hosts() {
        assert_eq!(uri_host("http://u:p@h.example:80/path?x#y"), Some("h.example"));
        assert_eq!(uri_host("ldap://h.example"), Some("h.example"));
        for none in ["urn:x", "http://", "http://10.0.0.1/", "http://[::1]:80/", "mailto:a@b"] {
            assert_eq!(uri_host(none), None, "{none}");
        }
    }

    #[test]
    fn addresses() {
        let net = [10, 0, 0, 0, 255, 0, 0, 0];
        assert_eq!(ip(&net, &[10, 1, 2, 3]), Some(true));
        assert_eq!(ip(&net, &[11, 1, 2, 3]), Some(false));
        assert_eq!(ip(&net, &[0; 16]), Some(false));
        assert_eq!(ip(&net[..5], &[10, 1, 2, 3]), None);
    }
}
