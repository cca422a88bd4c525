//! Files that appear whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why an output file could not be written; nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("{} is being written by another process", path.display())]
    Busy { path: PathBuf },
    #[error("{} is there already; give --force to overwrite it, or -o for another name", path.display())]
    Exists { path: PathBuf },
    #[error("{} cannot be written", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// An output file under a temporary name in the folder where it will stand.
///
/// Opened before any work is done, so that a folder that cannot be written stops a sealing before a key is made. Dropped without
/// [`commit`](Self::commit), it disappears. The temporary name is always the same for the same output (`.NAME.segl-part`): what a killed
/// process left is taken over by the next one, and the lock on it keeps two at once apart.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    part: PathBuf,
    file: File,
    force: bool,
    committed: bool,
}

impl Output {
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, OutputError> {
        let write = |source| OutputError::Write { path: path.to_owned(), source };
        // A folder would refuse the name only in the end, when the record is written.
        if path.is_dir() {
            return Err(write(io::ErrorKind::IsADirectory.into()));
        }
        if !force && path.symlink_metadata().is_ok() {
            return Err(OutputError::Exists { path: path.to_owned() });
        }
        let name = path.file_name().ok_or_else(|| write(io::ErrorKind::InvalidInput.into()))?;
        let part = part_name(path, name);
        for _ in 0..OPENINGS {
            let file = open_or_make(&part).map_err(write)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(source)) => return Err(write(source)),
            }
            if leads_to(&part, &file) {
                file.set_len(0).map_err(write)?;
                return Ok(Self { path: path.to_owned(), part, file, force, committed: false });
            }
        }
        Err(OutputError::Busy { path: path.to_owned() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the rest of a file; on Linux inside the kernel where the file system can.
    pub(crate) fn copy_from(&mut self, mut original: &File) -> Result<u64, OutputError> {
        io::copy(&mut original, &mut self.file).map_err(|source| self.error(source))
    }

    /// Opens what is written so far, to be read with a position of its own.
    pub(crate) fn read_back(&self) -> Result<File, OutputError> {
        File::open(&self.part).map_err(|source| self.error(source))
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.file.write_all(bytes).map_err(|source| self.error(source))
    }

    /// Makes the content durable under its temporary name.
    pub(crate) fn sync(&self) -> Result<(), OutputError> {
        self.file.sync_all().map_err(|source| self.error(source))
    }

    /// Gives the file its name and makes that durable. To be called after [`sync`](Self::sync).
    pub(crate) fn commit(mut self) -> Result<(), OutputError> {
        if self.force {
            fs::rename(&self.part, &self.path).map_err(|source| self.error(source))?;
        } else {
            self.name_without_overwriting()?;
        }
        self.committed = true;
        sync_folder(&self.path).map_err(|source| self.error(source))
    }

    /// A link fails where the name is taken, a rename would not.
    fn name_without_overwriting(&self) -> Result<(), OutputError> {
        let exists = || OutputError::Exists { path: self.path.clone() };
        match fs::hard_link(&self.part, &self.path) {
            Ok(()) => fs::remove_file(&self.part).map_err(|source| self.error(source)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(exists()),
            // A file system without links: the look before the rename leaves a moment in which another file could appear.
            Err(_) if self.path.symlink_metadata().is_ok() => Err(exists()),
            Err(_) => fs::rename(&self.part, &self.path).map_err(|source| self.error(source)),
        }
    }

    fn error(&self, source: io::Error) -> OutputError {
        OutputError::Write { path: self.path.clone(), source }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.committed {
            // Nothing more can be done about a file that cannot be removed; the next run takes it over.
            drop(fs::remove_file(&self.part));
        }
    }
}

/// How often a temporary name is opened that another process takes away in the meantime.
const OPENINGS: u32 = 8;

/// The temporary name beside `path`, whose last part is `name`.
pub(crate) fn part_name(path: &Path, name: &OsStr) -> PathBuf {
    let mut part = OsString::from(".");
    part.push(name);
    part.push(".segl-part");
    path.with_file_name(part)
}

/// Opens a file to write, or makes it; what it holds stays. A link is not followed, where it leads nowhere too, and nothing but a
/// file is opened.
pub(crate) fn open_or_make(path: &Path) -> io::Result<File> {
    for _ in 0..OPENINGS {
        // Making one never follows a link.
        match File::options().write(true).create_new(true).open(path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
        let gone = |e: &io::Error| e.kind() == io::ErrorKind::NotFound;
        match path.symlink_metadata() {
            Ok(there) if !there.is_file() => {
                let what = format!("{} is there and is no file", path.display());
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
            }
            Err(e) if !gone(&e) => return Err(e),
            _ => {}
        }
        match File::options().write(true).open(path) {
            Err(e) if gone(&e) => {}
            opened => return opened,
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Whether the name leads to the open file itself. Between opening and locking, another process may have given the file its final
/// name; and a link that somebody put there would lead to a file that is not ours to empty.
pub(crate) fn leads_to(path: &Path, file: &File) -> bool {
    let (Ok(named), Ok(open)) = (path.symlink_metadata(), file.metadata()) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (named.dev(), named.ino()) == (open.dev(), open.ino())
    }
    #[cfg(not(unix))]
    {
        named.is_file() && open.is_file()
    }
}

/// Writes a small file whole: temporary name, fsync, rename.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], force: bool) -> Result<(), OutputError> {
    let mut output = Output::create(path, force)?;
    output.write(bytes)?;
    output.sync()?;
    output.commit()
}

/// Writes a secret: mode 0600 from the first byte, never over another file.
pub(crate) fn write_secret(path: &Path, bytes: &[u8]) -> Result<(), OutputError> {
    let write = |source| OutputError::Write { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(write)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(write)
}

/// Makes the names in the folder of `path` durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_an_output_that_is_not_committed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.pdf");
        let mut output = Output::create(&path, false).unwrap();
        output.write(b"half").unwrap();
        drop(output);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_under_the_temporary_name_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, nothing) = (folder.path().join("mine"), folder.path().join("nothing"));
        let part = folder.path().join(".out.pdf.segl-part");
        fs::write(&mine, b"mine").unwrap();
        for target in [&mine, &nothing] {
            std::os::unix::fs::symlink(target, &part).unwrap();
            for force in [false, true] {
                let refused = Output::create(&folder.path().join("out.pdf"), force);
                assert!(matches!(refused, Err(OutputError::Write { .. })));
            }
            fs::remove_file(&part).unwrap();
        }
        assert_eq!(fs::read(&mine).unwrap(), b"mine");
        assert!(nothing.symlink_metadata().is_err());
    }

    #[test]
    fn another_file_is_overwritten_only_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.pdf");
        let mut first = Output::create(&path, false).unwrap();
        assert!(matches!(Output::create(&path, false), Err(OutputError::Busy { .. })));
        fs::write(&path, b"mine").unwrap();
        first.write(b"new").unwrap();
        assert!(matches!(first.commit(), Err(OutputError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        write_whole(&path, b"new", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
