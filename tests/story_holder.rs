//! Holders that no certificate may name: each is refused by its own error before the token is asked for anything.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::{cell::Cell, time::Duration};

use segl::{
    ades::Level,
    authority::{AuthorityKeys, TestAuthority},
    cert::{
        DeniedNames, Holder, HolderError, IdentifierFault, Lifetime, MemoryRegister, NameFault, Organisation,
        OrganisationIdentifier, ProfileError, SealProfile, Unit, oid,
    },
    key::{
        Curve, SoftToken,
        faults::{Calls, Faulty},
    },
    pdf::{Document, Limits},
    sealing::{MemoryJournal, Order, PdfDocument, PdfOptions, SealFault},
    x509::ObjectIdentifier,
};
use segl_testkit::{
    rng::SeededRng,
    sealing::{T0, log_id},
    seals::{self, Sealer, anchors, urls},
};

const CONTRACT: &[u8] = include_bytes!("../examples/contract.pdf");

/// Holder data as a person typed it.
#[derive(Clone, Copy)]
struct Typed<'a> {
    country: &'a str,
    name: &'a str,
    identifier: &'a str,
    unit: &'a str,
}

const GOOD: Typed<'static> =
    Typed { country: "DK", name: "TEST Kommune", identifier: "NTRDK-12345674", unit: "TEST Kommune Post" };

/// Why a holder got no seal.
#[derive(Debug)]
enum Refusal {
    Holder(HolderError),
    PersonNumber(ObjectIdentifier),
    Profile(ProfileError),
}

/// What sealing for a holder needs.
struct Solution {
    authority: TestAuthority,
    register: MemoryRegister,
    journal: MemoryJournal,
    denied: DeniedNames,
    token: Faulty<SoftToken>,
}

impl Solution {
    fn new(denied: &[&str]) -> Self {
        let mut rng = SeededRng::new(1);
        let register = MemoryRegister::default();
        let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
        Self {
            authority: seals::authority(keys, &register, T0 - Duration::from_secs(3600), &mut rng),
            register,
            journal: MemoryJournal::new(log_id()),
            denied: DeniedNames::new(denied.iter().copied()),
            token: Faulty::new(SoftToken::new(SeededRng::new(2)), None),
        }
    }

    /// From what was typed to the seal.
    fn seal(&self, n: u64, typed: Typed<'_>) -> Result<(), Refusal> {
        let holder = holder(typed).map_err(Refusal::Holder)?;
        let profile = SealProfile::new(holder, Lifetime::Hours12, &urls()).denied_names(self.denied.clone());
        let order = Order { profile, curve: Curve::P256, level: Level::B };
        let now = Cell::new(T0);
        let clock = || {
            now.set(now.get() + Duration::from_millis(1));
            now.get()
        };
        let Self { authority, register, journal, token, .. } = self;
        let anchors = anchors(authority);
        let sealer = Sealer { authority, register, anchors: &anchors, journal, clock: &clock };
        let mut document = PdfDocument::new(CONTRACT, Limits::default(), PdfOptions::default());
        let random = |who: u64| SeededRng::new(10 * n + who);
        match sealer.seal(n, token.clone(), &order, &mut document, random) {
            Ok(_) => {
                let sealed = [CONTRACT, document.tail()].concat();
                assert_eq!(
                    segl::pades::read(&Document::open(sealed.as_slice()).unwrap()).unwrap().signatures.len(),
                    1
                );
                Ok(())
            }
            Err(error) => {
                assert!(error.record.is_ok(), "the attempt is on record");
                Err(match error.fault {
                    SealFault::PersonNumber { attribute } => Refusal::PersonNumber(attribute),
                    SealFault::Present(fault) => Refusal::Profile(*fault.downcast().unwrap()),
                    other => panic!("{other}"),
                })
            }
        }
    }

    /// Nobody asked the token for anything.
    fn assert_untouched(&self) {
        assert_eq!(self.token.calls(), Calls::default());
        assert_eq!(self.token.inner().key_count(), 0);
    }
}

fn holder(typed: Typed<'_>) -> Result<Holder, HolderError> {
    let identifier = OrganisationIdentifier::parse(typed.identifier)?;
    let organisation = Organisation::new(typed.country, typed.name, identifier)?;
    Ok(Holder::new(organisation, Unit::new(typed.unit)?))
}

#[test]
fn a_holder_that_may_be_named_is_sealed_for() {
    let solution = Solution::new(&["Apple"]);
    solution.seal(1, GOOD).unwrap();
    let calls = solution.token.calls();
    assert_eq!((calls.generate, calls.sign), (1, 1), "the counter counts");
    assert_eq!(solution.token.inner().key_count(), 0);
}

#[test]
fn names_that_cannot_be_told_from_what_they_show_make_no_key() {
    let solution = Solution::new(&[]);
    let long = format!("TEST {}", "æ".repeat(252));
    let character = |character, position| NameFault::Character { character, position };
    let mixed = |first, second, position| NameFault::MixedScripts { first, second, position };
    for (name, expected) in [
        ("", NameFault::Empty),
        ("   ", NameFault::Empty),
        ("TEST\0Kommune", character('\0', 4)),
        ("TEST Kom\nmune", character('\n', 8)),
        ("TEST Kom\u{7f}mune", character('\u{7f}', 8)),
        ("TEST \u{202e}enummoK", character('\u{202e}', 5)),
        ("TEST \u{2067}Kommune\u{2069}", character('\u{2067}', 5)),
        ("TEST Kom\u{200b}mune", character('\u{200b}', 8)),
        ("TEST Kom\u{200d}mune", character('\u{200d}', 8)),
        ("\u{feff}TEST Kommune", character('\u{feff}', 0)),
        ("TEST\u{a0}Kommune", character('\u{a0}', 4)),
        (" TEST Kommune", NameFault::Blanks),
        ("TEST  Kommune", NameFault::Blanks),
        (&long, NameFault::TooLong { chars: 257 }),
        ("TEST Kоmmune", mixed("Latin", "Cyrillic", 6)),
        ("TEST Αpple", mixed("Greek", "Latin", 6)),
    ] {
        for (field, typed) in
            [("organizationName", Typed { name, ..GOOD }), ("commonName", Typed { unit: name, ..GOOD })]
        {
            let refusal = solution.seal(1, typed).unwrap_err();
            let Refusal::Holder(HolderError::Name { field: found, fault }) = &refusal else {
                panic!("{name:?}: {refusal:?}");
            };
            assert_eq!((*found, *fault), (field, expected), "{name:?}");
        }
    }
    solution.assert_untouched();
}

#[test]
fn identifiers_that_are_none_make_no_key() {
    let solution = Solution::new(&[]);
    let refused = |typed| match solution.seal(1, typed).unwrap_err() {
        Refusal::Holder(error) => error,
        other => panic!("{other:?}"),
    };
    for (identifier, reason) in [
        ("12345674", IdentifierFault::Shape),
        ("CVRDK-12345674", IdentifierFault::Shape),
        ("NTRdk-12345674", IdentifierFault::Country),
        ("NTRXX-12345674", IdentifierFault::Country),
        ("NTRDK-1234567", IdentifierFault::Number),
        ("NTRDK-1234567\u{0664}", IdentifierFault::Number),
        ("LEIDK-529900T8BM49AURSDO55", IdentifierFault::Country),
        ("PSDDK-dfsa-1", IdentifierFault::Number),
    ] {
        let error = refused(Typed { identifier, ..GOOD });
        assert_eq!(error, HolderError::IdentifierSyntax { identifier: identifier.to_owned(), reason });
    }
    // Check digits count unless the name says that everything is made up.
    for identifier in ["NTRDK-12345678", "VATDK-12345678", "LEIXG-529900T8BM49AURSDO56"] {
        let error = refused(Typed { identifier, name: "Kommune", unit: "Kommune Post", ..GOOD });
        assert_eq!(error, HolderError::CheckDigits { identifier: identifier.to_owned() });
    }
    for country in ["", "dk", "DNK", "XX"] {
        let error = refused(Typed { country, ..GOOD });
        assert_eq!(error, HolderError::Country { country: country.to_owned() });
    }
    let error = refused(Typed { country: "SE", ..GOOD });
    assert!(matches!(error, HolderError::CountryMismatch { .. }), "{error:?}");
    solution.assert_untouched();
}

#[test]
fn civil_registration_numbers_make_no_key() {
    let solution = Solution::new(&[]);
    let mut n = 0;
    for number in ["0101901234", "010190-1234", "311299 0000", "610190-1234"] {
        let name = &format!("TEST Karen {number}");
        for (attribute, typed) in [
            (oid::ORGANIZATION_NAME, Typed { name, ..GOOD }),
            (oid::COMMON_NAME, Typed { unit: name, ..GOOD }),
        ] {
            n += 1;
            let refusal = solution.seal(n, typed).unwrap_err();
            assert!(matches!(refusal, Refusal::PersonNumber(found) if found == attribute), "{refusal:?}");
        }
    }
    solution.assert_untouched();
    assert_eq!(u64::try_from(solution.journal.log().len()).unwrap(), n);
    // Ten digits that are no date, and the number of a register, are none.
    for typed in [
        Typed { unit: "TEST Post 9913901234", ..GOOD },
        Typed { country: "PL", identifier: "VATPL-0101901234", ..GOOD },
    ] {
        Solution::new(&[]).seal(1, typed).unwrap();
    }
}

#[test]
fn names_that_look_like_a_denied_one_make_no_key() {
    let solution = Solution::new(&["Apple", "Novo Nordisk"]);
    let names = [
        ("TEST Apple", "Apple"),
        ("TEST A-P-P-L-E Post", "Apple"),
        // Whole words in another script: no mixture, and yet the same to the eye.
        ("TEST Аррӏе", "Apple"),
        ("TEST Ａｐｐｌｅ", "Apple"),
        ("TEST N0V0 N0RD1SK", "Novo Nordisk"),
        ("TEST Novonordisk", "Novo Nordisk"),
    ];
    let mut n = 0;
    for (name, entry) in names {
        for typed in [Typed { name, ..GOOD }, Typed { unit: name, ..GOOD }] {
            n += 1;
            match solution.seal(n, typed).unwrap_err() {
                Refusal::Profile(ProfileError::NameDenied { entry: found }) => assert_eq!(found, entry),
                other => panic!("{name:?}: {other:?}"),
            }
        }
    }
    solution.assert_untouched();
    // Each attempt is on record, as one that came no further than the person.
    let log = solution.journal.log();
    assert_eq!(u64::try_from(log.len()).unwrap(), n);
    // Nobody's list is built in: without it the same names are sealed for.
    Solution::new(&[]).seal(1, Typed { unit: "TEST Apple", ..GOOD }).unwrap();
}
