//! `segl init`: makes the embedded TEST authority.

use std::path::Path;
use std::process::ExitCode;

use crate::args::{Cli, InitArgs};
use crate::console::Console;
use crate::error::Failure;
use crate::home::{self, HomeError};
use crate::{now, rng};

/// Where certificates, lists and responders will be found unless told otherwise.
pub(crate) const BASE_URL: &str = "http://pki.example.com";

pub(crate) fn run(cli: &Cli, args: &InitArgs, console: &Console) -> Result<ExitCode, Failure> {
    let folder = home::folder(cli.home.as_deref())?;
    create(&folder, &args.base_url, console)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the authority and says what it is worth.
pub(crate) fn create(folder: &Path, base_url: &str, console: &Console) -> Result<(), HomeError> {
    home::create(folder, base_url, now(), &mut rng())?;
    console.step(
        "authority",
        &format!(
            "made in {}: root, issuing authority, time-stamp unit, OCSP responder, records\n\
             a TEST authority: its keys are files (mode 0600), its seals are not qualified\n\
             trust anchor for validators: {}",
            folder.display(),
            folder.join("root.cer").display(),
        ),
    );
    Ok(())
}
