//! The folder of the embedded TEST authority: keys, certificates, the root's list, the store.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rand_core::CryptoRng;
use segl::authority::{AuthorityKeys, AuthorityMaterial, Due, Part, TestAuthority};
use segl::cert::{AuthorityNames, AuthorityUrls};
use segl::crypto::Time;
use segl::key::AuthorityKey;
use segl::record::LogId;
use segl::revocation::CrlView;
use segl::store::SqliteStore;
use segl::x509::Certificate;
use serde::Deserialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::output::{OutputError, leads_to, open_or_make, part_name, sync_folder, write_secret, write_whole};

/// Why the home could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HomeError {
    #[error("--base-url {url} will not do: {source}")]
    BaseUrl { url: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("the authority could not be made")]
    Create(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("{} is there already", path.display())]
    Exists { path: PathBuf },
    #[error("{} holds other files and no authority", path.display())]
    NotEmpty { path: PathBuf },
    #[error("there is no home for the authority: neither --home, SEGL_HOME, XDG_STATE_HOME nor HOME is set")]
    NoFolder,
    #[error("the records are gone: {} is not there", path.display())]
    NoStore { path: PathBuf },
    #[error("{} is not a sound part of the authority", path.display())]
    Part { path: PathBuf, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("the authority in {} does not fit together", path.display())]
    Open { path: PathBuf, source: segl::authority::OpenError },
    #[error("{} cannot be read", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the records in {} cannot be opened", path.display())]
    Store { path: PathBuf, source: segl::store::OpenStoreError },
    #[error(transparent)]
    Write(#[from] OutputError),
}

/// What `authority.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Where certificates, lists and responders will be found.
    base_url: String,
}

const SETTINGS: &str = "authority.toml";
const STORE: &str = "segl.db";
const LOCK: &str = "lock";
const ROOT: &str = "root.cer";
const ROOT_CRL: &str = "root.crl";
/// File name stem of each part of the authority.
const PARTS: [(Part, &str); 4] = [
    (Part::Root, "root"),
    (Part::IssuingCa, "issuing-ca"),
    (Part::TimeStampUnit, "time-stamp-unit"),
    (Part::OcspResponder, "ocsp-responder"),
];

/// An open home. As long as it lives no other process seals with it.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
    pub(crate) authority: TestAuthority,
    pub(crate) store: SqliteStore,
    _lock: File,
}

/// The folder asked for, or the platform's folder for state.
pub(crate) fn folder(asked: Option<&Path>) -> Result<PathBuf, HomeError> {
    let from = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    asked
        .map(Path::to_owned)
        .or_else(|| Some(from("XDG_STATE_HOME")?.join("segl")))
        .or_else(|| Some(from("LOCALAPPDATA")?.join("segl")))
        .or_else(|| Some(from("HOME")?.join(".local/state/segl")))
        .ok_or(HomeError::NoFolder)
}

/// True when an authority was made in this folder.
pub(crate) fn is_there(folder: &Path) -> bool {
    folder.join(SETTINGS).is_file()
}

/// The root's certificate in this folder.
pub(crate) fn root(folder: &Path) -> Result<Certificate, HomeError> {
    certificate(&folder.join(ROOT))
}

/// Opens the store of a home. One that is gone is not replaced without a word: nobody would miss the records then.
pub(crate) fn store(folder: &Path, rng: &mut impl CryptoRng) -> Result<SqliteStore, HomeError> {
    let path = folder.join(STORE);
    if !path.is_file() {
        return Err(HomeError::NoStore { path });
    }
    open_store(path, rng)
}

fn open_store(path: PathBuf, rng: &mut impl CryptoRng) -> Result<SqliteStore, HomeError> {
    SqliteStore::open(&path, new_log(rng)).map_err(|source| HomeError::Store { path, source })
}

/// Makes an authority in a folder that must not hold one. It is whole when it appears under its name.
///
/// Until then it stands beside it under a name that is always the same, so that what a killed process left is found and replaced; two
/// processes at once wait for each other.
pub(crate) fn create(
    folder: &Path,
    base_url: &str,
    now: Time,
    rng: &mut impl CryptoRng,
) -> Result<(), HomeError> {
    let exists = || HomeError::Exists { path: folder.to_owned() };
    if is_there(folder) {
        return Err(exists());
    }
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(HomeError::NotEmpty { path: folder.to_owned() });
    }
    let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = |source| OutputError::Write { path: folder.to_owned(), source };
    // What can be refused is refused before anything is made.
    let urls = AuthorityUrls::new(base_url)
        .map_err(|e| HomeError::BaseUrl { url: base_url.to_owned(), source: e.into() })?;
    if folder.is_file() {
        return Err(write(io::ErrorKind::NotADirectory.into()).into());
    }
    fs::create_dir_all(parent).map_err(write)?;
    let name = folder.file_name().ok_or_else(|| write(io::ErrorKind::InvalidInput.into()))?;
    let part = part_name(folder, name);
    let lock = locked_part(&part).map_err(write)?;
    if !leads_to(&part.join(LOCK), &lock) || is_there(folder) {
        return Err(exists());
    }
    clear_part(&part).map_err(write)?;
    fill(&part, base_url, &urls, now, rng)?;
    // An empty folder of that name gives way; anything else does not.
    fs::rename(&part, folder).map_err(|source| match source.kind() {
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => exists(),
        _ => write(source).into(),
    })?;
    sync_folder(folder).map_err(write)?;
    Ok(())
}

/// The lock inside the folder under its temporary name, once nobody else holds it. It goes along when the folder gets its name.
fn locked_part(part: &Path) -> io::Result<File> {
    match fs::create_dir(part) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    // A link would lead to a folder that is not ours to clear.
    if !part.symlink_metadata()?.is_dir() {
        let what = format!("{} is there and is no folder", part.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
    }
    let lock = open_or_make(&part.join(LOCK))?;
    lock.lock()?;
    Ok(lock)
}

/// Removes what a killed process left.
fn clear_part(part: &Path) -> io::Result<()> {
    for entry in part.read_dir()? {
        let entry = entry?;
        if entry.file_name() != LOCK {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn fill(
    folder: &Path,
    base_url: &str,
    urls: &AuthorityUrls,
    now: Time,
    rng: &mut impl CryptoRng,
) -> Result<(), HomeError> {
    let names = AuthorityNames::test().map_err(|e| HomeError::Create(e.into()))?;
    let keys = AuthorityKeys::generate_soft(rng).map_err(|e| HomeError::Create(e.into()))?;
    let store = open_store(folder.join(STORE), rng)?;
    for (part, name) in PARTS {
        write_key(&folder.join(format!("{name}.key")), key_of(&keys, part))?;
    }
    let authority = TestAuthority::create(&names, urls, keys, &store, now, rng)
        .map_err(|e| HomeError::Create(e.into()))?;
    write_material(folder, &authority.material())?;
    // `AuthorityUrls` took it, so it is plain ASCII, of which TOML and Rust quote the same way.
    let text = format!("base_url = {base_url:?}\n");
    write_whole(&folder.join(SETTINGS), text.as_bytes(), false)?;
    Ok(())
}

impl Home {
    /// Opens an authority; waits while another process has it.
    pub(crate) fn open(folder: &Path, rng: &mut impl CryptoRng) -> Result<Self, HomeError> {
        let lock_path = folder.join(LOCK);
        let read = |path: &Path, source| HomeError::Read { path: path.to_owned(), source };
        let lock = open_or_make(&lock_path)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(|source| read(&lock_path, source))?;
        let settings_path = folder.join(SETTINGS);
        let text = fs::read_to_string(&settings_path).map_err(|source| read(&settings_path, source))?;
        let sound = |path: &Path, source| HomeError::Part { path: path.to_owned(), source };
        let settings: Settings = toml::from_str(&text).map_err(|e| sound(&settings_path, e.into()))?;
        let urls = AuthorityUrls::new(&settings.base_url).map_err(|e| sound(&settings_path, e.into()))?;
        let key = |name: &str| read_key(&folder.join(format!("{name}.key")));
        let keys = AuthorityKeys {
            root: key("root")?,
            issuing_ca: key("issuing-ca")?,
            time_stamp_unit: unit_key(folder)?,
            ocsp_responder: key("ocsp-responder")?,
        };
        let crl_path = folder.join(ROOT_CRL);
        let crl = fs::read(&crl_path).map_err(|source| read(&crl_path, source))?;
        let cer = |name: &str| certificate(&folder.join(format!("{name}.cer")));
        let material = AuthorityMaterial {
            root: cer("root")?,
            issuing_ca: cer("issuing-ca")?,
            time_stamp_unit: cer("time-stamp-unit")?,
            ocsp_responder: cer("ocsp-responder")?,
            root_crl: CrlView::from_der(&crl).map_err(|e| sound(&crl_path, e.into()))?,
        };
        let authority = TestAuthority::open(&urls, keys, material)
            .map_err(|source| HomeError::Open { path: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned(), authority, store: store(folder, rng)?, _lock: lock })
    }

    /// Renews what is old: responder, time-stamp unit, root list. Says what it renewed.
    pub(crate) fn renew(&mut self, now: Time, rng: &mut impl CryptoRng) -> Result<Vec<Due>, HomeError> {
        let due = self.authority.due(now);
        for part in &due {
            match part {
                Due::OcspResponder => {
                    self.authority
                        .renew_responder(None, &self.store, now, rng)
                        .map_err(|e| HomeError::Create(e.into()))?;
                }
                Due::RootCrl => {
                    self.authority
                        .renew_root_crl(&self.store, now)
                        .map_err(|e| HomeError::Create(e.into()))?;
                }
                Due::TimeStampUnit => self.renew_unit(now, rng)?,
            }
        }
        if !due.is_empty() {
            write_material(&self.folder, &self.authority.material())?;
        }
        Ok(due)
    }

    /// A new unit has a new key, which waits under another name until its certificate is written: see [`unit_key`].
    fn renew_unit(&mut self, now: Time, rng: &mut impl CryptoRng) -> Result<(), HomeError> {
        let curve = AuthorityKeys::curve(Part::TimeStampUnit);
        let key = AuthorityKey::generate_soft(curve, rng).map_err(|e| HomeError::Create(e.into()))?;
        let path = self.folder.join("time-stamp-unit.key");
        let next = self.folder.join("time-stamp-unit.key.next");
        drop(fs::remove_file(&next));
        write_key(&next, &key)?;
        self.authority.renew_unit(key, &self.store, now, rng).map_err(|e| HomeError::Create(e.into()))?;
        write_material(&self.folder, &self.authority.material())?;
        fs::rename(&next, &path).map_err(|source| OutputError::Write { path: path.clone(), source })?;
        Ok(())
    }
}

fn write_material(folder: &Path, material: &AuthorityMaterial) -> Result<(), OutputError> {
    for (name, certificate) in [
        ("root", &material.root),
        ("issuing-ca", &material.issuing_ca),
        ("time-stamp-unit", &material.time_stamp_unit),
        ("ocsp-responder", &material.ocsp_responder),
    ] {
        write_whole(&folder.join(format!("{name}.cer")), certificate.as_der(), true)?;
    }
    write_whole(&folder.join(ROOT_CRL), material.root_crl.as_der(), true)
}

const fn key_of(keys: &AuthorityKeys, part: Part) -> &AuthorityKey {
    match part {
        Part::Root => &keys.root,
        Part::IssuingCa => &keys.issuing_ca,
        Part::TimeStampUnit => &keys.time_stamp_unit,
        _ => &keys.ocsp_responder,
    }
}

fn write_key(path: &Path, key: &AuthorityKey) -> Result<(), HomeError> {
    let der = key.to_pkcs8_der().map_err(|e| HomeError::Create(e.into()))?;
    let der = der.ok_or_else(|| HomeError::Create("the key is in a device".into()))?;
    Ok(write_secret(path, &der)?)
}

fn read_key(path: &Path) -> Result<AuthorityKey, HomeError> {
    let der = fs::read(path).map_err(|source| HomeError::Read { path: path.to_owned(), source })?;
    AuthorityKey::from_pkcs8_der(&Zeroizing::new(der))
        .map_err(|e| HomeError::Part { path: path.to_owned(), source: e.into() })
}

/// The key that fits the unit's certificate: after a crash during a renewal it may still have its waiting name.
fn unit_key(folder: &Path) -> Result<AuthorityKey, HomeError> {
    let path = folder.join("time-stamp-unit.key");
    let next = folder.join("time-stamp-unit.key.next");
    let unit = certificate(&folder.join("time-stamp-unit.cer"))?;
    if let Ok(key) = read_key(&next)
        && key.spki_der() == unit.spki_der()
    {
        fs::rename(&next, &path).map_err(|source| OutputError::Write { path: path.clone(), source })?;
        return Ok(key);
    }
    read_key(&path)
}

fn certificate(path: &Path) -> Result<Certificate, HomeError> {
    let bytes = fs::read(path).map_err(|source| HomeError::Read { path: path.to_owned(), source })?;
    Certificate::from_der_or_pem(&bytes)
        .map_err(|e| HomeError::Part { path: path.to_owned(), source: e.into() })
}

fn new_log(rng: &mut impl CryptoRng) -> LogId {
    loop {
        if let Some(log) = LogId::new(random_uuid(rng)) {
            return log;
        }
    }
}

/// What was renewed, in words.
pub(crate) const fn words(due: Due) -> &'static str {
    match due {
        Due::OcspResponder => "the certificate of the OCSP responder",
        Due::RootCrl => "the root's list of revoked certificates",
        Due::TimeStampUnit => "the time-stamp unit: a new key and a new certificate",
    }
}

/// A version 4 UUID from the caller's random numbers.
pub(crate) fn random_uuid(rng: &mut impl CryptoRng) -> Uuid {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
