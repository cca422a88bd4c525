//! The `segl` command: one file a verb.

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod advice;
mod args;
mod cert;
mod console;
mod crl;
mod device;
mod error;
mod holder;
mod home;
mod init;
mod input;
mod ocsp;
mod output;
mod records;
mod report;
mod seal;
mod validate;
mod verify;

use std::process::ExitCode;
use std::time::SystemTime;

use clap::Parser;
use rand_core::UnwrapErr;
use segl::crypto::Time;

use crate::args::{Cli, Verb};
use crate::console::Console;

/// The system's random numbers; without them nothing here can go on.
type SystemRng = UnwrapErr<getrandom::SysRng>;

const fn rng() -> SystemRng {
    UnwrapErr(getrandom::SysRng)
}

/// The one place where the clock of this machine is read.
fn now() -> Time {
    Time::from(SystemTime::now())
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new();
    let outcome = match &cli.verb {
        Verb::Init(args) => init::run(&cli, args, &console),
        Verb::Seal(args) => seal::run(&cli, args, &console),
        Verb::Validate(args) => validate::run(&cli, args, &console),
        Verb::Cert(verb) => cert::run(verb, &console),
        Verb::Crl(verb) => crl::run(verb, &console),
        Verb::Ocsp(verb) => ocsp::run(verb, &console),
        Verb::Records(verb) => records::run(&cli, verb, &console),
    };
    // Of a sealing the file counts and not what is said about it; the other verbs have nothing else to give.
    let outcome = outcome.and_then(|status| match console.failed() {
        Some(error) if !matches!(cli.verb, Verb::Init(_) | Verb::Seal(_)) => {
            Err(error::Unwritten(error).into())
        }
        _ => Ok(status),
    });
    outcome.unwrap_or_else(|error| {
        error::print(&error);
        ExitCode::from(error::COULD_NOT_RUN)
    })
}
