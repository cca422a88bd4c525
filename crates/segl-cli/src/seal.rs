//! `segl seal`: seals PDF files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use segl::Embedded;
use segl::cert::{CertificateContent, IssuedCertificates as _, Lifetime, SealProfile, SerialNumber};
use segl::crypto::{FileSource, KeyKind};
use segl::key::{Curve, SoftToken, Token};
use segl::pdf::Limits;
use segl::record::{
    Cause, DigestLike, Entry, Opening, Outcome, PolicyVersion, ReferenceText, RequestId, SaltSeed, SlotName,
    TermsVersion,
};
use segl::sealing::{
    Attempt, Decision, EndError, Event, Helpers, Journal as _, Lease, Order, PdfDocument, PdfOptions,
    RunnerId, Sealed, Tolerances, Unfinished, recover, state,
};
use segl::store::{SqliteStore, StoreError};

use crate::args::{Cli, CurveName, ProfileName, SealArgs, SealFormat};
use crate::console::Console;
use crate::device::Device;
use crate::error::{COULD_NOT_RUN, Failure, chain, print};
use crate::holder::Who;
use crate::home::{self, Home, HomeError, random_uuid};
use crate::output::Output;
use crate::report::counted;
use crate::{SystemRng, init, now, rng};

/// Why one file was not sealed, beside what the libraries say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealFileError {
    #[error("{} is a {kind}, not a file", path.display())]
    NotAFile { path: PathBuf, kind: FileKind },
    #[error("{} was not sealed: {cause}{record}", path.display(), cause = chain(cause.as_ref()))]
    NotSealed {
        path: PathBuf,
        #[source]
        cause: Failure,
        record: Recorded,
    },
    #[error("-o names one file; {files} files were given")]
    OneOutput { files: usize },
    #[error("{} cannot be read", path.display())]
    Open { path: PathBuf, source: std::io::Error },
}

/// What stands where a file was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Folder,
    Stream,
}

impl core::fmt::Display for FileKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Folder => "folder",
            Self::Stream => "pipe or device",
        })
    }
}

/// Whether the record tells of an attempt that came to nothing.
#[derive(Debug)]
pub(crate) enum Recorded {
    /// As this entry.
    As(u64),
    /// There was no attempt: nothing was begun.
    NoAttempt,
    /// Not yet: the next sealing with this home records it. Why not.
    NotYet(String),
}

impl core::fmt::Display for Recorded {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::As(number) => write!(f, " (record {number})"),
            Self::NoAttempt => Ok(()),
            Self::NotYet(why) => write!(f, " (not recorded yet: {why}; the next sealing will record it)"),
        }
    }
}

impl Recorded {
    fn of(record: &Result<Entry, EndError<StoreError>>) -> Self {
        match record {
            Ok(entry) => Self::As(entry.sequence()),
            Err(e) => Self::NotYet(chain(e)),
        }
    }
}

/// Longer than a sealing takes, shorter than its certificate lives.
const LEASE: std::time::Duration = std::time::Duration::from_secs(3600);
/// Rounds through all time-stamp units before giving up; the embedded unit does not get better by waiting.
const STAMP_ROUNDS: u32 = 1;
/// The version of the terms a TEST seal is made under.
const TERMS: &str = "TEST";

pub(crate) fn run(cli: &Cli, args: &SealArgs, console: &Console) -> Result<ExitCode, Failure> {
    if args.output.is_some() && args.files.len() > 1 {
        return Err(SealFileError::OneOutput { files: args.files.len() }.into());
    }
    let folder = home::folder(cli.home.as_deref())?;
    if !home::is_there(&folder) {
        make_home(&folder, console)?;
    }
    let mut home = Home::open(&folder, &mut rng())?;
    for due in home.renew(now(), &mut rng())? {
        console.step("renewed", home::words(due));
    }
    let device = Device::new(args, console)?;
    recover_attempts(&home, &device, console)?;
    let mut failed = false;
    for file in &args.files {
        let sealing = Sealing { home: &home, args, console, device: &device };
        if let Err(error) = sealing.file(file) {
            print(&error.into());
            failed = true;
        }
    }
    Ok(if failed { ExitCode::from(COULD_NOT_RUN) } else { ExitCode::SUCCESS })
}

/// Another process may make it at the same time, which is as good.
fn make_home(folder: &Path, console: &Console) -> Result<(), Failure> {
    match init::create(folder, init::BASE_URL, console) {
        Err(HomeError::Exists { .. } | HomeError::NotEmpty { .. }) if home::is_there(folder) => Ok(()),
        made => Ok(made?),
    }
}

/// Gives attempts that a crash left behind their end. The home's lock says that nobody else is at work.
fn recover_attempts(home: &Home, device: &Device<'_>, console: &Console) -> Result<(), Failure> {
    // Before they end, so that a crash in between leaves none out: what they had issued will never be let out.
    for left in home.store.unfinished(Unfinished::All)? {
        if let Some(serial) = left.progress.serial() {
            abandon(home, serial.as_bytes())?;
        }
    }
    let sweep = |slot: &SlotName| device.sweep(slot);
    let recovered = recover(&home.store, Unfinished::All, now(), sweep, || salts(&mut rng()))?;
    for attempt in recovered {
        let outcome = match attempt.outcome {
            Outcome::DestructionUnconfirmed => "and its key is not confirmed to be gone",
            _ => "and no key of it is left",
        };
        let text =
            format!("request {} had stopped after the step \"{}\", {outcome}", attempt.request, attempt.step);
        console.step("recovered", &text);
    }
    Ok(())
}

/// Notes in the register that a certificate will never be let out.
fn abandon(home: &Home, serial: &[u8]) -> Result<(), StoreError> {
    let issuer = home.authority.issuing_ca().identity();
    match SerialNumber::from_der_content(serial) {
        Some(serial) => home.store.record_abandoned(issuer, &serial, now()),
        None => Ok(()),
    }
}

pub(crate) fn salts(rng: &mut SystemRng) -> SaltSeed {
    let mut seed = [0; 32];
    rand_core::Rng::fill_bytes(rng, &mut seed);
    SaltSeed::new(seed)
}

/// One file's sealing.
struct Sealing<'a> {
    home: &'a Home,
    args: &'a SealArgs,
    console: &'a Console,
    device: &'a Device<'a>,
}

type Started<'a> = Attempt<'a, SqliteStore, state::Authenticated>;

impl<'a> Sealing<'a> {
    fn file(&self, path: &Path) -> Result<(), SealFileError> {
        let SealFormat::Pades = self.args.format;
        let target = self.args.output.clone().unwrap_or_else(|| sealed_name(path));
        self.console.headline(&format!("Sealing {}", path.display()));
        let (attempt, profile) = self.begin(path, &target).map_err(|cause| SealFileError::NotSealed {
            path: path.to_owned(),
            cause,
            record: Recorded::NoAttempt,
        })?;
        // From here on the attempt is in the journal, and every way out ends it there.
        let output = match self.copied(path, &target) {
            Ok(output) => output,
            Err(e) => return Err(give_up(path, attempt, Cause::Document, e)),
        };
        // Sealed is what was copied, so that a change of the original in the meantime makes no broken seal.
        let source = match output.read_back().map_err(Failure::from).and_then(|f| Ok(FileSource::new(f)?)) {
            Ok(source) => source,
            Err(e) => return Err(give_up(path, attempt, Cause::Document, e)),
        };
        let order = Order { profile, curve: self.curve(), level: self.args.level };
        let options = PdfOptions {
            field: self.args.field.clone(),
            reason: self.args.reason.clone(),
            location: self.args.location.clone(),
        };
        let mut document = PdfDocument::new(&source, Limits::default(), options);
        let sealed = self.with_token(attempt, &mut document, &order, path)?;
        self.let_out(path, sealed, document.tail(), output)
    }

    /// Everything that is known before the document is looked at, and the attempt that begins with it.
    fn begin(&self, path: &Path, target: &Path) -> Result<(Started<'a>, SealProfile), Failure> {
        let who = Who::load(self.args.holder.as_deref(), now(), || random_uuid(&mut rng()))?;
        match &self.args.holder {
            None => self.console.step("holder", "TEST values; --holder FILE.toml names your own"),
            Some(file) if who.is_test => {
                let file = file.display();
                self.console
                    .step("holder", &format!("{file}; authentication: TEST values, the file has none"));
            }
            Some(_) => {}
        }
        let profile = self.profile(&who)?;
        let opening = self.opening(path, target, who, &profile)?;
        let lease = Lease { runner: RunnerId::new(random_uuid(&mut rng())), until: now() + LEASE };
        Ok((Attempt::open(&self.home.store, opening, &lease)?, profile))
    }

    /// The output with the original in it. The room for the whole file is taken before a key is made, so that a full disk shows now.
    fn copied(&self, path: &Path, target: &Path) -> Result<Output, Failure> {
        let unreadable = |source| SealFileError::Open { path: path.to_owned(), source };
        let kind = std::fs::metadata(path).map_err(unreadable)?.file_type();
        if !kind.is_file() {
            let kind = if kind.is_dir() { FileKind::Folder } else { FileKind::Stream };
            return Err(SealFileError::NotAFile { path: path.to_owned(), kind }.into());
        }
        let original = File::open(path).map_err(unreadable)?;
        let mut output = Output::create(target, self.args.force)?;
        output.copy_from(&original)?;
        Ok(output)
    }

    fn with_token(
        &self,
        attempt: Started<'a>,
        document: &mut PdfDocument<&FileSource>,
        order: &Order,
        path: &Path,
    ) -> Result<Sealed<'a, SqliteStore>, SealFileError> {
        #[cfg(feature = "pkcs11")]
        match self.device.token() {
            Some(Ok(token)) => return self.seal(attempt, token, document, order, path),
            Some(Err(e)) => return Err(give_up(path, attempt, Cause::KeyGeneration, e.into())),
            None => {}
        }
        self.seal(attempt, SoftToken::new(rng()), document, order, path)
    }

    fn seal<T: Token>(
        &self,
        attempt: Started<'a>,
        token: T,
        document: &mut PdfDocument<&FileSource>,
        order: &Order,
        path: &Path,
    ) -> Result<Sealed<'a, SqliteStore>, SealFileError> {
        let register = self.home.store.sealing_register();
        let embedded = Embedded::new(&self.home.authority, &register, &now, rng());
        let stamper = embedded.stamper(rng());
        let helpers = Helpers {
            issuer: &embedded,
            stampers: &[&stamper],
            anchors: &embedded.anchors(),
            evidence: &embedded,
            clock: &now,
            retry: &|round| round < STAMP_ROUNDS,
            tolerances: Tolerances::default(),
        };
        // The content was shown when it was presented.
        let mut approve = |_: &CertificateContent| self.approve();
        let mut observe = |event: &Event<'_>| self.tell(event);
        segl::sealing::seal(attempt, token, document, order, &helpers, &mut rng(), &mut approve, &mut observe)
            .map_err(|error| {
                let record = Recorded::of(&error.record);
                SealFileError::NotSealed { path: path.to_owned(), cause: Box::new(error.fault), record }
            })
    }

    /// Document durable, record durable, then the name: in this order a crash leaves no seal without a record.
    fn let_out(
        &self,
        path: &Path,
        sealed: Sealed<'a, SqliteStore>,
        tail: &[u8],
        mut output: Output,
    ) -> Result<(), SealFileError> {
        let not_sealed = |cause, record| SealFileError::NotSealed { path: path.to_owned(), cause, record };
        if let Err(e) = output.write(tail).and_then(|()| output.sync()) {
            let certificate = sealed.certificate().clone();
            let record = sealed.withdraw(Cause::Document, now(), salts(&mut rng()));
            // The sealing failed already; a certificate that still counts as issued is one that nobody has.
            drop(abandon(self.home, certificate.serial()));
            return Err(not_sealed(e.into(), Recorded::of(&record)));
        }
        let entry = sealed.release(now(), salts(&mut rng())).map_err(|e: EndError<StoreError>| {
            let record = Recorded::NotYet("no seal is let out without its record".to_owned());
            not_sealed(e.into(), record)
        })?;
        let target = output.path().to_owned();
        output.commit().map_err(|e| not_sealed(e.into(), Recorded::As(entry.sequence())))?;
        self.told_record(&entry);
        self.console.good(&format!("Sealed: {}", target.display()));
        Ok(())
    }

    fn told_record(&self, entry: &Entry) {
        self.console.step(
            "record",
            &format!("number {}; it does not tell which document was sealed", entry.sequence()),
        );
    }

    fn approve(&self) -> Decision {
        if self.args.yes
            || !self.console.can_ask()
            || self.console.ask("  Approve this certificate and seal?")
        {
            Decision::Approve
        } else {
            Decision::Decline
        }
    }

    /// Who approved.
    fn approver(&self) -> &'static str {
        if self.args.yes {
            "by --yes"
        } else if self.console.can_ask() {
            "by the holder"
        } else {
            "without being asked for: no terminal is here, and the authority is for tests"
        }
    }

    fn tell(&self, event: &Event<'_>) {
        let console = self.console;
        match event {
            Event::Presented(content) => console.step("certificate", &content.to_string()),
            Event::Approved => console.step("approved", self.approver()),
            Event::KeyMade(receipt) => {
                let token = receipt.token();
                let place = match self.args.pkcs11 {
                    Some(_) => {
                        format!(
                            "in {} ({} {})",
                            token.label.trim(),
                            token.manufacturer.trim(),
                            token.model.trim()
                        )
                    }
                    None => "in memory".to_owned(),
                };
                let worth = match token.device {
                    segl::key::SecureDevice::Software => ": software, not a qualified device",
                    _ => "",
                };
                let curve = match receipt.curve() {
                    Curve::P256 => "P-256",
                    Curve::P384 => "P-384",
                    other => other.name(),
                };
                console.step("key", &format!("{curve}, made {place}{worth}"));
            }
            Event::Certified(certificate) => console.step(
                "issued",
                &format!(
                    "serial {}, valid {} to {}",
                    hexadecimal(certificate.serial()),
                    certificate.not_before(),
                    certificate.not_after()
                ),
            ),
            Event::Signed => console.step("signed", "once"),
            Event::KeyDestroyed(after) => {
                console.step(
                    "destroyed",
                    &format!("and confirmed, {:.1} ms after signing", after.as_secs_f64() * 1e3),
                );
            }
            Event::TimeStamped { time, authority } => {
                console.step("time-stamp", &format!("{time} by {authority}"))
            }
            Event::StamperFailed { authority, error } => {
                console.step("time-stamp", &format!("{authority} failed: {}", chain(*error)));
            }
            Event::EvidenceEmbedded { certificates, crls, ocsp_responses } => console.step(
                "evidence",
                &format!(
                    "embedded: {}, {}, {}",
                    counted(*certificates, "certificate"),
                    counted(*crls, "CRL"),
                    counted(*ocsp_responses, "OCSP response")
                ),
            ),
            Event::Archived { time } => {
                console.step("archive", &format!("time-stamp over everything, {time}"))
            }
            _ => {}
        }
    }

    fn curve(&self) -> Curve {
        match self.args.key {
            CurveName::P256 => Curve::P256,
            CurveName::P384 => Curve::P384,
        }
    }

    fn profile(&self, who: &Who) -> Result<SealProfile, Failure> {
        let lifetime = match self.args.profile {
            ProfileName::Hours12 | ProfileName::Hours12Assured => Lifetime::Hours12,
            ProfileName::Days10 => Lifetime::Days10,
        };
        let key = match self.args.key {
            CurveName::P256 => KeyKind::EcP256,
            CurveName::P384 => KeyKind::EcP384,
        };
        let holder = who.certificate.marked_test()?;
        let profile = SealProfile::new(holder, lifetime, self.home.authority.urls()).key(key);
        Ok(match self.args.profile {
            ProfileName::Hours12Assured => profile.validity_assured(),
            ProfileName::Hours12 | ProfileName::Days10 => profile,
        })
    }

    fn opening(
        &self,
        path: &Path,
        target: &Path,
        who: Who,
        profile: &SealProfile,
    ) -> Result<Opening, Failure> {
        let names: Vec<String> =
            [path, target].iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let reference = match &self.args.reference {
            Some(text) => Some(ReferenceText::screen(text, &names, DigestLike::Refuse)?),
            None => None,
        };
        Ok(Opening {
            request: RequestId::new(random_uuid(&mut rng())).ok_or("no random numbers")?,
            session: who.session,
            organisation: who.organisation,
            holder: who.person,
            assurance: who.assurance,
            authentication: who.authentication,
            reference,
            policy: PolicyVersion::new(profile.policy_in_force())?,
            terms: TermsVersion::new(TERMS)?,
            slot: self.device.slot().clone(),
            requested: now(),
        })
    }
}

/// Ends an attempt that came to nothing before a key was made.
fn give_up(path: &Path, attempt: Started<'_>, cause: Cause, error: Failure) -> SealFileError {
    let record = Recorded::of(&attempt.abort(cause, now(), salts(&mut rng())));
    SealFileError::NotSealed { path: path.to_owned(), cause: error, record }
}

/// `contract.pdf` becomes `contract.sealed.pdf`.
fn sealed_name(path: &Path) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(".sealed");
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
