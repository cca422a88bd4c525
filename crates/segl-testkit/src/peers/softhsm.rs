//! SoftHSM2, a PKCS#11 token in software.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Scratch, Skipped, common, option, said};

/// Where distributions put the module.
const MODULES: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

/// A fresh token in a folder of its own, removed when this goes out of scope.
///
/// The library finds it through an environment variable alone, and a test must not change its own: hand
/// [`SoftHsm::environment`] to a child process.
#[derive(Debug)]
pub struct SoftHsm {
    folder: Scratch,
    module: PathBuf,
    utility: PathBuf,
}

impl SoftHsm {
    /// The token's label.
    pub const LABEL: &'static str = "segl-test";
    /// The user's PIN.
    pub const PIN: &'static str = "123456";

    /// Finds SoftHSM2, as `SEGL_PKCS11_MODULE` or where distributions put it.
    ///
    /// # Errors
    /// It is not here.
    pub fn find() -> Result<Self, Skipped> {
        const NAME: &str = "softhsm2";
        let utility = common(NAME, "SEGL_PEER_SOFTHSM2_UTIL", "softhsm2-util")?;
        let named = std::env::var_os("SEGL_PKCS11_MODULE").map(PathBuf::from);
        let module = named.into_iter().chain(MODULES.map(PathBuf::from)).find(|path| path.is_file());
        let module =
            module.ok_or_else(|| Skipped { peer: NAME, why: "its module is not here".to_owned() })?;
        let failed = |error: io::Error| Skipped { peer: NAME, why: error.to_string() };
        let folder = Scratch::new().map_err(failed)?;
        std::fs::create_dir(folder.path().join("tokens")).map_err(failed)?;
        let tokens = folder.path().join("tokens");
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            tokens.display()
        );
        folder.write("softhsm2.conf", text.as_bytes()).map_err(failed)?;
        let pin = folder.write("pin.txt", Self::PIN.as_bytes()).map_err(failed)?;
        for_owner_alone(&pin).map_err(failed)?;
        Ok(Self { folder, module, utility })
    }

    /// Initialises the token.
    ///
    /// # Errors
    /// `softhsm2-util` cannot be started, or refuses.
    pub fn initialise(&self) -> io::Result<()> {
        let mut command = Command::new(&self.utility);
        let (name, value) = self.environment();
        command.env(name, value).args(["--init-token", "--free"]);
        option(&mut command, "--label", Self::LABEL);
        option(&mut command, "--so-pin", Self::PIN);
        let said = said(option(&mut command, "--pin", Self::PIN))?;
        if said.success { Ok(()) } else { Err(io::Error::other(said.text)) }
    }

    /// Puts a private key (PEM, PKCS#8) and its public half into the token, under a label and an identifier in hexadecimal.
    ///
    /// # Errors
    /// `softhsm2-util` cannot be started, or refuses.
    pub fn import(&self, key: &Path, label: &str, id: &str) -> io::Result<()> {
        let mut command = Command::new(&self.utility);
        let (name, value) = self.environment();
        command.env(name, value).arg("--import").arg(key);
        for (option_name, value) in
            [("--token", Self::LABEL), ("--label", label), ("--id", id), ("--pin", Self::PIN)]
        {
            option(&mut command, option_name, value);
        }
        let said = said(&mut command)?;
        if said.success { Ok(()) } else { Err(io::Error::other(said.text)) }
    }

    /// The module to load.
    #[must_use]
    pub fn module(&self) -> &Path {
        &self.module
    }

    /// A file that holds the PIN and nothing else.
    #[must_use]
    pub fn pin_file(&self) -> PathBuf {
        self.folder.path().join("pin.txt")
    }

    /// The variable by which a child process finds the token.
    #[must_use]
    pub fn environment(&self) -> (&'static str, PathBuf) {
        ("SOFTHSM2_CONF", self.folder.path().join("softhsm2.conf"))
    }

    /// The token's files as they are now, for [`mend`](Self::mend).
    ///
    /// # Errors
    /// One cannot be read.
    pub fn files(&self) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut found = Vec::new();
        for token in std::fs::read_dir(self.folder.path().join("tokens"))? {
            for file in std::fs::read_dir(token?.path())? {
                let path = file?.path();
                found.push((path.clone(), std::fs::read(path)?));
            }
        }
        Ok(found)
    }

    /// Writes files back that are shorter than they were, and says how many. SoftHSM writes the token's state in place at every login:
    /// a process that is killed just then takes the whole token with it, which no device does.
    ///
    /// # Errors
    /// One cannot be written.
    pub fn mend(&self, files: &[(PathBuf, Vec<u8>)]) -> io::Result<usize> {
        let mut mended = 0;
        for (path, bytes) in files {
            let len = std::fs::metadata(path).map_or(0, |file| file.len());
            if u64::try_from(bytes.len()).is_ok_and(|whole| len < whole) {
                std::fs::write(path, bytes)?;
                mended += 1;
            }
        }
        Ok(mended)
    }
}

/// As a file with a PIN must be.
#[cfg(unix)]
fn for_owner_alone(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn for_owner_alone(_: &Path) -> io::Result<()> {
    Ok(())
}
