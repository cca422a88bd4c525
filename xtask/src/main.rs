//! Tasks of the workspace, run as `cargo xtask TASK`.
//!
//! Nothing here is published and nothing here is needed to use the crates: these are the commands that build the proof.

#![forbid(unsafe_code)]

mod arrows;
mod contract;
mod fuzz;
mod install;
mod peers;
mod process;
mod test;
mod tools;

use std::process::ExitCode;

use process::TaskError;

const USAGE: &str = "\
Tasks of the segl workspace.

    cargo xtask test [--yes] [--no-install] [-- CARGO-TEST-ARGUMENTS]
        Installs the independent programs that judge the tests, where they are missing and may be installed,
        runs the tests, and lists every such program as present or skipped.
        On a terminal it asks before it installs; with --yes, with CI=true or without a terminal it does not.
        With --no-install it takes what is there.
    cargo xtask arrows
        Compares the dependencies between the crates with the table in ARCHITECTURE.md.
    cargo xtask deny
        Checks licences, duplicate versions and sources of all dependencies (deny.toml).
    cargo xtask fuzz [--seconds N] [--seeds] [TARGET...]
        Makes the seeds, builds the fuzz targets and runs each for N seconds (default 10). --seeds only makes the seeds.
    cargo xtask contract
        Writes examples/contract.pdf again.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("help", arguments.as_slice()),
    };
    let outcome = match task {
        "test" => test::run(rest),
        "arrows" => arrows::run(),
        "deny" => tools::deny(),
        "fuzz" => fuzz::run(rest),
        "contract" => contract::run(),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(TaskError::Usage { what: format!("there is no task {other:?}") }),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {task}: {error}");
            if matches!(error, TaskError::Usage { .. }) {
                eprint!("\n{USAGE}");
                return ExitCode::from(2);
            }
            ExitCode::FAILURE
        }
    }
}
