//! A sealed file taken apart for judges that want its pieces.

use segl::{ades::TimestampKind, pades::PdfFacts, pdf::Document};

use super::SealedFile;

/// The pieces of our seal.
pub struct Parts {
    /// The CMS of the seal, without the zeros that fill its room.
    pub cms: Vec<u8>,
    /// Where the hexadecimal digits of the CMS begin in the file.
    pub cms_at: usize,
    /// What the seal's byte range covers.
    pub covered: Vec<u8>,
    /// Byte range of the seal.
    pub byte_range: [usize; 4],
    /// The octets that the signature value is over: the signed attributes.
    pub signed_attributes: Vec<u8>,
    /// The signature value.
    pub value: Vec<u8>,
    /// The token over the signature value, from B-T on.
    pub signature_token: Option<Vec<u8>>,
    /// Our document time-stamp, at B-LTA: its token and what it covers.
    pub document_token: Option<(Vec<u8>, Vec<u8>)>,
}

impl Parts {
    /// Takes a file apart.
    pub fn of(file: &SealedFile) -> Self {
        let reading = segl::pades::read(&Document::open(file.bytes.as_slice()).unwrap()).unwrap();
        let ours = reading.signatures.iter().find(|one| one.facts.fields.contains(&file.field)).unwrap();
        let byte_range = byte_range(&ours.facts);
        let signature = &ours.signature;
        let token = |kind| {
            let claim = signature.timestamps.iter().find(|claim| claim.kind == kind);
            claim.map(|claim| claim.token.clone())
        };
        // The newest of several is ours: it covers the others.
        let newest = reading.timestamps.iter().max_by_key(|one| byte_range_end(&one.facts));
        let newest = newest.filter(|_| file.wish.level == segl::ades::Level::Lta);
        let [_, before, after, _] = byte_range;
        let digits = &file.bytes[before + 1..after - 1];
        Self {
            cms: without_padding(&unhex(digits)),
            cms_at: before + 1,
            covered: covered(&file.bytes, byte_range),
            byte_range,
            signed_attributes: signature.signed_bytes.clone(),
            value: signature.value.as_bytes().to_vec(),
            signature_token: token(TimestampKind::Signature),
            document_token: newest.map(|one| {
                (without_padding(&one.claim.token), covered(&file.bytes, self::byte_range(&one.facts)))
            }),
        }
    }

    /// Where in the file the hexadecimal digits of these octets of the CMS begin.
    pub fn place_in_file(&self, octets: &[u8]) -> usize {
        let at = self.cms.windows(octets.len()).position(|window| window == octets).unwrap();
        self.cms_at + 2 * at
    }
}

fn byte_range(facts: &PdfFacts) -> [usize; 4] {
    facts.byte_range.unwrap().map(|number| usize::try_from(number).unwrap())
}

fn byte_range_end(facts: &PdfFacts) -> usize {
    facts.byte_range.map_or(0, |_| byte_range(facts)[2..].iter().sum())
}

fn covered(bytes: &[u8], [start, length, second, rest]: [usize; 4]) -> Vec<u8> {
    [&bytes[start..start + length], &bytes[second..second + rest]].concat()
}

fn unhex(digits: &[u8]) -> Vec<u8> {
    let value = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
    digits.chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect()
}

/// Cuts DER with a length of two octets to what its length says.
fn without_padding(der: &[u8]) -> Vec<u8> {
    assert_eq!(der[..2], [0x30, 0x82]);
    let length = 4 + usize::from(u16::from_be_bytes([der[2], der[3]]));
    der[..length].to_vec()
}
