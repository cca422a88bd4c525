//! Where paths end.

use std::collections::HashMap;

use segl_crypto::Time;
use segl_x509::{Certificate, KeyUsage, Name};

use crate::constraints::AnchorConstraints;
use crate::error::Reason;

/// A trust anchor: a name and a key (RFC 5280, 6.1.1 (d)).
///
/// A certificate it came from is kept for showing; its signature, dates, and constraints play no part in validation, except
/// the dates when [`Parameters`](crate::Parameters) ask for them, and that it may not be one of an end entity: a time-stamp unit or
/// a signer that is trusted by itself issues nothing. What it is trusted for, and until when, is told beside it:
/// [`constrained`](Self::constrained), [`until`](Self::until).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    name: Name,
    spki: Vec<u8>,
    certificate: Option<Certificate>,
    constraints: AnchorConstraints,
    sunset: Option<Time>,
}

impl Anchor {
    /// The anchor that a certificate describes: its subject and its key.
    pub fn from_certificate(certificate: Certificate) -> Self {
        Self {
            name: certificate.subject().clone(),
            spki: certificate.spki_der().to_vec(),
            certificate: Some(certificate),
            constraints: AnchorConstraints::default(),
            sunset: None,
        }
    }

    /// An anchor without a certificate; `spki` is the DER of a SubjectPublicKeyInfo.
    pub fn new(name: Name, spki: Vec<u8>) -> Self {
        Self { name, spki, certificate: None, constraints: AnchorConstraints::default(), sunset: None }
    }

    /// The same, trusted only for what these constraints leave. They concern the paths below it, not the anchor where it is itself
    /// the leaf.
    #[must_use]
    pub fn constrained(self, constraints: AnchorConstraints) -> Self {
        Self { constraints, ..self }
    }

    /// The same with a trust anchor sunset date (EN 319 102-1, 5.2.6): it counts for paths that are judged at times before `sunset`,
    /// and from that moment on no more.
    ///
    /// When a certificate was issued plays no part, nor does what the anchor's own certificate says about its dates. Whoever has proof
    /// that something existed before the sunset judges it at that time, or looks for paths without regard to it
    /// ([`Parameters::anchor_sunset`](crate::Parameters::anchor_sunset)) and compares times by himself, as the past certificate
    /// validation of EN 319 102-1, 5.6.2.1 does.
    #[must_use]
    pub fn until(self, sunset: Time) -> Self {
        Self { sunset: Some(sunset), ..self }
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

    /// What it is trusted for.
    pub fn constraints(&self) -> &AnchorConstraints {
        &self.constraints
    }

    /// From when on it is trusted no more.
    pub fn sunset(&self) -> Option<Time> {
        self.sunset
    }

    /// Whether it is trusted at a time, as far as its sunset tells.
    pub fn is_trusted_at(&self, time: Time) -> bool {
        self.sunset.is_none_or(|sunset| time < sunset)
    }

    /// Whether this certificate is the anchor itself, so that it needs no path: the one the anchor came from, or for an anchor
    /// without a certificate any with its name and key.
    ///
    /// Another certificate of the same name and key is not: nobody but the holder of the key vouches for what it says, its dates
    /// and purposes among it, and a key that was trusted until its certificate expired would have no end.
    pub fn is(&self, certificate: &Certificate) -> bool {
        match &self.certificate {
            Some(own) => own == certificate,
            None => self.has_key_of(certificate),
        }
    }

    /// Whether its name and key are those of the certificate.
    pub(crate) fn has_key_of(&self, certificate: &Certificate) -> bool {
        self.spki == certificate.spki_der() && self.name.matches(certificate.subject())
    }

    /// Whether its key may verify certificates, as far as its certificate tells. Old ones of version 1 tell nothing, and
    /// self-issued ones may leave basicConstraints out.
    pub(crate) fn may_issue(&self) -> Result<(), Reason> {
        let Some(certificate) = self.certificate.as_ref().filter(|own| own.version() == 3) else {
            return Ok(());
        };
        match certificate.basic_constraints()? {
            Some(constraints) if constraints.ca => {}
            None if certificate.is_self_issued() => {}
            _ => return Err(Reason::NotAnAuthority),
        }
        match certificate.key_usage()? {
            Some(usage) if !usage.contains(KeyUsage::KEY_CERT_SIGN) => Err(Reason::KeyUsage),
            _ => Ok(()),
        }
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

    /// Adds an anchor, unless it is there with the same name, key, certificate, constraints and sunset.
    ///
    /// One key may be in the set more than once: it is then trusted for whatever one of them allows.
    pub fn add(&mut self, anchor: Anchor) {
        let is_same = |known: &Anchor| Anchor { name: anchor.name.clone(), ..known.clone() } == anchor;
        if !self.named(anchor.name()).any(is_same) {
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

    /// The anchor with the name and key of this certificate; whether it [is](Anchor::is) the certificate is another matter.
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
