//! Certificates a path may pass through.

use std::collections::{HashMap, HashSet};

use segl_x509::{Certificate, Name};

/// A set of certificates, found by subject. Being in it means nothing: they are candidates.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    list: Vec<Certificate>,
    known: HashSet<Certificate>,
    by_subject: HashMap<Vec<u8>, Vec<usize>>,
}

impl Pool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// A pool of these certificates.
    pub fn from_certificates(certificates: impl IntoIterator<Item = Certificate>) -> Self {
        certificates.into_iter().collect()
    }

    /// Adds a certificate; says whether it was new.
    pub fn add(&mut self, certificate: Certificate) -> bool {
        if !self.known.insert(certificate.clone()) {
            return false;
        }
        self.by_subject.entry(certificate.subject().comparison_key()).or_default().push(self.list.len());
        self.list.push(certificate);
        true
    }

    /// The certificates in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = &Certificate> {
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

    /// Whether exactly this certificate is in the pool.
    pub fn contains(&self, certificate: &Certificate) -> bool {
        self.known.contains(certificate)
    }

    /// The certificates with this subject (compared after RFC 5280, 7.1).
    pub fn with_subject(&self, name: &Name) -> impl Iterator<Item = &Certificate> {
        let positions = self.by_subject.get(&name.comparison_key()).map(Vec::as_slice).unwrap_or_default();
        positions.iter().filter_map(|position| self.list.get(*position))
    }
}

impl FromIterator<Certificate> for Pool {
    fn from_iter<I: IntoIterator<Item = Certificate>>(certificates: I) -> Self {
        let mut pool = Self::new();
        pool.extend(certificates);
        pool
    }
}

impl Extend<Certificate> for Pool {
    fn extend<I: IntoIterator<Item = Certificate>>(&mut self, certificates: I) {
        for certificate in certificates {
            self.add(certificate);
        }
    }
}
