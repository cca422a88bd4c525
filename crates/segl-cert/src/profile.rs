use segl_crypto::{DigestAlgorithm, KeyKind, PublicKey, SignatureAlgorithm, SignatureScheme, Time, sha1};
use segl_x509::{Certificate, ObjectIdentifier};

use crate::{
    ContentError, SerialNumber,
    asn1::{
        self, BIT_STRING, INTEGER, OCTET_STRING, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, oid, tlv,
        unsigned,
    },
    oid::*,
};

/// Everything a profile decides about a certificate before there is a key, a serial number or a time.
///
/// One and the same value is shown to the person who approves, hashed, and encoded; and it can be read back from the
/// certificate, which is how the issued one is compared with the one shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// Name, DER.
    pub(crate) issuer: Vec<u8>,
    /// Name, DER.
    pub(crate) subject: Vec<u8>,
    /// From the first to the last second, both counted.
    pub(crate) seconds: u64,
    pub(crate) key: KeyKind,
    /// AlgorithmIdentifier, DER.
    pub(crate) algorithm: Vec<u8>,
    pub(crate) extensions: Vec<Extension>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    pub(crate) oid: ObjectIdentifier,
    pub(crate) critical: bool,
    pub(crate) value: Value,
}

/// The value of an extension, as far as it is known before issuing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Fixed(Vec<u8>),
    /// SHA-1 of the subject's key (RFC 5280 4.2.1.2 method 1).
    KeyIdentifier,
    /// A privateKeyUsagePeriod from notBefore on, in seconds, both ends counted.
    KeyUsagePeriod(u64),
}

/// Marks the canonical form, so that no other DER ever hashes to the same.
const CANONICAL: &[u8] = b"segl certificate content 1";

impl Template {
    /// The canonical form that an approval names: the names, the length of life, the kind of key, the algorithm and the
    /// extensions exactly as they will be encoded, and nothing that comes only with issuing.
    ///
    /// ```text
    /// SEQUENCE { mark UTF8String, issuer Name, subject Name, seconds INTEGER, key UTF8String, AlgorithmIdentifier,
    ///            SEQUENCE OF SEQUENCE { OBJECT IDENTIFIER, BOOLEAN, CHOICE { OCTET STRING, NULL, INTEGER } } }
    /// ```
    pub(crate) fn canonical(&self) -> Vec<u8> {
        let extensions: Vec<Vec<u8>> = self
            .extensions
            .iter()
            .map(|extension| {
                let value = match &extension.value {
                    Value::Fixed(value) => tlv(OCTET_STRING, &[value]),
                    Value::KeyIdentifier => asn1::NULL.to_vec(),
                    Value::KeyUsagePeriod(seconds) => unsigned(*seconds),
                };
                let critical = [0x01, 0x01, if extension.critical { 0xff } else { 0x00 }];
                tlv(SEQUENCE, &[&oid(&extension.oid), &critical, &value])
            })
            .collect();
        tlv(
            SEQUENCE,
            &[
                &tlv(UTF8_STRING, &[CANONICAL]),
                &self.issuer,
                &self.subject,
                &unsigned(self.seconds),
                &tlv(UTF8_STRING, &[self.key.to_string().as_bytes()]),
                &self.algorithm,
                &tlv(SEQUENCE, &slices(&extensions)),
            ],
        )
    }

    /// TBSCertificate (RFC 5280 4.1.2), version 3.
    pub(crate) fn to_tbs(&self, serial: &SerialNumber, not_before: Time, spki: &[u8]) -> Vec<u8> {
        let extensions: Vec<Vec<u8>> = self
            .extensions
            .iter()
            .map(|extension| {
                let value = match &extension.value {
                    Value::Fixed(value) => value.clone(),
                    Value::KeyIdentifier => tlv(OCTET_STRING, &[&key_identifier(spki)]),
                    Value::KeyUsagePeriod(seconds) => {
                        let from = not_before.to_generalized_time();
                        let to = last_second(not_before, *seconds).to_generalized_time();
                        tlv(SEQUENCE, &[&tlv(0x80, &[from.as_bytes()]), &tlv(0x81, &[to.as_bytes()])])
                    }
                };
                let critical: &[u8] = if extension.critical { &[0x01, 0x01, 0xff] } else { &[] };
                tlv(SEQUENCE, &[&oid(&extension.oid), critical, &tlv(OCTET_STRING, &[&value])])
            })
            .collect();
        let validity = [not_before.to_der(), last_second(not_before, self.seconds).to_der()];
        tlv(
            SEQUENCE,
            &[
                &tlv(0xa0, &[&unsigned(2)]),
                &tlv(INTEGER, &[serial.as_octets()]),
                &self.algorithm,
                &self.issuer,
                &tlv(SEQUENCE, &slices(&validity)),
                &self.subject,
                spki,
                &tlv(0xa3, &[&tlv(SEQUENCE, &slices(&extensions))]),
            ],
        )
    }

    /// The reverse of [`to_tbs`](Self::to_tbs), for a certificate of anybody's.
    pub(crate) fn read(certificate: &Certificate) -> Result<Self, ContentError> {
        let (from, to) = (certificate.not_before(), certificate.not_after());
        let seconds = to
            .checked_duration_since(from)
            .ok_or(ContentError::EndsBeforeItStarts { not_before: from, not_after: to })?
            .as_secs()
            .saturating_add(1);
        let key = certificate.public_key().map_err(ContentError::Key)?.kind();
        let extensions = certificate.extensions().iter().map(|extension| {
            let oid = extension.oid().to_const().ok_or(ContentError::Extension)?;
            let value = extension.value();
            let value = match oid {
                SUBJECT_KEY_IDENTIFIER
                    if value == tlv(OCTET_STRING, &[&key_identifier(certificate.spki_der())]) =>
                {
                    Value::KeyIdentifier
                }
                PRIVATE_KEY_USAGE_PERIOD => usage_seconds(value, from)
                    .map_or_else(|| Value::Fixed(value.to_vec()), Value::KeyUsagePeriod),
                _ => Value::Fixed(value.to_vec()),
            };
            Ok(Extension { oid, critical: extension.is_critical(), value })
        });
        Ok(Self {
            issuer: certificate.issuer().as_der().to_vec(),
            subject: certificate.subject().as_der().to_vec(),
            seconds,
            key,
            algorithm: certificate.signature_algorithm_der().to_vec(),
            extensions: extensions.collect::<Result<_, _>>()?,
        })
    }

    /// The value of an extension that does not wait for issuing.
    pub(crate) fn fixed(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        self.extensions.iter().find(|extension| extension.oid == oid).and_then(|extension| {
            match &extension.value {
                Value::Fixed(value) => Some(value.as_slice()),
                _ => None,
            }
        })
    }
}

impl Extension {
    pub(crate) fn plain(oid: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self { oid, critical: false, value: Value::Fixed(value) }
    }

    pub(crate) fn critical(oid: ObjectIdentifier, value: Vec<u8>) -> Self {
        Self { oid, critical: true, value: Value::Fixed(value) }
    }

    pub(crate) fn subject_key_identifier() -> Self {
        Self { oid: SUBJECT_KEY_IDENTIFIER, critical: false, value: Value::KeyIdentifier }
    }

    /// keyIdentifier alone: issuer and serial of the issuer's certificate would bind to one certificate of its key.
    pub(crate) fn authority_key_identifier(identifier: &[u8]) -> Self {
        Self::plain(AUTHORITY_KEY_IDENTIFIER, tlv(SEQUENCE, &[&tlv(0x80, &[identifier])]))
    }

    pub(crate) fn key_usage(bits: &[u8]) -> Self {
        Self::critical(KEY_USAGE, named_bits(bits))
    }

    pub(crate) fn policies(policies: &[ObjectIdentifier]) -> Self {
        let each: Vec<Vec<u8>> = policies.iter().map(|policy| tlv(SEQUENCE, &[&oid(policy)])).collect();
        Self::plain(CERTIFICATE_POLICIES, tlv(SEQUENCE, &slices(&each)))
    }

    pub(crate) fn access(entries: &[(ObjectIdentifier, String)]) -> Self {
        let each: Vec<Vec<u8>> = entries
            .iter()
            .map(|(method, url)| tlv(SEQUENCE, &[&oid(method), &tlv(0x86, &[url.as_bytes()])]))
            .collect();
        Self::plain(AUTHORITY_INFO_ACCESS, tlv(SEQUENCE, &slices(&each)))
    }

    pub(crate) fn crl_distribution_point(url: &str) -> Self {
        let full_name = tlv(0xa0, &[&tlv(0xa0, &[&tlv(0x86, &[url.as_bytes()])])]);
        Self::plain(CRL_DISTRIBUTION_POINTS, tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&full_name])]))
    }
}

/// The Name of an organisation or one of its units.
pub(crate) fn name(country: &str, organisation: &str, identifier: &str, common_name: &str) -> Vec<u8> {
    name_of(&[
        (COUNTRY_NAME, country),
        (ORGANIZATION_NAME, organisation),
        (ORGANIZATION_IDENTIFIER, identifier),
        (COMMON_NAME, common_name),
    ])
}

/// A Name of one attribute per relative name: countries and serial numbers as PrintableString, everything else as
/// UTF8String.
pub(crate) fn name_of(attributes: &[(ObjectIdentifier, &str)]) -> Vec<u8> {
    let each: Vec<Vec<u8>> = attributes
        .iter()
        .map(|(kind, text)| {
            let tag = match *kind {
                COUNTRY_NAME | SERIAL_NUMBER_ATTRIBUTE | JURISDICTION_COUNTRY => PRINTABLE_STRING,
                _ => UTF8_STRING,
            };
            tlv(SET, &[&tlv(SEQUENCE, &[&oid(kind), &tlv(tag, &[text.as_bytes()])])])
        })
        .collect();
    tlv(SEQUENCE, &slices(&each))
}

/// What the profiles take from the issuer's certificate.
pub(crate) struct IssuerFacts {
    /// Name, DER.
    pub(crate) name: Vec<u8>,
    pub(crate) key: PublicKey,
    pub(crate) key_identifier: Vec<u8>,
    pub(crate) validity: (Time, Time),
}

impl IssuerFacts {
    pub(crate) fn of(certificate: &Certificate) -> Result<Self, segl_crypto::PublicKeyError> {
        let identifier = certificate.subject_key_identifier().ok().flatten();
        Ok(Self {
            name: certificate.subject().as_der().to_vec(),
            key: certificate.public_key()?,
            key_identifier: identifier.unwrap_or_else(|| certificate.computed_key_identifier().to_vec()),
            validity: (certificate.not_before(), certificate.not_after()),
        })
    }
}

/// The algorithm with which a key of this kind signs by default.
pub(crate) fn algorithm_of(key: KeyKind) -> Option<SignatureAlgorithm> {
    match key {
        KeyKind::EcP256 => Some(SignatureAlgorithm::ECDSA_SHA256),
        KeyKind::EcP384 => Some(SignatureAlgorithm::ECDSA_SHA384),
        KeyKind::EcP521 => Some(SignatureAlgorithm::ECDSA_SHA512),
        KeyKind::Ed25519 => Some(SignatureAlgorithm::ED25519),
        KeyKind::Rsa { .. } => Some(SignatureAlgorithm::RSA_SHA256),
        _ => None,
    }
}

/// Whether a key of this kind signs so, with a digest that TS 119 312 lists and, in PSS, a salt as long as it.
pub(crate) fn signs_with(key: KeyKind, algorithm: SignatureAlgorithm) -> bool {
    use DigestAlgorithm::{Sha3_256, Sha3_384, Sha3_512, Sha256, Sha384, Sha512};
    let listed = algorithm
        .digest()
        .filter(|digest| [Sha256, Sha384, Sha512, Sha3_256, Sha3_384, Sha3_512].contains(digest));
    match (key, algorithm.scheme(), listed) {
        (KeyKind::Rsa { .. }, SignatureScheme::RsaPkcs1, Some(_)) => true,
        (KeyKind::Rsa { .. }, SignatureScheme::RsaPss { salt_len }, Some(digest)) => {
            salt_len == digest.output_len()
        }
        (KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521, SignatureScheme::Ecdsa, Some(_)) => true,
        _ => algorithm_of(key) == Some(algorithm),
    }
}

/// The last second of a period of so many seconds: the end is inclusive (RFC 5280 4.1.2.5).
pub(crate) fn last_second(first: Time, seconds: u64) -> Time {
    first + core::time::Duration::from_secs(seconds.saturating_sub(1))
}

/// SHA-1 over the bits of subjectPublicKey (RFC 5280 4.2.1.2 method 1).
pub(crate) fn key_identifier(spki: &[u8]) -> [u8; 20] {
    let parts = asn1::only(spki).and_then(|outer| outer.items()).unwrap_or_default();
    let bits = parts.get(1).filter(|part| part.tag == BIT_STRING).and_then(|part| part.value.get(1..));
    sha1(bits.unwrap_or_default())
}

pub(crate) fn slices(parts: &[Vec<u8>]) -> Vec<&[u8]> {
    parts.iter().map(Vec::as_slice).collect()
}

/// A BIT STRING with named bits, trailing zeros cut as DER asks.
fn named_bits(bits: &[u8]) -> Vec<u8> {
    let value =
        bits.iter().fold(0_u16, |value, bit| value | 0x8000_u16.checked_shr(u32::from(*bit)).unwrap_or(0));
    let octets = value.to_be_bytes();
    let used = if octets.last() == Some(&0) { octets.get(..1) } else { octets.get(..) }.unwrap_or_default();
    let unused = used.last().map_or(0, |last| last.trailing_zeros().min(7));
    tlv(BIT_STRING, &[&[u8::try_from(unused).unwrap_or(0)], used])
}

fn usage_seconds(value: &[u8], not_before: Time) -> Option<u64> {
    let parts = asn1::only(value)?.items()?;
    let [from, to] = parts.as_slice() else { return None };
    let from = Time::from_generalized_time(from.value).filter(|from| *from == not_before)?;
    let to = Time::from_generalized_time(to.value)?;
    Some(to.checked_duration_since(from)?.as_secs().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_bits_are_cut_as_der_asks() {
        assert_eq!(named_bits(&[1]), [3, 2, 6, 0x40]);
        assert_eq!(named_bits(&[0]), [3, 2, 7, 0x80]);
        assert_eq!(named_bits(&[5, 6]), [3, 2, 1, 0x06]);
        assert_eq!(named_bits(&[0, 8]), [3, 3, 7, 0x80, 0x80]);
    }
}
