//! `segl seal`: seals PDF files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use segl::Embedded;
use segl::cert::{CertificateContent, Lifetime, SealProfile};
use segl::crypto::{FileSource, KeyKind};
use segl::key::{Curve, SoftToken, Token};
use segl::pdf::Limits;
use segl::record::{
    Cause, DigestLike, Entry, Opening, PolicyVersion, ReferenceText, RequestId, SaltSeed, SlotName,
    TermsVersion,
};
use segl::sealing::{
    Attempt, Decision, EndError, Event, Helpers, Lease, Order, PdfDocument, PdfOptions, RunnerId, Sealed,
    Tolerances, Unfinished, recover, state,
};
use segl::store::{SqliteStore, StoreError};

use crate::args::{Cli, CurveName, ProfileName, SealArgs, SealFormat};
use crate::console::Console;
use crate::error::{COULD_NOT_RUN, Failure, chain, print};
use crate::holder::Who;
use crate::home::{self, Home, random_uuid};
use crate::output::Output;
use crate::{SystemRng, init, now, rng};

/// Why one file was not sealed, beside what the libraries say.
#[derive(Debug, thiserror::Error)]
enum SealFileError {
    #[error("-o names one file; {files} files were given")]
    OneOutput { files: usize },
    #[error("{} cannot be read", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    #[error("{} was not sealed: {why}", path.display())]
    NotSealed { path: PathBuf, why: String },
    #[error("the record could not be written, so nothing was let out: {why}")]
    Record { why: String },
}

/// Longer than a sealing takes, shorter than its certificate lives.
const LEASE: std::time::Duration = std::time::Duration::from_secs(3600);
/// Rounds through all time-stamp units before giving up; the embedded unit does not get better by waiting.
const STAMP_ROUNDS: u32 = 1;
/// Versions of the terms a TEST seal is made under.
const TERMS: &str = "TEST";

pub(crate) fn run(cli: &Cli, args: &SealArgs, console: &Console) -> Result<ExitCode, Failure> {
    if args.output.is_some() && args.files.len() > 1 {
        return Err(SealFileError::OneOutput { files: args.files.len() }.into());
    }
    let folder = home::folder(cli.home.as_deref())?;
    if !home::is_there(&folder) {
        init::create(&folder, "http://pki.example.com", console)?;
    }
    let mut home = Home::open(&folder, &mut rng())?;
    for due in home.renew(now(), &mut rng())? {
        console.step("renewed", &format!("{due:?}"));
    }
    let slot = slot(args)?;
    recover_attempts(&home, args, console)?;
    let mut failed = false;
    for file in &args.files {
        let sealing = Sealing { home: &home, args, console, slot: &slot };
        if let Err(error) = sealing.file(file) {
            print(&error);
            failed = true;
        }
    }
    Ok(if failed { ExitCode::from(COULD_NOT_RUN) } else { ExitCode::SUCCESS })
}

/// Gives attempts that a crash left behind their end. The home's lock says that nobody else is at work.
fn recover_attempts(home: &Home, args: &SealArgs, console: &Console) -> Result<(), Failure> {
    let sweep = |slot: &SlotName| sweep(slot, args);
    let recovered = recover(&home.store, Unfinished::All, now(), sweep, || salts(&mut rng()))
        .map_err(|e| e.to_string())?;
    for attempt in recovered {
        console.step("recovered", &format!("request {} had stopped: {}", attempt.request, attempt.step));
    }
    Ok(())
}

/// Keys in memory went with their process. A device is looked at when this call names it; another one stays unconfirmed.
fn sweep(slot: &SlotName, args: &SealArgs) -> bool {
    if slot.as_str() == SOFT_SLOT {
        return true;
    }
    #[cfg(feature = "pkcs11")]
    if self::slot(args).is_ok_and(|named| named == *slot) {
        return pkcs11_token(args).is_ok_and(|token| token.sweep().is_ok_and(|swept| swept.remaining == 0));
    }
    #[cfg(not(feature = "pkcs11"))]
    let _ = args;
    false
}

const SOFT_SLOT: &str = "software";

fn slot(args: &SealArgs) -> Result<SlotName, Failure> {
    let name = match &args.token {
        Some(label) => format!("pkcs11:{label}"),
        None => SOFT_SLOT.to_owned(),
    };
    Ok(SlotName::new(&name)?)
}

fn salts(rng: &mut SystemRng) -> SaltSeed {
    let mut seed = [0; 32];
    rand_core::Rng::fill_bytes(rng, &mut seed);
    SaltSeed::new(seed)
}

/// One file's sealing.
struct Sealing<'a> {
    home: &'a Home,
    args: &'a SealArgs,
    console: &'a Console,
    slot: &'a SlotName,
}

type Started<'a> = Attempt<'a, SqliteStore, state::Authenticated>;

impl<'a> Sealing<'a> {
    fn file(&self, path: &Path) -> Result<(), Failure> {
        let SealFormat::Pades = self.args.format;
        let target = self.args.output.clone().unwrap_or_else(|| sealed_name(path));
        self.console.headline(&format!("Sealing {}", path.display()));
        let who = Who::load(self.args.holder.as_deref(), now(), || random_uuid(&mut rng()))?;
        if who.is_test {
            self.console.step("holder", "TEST values; --holder FILE.toml names your own");
        }
        let profile = self.profile(&who)?;
        let opening = self.opening(path, &target, who, &profile)?;
        let lease = Lease { runner: RunnerId::new(random_uuid(&mut rng())), until: now() + LEASE };
        // From here on the attempt is in the journal, and every way out ends it there.
        let attempt = Attempt::open(&self.home.store, opening, &lease)?;
        let opened = File::open(path).map_err(|source| SealFileError::Open { path: path.to_owned(), source });
        let opened = opened.and_then(|file| {
            let source = file.try_clone().and_then(FileSource::new);
            source
                .map(|source| (file, source))
                .map_err(|source| SealFileError::Open { path: path.to_owned(), source })
        });
        let (original, source) = match opened {
            Ok(opened) => opened,
            Err(e) => return Err(give_up(attempt, Cause::Document, e.into())),
        };
        // The room for the whole file is taken before a key is made, so that a full disk shows now.
        let output = Output::create(&target, self.args.force)
            .and_then(|mut output| output.copy_from(&original).map(|_| output));
        let output = match output {
            Ok(output) => output,
            Err(e) => return Err(give_up(attempt, Cause::Document, e.into())),
        };
        let order = Order { profile, curve: self.curve(), level: self.args.level };
        let options = PdfOptions {
            field: self.args.field.clone(),
            reason: self.args.reason.clone(),
            location: self.args.location.clone(),
        };
        let mut document = PdfDocument::new(&source, Limits::default(), options);
        let sealed = self.with_token(attempt, &mut document, &order, path)?;
        self.let_out(sealed, document.tail(), output)
    }

    fn with_token(
        &self,
        attempt: Started<'a>,
        document: &mut PdfDocument<&FileSource>,
        order: &Order,
        path: &Path,
    ) -> Result<Sealed<'a, SqliteStore>, Failure> {
        #[cfg(feature = "pkcs11")]
        if self.args.pkcs11.is_some() {
            return match pkcs11_token(self.args) {
                Ok(token) => self.seal(attempt, token, document, order, path),
                Err(e) => Err(give_up(attempt, Cause::KeyGeneration, e)),
            };
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
    ) -> Result<Sealed<'a, SqliteStore>, Failure> {
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
        let mut approve = |content: &CertificateContent| self.approve(content);
        let mut observe = |event: &Event<'_>| self.tell(event);
        segl::sealing::seal(attempt, token, document, order, &helpers, &mut rng(), &mut approve, &mut observe)
            .map_err(|error| {
                let why = chain(error.as_ref());
                let recorded = match &error.record {
                    Ok(entry) => format!("; record {}", entry.sequence()),
                    Err(e) => format!("; and the record could not be written: {}", chain(e)),
                };
                SealFileError::NotSealed { path: path.to_owned(), why: why + &recorded }.into()
            })
    }

    /// Document durable, record durable, then the name: in this order a crash leaves no seal without a record.
    fn let_out(
        &self,
        sealed: Sealed<'a, SqliteStore>,
        tail: &[u8],
        mut output: Output,
    ) -> Result<(), Failure> {
        if let Err(e) = output.write(tail).and_then(|()| output.sync()) {
            drop(sealed.withdraw(Cause::Document, now(), salts(&mut rng())));
            return Err(e.into());
        }
        let entry = sealed
            .release(now(), salts(&mut rng()))
            .map_err(|e: EndError<StoreError>| SealFileError::Record { why: chain(&e) })?;
        let target = output.path().to_owned();
        output.commit()?;
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

    fn approve(&self, content: &CertificateContent) -> Decision {
        let _ = content;
        if self.args.yes {
            return Decision::Approve;
        }
        if self.console.can_ask() {
            let yes = self.console.ask("  Approve this certificate and seal?");
            return if yes { Decision::Approve } else { Decision::Decline };
        }
        self.console.step("approval", "no terminal to ask on: the TEST authority approves");
        Decision::Approve
    }

    fn tell(&self, event: &Event<'_>) {
        let console = self.console;
        match event {
            Event::Presented(content) => console.step("certificate", &content.to_string()),
            Event::Approved => console.step("approved", "by the holder"),
            Event::KeyMade(receipt) => {
                let token = receipt.token();
                let device = match token.device {
                    segl::key::SecureDevice::Software => {
                        "in memory: software, not a qualified device".to_owned()
                    }
                    _ => format!("in {} ({} {})", token.label, token.manufacturer.trim(), token.model.trim()),
                };
                console.step("key", &format!("{} made {device}", receipt.curve()));
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
                console.step("time-stamp", &format!("{authority} failed: {error}"));
            }
            Event::EvidenceEmbedded { certificates, crls, ocsp_responses } => console.step(
                "evidence",
                &format!(
                    "embedded: {certificates} certificates, {crls} CRLs, {ocsp_responses} OCSP responses"
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
            slot: self.slot.clone(),
            requested: now(),
        })
    }
}

/// Ends an attempt that came to nothing before a key was made.
fn give_up(attempt: Started<'_>, cause: Cause, error: Failure) -> Failure {
    match attempt.abort(cause, now(), salts(&mut rng())) {
        Ok(entry) => format!("{}; record {}", chain(error.as_ref()), entry.sequence()).into(),
        Err(e) => {
            format!("{}; and the record could not be written: {}", chain(error.as_ref()), chain(&e)).into()
        }
    }
}

#[cfg(feature = "pkcs11")]
fn pkcs11_token(args: &SealArgs) -> Result<segl::key::pkcs11::Pkcs11Token, Failure> {
    use segl::key::pkcs11::{Module, Pin};
    use zeroize::Zeroizing;

    let (Some(module), Some(label), Some(pin_file)) = (&args.pkcs11, &args.token, &args.pin_file) else {
        return Err("--pkcs11 needs --token and --pin-file".into());
    };
    let text = Zeroizing::new(
        std::fs::read_to_string(pin_file)
            .map_err(|source| SealFileError::Open { path: pin_file.clone(), source })?,
    );
    let pin = Pin::new(text.lines().next().unwrap_or_default());
    Ok(Module::load(module)?.open(label, &pin)?)
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
