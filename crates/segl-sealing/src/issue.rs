//! The certificate of a one-shot key: issued, and held against what was approved.

use segl_cert::{CertificateContent, Presented};
use segl_crypto::Time;
use segl_key::{Receipt, TokenError};
use segl_record::Serial;
use segl_x509::Certificate;

use crate::{Helpers, SealFault};

/// Why a certificate that says what was approved cannot be sealed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Unfit {
    #[error("the certificate is valid from {not_before}, after the time of signing, {signing_time}")]
    BeginsLater { not_before: Time, signing_time: Time },
    /// RFC 5280, 4.1.2.2.
    #[error("the serial number is not positive or has more than 20 octets")]
    SerialNumber,
}

/// The certificate for the key of this receipt, also kept in `kept` whatever is found to be wrong with it. The issuer is not believed:
/// what was approved is what is sealed with.
pub(crate) fn issue<T: TokenError, E: std::error::Error>(
    helpers: &Helpers<'_>,
    kept: &mut Option<Certificate>,
    presented: Presented,
    receipt: &Receipt,
    (not_before, signing_time): (Time, Time),
) -> Result<(Certificate, Serial), SealFault<T, E>> {
    let content = *presented.content().sha256();
    let approved = presented.approve(&content).map_err(|e| SealFault::Issue(e.into()))?;
    let issued = helpers.issuer.issue(approved, receipt, not_before).map_err(SealFault::Issue)?;
    *kept = Some(issued.clone());
    if !CertificateContent::of(&issued).is_ok_and(|said| *said.sha256() == content) {
        return Err(SealFault::ContentChanged);
    }
    let unfit = |why: Unfit| SealFault::Issue(why.into());
    let not_before = issued.not_before();
    if not_before > signing_time {
        return Err(unfit(Unfit::BeginsLater { not_before, signing_time }));
    }
    let serial = Serial::new(issued.serial()).ok_or_else(|| unfit(Unfit::SerialNumber))?;
    Ok((issued, serial))
}
