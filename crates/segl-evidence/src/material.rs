//! Evidence, read.

use std::collections::HashSet;

use segl_ades::Evidence;
use segl_crypto::sha256;
use segl_path::Pool;
use segl_revocation::{CrlView, OcspView};
use segl_x509::Certificate;

/// Evidence whose bytes were read: certificates, CRLs, OCSP responses. Read, not believed.
#[derive(Debug, Clone, Default)]
pub struct Material {
    certificates: Pool,
    crls: Vec<CrlView>,
    ocsp_responses: Vec<OcspView>,
    /// SHA-256 of each piece of status information.
    pieces: HashSet<[u8; 32]>,
    unreadable: usize,
}

impl Material {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads what can be read; the rest is only [counted](Self::unreadable).
    pub fn read(evidence: &Evidence) -> Self {
        let mut material = Self::new();
        material.add(evidence);
        material
    }

    /// Reads further evidence.
    pub fn add(&mut self, evidence: &Evidence) {
        for der in &evidence.certificates {
            match Certificate::from_der(der) {
                Ok(certificate) => {
                    self.certificates.add(certificate);
                }
                Err(_) => self.unreadable = self.unreadable.saturating_add(1),
            }
        }
        for der in &evidence.crls {
            match CrlView::from_der(der) {
                Ok(crl) => self.add_crl(crl),
                Err(_) => self.unreadable = self.unreadable.saturating_add(1),
            }
        }
        for der in &evidence.ocsp_responses {
            match OcspView::from_der(der).or_else(|_| OcspView::from_basic_der(der)) {
                Ok(response) => self.add_ocsp_response(response),
                Err(_) => self.unreadable = self.unreadable.saturating_add(1),
            }
        }
    }

    /// Adds a certificate.
    pub fn add_certificate(&mut self, certificate: Certificate) {
        self.certificates.add(certificate);
    }

    /// Adds a CRL.
    pub fn add_crl(&mut self, crl: CrlView) {
        if self.pieces.insert(sha256(crl.as_der())) {
            self.crls.push(crl);
        }
    }

    /// Adds an OCSP response and the certificates it carries.
    pub fn add_ocsp_response(&mut self, response: OcspView) {
        if self.pieces.insert(sha256(response.as_der())) {
            self.certificates.extend(response.certificates().iter().cloned());
            self.ocsp_responses.push(response);
        }
    }

    /// The certificates.
    pub fn certificates(&self) -> &Pool {
        &self.certificates
    }

    /// The CRLs.
    pub fn crls(&self) -> &[CrlView] {
        &self.crls
    }

    /// The OCSP responses.
    pub fn ocsp_responses(&self) -> &[OcspView] {
        &self.ocsp_responses
    }

    /// How many pieces could not be read.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }
}
