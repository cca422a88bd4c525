//! Every list issued here, as RustCrypto's x509-cert sees it: the same bytes, and the same meaning entry by entry.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test may stop at the first surprise"
)]

use std::time::Duration;

use der::{Decode as _, Encode as _};
use proptest::prelude::*;
use segl_cert::{AuthorityNames, AuthorityProfile, AuthorityRole, AuthorityUrls, SerialNumber};
use segl_crypto::{SoftKind, SoftwareKey, Time};
use segl_revocation::{CrlBuilder, CrlView, Reason};
use segl_x509::Certificate;
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber, CrlReason};
use x509_cert::ext::{Extension, Extensions};

const NOW: i64 = 1_795_000_000;
const DAY: Duration = Duration::from_secs(86_400);

fn root() -> (SoftwareKey, Certificate) {
    let key =
        SoftwareKey::generate(SoftKind::EcP384, &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng));
    let urls = AuthorityUrls::new("http://pki.example.com").unwrap();
    let prepared = AuthorityProfile::new(AuthorityRole::Root, &AuthorityNames::test().unwrap(), &urls)
        .prepare(
            None,
            &key.public_key_spki().unwrap(),
            &SerialNumber::from_random([1; 15]),
            Time::from_unix(NOW),
        )
        .unwrap();
    let value = key.sign(prepared.to_be_signed()).unwrap();
    (key, prepared.assemble_verified(&value).unwrap())
}

fn typed<'a, T: der::Decode<'a, Error = der::Error>>(
    extensions: Option<&'a Extensions>,
    oid: &str,
) -> Option<T> {
    let found: &Extension = extensions?.iter().find(|extension| extension.extn_id.to_string() == oid)?;
    Some(T::from_der(found.extn_value.as_bytes()).unwrap())
}

fn seconds(time: x509_cert::time::Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap()
}

fn agrees(ours: &CrlView) -> CertificateList {
    let theirs = CertificateList::from_der(ours.as_der()).unwrap();
    assert_eq!(theirs.to_der().unwrap(), ours.as_der());
    let list = &theirs.tbs_cert_list;
    assert_eq!(list.issuer.to_der().unwrap(), ours.issuer().as_der());
    assert_eq!(list.signature, theirs.signature_algorithm);
    assert_eq!(seconds(list.this_update), ours.this_update().unix_seconds());
    assert_eq!(list.next_update.map(seconds), ours.next_update().map(Time::unix_seconds));
    let extensions = list.crl_extensions.as_ref();
    assert_eq!(extensions.map_or(0, Vec::len), ours.extensions().len());
    for (theirs, ours) in extensions.unwrap().iter().zip(ours.extensions()) {
        assert_eq!(*ours.oid(), theirs.extn_id);
        assert_eq!((theirs.critical, theirs.extn_value.as_bytes()), (ours.is_critical(), ours.value()));
    }
    let number: CrlNumber = typed(extensions, "2.5.29.20").unwrap();
    let significant = ours.number().unwrap().iter().copied().skip_while(|octet| *octet == 0);
    assert_eq!(
        number.0.as_bytes().iter().copied().skip_while(|octet| *octet == 0).collect::<Vec<_>>(),
        significant.collect::<Vec<_>>()
    );
    let key: AuthorityKeyIdentifier = typed(extensions, "2.5.29.35").unwrap();
    let own = ours.authority_key_identifier().unwrap().unwrap();
    assert_eq!(key.key_identifier.map(|octets| octets.as_bytes().to_vec()), own.key_identifier);

    let entries: Vec<_> = ours.entries().map(Result::unwrap).collect();
    let revoked = list.revoked_certificates.as_deref().unwrap_or_default();
    assert_eq!(revoked.len(), entries.len());
    for (theirs, ours) in revoked.iter().zip(&entries) {
        assert_eq!(theirs.serial_number.as_bytes(), ours.serial);
        assert_eq!(seconds(theirs.revocation_date), ours.revoked_at.unix_seconds());
        let reason: Option<CrlReason> = typed(theirs.crl_entry_extensions.as_ref(), "2.5.29.21");
        assert_eq!(reason.map(|reason| reason as u8), ours.reason.map(Reason::code));
    }
    theirs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_list_agrees(
        number in 1..u64::MAX,
        offset in 0..20 * 365 * 86_400_i64,
        expired in any::<bool>(),
        // RFC 5280, 5.3.1: 7 is not used; 0 is left out of lists, 8 belongs to delta lists.
        revoked in proptest::collection::btree_map(
            any::<[u8; 15]>(),
            (0..1_000_000_i64, proptest::option::of(prop::sample::select(vec![1_u8, 2, 3, 4, 5, 9]))),
            0..12,
        ),
    ) {
        thread_local! {
            static ROOT: (SoftwareKey, Certificate) = root();
        }
        ROOT.with(|(key, root)| {
            let now = Time::from_unix(NOW + 1_000_000 + offset);
            let mut builder = CrlBuilder::new(root, number, now, now + DAY);
            if expired {
                builder = builder.keeps_expired_since(root.not_before());
            }
            for (serial, (at, reason)) in &revoked {
                let serial = SerialNumber::from_random(*serial);
                let at = Time::from_unix(NOW + at);
                builder = builder.revoked(serial.as_octets(), at, reason.map(Reason::from_code)).unwrap();
            }
            let prepared = builder.prepare().unwrap();
            let value = key.sign(prepared.to_be_signed()).unwrap();
            let list = prepared.assemble(&value).unwrap();
            let theirs = agrees(&list);
            assert_eq!(theirs.tbs_cert_list.revoked_certificates.map_or(0, |list| list.len()), revoked.len());
        });
    }
}
