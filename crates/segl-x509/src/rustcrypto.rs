//! To and from the types of RustCrypto.

use der::Encode as _;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::{Certificate, CertificateError, Name, SyntaxError};

/// Why a value did not become one of RustCrypto's `x509-cert`, or the reverse (feature `x509-cert`).
///
/// The types of `x509-cert` own decoded fields and encode anew when they are written: names with several attributes in one relative
/// name are sorted, dates take the form of RFC 5280. What would come out with other bytes is therefore refused, because its signature
/// would not fit any more.
///
/// ```
/// use segl_x509::{Certificate, ConversionError};
/// use x509_cert::spki::SubjectPublicKeyInfoOwned;
///
/// /// Certificates and keys for a library that speaks RustCrypto, and a certificate back from it.
/// fn exchange(ours: &Certificate) -> Result<Certificate, ConversionError> {
///     let theirs = x509_cert::Certificate::try_from(ours)?;
///     let key = SubjectPublicKeyInfoOwned::try_from(ours)?;
///     assert_eq!(*theirs.tbs_certificate().subject_public_key_info(), key);
///     let back = Certificate::try_from(&theirs)?;
///     assert_eq!(back, *ours);
///     Ok(back)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConversionError {
    /// segl-x509 cannot read what x509-cert wrote.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// x509-cert cannot read or write it.
    #[error("x509-cert cannot read or write it")]
    Der(#[from] der::Error),
    /// x509-cert would write other bytes than the ones that were read.
    #[error("x509-cert would write other bytes than the ones that were read")]
    OtherBytes,
    /// segl-x509 cannot read the name that x509-cert wrote.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
}

impl TryFrom<&Certificate> for x509_cert::Certificate {
    type Error = ConversionError;

    fn try_from(certificate: &Certificate) -> Result<Self, ConversionError> {
        faithful(certificate.as_der())
    }
}

impl TryFrom<&x509_cert::Certificate> for Certificate {
    type Error = ConversionError;

    fn try_from(certificate: &x509_cert::Certificate) -> Result<Self, ConversionError> {
        Ok(Self::from_der(&certificate.to_der()?)?)
    }
}

impl TryFrom<&Name> for x509_cert::name::Name {
    type Error = ConversionError;

    fn try_from(name: &Name) -> Result<Self, ConversionError> {
        faithful(name.as_der())
    }
}

impl TryFrom<&x509_cert::name::Name> for Name {
    type Error = ConversionError;

    fn try_from(name: &x509_cert::name::Name) -> Result<Self, ConversionError> {
        Ok(Self::from_der(&name.to_der()?)?)
    }
}

/// The subject's public key. Whether it is a point on its curve is not looked at.
impl TryFrom<&Certificate> for SubjectPublicKeyInfoOwned {
    type Error = ConversionError;

    fn try_from(certificate: &Certificate) -> Result<Self, ConversionError> {
        faithful(certificate.spki_der())
    }
}

fn faithful<'a, T>(der: &'a [u8]) -> Result<T, ConversionError>
where
    T: der::Decode<'a, Error = der::Error> + der::Encode,
{
    let value = T::from_der(der)?;
    if value.to_der()? == der { Ok(value) } else { Err(ConversionError::OtherBytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SEQUENCE { SET { CN=b, CN=a } }: two attributes in one relative name, not in the order of DER.
    const UNSORTED: [u8; 26] = [
        0x30, 24, 0x31, 22, 0x30, 9, 6, 3, 0x55, 4, 3, 0x0c, 2, b'b', b'b', 0x30, 9, 6, 3, 0x55, 4, 3, 0x0c,
        2, b'a', b'a',
    ];

    #[test]
    fn a_name_comes_back_as_it_was() {
        let der = [0x30, 13, 0x31, 11, 0x30, 9, 6, 3, 0x55, 4, 3, 0x0c, 2, b'a', b'b'];
        let ours = Name::from_der(&der).unwrap();
        let theirs = x509_cert::name::Name::try_from(&ours).unwrap();
        assert_eq!(theirs.to_string(), "CN=ab");
        assert_eq!(Name::try_from(&theirs).unwrap().as_der(), der);
    }

    #[test]
    fn what_would_change_its_bytes_is_refused() {
        let ours = Name::from_der(&UNSORTED).unwrap();
        let refused = x509_cert::name::Name::try_from(&ours).unwrap_err();
        assert!(matches!(refused, ConversionError::OtherBytes | ConversionError::Der(_)), "{refused}");
    }
}
