//! Answers kept in a folder.

use core::time::Duration;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::iter::repeat_n;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use segl_crypto::{DigestAlgorithm, Hasher, Time, sha256};

use super::{Cache, CacheError, CacheKey, Entry};

/// First octets of each file; the number is the version of what follows.
const MAGIC: [u8; 16] = *b"segl-fetch/1\r\n\x1a\n";
/// Magic, stored, thisUpdate, fresh until, key, length.
const HEADER: usize = 16 + 8 + 8 + 8 + 32 + 8;
const CHECKSUM: usize = 32;
const SUFFIX: &str = ".answer";
const UNFINISHED: &str = ".unfinished-";
/// After this a file that was begun is taken for left behind by a process that died; writing takes seconds.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);
/// The most answers kept, so that a look through the folder stays quick.
const MAX_FILES: usize = 8192;
/// How many names are tried for a new file.
const ATTEMPTS: usize = 16;

/// Keeps answers in a folder up to a total size; what was not used for longest goes first.
///
/// Several processes may share the folder. A file is written beside and renamed, so it is there whole or not at all; one that is not what was
/// written is dropped. Files are for their owner only (mode 0600, folder 0700 on Unix). The disk is not waited for: after a power
/// failure what was kept last may be gone, or be found broken and dropped.
#[derive(Debug)]
pub struct FileCache {
    folder: PathBuf,
    limit: u64,
    /// Makes the names of files that are begun distinct within the process.
    counter: AtomicU64,
    /// One eviction at a time.
    evicting: Mutex<()>,
}

/// One file in the folder.
struct Kept {
    path: PathBuf,
    size: u64,
    used: SystemTime,
    is_unfinished: bool,
}

impl FileCache {
    /// Opens the cache in `folder`, which is made when it is missing, for up to `limit` octets in all.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: impl Into<PathBuf>, limit: u64, now: Time) -> io::Result<Self> {
        let folder = folder.into();
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder)?;
        let cache = Self { folder, limit, counter: AtomicU64::new(0), evicting: Mutex::new(()) };
        cache.make_room(0, now)?;
        Ok(cache)
    }

    fn path(&self, key: &CacheKey) -> PathBuf {
        self.folder.join(format!("{key}{SUFFIX}"))
    }

    /// Creates a file that did not exist, under a name that is no answer's.
    fn begin(&self) -> io::Result<(PathBuf, File)> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..ATTEMPTS {
            let number = self.counter.fetch_add(1, Ordering::Relaxed);
            let path = self.folder.join(format!("{UNFINISHED}{}-{number}", process::id()));
            match options.open(&path) {
                Ok(file) => return Ok((path, file)),
                // Left by a process that had our number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    fn write(&self, key: &CacheKey, octets: &[u8], now: Time) -> io::Result<()> {
        let (path, mut file) = self.begin()?;
        let written = file
            .write_all(octets)
            .and_then(|()| file.set_modified(system_time(now)))
            .and_then(|()| fs::rename(&path, self.path(key)));
        if written.is_err() {
            // The first error is the one to tell.
            let _ = fs::remove_file(&path);
        }
        written
    }

    /// Removes what was left behind, and the answers that were not used for longest, until `size` more octets have room.
    fn make_room(&self, size: u64, now: Time) -> io::Result<()> {
        let _one_at_a_time = self.evicting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files = self.files()?;
        files.sort_by_key(|file| file.used);
        let mut total = files.iter().fold(size, |total, file| total.saturating_add(file.size));
        let mut count = files.len();
        let dead_since = system_time(now - LEFT_BEHIND);
        for file in files {
            let goes = if file.is_unfinished {
                file.used < dead_since
            } else {
                total > self.limit || count >= MAX_FILES
            };
            // Another process may have been quicker.
            if goes && remove(&file.path)? {
                total = total.saturating_sub(file.size);
                count = count.saturating_sub(1);
            }
        }
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<Kept>> {
        let mut files = Vec::new();
        for item in fs::read_dir(&self.folder)? {
            let item = item?;
            let name = item.file_name();
            let name = name.to_string_lossy();
            let is_unfinished = name.starts_with(UNFINISHED);
            if !is_unfinished && !name.ends_with(SUFFIX) {
                continue;
            }
            match item.metadata() {
                Ok(metadata) if metadata.is_file() => files.push(Kept {
                    path: item.path(),
                    size: metadata.len(),
                    used: metadata.modified()?,
                    is_unfinished,
                }),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }
}

impl Cache for FileCache {
    fn get(&self, key: &CacheKey, now: Time) -> Option<Entry> {
        let path = self.path(key);
        // Nothing else is opened: a pipe would never answer.
        fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let file = File::open(&path).ok()?;
        match read(&file, self.limit, key) {
            Some(entry) if entry.is_fresh(now) => {
                // Only the order of eviction depends on it, and the folder may be for reading only.
                let _ = file.set_modified(system_time(now));
                Some(entry)
            }
            Some(entry) if now < entry.fresh_until => None,
            _ => {
                self.remove(key);
                None
            }
        }
    }

    fn put(&self, key: &CacheKey, entry: &Entry, now: Time) -> Result<(), CacheError> {
        let octets = encode(key, entry);
        let size = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        if size > self.limit {
            return Err(CacheError::TooLarge { size, limit: self.limit });
        }
        self.make_room(size, now)
            .and_then(|()| self.write(key, &octets, now))
            .map_err(|error| CacheError::Io(Arc::new(error)))
    }

    fn remove(&self, key: &CacheKey) {
        // What cannot be removed will be found not fresh or broken again.
        let _ = remove(&self.path(key));
    }
}

/// Removes a file; whether it was there.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn encode(key: &CacheKey, entry: &Entry) -> Vec<u8> {
    let mut out = Vec::with_capacity(entry.octets.len().saturating_add(HEADER + CHECKSUM));
    out.extend_from_slice(&MAGIC);
    let this_update = entry.this_update.map_or(i64::MIN, Time::unix_seconds);
    for seconds in [entry.stored.unix_seconds(), this_update, entry.fresh_until.unix_seconds()] {
        out.extend_from_slice(&seconds.to_be_bytes());
    }
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(&u64::try_from(entry.octets.len()).unwrap_or(u64::MAX).to_be_bytes());
    out.extend_from_slice(&entry.octets);
    let checksum = sha256(&out);
    out.extend_from_slice(&checksum);
    out
}

/// `None` when the file is not what [`encode`] wrote for this key.
fn read(mut file: &File, limit: u64, key: &CacheKey) -> Option<Entry> {
    let size = file.metadata().ok().map(|metadata| metadata.len()).filter(|size| *size <= limit)?;
    let length = size.checked_sub(u64::try_from(HEADER + CHECKSUM).ok()?)?;
    let mut header = [0; HEADER];
    file.read_exact(&mut header).ok()?;
    let (magic, rest) = header.split_first_chunk::<16>()?;
    let (stored, rest) = rest.split_first_chunk::<8>()?;
    let (this_update, rest) = rest.split_first_chunk::<8>()?;
    let (fresh_until, rest) = rest.split_first_chunk::<8>()?;
    let (own_key, own_length) = rest.split_first_chunk::<32>()?;
    if *magic != MAGIC || own_key != key.as_bytes() || *own_length != length.to_be_bytes() {
        return None;
    }
    // As long as the file really is, and filled where it stays: a list of 32 MiB is not copied once more.
    let mut octets: Arc<[u8]> = repeat_n(0, usize::try_from(length).ok()?).collect();
    file.read_exact(Arc::get_mut(&mut octets)?).ok()?;
    let mut checksum = [0; CHECKSUM];
    file.read_exact(&mut checksum).ok()?;
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256)?;
    hasher.update(&header);
    hasher.update(&octets);
    let this_update = i64::from_be_bytes(*this_update);
    (hasher.finish().as_bytes() == checksum).then(|| Entry {
        octets,
        stored: Time::from_unix(i64::from_be_bytes(*stored)),
        this_update: (this_update != i64::MIN).then(|| Time::from_unix(this_update)),
        fresh_until: Time::from_unix(i64::from_be_bytes(*fresh_until)),
    })
}

fn system_time(time: Time) -> SystemTime {
    let seconds = Duration::from_secs(time.unix_seconds().unsigned_abs());
    let system = if time.unix_seconds() < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(seconds)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(seconds + Duration::from_nanos(time.subsec_nanos().into()))
    };
    system.unwrap_or(SystemTime::UNIX_EPOCH)
}
