//! Files that appear whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Why an output file could not be written; nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("{} is there already; give --force to overwrite it, or -o for another name", path.display())]
    Exists { path: PathBuf },
    #[error("{} cannot be written: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// An output file under a temporary name in the folder where it will stand.
///
/// Opened before any work is done, so that a folder that cannot be written stops a sealing before a key is made. Dropped without
/// [`commit`](Self::commit), it disappears.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    file: NamedTempFile,
    force: bool,
}

impl Output {
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, OutputError> {
        if !force && path.symlink_metadata().is_ok() {
            return Err(OutputError::Exists { path: path.to_owned() });
        }
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".segl-").suffix(".part");
        // A sealed document is as readable as any file the user makes; tempfile's own default is 0600.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder
            .tempfile_in(folder)
            .map_err(|source| OutputError::Write { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file, force })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Copies a file from its start; on Linux inside the kernel where the file system can.
    pub(crate) fn copy_from(&mut self, original: &mut File) -> Result<u64, OutputError> {
        io::copy(original, self.file.as_file_mut()).map_err(|source| self.error(source))
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), OutputError> {
        self.file.write_all(bytes).map_err(|source| self.error(source))
    }

    /// Makes the content durable, then gives it its name, then makes the name durable.
    pub(crate) fn commit(self) -> Result<(), OutputError> {
        let Self { path, file, force } = self;
        let write = |source| OutputError::Write { path: path.clone(), source };
        file.as_file().sync_all().map_err(write)?;
        let named = if force { file.persist(&path) } else { file.persist_noclobber(&path) };
        named.map_err(|e| match e.error.kind() {
            io::ErrorKind::AlreadyExists => OutputError::Exists { path: path.clone() },
            _ => write(e.error),
        })?;
        sync_folder(&path).map_err(write)
    }

    fn error(&self, source: io::Error) -> OutputError {
        OutputError::Write { path: self.path.clone(), source }
    }
}

/// Writes a small file whole: temporary name, fsync, rename.
pub(crate) fn write_whole(path: &Path, bytes: &[u8], force: bool) -> Result<(), OutputError> {
    let mut output = Output::create(path, force)?;
    output.write(bytes)?;
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

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
