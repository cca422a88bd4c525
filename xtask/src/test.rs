//! `cargo xtask test`: the tests, with every independent judge that can be had.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    install::Consent,
    peers::{prepare, print_table, run_with},
    process::{TaskError, cargo, workspace},
};

/// Prepares the peers, runs the tests, and says what was present and what was skipped, also when tests fail.
pub(crate) fn run(arguments: &[String]) -> Result<(), TaskError> {
    let mut ours = arguments;
    let mut for_cargo: &[String] = &[];
    if let Some(at) = arguments.iter().position(|argument| argument == "--") {
        (ours, for_cargo) = arguments.split_at(at);
        for_cargo = for_cargo.split_first().map_or(for_cargo, |(_, rest)| rest);
    }
    let (mut yes, mut no_install) = (false, false);
    for argument in ours {
        match argument.as_str() {
            "--yes" => yes = true,
            "--no-install" => no_install = true,
            other => return Err(TaskError::Usage { what: format!("test has no option {other:?}") }),
        }
    }

    let peers = prepare(Consent::from_surroundings(yes, no_install))?;
    let skips = target_folder()?.join("skipped-tests.txt");
    if skips.exists() {
        fs::remove_file(&skips).map_err(TaskError::file(&skips))?;
    }
    let mut tests = cargo();
    tests.arg("test").env("SEGL_TEST_SKIPS", &skips);
    if for_cargo.is_empty() {
        tests.args(["--workspace", "--all-features", "--no-fail-fast"]);
    } else {
        tests.args(for_cargo);
    }
    let outcome = run_with(&peers, &mut tests);
    print_table(&peers);
    print_skips(&skips);
    outcome
}

/// Where cargo builds, as an absolute path: the tests run in the folders of their crates.
fn target_folder() -> Result<PathBuf, TaskError> {
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    fs::create_dir_all(&folder).map_err(TaskError::file(&folder))?;
    fs::canonicalize(&folder).map_err(TaskError::file(&folder))
}

/// Each test that skips something appends one line to the file; here every reason is printed once, with how often it came.
fn print_skips(path: &Path) {
    let Ok(text) = fs::read_to_string(path) else { return };
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines() {
        *counts.entry(line).or_default() += 1;
    }
    println!("\nskipped in tests");
    for (reason, count) in counts {
        println!("  {count} x {reason}");
    }
}
