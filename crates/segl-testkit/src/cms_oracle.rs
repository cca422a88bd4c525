//! A message as RustCrypto's cms sees it: the same bytes, and the same meaning field by field.

use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{SignedData, SignerIdentifier as TheirIdentifier, SignerInfo};
use der::{Decode as _, Encode as _};
use segl_cms::{Attribute, SignedDataView, SignerIdentifier, SignerInfoView};

/// Reads the message with both; panics at the first difference.
pub fn agrees(message: &[u8]) {
    let ours = SignedDataView::parse(message).unwrap();
    let info = ContentInfo::from_der(message).unwrap();
    assert_eq!(info.to_der().unwrap(), message);
    assert_eq!(info.content_type, segl_cms::oids::SIGNED_DATA);
    let theirs: SignedData = info.content.decode_as().unwrap();
    assert_eq!(theirs.to_der().unwrap(), info.content.to_der().unwrap());

    assert_eq!(number(theirs.version), ours.version());
    let algorithms: Vec<_> = theirs.digest_algorithms.iter().map(|algorithm| algorithm.oid).collect();
    assert_eq!(algorithms, ours.digest_algorithms().map(|algorithm| algorithm.oid()).collect::<Vec<_>>());
    assert_eq!(theirs.encap_content_info.to_der().unwrap(), ours.encapsulated_content_info());
    assert_eq!(theirs.encap_content_info.econtent_type, ours.content_type());
    assert_eq!(theirs.encap_content_info.econtent.as_ref().map(der::asn1::Any::value), ours.content());
    let certificates: Vec<Vec<u8>> = theirs
        .certificates
        .iter()
        .flat_map(|set| set.0.iter())
        .map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => certificate.to_der().unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(certificates, ours.certificates().map(<[u8]>::to_vec).collect::<Vec<_>>());
    assert_eq!(theirs.crls.map_or(0, |lists| lists.0.len()), ours.crls().count());
    assert_eq!(theirs.signer_infos.0.len(), ours.signers().len());
    for (theirs, ours) in theirs.signer_infos.0.iter().zip(ours.signers()) {
        signer_agrees(theirs, ours);
    }
}

fn signer_agrees(theirs: &SignerInfo, ours: &SignerInfoView) {
    assert_eq!(theirs.to_der().unwrap(), ours.as_bytes());
    match (&theirs.sid, ours.identifier()) {
        (
            TheirIdentifier::IssuerAndSerialNumber(theirs),
            SignerIdentifier::IssuerAndSerial { issuer, serial },
        ) => {
            assert_eq!(theirs.issuer.to_der().unwrap(), issuer);
            assert_eq!(theirs.serial_number.as_bytes(), serial);
        }
        (theirs, ours) => panic!("{theirs:?} and {ours:?}"),
    }
    assert_eq!(theirs.digest_alg.to_der().unwrap(), ours.digest_algorithm_der());
    assert_eq!(theirs.signature_algorithm.to_der().unwrap(), ours.signature_algorithm_der());
    assert_eq!(theirs.signature.as_bytes(), ours.signature());
    let signed = theirs.signed_attrs.as_ref().unwrap();
    // RFC 5652, 5.4: what is signed is the SET OF, not the [0] it travels in.
    assert_eq!(signed.to_der().unwrap(), ours.signed_attributes_for_verification().unwrap());
    attributes_agree(signed.iter().map(|each| each.to_der().unwrap()), ours.signed_attributes());
    let unsigned = theirs.unsigned_attrs.iter().flat_map(|set| set.iter());
    attributes_agree(unsigned.map(|each| each.to_der().unwrap()), ours.unsigned_attributes());
}

fn attributes_agree(theirs: impl Iterator<Item = Vec<u8>>, ours: &[Attribute]) {
    let theirs: Vec<_> = theirs.collect();
    assert_eq!(theirs, ours.iter().map(|each| each.as_bytes().to_vec()).collect::<Vec<_>>());
}

fn number(version: CmsVersion) -> u32 {
    match version {
        CmsVersion::V0 => 0,
        CmsVersion::V1 => 1,
        CmsVersion::V2 => 2,
        CmsVersion::V3 => 3,
        CmsVersion::V4 => 4,
        CmsVersion::V5 => 5,
    }
}
