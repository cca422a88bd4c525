//! A path that was found good.

use segl_x509::{Certificate, Name, Oid};

use crate::anchor::Anchor;

/// A path that satisfies RFC 5280, 6.1 under the parameters it was checked with. Revocation is not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) anchor: Anchor,
    pub(crate) policies: PolicySet,
    /// Keys with the parameters they have from above, by position.
    pub(crate) inherited: Vec<(usize, Vec<u8>)>,
}

/// user-constrained-policy-set (RFC 5280, 6.1.6): the policies the path is valid for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "any-policy or a set, as RFC 5280, 6.1.6 has it")]
pub enum PolicySet {
    /// Every policy.
    Any,
    /// These, in the terms of the anchor's domain; may be empty when no policy was required.
    These(Vec<Oid>),
}

/// Who issued a certificate of a path.
#[derive(Debug, Clone, Copy)]
pub struct Issuer<'a> {
    /// Name of the issuer.
    pub name: &'a Name,
    /// Key of the issuer, DER of a SubjectPublicKeyInfo: that of its certificate, or that with the parameters it has from above.
    pub spki: &'a [u8],
    /// Certificate of the issuer; an anchor may have none.
    pub certificate: Option<&'a Certificate>,
}

impl Path {
    /// The certificates, leaf first, the anchor not among them. Only when the leaf itself is the anchor, it stands here
    /// alone.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The certificate the path was built for.
    pub fn leaf(&self) -> Option<&Certificate> {
        self.certificates.first()
    }

    /// Where the path ends.
    pub fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    /// The policies it is valid for.
    pub fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// Whether the leaf itself is the anchor, so that nothing above it vouches for it.
    pub fn is_anchor_itself(&self) -> bool {
        matches!(self.certificates.as_slice(), [only] if self.anchor.is(only))
    }

    /// The key of the certificate at `position` (0 is the leaf), DER of a SubjectPublicKeyInfo. Where the certificate leaves the
    /// parameters of a DSA key to the authority above, they are filled in.
    pub fn spki_der(&self, position: usize) -> Option<&[u8]> {
        match self.inherited.iter().find(|(at, _)| *at == position) {
            Some((_, completed)) => Some(completed),
            None => self.certificates.get(position).map(Certificate::spki_der),
        }
    }

    /// The issuer of the certificate at `position` (0 is the leaf).
    pub fn issuer(&self, position: usize) -> Issuer<'_> {
        let next = position.saturating_add(1);
        match self.certificates.get(next).zip(self.spki_der(next)) {
            Some((above, spki)) => Issuer { name: above.subject(), spki, certificate: Some(above) },
            None => Issuer {
                name: self.anchor.name(),
                spki: self.anchor.spki_der(),
                certificate: self.anchor.certificate(),
            },
        }
    }

    /// Each certificate with its issuer, leaf first.
    pub fn with_issuers(&self) -> impl Iterator<Item = (&Certificate, Issuer<'_>)> {
        self.certificates
            .iter()
            .enumerate()
            .map(|(position, certificate)| (certificate, self.issuer(position)))
    }
}
