//! Getting what is missing: whether it may be installed, and from where.

use std::{
    ffi::OsString,
    fs,
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::process::{TaskError, on_path, output, run_within};

/// How long one installation may take before it counts as failed: a slow mirror, not a dead one.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Whether anything may be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// A person at a terminal decides.
    Ask,
    /// Only what is there is used.
    No,
    /// Said on the command line, or nobody is there to ask.
    Yes,
}

impl Consent {
    /// From the flags, `CI`, and whether someone can answer.
    pub(crate) fn from_surroundings(yes: bool, no_install: bool) -> Self {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
        if no_install {
            Self::No
        } else if yes || in_ci || !io::stdin().is_terminal() {
            Self::Yes
        } else {
            Self::Ask
        }
    }

    /// Settles the question once for everything that is missing.
    pub(crate) fn settle(self, missing: &[String]) -> bool {
        match self {
            Self::Yes => true,
            Self::No => false,
            Self::Ask if missing.is_empty() => true,
            Self::Ask => {
                println!("These programs judge the tests and are not here:");
                for what in missing {
                    println!("  {what}");
                }
                print!("Install them? Without them their tests are skipped. [y/N] ");
                let mut answer = String::new();
                let was_read =
                    io::stdout().flush().is_ok() && io::stdin().lock().read_line(&mut answer).is_ok();
                was_read && matches!(answer.trim(), "y" | "Y" | "yes")
            }
        }
    }
}

/// Debian's package manager, where it may be used.
pub(crate) struct Apt {
    sudo: Option<PathBuf>,
}

impl Apt {
    /// Finds apt-get, and a way to be root.
    ///
    /// # Errors
    /// Says in words why it cannot be used.
    pub(crate) fn find() -> Result<Self, String> {
        on_path("apt-get").ok_or("there is no apt-get here to install it with")?;
        let user = output(Command::new("id").arg("-u")).map_err(|error| error.to_string())?;
        if user.stdout.trim_ascii() == b"0" {
            return Ok(Self { sudo: None });
        }
        let sudo = on_path("sudo").ok_or("installing it takes root, and there is no sudo")?;
        Ok(Self { sudo: Some(sudo) })
    }

    /// Installs packages; reads the package lists first where a new machine has none.
    pub(crate) fn install(&self, packages: &[&str]) -> Result<(), TaskError> {
        println!("installing {} with apt-get", packages.join(" "));
        let install = || {
            let mut command = self.command();
            command.args(["install", "--yes", "--no-install-recommends"]).args(packages);
            run_within(&mut command, PATIENCE)
        };
        install().or_else(|_| {
            run_within(self.command().arg("update"), PATIENCE)?;
            install()
        })
    }

    fn command(&self) -> Command {
        let mut command = match &self.sudo {
            Some(sudo) => {
                let mut command = Command::new(sudo);
                // Without a terminal a password cannot be asked for: fail instead of waiting.
                command.args(["--non-interactive", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
                if io::stdin().is_terminal() {
                    command = Command::new(sudo);
                    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
                }
                command
            }
            None => Command::new("apt-get"),
        };
        command.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-o", "DPkg::Lock::Timeout=300"]);
        command
    }
}

/// Makes `folder` a Python environment with what `requirements.txt` in `source` names, unless it is one already.
pub(crate) fn python_environment(folder: &Path, source: &Path) -> Result<(), TaskError> {
    let requirements = source.join("requirements.txt");
    let wanted = fs::read(&requirements).map_err(TaskError::file(&requirements))?;
    once(folder, &wanted, || {
        println!("installing pyHanko and pkilint from PyPI into {}", folder.display());
        let make = || run_within(Command::new("python3").args(["-m", "venv"]).arg(folder), PATIENCE);
        make().or_else(|error| {
            // Debian's python3 comes without what venv needs.
            let apt = Apt::find().map_err(|_| error)?;
            apt.install(&["python3", "python3-venv"])?;
            make()
        })?;
        let pip = folder.join("bin").join("pip");
        run_within(
            Command::new(pip).args(["install", "--quiet", "--requirement"]).arg(&requirements),
            PATIENCE,
        )
    })
}

/// Makes `folder` hold the Java program in `source` and the libraries it needs, unless it does already.
pub(crate) fn java_program(folder: &Path, source: &Path) -> Result<(), TaskError> {
    let pom = source.join("pom.xml");
    let class = source.join("Judge.java");
    let mut wanted = fs::read(&pom).map_err(TaskError::file(&pom))?;
    wanted.extend(fs::read(&class).map_err(TaskError::file(&class))?);
    once(folder, &wanted, || {
        println!("installing EU DSS from Maven Central into {}", folder.display());
        let mut libraries = OsString::from("-DoutputDirectory=");
        libraries.push(folder.join("lib"));
        let mut download = Command::new("mvn");
        download.args(["--batch-mode", "--quiet", "--file"]).arg(&pom);
        download.arg("dependency:copy-dependencies").arg(libraries);
        run_within(&mut download, PATIENCE)?;
        let mut compile = Command::new("javac");
        compile.arg("--class-path").arg(folder.join("lib").join("*")).arg("-d").arg(folder.join("classes"));
        run_within(compile.args(["-proc:none", "--release", "17"]).arg(&class), PATIENCE)
    })
}

/// Runs `make` on a fresh `folder` and marks it complete with what it was made from; a complete one is left alone.
fn once(folder: &Path, wanted: &[u8], make: impl FnOnce() -> Result<(), TaskError>) -> Result<(), TaskError> {
    if is_complete(folder, wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(TaskError::file(folder))?;
    }
    fs::create_dir_all(folder).map_err(TaskError::file(folder))?;
    make()?;
    let marker = folder.join(MARKER);
    fs::write(&marker, wanted).map_err(TaskError::file(&marker))
}

/// Written last: a folder without it was interrupted.
const MARKER: &str = "made-from";

/// Whether `folder` was made, completely, from exactly `wanted`.
fn is_complete(folder: &Path, wanted: &[u8]) -> bool {
    fs::read(folder.join(MARKER)).is_ok_and(|found| found == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_without_installation_is_no() {
        assert_eq!(Consent::from_surroundings(true, true), Consent::No);
        assert!(!Consent::No.settle(&["qpdf".to_owned()]));
    }

    #[test]
    fn consent_on_the_command_line_asks_nobody() {
        assert_eq!(Consent::from_surroundings(true, false), Consent::Yes);
        assert!(Consent::Yes.settle(&["qpdf".to_owned()]));
    }
}
