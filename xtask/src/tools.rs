//! Cargo tools that the checks need: taken from PATH, else built once into the cache folder.

use std::{path::PathBuf, process::Command};

use crate::process::{TaskError, cache, cargo, on_path, succeed, workspace};

/// A cargo subcommand with the version that is built where none is found.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    features: &'static [&'static str],
}

pub(crate) const CARGO_DENY: Tool =
    Tool { name: "cargo-deny", version: "0.20.2", features: &["--no-default-features"] };
pub(crate) const CARGO_FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2", features: &[] };

impl Tool {
    /// Finds the tool, or builds it.
    pub(crate) fn find_or_build(&self) -> Result<PathBuf, TaskError> {
        if let Some(found) = on_path(self.name) {
            return Ok(found);
        }
        // The version is in the path, so that a newer pin here is a new folder and not a stale tool.
        let root = cache()?.join("tools").join(format!("{}-{}", self.name, self.version));
        let binary = root.join("bin").join(self.name);
        if binary.is_file() {
            return Ok(binary);
        }
        println!("building {} {} into {}", self.name, self.version, root.display());
        let mut install = cargo();
        install
            .args(["install", "--quiet", "--locked", self.name, "--version", self.version])
            .args(self.features);
        // Unoptimised: these tools run for seconds, and an optimised build of cargo-deny takes ten times as long to make.
        install.args(["--profile", "dev", "--root"]).arg(&root).env("CARGO_PROFILE_DEV_DEBUG", "0");
        succeed(&mut install)?;
        Ok(binary)
    }
}

/// Checks licences, banned crates and sources of everything in the lock file; needs no network once the crates are there.
pub(crate) fn deny() -> Result<(), TaskError> {
    let tool = CARGO_DENY.find_or_build()?;
    succeed(Command::new(tool).current_dir(workspace()).args([
        "--workspace",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]))
}
