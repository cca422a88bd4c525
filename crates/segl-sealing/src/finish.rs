//! The second half of a sealing: from the signature to the level asked for.

use rand_core::CryptoRng;
use segl_ades::Level;
use segl_crypto::{SignatureValue, digest};
use segl_key::TokenError;
use segl_x509::Certificate;

use crate::driver::{Failed, Run, Sealed, Signed, digest_of};
use crate::evidence;
use crate::seal_cms::SealCms;
use crate::stamp::{Bounds, Stamped};
use crate::{Document, Event, EvidenceError, Journal, SealFault};

impl<R: CryptoRng> Run<'_, R> {
    /// From the signature to the level asked for.
    pub(crate) fn finish<'j, E: TokenError, J: Journal>(
        &mut self,
        document: &mut dyn Document,
        signed: Signed<'j, J>,
        token_len: usize,
    ) -> Result<Sealed<'j, J>, Failed<E, J>> {
        let Signed { attempt, certificate, signing_time, cms, value } = signed;
        if self.order.level == Level::B {
            return match embed(document, &cms, &value, None) {
                Ok(()) => {
                    let attempt = attempt.without_time_stamp().map_err(|failed| self.step_failed(*failed))?;
                    Ok(Sealed { attempt, certificate })
                }
                Err(fault) => Err(self.end(attempt, fault)),
            };
        }
        if let Err(what) = self.verify(&certificate, &cms, &value) {
            return Err(self.end(attempt, SealFault::Verification { what }));
        }
        // RFC 5126, 6.1.1: the signature time-stamp covers the octets of the signature value.
        let bounds = Bounds {
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            signing_time,
            room: token_len,
        };
        let imprint = digest(digest_of(self.order), value.as_bytes());
        let stamped = match imprint.map(|imprint| self.stamping().stamp(&imprint, &bounds)) {
            Some(Ok(stamped)) => stamped,
            Some(Err(e)) => return Err(self.end(attempt, SealFault::TimeStamp(e))),
            None => return Err(self.end(attempt, SealFault::Cms("no digest".into()))),
        };
        if let Err(fault) = embed(document, &cms, &value, Some(&stamped.token)) {
            return Err(self.end(attempt, fault));
        }
        let attempt = attempt.time_stamped(stamped.time).map_err(|failed| self.step_failed(*failed))?;
        (self.observe)(&Event::TimeStamped { time: stamped.time, authority: &stamped.authority });
        match self.extend(document, &certificate, &stamped, &bounds) {
            Ok(()) => Ok(Sealed { attempt, certificate }),
            Err(fault) => Err(self.end(attempt, fault)),
        }
    }

    /// Whether a reader will find value and certificate good. A device that signs wrongly must not make a seal that is time-stamped,
    /// recorded and broken. At B-B this is left to the caller, because it costs as much as all signatures of that level together.
    fn verify(
        &self,
        certificate: &Certificate,
        cms: &SealCms,
        value: &SignatureValue,
    ) -> Result<(), &'static str> {
        cms.verify(value).map_err(|_| "signature value")?;
        let issuer = self.helpers.issuer.chain().first().and_then(|issuer| issuer.public_key().ok());
        match issuer.map(|key| certificate.verify_signed_by(&key)) {
            Some(Ok(())) => Ok(()),
            _ => Err("certificate"),
        }
    }

    /// Evidence and archive time-stamp, as far as the level asks.
    fn extend<T: TokenError, E: std::error::Error>(
        &mut self,
        document: &mut dyn Document,
        certificate: &Certificate,
        stamped: &Stamped,
        bounds: &Bounds,
    ) -> Result<(), SealFault<T, E>> {
        if self.order.level < Level::Lt {
            return Ok(());
        }
        let evidence = evidence::gather(self.helpers, certificate, stamped).map_err(SealFault::Evidence)?;
        document.add_evidence(&evidence).map_err(|e| SealFault::Evidence(EvidenceError::Document(e)))?;
        (self.observe)(&Event::EvidenceEmbedded {
            certificates: evidence.certificates.len(),
            crls: evidence.crls.len(),
            ocsp_responses: evidence.ocsp_responses.len(),
        });
        if self.order.level < Level::Lta {
            return Ok(());
        }
        let imprint = document.lay_out_archive(bounds.room).map_err(SealFault::Archive)?;
        let archive = self.stamping().stamp(&imprint, bounds).map_err(SealFault::TimeStamp)?;
        document.archive(&archive.token).map_err(SealFault::Archive)?;
        (self.observe)(&Event::Archived { time: archive.time });
        Ok(())
    }
}

/// The CMS put together and into the document.
fn embed<T: TokenError, E: std::error::Error>(
    document: &mut dyn Document,
    cms: &SealCms,
    value: &SignatureValue,
    token: Option<&[u8]>,
) -> Result<(), SealFault<T, E>> {
    let cms = cms.assemble(value, token).map_err(SealFault::Cms)?;
    document.seal(&cms).map_err(SealFault::Embed)
}
