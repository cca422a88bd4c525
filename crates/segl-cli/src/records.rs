//! `segl records`: lists and verifies the records of the sealings.

use std::process::ExitCode;

use crate::args::{Cli, RecordsVerb};
use crate::console::Console;
use crate::error::Failure;
use crate::{home, rng};

/// How many rows are read at a time.
const PAGE: u32 = 256;

pub(crate) fn run(cli: &Cli, verb: &RecordsVerb, console: &Console) -> Result<ExitCode, Failure> {
    let folder = home::folder(cli.home.as_deref())?;
    if !home::is_there(&folder) {
        return Err(format!("there is no authority in {}; `segl init` makes one", folder.display()).into());
    }
    let store = home::store(&folder, &mut rng())?;
    match verb {
        RecordsVerb::Verify => {
            let verified = store.verify(&[])?;
            console.good(&format!("The chain of {} records is whole.", verified.head.sequence()));
        }
        RecordsVerb::List => {
            let mut after = 0;
            loop {
                let rows = store.entries(after, PAGE)?;
                let Some(last) = rows.last() else { break };
                after = last.entry.sequence();
                for row in &rows {
                    console.line(&format!("{row:?}"));
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
