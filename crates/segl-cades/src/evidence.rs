use segl_ades::Evidence;
use segl_cms::ber::{Element, Reader, Rules, Tag};
use segl_cms::{MAX_ITEMS, SignedDataView, SignerInfoView, oids as cms};

use crate::oids;

/// Certificates and status information inside a message and the attributes of one of its signers, as bytes.
///
/// From `certificates` and `crls` (OCSP after RFC 5940 and as older signers wrote it), `certificate-values`, `revocation-values` and
/// `adbe-revocationInfoArchival`. What time-stamp tokens hold is theirs. What cannot be read is passed over.
#[must_use]
pub fn evidence(message: &SignedDataView, signer: &SignerInfoView) -> Evidence {
    let mut found = Evidence::default();
    found.certificates.extend(message.certificates().map(<[u8]>::to_vec));
    found.crls.extend(message.crls().map(<[u8]>::to_vec));
    let ocsp = message
        .other_revocation_info()
        .filter(|(format, _)| [cms::RI_OCSP_RESPONSE, cms::RI_OCSP_BASIC].contains(format));
    found.ocsp_responses.extend(ocsp.map(|(_, response)| response.to_vec()));
    for value in signer.unsigned_values(oids::CERTIFICATE_VALUES) {
        found.certificates.extend(members(element(value)));
    }
    for value in signer.unsigned_values(oids::REVOCATION_VALUES) {
        // [0] CRLs, [1] basic OCSP responses, both EXPLICIT (EN 319 122-1, annex D).
        found.crls.extend(tagged(value, 0));
        found.ocsp_responses.extend(tagged(value, 1));
    }
    let adobe =
        signer.signed_values(oids::ADBE_REVOCATION).chain(signer.unsigned_values(oids::ADBE_REVOCATION));
    for value in adobe {
        found.crls.extend(tagged(value, 0));
        found.ocsp_responses.extend(tagged(value, 1));
    }
    let mut once = Evidence::default();
    once.merge(&found);
    once
}

fn element(value: &[u8]) -> Option<Element<'_>> {
    Reader::new(value, Rules::Ber).expect(Tag::SEQUENCE).ok()
}

/// The members of a SEQUENCE OF, each as it came.
fn members(list: Option<Element<'_>>) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    if let Some(mut reader) = list.and_then(|list| list.reader().ok()) {
        while let (Ok(member), true) = (reader.read(), found.len() < MAX_ITEMS) {
            found.push(member.bytes().to_vec());
        }
    }
    found
}

/// The members of the SEQUENCE OF inside the element with a context tag.
fn tagged(value: &[u8], number: u32) -> Vec<Vec<u8>> {
    let Some(mut fields) = element(value).and_then(|outer| outer.reader().ok()) else { return Vec::new() };
    while let Ok(field) = fields.read() {
        if field.tag() == Tag::context(number) {
            return members(field.explicit().ok());
        }
    }
    Vec::new()
}
