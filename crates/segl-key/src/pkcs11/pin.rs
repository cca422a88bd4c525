//! Where a PIN comes from.

use core::fmt;
use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

/// Octets of a file with a PIN, line end included. Tokens take up to 255 (`ulMaxPinLen` is an octet long on most).
const MAX_FILE: usize = 1024;
/// Others in any way; the group, for writing.
#[cfg(unix)]
const OPEN_TO_OTHERS: u32 = 0o027;

/// A user's PIN. It is wiped from memory when dropped and shown nowhere.
#[derive(Clone)]
pub struct Pin(Source);

#[derive(Clone)]
enum Source {
    Kept(SecretString),
    Asked(Arc<Ask>),
}

type Ask = dyn Fn() -> Result<Pin, Box<dyn std::error::Error + Send + Sync>> + Send + Sync;

/// Why there is no PIN. No variant holds anything of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// The file is empty, or has nothing but a line end.
    #[error("{path:?} is empty")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is no regular file, or could not be read.
    #[error("{path:?} cannot be read")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is not one line of UTF-8 without control characters.
    #[error("{path:?} is not one line of text")]
    NotALine {
        /// The file.
        path: PathBuf,
    },
    /// Others may read or change the file, or its group may change it (on Unix).
    #[error("{path:?} is open to others: its mode is {mode:04o}")]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Who was asked for the PIN had none to give.
    #[error("the PIN was not given")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file has more than 1 024 octets.
    #[error("{path:?} is too long for a PIN")]
    TooLong {
        /// The file.
        path: PathBuf,
    },
}

impl Pin {
    /// Takes a copy; wiping the original is up to the caller.
    #[must_use]
    pub fn new(pin: &str) -> Self {
        Self(Source::Kept(SecretString::from(pin)))
    }

    /// Reads a file that holds the PIN and nothing else: one line of UTF-8 with or without its end (LF or CR LF), at most 1 024 octets.
    ///
    /// The file is read now and not again. On Unix it must not be open to others, nor its group be able to change it; who owns it, and
    /// the folders above it, are not looked at.
    ///
    /// # Errors
    /// `Empty`, `File`, `NotALine`, `OpenToOthers`, `TooLong`.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, PinError> {
        let path = path.as_ref();
        let unreadable = |source| PinError::File { path: path.to_path_buf(), source };
        // A pipe would block when it is opened.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")));
        }
        let mut file = File::open(path).map_err(unreadable)?;
        check_mode(path, &file.metadata().map_err(unreadable)?)?;
        let mut room = Zeroizing::new([0; MAX_FILE + 1]);
        let mut len: usize = 0;
        while let Some(rest) = room.get_mut(len..).filter(|rest| !rest.is_empty()) {
            match file.read(rest) {
                Ok(0) => break,
                Ok(read) => len = len.saturating_add(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
        let octets = room.get(..len).filter(|octets| octets.len() <= MAX_FILE);
        let octets = octets.ok_or_else(|| PinError::TooLong { path: path.to_path_buf() })?;
        let octets =
            octets.strip_suffix(b"\n").map_or(octets, |line| line.strip_suffix(b"\r").unwrap_or(line));
        match core::str::from_utf8(octets) {
            Ok("") => Err(PinError::Empty { path: path.to_path_buf() }),
            Ok(line) if !line.contains(char::is_control) => Ok(Self::new(line)),
            _ => Err(PinError::NotALine { path: path.to_path_buf() }),
        }
    }

    /// Asks, each time somebody logs in: at the start, and after a login was lost. The answer is wiped as soon as the device has it.
    ///
    /// Logins wait for the answer. The question must not use the token.
    #[must_use]
    pub fn asked(
        ask: impl Fn() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        Self(Source::Asked(Arc::new(ask)))
    }

    pub(super) fn secret(&self) -> Result<Cow<'_, SecretString>, PinError> {
        match &self.0 {
            Source::Kept(pin) => Ok(Cow::Borrowed(pin)),
            Source::Asked(ask) => match ask().map_err(PinError::Refused)?.0 {
                Source::Kept(pin) => Ok(Cow::Owned(pin)),
                Source::Asked(_) => Err(PinError::Refused("the answer is another question".into())),
            },
        }
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), PinError> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = metadata.permissions().mode() & 0o7777;
    if mode & OPEN_TO_OTHERS == 0 {
        return Ok(());
    }
    Err(PinError::OpenToOthers { path: path.to_path_buf(), mode })
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), PinError> {
    Ok(())
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(..)")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use secrecy::zeroize::ZeroizeOnDrop;

    use super::*;

    fn file(text: &[u8]) -> tempfile::NamedTempFile {
        // Made for its owner alone.
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        file
    }

    fn shown(pin: &Pin) -> String {
        pin.secret().unwrap().expose_secret().to_owned()
    }

    #[test]
    fn pin_is_shown_nowhere_and_wiped() {
        const fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        let pin = Pin::new("98765432");
        assert_eq!(format!("{pin:?} {:?}", pin.secret().unwrap()).find("98765432"), None);
        wiped(&*pin.secret().unwrap());
        let asked = Pin::asked(|| Ok(Pin::new("98765432")));
        assert_eq!(format!("{asked:?} {:?}", asked.secret()).find("98765432"), None);
    }

    #[test]
    fn line_end_is_no_part_of_the_pin() {
        for (text, pin) in [("1234", "1234"), ("1234\n", "1234"), ("1234\r\n", "1234"), (" å4 \n", " å4 ")]
        {
            assert_eq!(shown(&Pin::from_file(file(text.as_bytes())).unwrap()), pin);
        }
        let longest = "7".repeat(MAX_FILE);
        assert_eq!(shown(&Pin::from_file(file(longest.as_bytes())).unwrap()), longest);
    }

    #[test]
    fn file_that_is_no_pin_is_refused_without_showing_it() {
        type Case = (&'static [u8], fn(&PinError) -> bool);
        let cases: [Case; 7] = [
            (b"", |e| matches!(e, PinError::Empty { .. })),
            (b"\r\n", |e| matches!(e, PinError::Empty { .. })),
            (b"9876\n\n", |e| matches!(e, PinError::NotALine { .. })),
            (b"9876\nmore", |e| matches!(e, PinError::NotALine { .. })),
            (b"9876\0", |e| matches!(e, PinError::NotALine { .. })),
            (b"9876\xff", |e| matches!(e, PinError::NotALine { .. })),
            (&[b'9'; MAX_FILE + 1], |e| matches!(e, PinError::TooLong { .. })),
        ];
        for (text, is_it) in cases {
            let error = Pin::from_file(file(text)).unwrap_err();
            assert!(is_it(&error), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("9876"));
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Pin::from_file(folder.path()), Err(PinError::File { .. })));
        assert!(matches!(Pin::from_file(folder.path().join("none")), Err(PinError::File { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn file_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let file = file(b"1234\n");
        for (mode, is_good) in [
            (0o400, true),
            (0o600, true),
            (0o640, true),
            (0o644, false),
            (0o660, false),
            (0o604, false),
            (0o602, false),
        ] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode)).unwrap();
            match Pin::from_file(file.path()) {
                Ok(pin) => assert!(is_good && shown(&pin) == "1234", "{mode:o}"),
                Err(PinError::OpenToOthers { mode: found, .. }) => assert!(!is_good && found == mode),
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    #[test]
    fn question_is_asked_each_time_and_may_be_refused() {
        use core::sync::atomic::{AtomicUsize, Ordering};

        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let pin = Pin::asked(|| match ASKED.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(Pin::new("1234")),
            1 => Err("the store is closed".into()),
            _ => Ok(Pin::asked(|| Ok(Pin::new("1")))),
        });
        assert_eq!(shown(&pin), "1234");
        for _ in 0..2 {
            assert!(matches!(pin.secret(), Err(PinError::Refused(_))));
        }
    }
}
