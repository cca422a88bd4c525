//! Qualified devices: a certificate may name one only while the token is known to be a certified device, and its certification holds.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use core::{cell::Cell, time::Duration};
use std::collections::BTreeMap;

use segl::{
    Embedded,
    ades::Level,
    authority::{AuthorityKeys, TestAuthority},
    cert::{Device, Lifetime, MemoryRegister, PrepareError},
    crypto::{SignatureValue, Time, ToBeSigned},
    key::{
        Certification, CertifiedDevice, Curve, DeviceProfile, DeviceRefusal, KeyId, ReadBack, SecureDevice,
        SoftToken, Swept, Token, TokenDescription, Trace,
        faults::{Calls, Faulty},
    },
    pdf::Limits,
    sealing::{
        Attempt, Decision, Event, Helpers, MemoryJournal, Order, PdfDocument, PdfOptions, SealFault,
        Tolerances, UnfitDevice, seal,
    },
};
use segl_testkit::{
    rng::SeededRng,
    sealing::{T0, lease, log_id, opening, salts},
    seals::{self, anchors, profile},
};

const CONTRACT: &[u8] = include_bytes!("../examples/contract.pdf");
const YEAR: Duration = Duration::from_secs(366 * 86_400);

/// Keys in memory that say of themselves that they are in hardware.
#[derive(Clone, Debug)]
struct Box {
    inner: Faulty<SoftToken>,
    says: TokenDescription,
}

impl Token for Box {
    type Key = <Faulty<SoftToken> as Token>::Key;
    type Error = <Faulty<SoftToken> as Token>::Error;

    fn description(&self) -> &TokenDescription {
        &self.says
    }
    fn generate(&self, curve: Curve, id: KeyId) -> Result<Self::Key, Self::Error> {
        self.inner.generate(curve, id)
    }
    fn read_back(&self, key: &Self::Key) -> Result<ReadBack, Self::Error> {
        self.inner.read_back(key)
    }
    fn sign(&self, key: &mut Self::Key, tbs: &ToBeSigned) -> Result<SignatureValue, Self::Error> {
        self.inner.sign(key, tbs)
    }
    fn destroy(&self, key: &mut Self::Key) -> Result<(), Self::Error> {
        self.inner.destroy(key)
    }
    fn look_up(&self, key: &mut Self::Key) -> Result<Trace, Self::Error> {
        self.inner.look_up(key)
    }
    fn sweep(&self) -> Result<Swept, Self::Error> {
        self.inner.sweep()
    }
}

struct Solution {
    authority: TestAuthority,
    register: MemoryRegister,
    journal: MemoryJournal,
    device: Box,
    next: Cell<u64>,
}

/// What became of a sealing: its fault, and what was seen on the way.
struct Told {
    fault: Option<SealFault<<Box as Token>::Error, core::convert::Infallible>>,
    due: Option<Time>,
    receipt: Option<[u8; 32]>,
}

impl Solution {
    fn new() -> Self {
        let mut rng = SeededRng::new(1);
        let register = MemoryRegister::default();
        let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
        let says = TokenDescription {
            label: "box".into(),
            manufacturer: "Maker".into(),
            model: "Box".into(),
            serial: "1".into(),
            firmware: "2.6".into(),
            device: SecureDevice::Hardware,
        };
        Self {
            authority: seals::authority(keys, &register, T0 - Duration::from_secs(3600), &mut rng),
            register,
            journal: MemoryJournal::new(log_id()),
            device: Box { inner: Faulty::new(SoftToken::new(SeededRng::new(2)), None), says },
            next: Cell::new(1),
        }
    }

    fn seal<T: Token<Error = <Box as Token>::Error>>(&self, token: T, device: Device) -> Told {
        let n = self.next.replace(self.next.get() + 1);
        let profile = profile("TEST Seal", Lifetime::Hours12, Curve::P256).device(device);
        let order = Order { profile, curve: Curve::P256, level: Level::B };
        let now = Cell::new(T0);
        let clock = || {
            now.set(now.get() + Duration::from_millis(1));
            now.get()
        };
        let embedded = Embedded::new(&self.authority, &self.register, &clock, SeededRng::new(10 * n));
        let helpers = Helpers {
            issuer: &embedded,
            stampers: &[],
            anchors: &anchors(&self.authority),
            evidence: &embedded,
            clock: &clock,
            retry: &|_| false,
            tolerances: Tolerances::default(),
        };
        let mut document = PdfDocument::new(CONTRACT, Limits::default(), PdfOptions::default());
        let attempt = Attempt::open(&self.journal, opening(n), &lease(n)).unwrap();
        let (mut due, mut receipt) = (None, None);
        let mut observe = |event: &Event<'_>| match event {
            Event::DeviceAssessmentDue(since) => due = Some(*since),
            Event::KeyMade(made) => receipt = made.profile(),
            _ => {}
        };
        let mut rng = SeededRng::new(10 * n + 1);
        let mut approve = |_: &_| Decision::Approve;
        let sealed =
            seal(attempt, token, &mut document, &order, &helpers, &mut rng, &mut approve, &mut observe);
        let fault = match sealed {
            Ok(sealed) => {
                sealed.release(clock(), salts(n)).unwrap();
                None
            }
            Err(error) => {
                assert!(error.record.is_ok(), "the attempt is on record");
                Some(error.fault)
            }
        };
        Told { fault, due, receipt }
    }
}

fn device_profile(certified: Time, assessed: Time) -> DeviceProfile {
    DeviceProfile {
        manufacturer: "Maker".into(),
        model: "Box".into(),
        firmware: vec!["2.6".into()],
        settings: BTreeMap::from([("FIPS mode".into(), "on".into())]),
        certification: Certification {
            reference: "TEST-QSCD-1".into(),
            certified,
            assessed,
            cancelled: None,
        },
    }
}

#[test]
fn an_unknown_device_is_not_called_qualified() {
    let solution = Solution::new();
    let told = solution.seal(solution.device.clone(), Device::Qualified);
    assert!(matches!(told.fault, Some(SealFault::Device(UnfitDevice::Unknown))), "{:?}", told.fault);
    assert_eq!(solution.device.inner.calls(), Calls::default(), "no key was made");
    assert!(solution.seal(solution.device.clone(), Device::Other).fault.is_none());
}

#[test]
fn a_certification_that_is_over_stops_the_device() {
    let solution = Solution::new();
    let mut cancelled = device_profile(T0 - YEAR, T0 - YEAR);
    cancelled.certification.cancelled = Some(T0);
    for over in [device_profile(T0 - 5 * YEAR, T0), cancelled] {
        let device = CertifiedDevice::new(solution.device.clone(), over).unwrap();
        for named in [Device::Qualified, Device::Other] {
            let told = solution.seal(&device, named);
            let refused = matches!(
                told.fault,
                Some(SealFault::Device(UnfitDevice::Refused(
                    DeviceRefusal::Expired { .. } | DeviceRefusal::Cancelled { .. }
                )))
            );
            assert!(refused, "{:?}", told.fault);
        }
    }
    assert_eq!(solution.device.inner.calls(), Calls::default(), "no key was made");
}

#[test]
fn a_certified_device_seals_and_its_keys_say_which_it_was() {
    let solution = Solution::new();
    let good = device_profile(T0 - 3 * YEAR, T0 - YEAR);
    let device = CertifiedDevice::new(solution.device.clone(), good.clone()).unwrap();
    let told = solution.seal(&device, Device::Other);
    assert!(told.fault.is_none(), "{:?}", told.fault);
    assert_eq!((told.due, told.receipt), (None, Some(good.digest())));
    // The TEST authority, which vouches for no device, is the one who refuses now.
    let told = solution.seal(&device, Device::Qualified);
    let Some(SealFault::Issue(refused)) = &told.fault else { panic!("{:?}", told.fault) };
    let first: &dyn std::error::Error = refused.as_ref();
    let mut causes = std::iter::successors(Some(first), |error| error.source());
    assert!(causes.any(|error| error.to_string() == PrepareError::Device.to_string()), "{refused}");

    let late = device_profile(T0 - 3 * YEAR, T0 - 3 * YEAR);
    let device = CertifiedDevice::new(solution.device.clone(), late).unwrap();
    let told = solution.seal(&device, Device::Other);
    assert!(told.fault.is_none(), "{:?}", told.fault);
    assert!(told.due.is_some_and(|since| since < T0), "the overdue assessment is told");
}
