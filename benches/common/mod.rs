//! What the benches share: one authority, one journal, a PDF of any size, and medians taken in turns.
#![allow(dead_code, reason = "shared by several programs, none of which uses all of it")]

use std::time::{Duration, Instant};

use rand_core::UnwrapErr;
use segl::ades::Level;
use segl::authority::{AuthorityKeys, TestAuthority};
use segl::cert::{IssuedCertificates, Lifetime};
use segl::crypto::{SignatureAlgorithm, SoftKind, SoftwareKey, Source, Time, ToBeSigned};
use segl::key::{Curve, Token};
use segl::path::Anchors;
use segl::pdf::Limits;
use segl::sealing::{Journal, Order, PdfDocument, PdfOptions};
use segl_testkit::sealing::T0;
use segl_testkit::seals::{Sealer, anchors, authority, profile};

/// Size of the PDF of the figure.
pub(crate) const PDF_SIZE: usize = 200_000;

pub(crate) type Rng = UnwrapErr<getrandom::SysRng>;
pub(crate) const fn rng() -> Rng {
    UnwrapErr(getrandom::SysRng)
}

pub(crate) fn now() -> Time {
    T0
}

/// Everything that lives longer than one sealing.
pub(crate) struct Bench<J, R> {
    authority: TestAuthority,
    anchors: Anchors,
    orders: [Order; 2],
    journal: J,
    register: R,
    count: u64,
}

impl<J: Journal, R: IssuedCertificates> Bench<J, R> {
    pub(crate) fn new(journal: J, register: R) -> Self {
        let keys = AuthorityKeys::generate_soft(&mut rng()).unwrap();
        let authority = authority(keys, &register, T0, &mut rng());
        let anchors = anchors(&authority);
        let orders = [Curve::P256, Curve::P384].map(|curve| {
            let profile = profile("TEST Unit", Lifetime::Hours12, curve);
            Order { profile, curve, level: Level::B }
        });
        Self { authority, anchors, orders, journal, register, count: 0 }
    }

    /// One whole sealing, from the journal to the record. Gives the octets that are appended.
    pub(crate) fn seal<T: Token>(
        &mut self,
        token: T,
        pdf: impl Source + Clone + Send,
        curve: Curve,
        level: Level,
    ) -> Vec<u8> {
        self.count += 1;
        let Self { authority, anchors, orders, journal, register, .. } = self;
        let sealer = Sealer { authority, register, anchors, journal, clock: &now };
        let order = &mut orders[usize::from(curve == Curve::P384)];
        order.level = level;
        let mut document = PdfDocument::new(pdf, Limits::default(), PdfOptions::default());
        let sealed = sealer.seal(self.count, token, order, &mut document, |_| rng());
        sealed.unwrap_or_else(|e| panic!("{e}"));
        document.tail().to_vec()
    }
}

/// A PDF with one page and a stream that fills it up.
pub(crate) fn pdf(size: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    let filler = vec![b'%'; size.saturating_sub(700)];
    let objects: [Vec<u8>; 4] = [
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>".to_vec(),
        [format!("<< /Length {} >>\nstream\n", filler.len()).as_bytes(), &filler, b"\nendstream"].concat(),
    ];
    for (number, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", number + 1).bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let xref = bytes.len();
    bytes.extend(b"xref\n0 5\n0000000000 65535 f \n");
    for offset in offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    bytes.extend(format!("trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{xref}\n%%EOF\n").bytes());
    bytes
}

pub(crate) fn timed(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Runs two things in turns and prints the medians and their ratio.
pub(crate) fn in_turns(name: &str, turns: usize, mut floor: impl FnMut(), mut ours: impl FnMut()) {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..turns {
        times[0].push(timed(&mut floor));
        times[1].push(timed(&mut ours));
    }
    let [floor, ours] = times.map(median);
    println!(
        "{name}: floor {floor:?}, segl {ours:?}, ratio {:.2} (medians of {turns} in turn)",
        ours.as_secs_f64() / floor.as_secs_f64()
    );
}

/// The issuer's part of the floor: a P-384 signature over something as long as a certificate.
pub(crate) struct IssuerFloor {
    key: SoftwareKey,
    tbs: ToBeSigned,
}

impl IssuerFloor {
    pub(crate) fn new() -> Self {
        let key = SoftwareKey::generate(SoftKind::EcP384, &mut rng());
        Self { key, tbs: ToBeSigned::new(vec![0x5a; 800], SignatureAlgorithm::ECDSA_SHA384) }
    }

    pub(crate) fn sign(&self) {
        std::hint::black_box(self.key.sign(&self.tbs).unwrap());
    }
}
