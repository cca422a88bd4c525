//! Where paths end.

use std::collections::HashMap;

use segl_x509::{Certificate, Name};

/// A trust anchor: a name and a key (RFC 5280, 6.1.1 (d)).
///
/// A certificate it came from is kept for showing; its signature, dates, and constraints play no part in validation, except
/// the dates when [`Parameters`](crate::Parameters) ask for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    name: Name,
    spki: Vec<u8>,
    certificate: Option<Certificate>,
}

impl Anchor {
    /// The anchor that a certificate describes: its subject and its key.
    pub fn from_certificate(certificate: Certificate) -> Self {
        Self {
            name: certificate.subject().clone(),
            spki: certificate.spki_der().to_vec(),
            certificate: Some(certificate),
        }
    }

    /// An anchor without a certificate; `spki` is the DER of a SubjectPublicKeyInfo.
    pub fn new(name: Name, spki: Vec<u8>) -> Self {
        Self { name, spki, certificate: None }
    }

    /// The name certificates below carry as their issuer.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The key, as DER of a SubjectPublicKeyInfo.
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The certificate it came from.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Whether this certificate has the anchor's name and key, so that it needs no path.
    pub fn is(&self, certificate: &Certificate) -> bool {
        self.spki == certificate.spki_der() && self.name.matches(certificate.subject())
    }
}

impl From<Certificate> for Anchor {
    fn from(certificate: Certificate) -> Self {
        Self::from_certificate(certificate)
    }
}

/// A set of anchors, found by name.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    list: Vec<Anchor>,
    by_name: HashMap<Vec<u8>, Vec<usize>>,
}

impl Anchors {
    /// No anchor: every search ends without a path.
    pub fn new() -> Self {
        Self::default()
    }

    /// The anchors that these certificates describe.
    pub fn from_certificates(certificates: impl IntoIterator<Item = Certificate>) -> Self {
        certificates.into_iter().map(Anchor::from_certificate).collect()
    }

    /// Adds an anchor; one with the same name and key is kept as it is.
    pub fn add(&mut self, anchor: Anchor) {
        let known = self.named(anchor.name()).any(|known| known.spki == anchor.spki);
        if !known {
            self.by_name.entry(anchor.name.comparison_key()).or_default().push(self.list.len());
            self.list.push(anchor);
        }
    }

    /// The anchors in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Anchor> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The anchors of this name (compared after RFC 5280, 7.1).
    pub fn named(&self, name: &Name) -> impl Iterator<Item = &Anchor> {
        let positions = self.by_name.get(&name.comparison_key()).map(Vec::as_slice).unwrap_or_default();
        positions.iter().filter_map(|position| self.list.get(*position))
    }

    /// The anchor this certificate itself is, by name and key.
    pub fn find(&self, certificate: &Certificate) -> Option<&Anchor> {
        self.named(certificate.subject()).find(|anchor| anchor.spki == certificate.spki_der())
    }
}

impl FromIterator<Anchor> for Anchors {
    fn from_iter<I: IntoIterator<Item = Anchor>>(anchors: I) -> Self {
        let mut set = Self::new();
        for anchor in anchors {
            set.add(anchor);
        }
        set
    }
}

impl Extend<Anchor> for Anchors {
    fn extend<I: IntoIterator<Item = Anchor>>(&mut self, anchors: I) {
        for anchor in anchors {
            self.add(anchor);
        }
    }
}
