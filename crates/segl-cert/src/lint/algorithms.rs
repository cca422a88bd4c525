//! Keys and signature algorithms: TS 119 312, which EN 319 412-2 recommends.

use segl_crypto::{DigestAlgorithm, SignatureAlgorithm};
use segl_x509::ObjectIdentifier;
use segl_x509::reader::{BIT_STRING, INTEGER, OBJECT_IDENTIFIER, Reader, SEQUENCE, Tlv};

use crate::lint::{
    Document, Rule, Scope, Severity,
    oids::{CURVES, EC_PUBLIC_KEY, RSA_ENCRYPTION},
    rule::{Findings, Place},
    view::{View, quoted},
};

const SUITES: Document = Document::Ts119312;
const PART_2: Document = Document::En319412Part2;

/// The shortest modulus of RSA, and the recommended one, in bits.
const MIN_MODULUS: usize = 1_900;
const GOOD_MODULUS: usize = 3_000;

pub(crate) static RULES: &[Rule] = &[
    Rule::new(
        PART_2,
        "4.2.2",
        "GEN-4.2.2-1",
        Severity::Warning,
        Scope::Any,
        "the signature algorithm is one of TS 119 312: RSA or ECDSA with SHA-2 or SHA-3 of at least 256 bits",
        |view, found| {
            let der = view.certificate.signature_algorithm_der();
            let fault = match SignatureAlgorithm::from_der(der, None) {
                Ok(algorithm) if is_listed(&algorithm) => return,
                Ok(algorithm) => format!("{algorithm} is not listed"),
                Err(error) => error.to_string(),
            };
            let place = view.fields.as_ref().map(|fields| view.tlv("signature", &fields.algorithm));
            found.add(place.unwrap_or_else(|| Place::new("signature", None)), fault);
        },
    )
    .annex("I, III (g), IV (h)"),
    Rule::new(
        PART_2,
        "4.2.5",
        "GEN-4.2.5-1",
        Severity::Warning,
        Scope::Any,
        "the key is one of TS 119 312: RSA with NULL parameters, or a named curve of at least 256 bits",
        |view, found| {
            let Some(fields) = &view.fields else { return };
            if let Some(fault) = Key::read(&fields.spki).and_then(|key| key.fault()) {
                found.add(view.tlv("subjectPublicKeyInfo", &fields.spki), fault);
            }
        },
    )
    .annex("I, III (d)"),
    Rule::new(
        SUITES,
        "6.2.2.1",
        "6.2.2.1",
        Severity::Warning,
        Scope::Any,
        "the public exponent of RSA is odd, over 2^16 and under 2^256",
        |view, found| {
            rsa(
                view,
                |_, exponent| {
                    let odd = exponent.last().is_some_and(|octet| octet & 1 == 1);
                    let bits = bits(exponent);
                    (!odd || !(17..=256).contains(&bits))
                        .then(|| format!("an exponent of {bits} bits{}", if odd { "" } else { ", even" }))
                },
                found,
            );
        },
    ),
    Rule::new(
        SUITES,
        "8.4",
        "8.4",
        Severity::Warning,
        Scope::Any,
        "the modulus of RSA has at least 1900 bits",
        |view, found| {
            rsa(
                view,
                |modulus, _| {
                    let bits = bits(modulus);
                    (bits < MIN_MODULUS).then(|| format!("a modulus of {bits} bits"))
                },
                found,
            );
        },
    ),
    Rule::new(
        SUITES,
        "8.4",
        "8.4",
        Severity::Notice,
        Scope::Any,
        "the modulus of RSA has 3000 bits, without which it serves until 2028 only",
        |view, found| {
            rsa(
                view,
                |modulus, _| {
                    let bits = bits(modulus);
                    (MIN_MODULUS..GOOD_MODULUS).contains(&bits).then(|| format!("a modulus of {bits} bits"))
                },
                found,
            );
        },
    ),
];

fn is_listed(algorithm: &SignatureAlgorithm) -> bool {
    use DigestAlgorithm::{Sha3_256, Sha3_384, Sha3_512, Sha256, Sha384, Sha512};
    // Ed25519 is on no list yet, and has no digest here.
    [Sha256, Sha384, Sha512, Sha3_256, Sha3_384, Sha3_512]
        .iter()
        .any(|listed| algorithm.digest() == Some(*listed))
}

/// SubjectPublicKeyInfo, apart.
struct Key<'a> {
    algorithm: ObjectIdentifier,
    parameters: Option<Tlv<'a>>,
    bits: Tlv<'a>,
}

impl<'a> Key<'a> {
    fn read(spki: &Tlv<'a>) -> Option<Self> {
        let mut fields = spki.reader();
        let mut identifier = fields.expect(SEQUENCE).ok()?.reader();
        let algorithm = identifier.expect(OBJECT_IDENTIFIER).ok()?;
        let parameters = if identifier.is_empty() { None } else { Some(identifier.any().ok()?) };
        let bits = fields.expect(BIT_STRING).ok()?;
        Some(Self { algorithm: ObjectIdentifier::from_bytes(algorithm.content).ok()?, parameters, bits })
    }

    fn fault(&self) -> Option<String> {
        let parameters = self.parameters.as_ref();
        match self.algorithm {
            RSA_ENCRYPTION => {
                let null = parameters.is_some_and(|parameters| parameters.whole == [0x05, 0x00]);
                (!null).then(|| "the parameters of RSA are not NULL".to_owned())
            }
            EC_PUBLIC_KEY => {
                let named = parameters.filter(|parameters| parameters.tag == OBJECT_IDENTIFIER);
                let Some(curve) = named else { return Some("the curve is not named".to_owned()) };
                let listed = CURVES.iter().any(|listed| listed.as_bytes() == curve.content);
                (!listed).then(|| match ObjectIdentifier::from_bytes(curve.content) {
                    Ok(oid) => format!("the curve {oid} is not listed"),
                    Err(_) => "the curve is not listed".to_owned(),
                })
            }
            other => Some(format!("keys of {} are not listed", quoted(&other.to_string()))),
        }
    }

    /// Modulus and exponent, content octets.
    fn rsa(&self) -> Option<(&'a [u8], &'a [u8])> {
        // The first octet of the BIT STRING counts the unused bits.
        let key = self.bits.content.get(1..).filter(|_| self.algorithm == RSA_ENCRYPTION)?;
        let mut numbers = Reader::only(key, 0, SEQUENCE).ok()?.reader();
        let modulus = numbers.expect(INTEGER).ok()?.content;
        Some((modulus, numbers.expect(INTEGER).ok()?.content))
    }
}

fn rsa(view: &View<'_>, fault: fn(&[u8], &[u8]) -> Option<String>, found: &mut Findings) {
    let Some(fields) = &view.fields else { return };
    let numbers = Key::read(&fields.spki).and_then(|key| key.rsa());
    if let Some(fault) = numbers.and_then(|(modulus, exponent)| fault(modulus, exponent)) {
        found.add(view.tlv("subjectPublicKeyInfo", &fields.spki), fault);
    }
}

/// How many bits a non-negative INTEGER has.
fn bits(content: &[u8]) -> usize {
    let mut significant = content.iter().skip_while(|octet| **octet == 0).peekable();
    let first = significant.peek().map_or(0, |first| first.leading_zeros());
    let all = significant.count().saturating_mul(8);
    all.saturating_sub(usize::try_from(first).unwrap_or(0))
}
