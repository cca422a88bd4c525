//! Seals for the judges: made in this process by the TEST authority, with the clock and the random numbers given.

#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs of this")]

pub mod documents;
pub mod judges;
pub mod parts;
pub mod pdf;

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
};

use core::time::Duration;

use segl::{
    ades::Level,
    authority::{AuthorityKeys, TestAuthority},
    cert::{Lifetime, MemoryRegister, SealProfile},
    crypto::Time,
    key::{Curve, SoftToken},
    path::Anchors,
    pdf::{Document, Limits},
    sealing::{MemoryJournal, Order, PdfDocument, PdfOptions},
    x509::Certificate,
};
use segl_testkit::{
    rng::SeededRng,
    sealing::log_id,
    seals::{self, Sealer},
};

pub use segl_testkit::sealing::T0;

use self::documents::Original;

/// One hour.
pub const HOUR: Duration = Duration::from_secs(3600);
/// One day.
pub const DAY: Duration = Duration::from_secs(86_400);
/// One year, a quarter of a day longer than most.
pub const YEAR: Duration = Duration::from_secs(31_557_600);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// How long the certificate lives.
    pub lifetime: Lifetime,
    /// validity-assured-short-term and noRevAvail.
    pub assured: bool,
    /// The key.
    pub curve: Curve,
    /// The level.
    pub level: Level,
}

impl Wish {
    /// A P-256 seal with a certificate for 12 hours.
    pub const fn hours_12(level: Level) -> Self {
        Self { lifetime: Lifetime::Hours12, assured: false, curve: Curve::P256, level }
    }

    /// A P-256 seal with a certificate for 10 days.
    pub const fn days_10(level: Level) -> Self {
        Self { lifetime: Lifetime::Days10, ..Self::hours_12(level) }
    }

    /// A P-256 seal with a validity-assured certificate for 12 hours.
    pub const fn assured(level: Level) -> Self {
        Self { assured: true, ..Self::hours_12(level) }
    }

    /// With a P-384 key instead.
    #[must_use]
    pub const fn p384(self) -> Self {
        Self { curve: Curve::P384, ..self }
    }

    fn profile(self) -> SealProfile {
        let profile = seals::profile("TEST Seal", self.lifetime, self.curve);
        if self.assured { profile.validity_assured() } else { profile }
    }

    fn name(self) -> String {
        let life = match (self.lifetime, self.assured) {
            (Lifetime::Days10, _) => "10d",
            (_, true) => "12h-assured",
            _ => "12h",
        };
        let key = if self.curve == Curve::P384 { "-p384" } else { "" };
        format!("{life}{key}-{}", self.level.suffix().to_lowercase())
    }
}

/// A sealed file and what belongs to it.
pub struct SealedFile {
    /// For messages: `NAME 12h-lta`.
    pub name: String,
    /// What was sealed.
    pub original: PathBuf,
    /// Where it stands.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The field of our seal; the file may have others.
    pub field: String,
    /// The seal's certificate.
    pub certificate: Certificate,
    /// An OCSP response about it, made a minute after sealing, as a file.
    pub status: PathBuf,
    /// What was asked for.
    pub wish: Wish,
}

/// The TEST authority and a folder for what it makes. The folder outlives the run, so that a person can look at a failure.
pub struct Workshop {
    authority: TestAuthority,
    anchors: Anchors,
    register: MemoryRegister,
    journal: MemoryJournal,
    folder: PathBuf,
    count: Cell<u64>,
}

impl Workshop {
    /// Makes the authority a day before [`T0`], and its certificates and lists as files in a folder of this name.
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        let mut rng = SeededRng::new(1);
        let register = MemoryRegister::default();
        let keys = AuthorityKeys::generate_soft(&mut rng).unwrap();
        let authority = seals::authority(keys, &register, T0 - DAY, &mut rng);
        let anchors = seals::anchors(&authority);
        let journal = MemoryJournal::new(log_id());
        let workshop = Self { authority, anchors, register, journal, folder, count: Cell::new(0) };
        let material = workshop.authority.material();
        for (name, certificate) in [
            ("root.cer", &material.root),
            ("ca.cer", &material.issuing_ca),
            ("unit.cer", &material.time_stamp_unit),
            ("responder.cer", &material.ocsp_responder),
        ] {
            workshop.write(name, certificate.as_der());
        }
        workshop.write("root.crl", material.root_crl.as_der());
        // The list counts for the seals although it is made before them: it is not older than their notBefore, nor lists it them.
        let list = workshop.authority.ca_crl(&workshop.register, T0).unwrap();
        workshop.write("ca.crl", list.as_der());
        workshop
    }

    /// The authority.
    pub fn authority(&self) -> &TestAuthority {
        &self.authority
    }

    /// Its root as the only trust anchor.
    pub fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// A file of the authority: `root.cer`, `ca.cer`, `unit.cer`, `responder.cer`, `root.crl`, `ca.crl`.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Seals a document at [`T0`]. Every look at the clock finds it a tenth of a second later.
    pub fn seal(&self, original: &Original, wish: Wish) -> SealedFile {
        self.seal_ticking(original, wish, Duration::from_millis(100))
    }

    /// Seals a document at [`T0`] by a clock that is later by `tick` at every look.
    pub fn seal_ticking(&self, original: &Original, wish: Wish, tick: Duration) -> SealedFile {
        let n = self.count.get() + 1;
        self.count.set(n);
        let name = format!("{} {}", original.name, wish.name());
        let ticks = Cell::new(0);
        let clock = || {
            ticks.set(ticks.get() + 1);
            T0 + tick * ticks.get()
        };
        let Self { authority, anchors, register, journal, .. } = self;
        let sealer = Sealer { authority, register, anchors, journal, clock: &clock };
        let order = Order { profile: wish.profile(), curve: wish.curve, level: wish.level };
        let options = PdfOptions { field: original.field.map(str::to_owned), ..PdfOptions::default() };
        let mut document = PdfDocument::new(original.bytes.as_slice(), Limits::default(), options);
        let random = |who: u64| SeededRng::new(10 * n + who);
        let certificate = sealer
            .seal(n, SoftToken::new(random(3)), &order, &mut document, random)
            .unwrap_or_else(|error| panic!("{name}: {}", chain(&error)));

        let bytes = [original.bytes.as_slice(), document.tail()].concat();
        let stem = name.replace(['/', ' '], "-");
        let at = T0 + Duration::from_secs(60);
        let status = self.authority.ocsp(&certificate, &self.register, at).unwrap();
        SealedFile {
            original: self.write(&format!("{}.pdf", original.name.replace('/', "-")), &original.bytes),
            path: self.write(&format!("{stem}.pdf"), &bytes),
            field: field_of(&bytes, &certificate),
            status: self.write(&format!("{stem}.ors"), status.as_der()),
            name,
            bytes,
            certificate,
            wish,
        }
    }
}

/// The field that holds the signature of this certificate.
fn field_of(pdf: &[u8], certificate: &Certificate) -> String {
    let reading = segl::pades::read(&Document::open(pdf).unwrap()).unwrap();
    let ours = reading
        .signatures
        .iter()
        .find(|one| one.signature.signer_certificate.as_deref() == Some(certificate.as_der()));
    ours.unwrap().facts.fields[0].clone()
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// `T0 + time` as a duration shows in messages: `+13 h`, `+11 d`.
pub fn later(time: Duration) -> String {
    let hours = time.as_secs() / 3600;
    if hours < 48 { format!("+{hours} h") } else { format!("+{} d", hours / 24) }
}

/// A time as the judges take it.
pub fn at(time: Duration) -> Time {
    T0 + time
}

/// Fails with every complaint, or passes when there is none.
pub fn assert_none(verdicts: &[Result<(), String>]) {
    assert!(!verdicts.is_empty());
    let complaints: Vec<&str> =
        verdicts.iter().filter_map(|one| one.as_ref().err()).map(String::as_str).collect();
    println!("{} judged", verdicts.len());
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), verdicts.len(), complaints.join("\n"));
}
