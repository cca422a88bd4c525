//! The dependencies between our crates, held against the table in ARCHITECTURE.md.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use crate::process::{TaskError, cargo, output, workspace};

/// Compares what `cargo metadata` says with the fenced block `arrows` of ARCHITECTURE.md, and each crate with the house rules.
pub(crate) fn run() -> Result<(), TaskError> {
    let root = workspace();
    let path = root.join("ARCHITECTURE.md");
    let text = fs::read_to_string(&path).map_err(TaskError::file(&path))?;
    let mut findings = Vec::new();
    let table = Table::read(&text, &mut findings);
    let packages = packages()?;
    for package in &packages {
        table.compare(package, &mut findings);
        package.follow_house_rules(&mut findings);
    }
    for name in table.allowed.keys().filter(|name| !packages.iter().any(|package| package.name == **name)) {
        findings.push(format!("ARCHITECTURE.md has a line for {name}, which does not exist"));
    }
    for finding in &findings {
        eprintln!("  {finding}");
    }
    if findings.is_empty() {
        println!("{} crates keep to ARCHITECTURE.md", packages.len());
        return Ok(());
    }
    Err(TaskError::Findings {
        count: findings.len(),
        what: "departures from ARCHITECTURE.md or the house rules",
    })
}

/// The arrows that are allowed: for each crate, the crates it may depend on.
struct Table {
    allowed: BTreeMap<String, BTreeSet<String>>,
}

impl Table {
    /// Reads lines of the form `revocation evidence -> path crypto`; a crate may point only to lines above its own.
    fn read(text: &str, findings: &mut Vec<String>) -> Self {
        let mut allowed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let rows = text.lines().skip_while(|line| line.trim() != "```arrows").skip(1);
        for row in rows.take_while(|line| line.trim() != "```").filter(|line| !line.trim().is_empty()) {
            let Some((from, to)) = row.split_once("->") else {
                findings.push(format!("ARCHITECTURE.md: no arrow in the line {row:?}"));
                continue;
            };
            let to: BTreeSet<String> =
                to.split_whitespace().filter(|name| *name != "nothing").map(full_name).collect();
            for name in to.iter().filter(|name| !allowed.contains_key(*name)) {
                findings.push(format!("ARCHITECTURE.md: {name} is pointed to before its own line: {row:?}"));
            }
            for name in from.split_whitespace().map(full_name) {
                if allowed.insert(name.clone(), to.clone()).is_some() {
                    findings.push(format!("ARCHITECTURE.md: {name} has two lines"));
                }
            }
        }
        if allowed.is_empty() {
            findings.push("ARCHITECTURE.md has no block fenced as `arrows`".to_owned());
        }
        Self { allowed }
    }

    fn compare(&self, package: &Package, findings: &mut Vec<String>) {
        let Some(allowed) = self.allowed.get(&package.name) else {
            findings.push(format!("{} has no line in ARCHITECTURE.md", package.name));
            return;
        };
        for dependency in &package.ours {
            let is_allowed = allowed.contains(&dependency.name);
            if dependency.is_dev {
                // Cargo drops a path-only dev-dependency from what it publishes. One with a version must exist on the registry
                // first, so an upward one could never be published.
                if package.is_published && dependency.has_version && !is_allowed {
                    findings.push(format!(
                        "{} -> {} is a dev-dependency against the arrows with a version, so that {0} cannot be published: give it a path only",
                        package.name, dependency.name
                    ));
                }
            } else if !is_allowed {
                findings.push(format!("{} -> {} is not in ARCHITECTURE.md", package.name, dependency.name));
            } else if package.is_published && !dependency.has_version {
                findings.push(format!(
                    "{} -> {} has no version, so that {0} cannot be published",
                    package.name, dependency.name
                ));
            }
        }
    }
}

/// `cms` in the table is the crate `segl-cms`; `segl` and `xtask` are called as they are.
fn full_name(short: &str) -> String {
    match short {
        "segl" | "xtask" => short.to_owned(),
        _ => format!("segl-{short}"),
    }
}

struct Package {
    name: String,
    folder: String,
    sources: Vec<String>,
    is_published: bool,
    /// It is made into a library for callers in C, which takes `unsafe`.
    has_c_interface: bool,
    has_description: bool,
    ours: Vec<Dependency>,
}

struct Dependency {
    name: String,
    is_dev: bool,
    has_version: bool,
}

impl Package {
    fn read(value: &Value) -> Option<Self> {
        let name = value.get("name")?.as_str()?.to_owned();
        let manifest = Path::new(value.get("manifest_path")?.as_str()?);
        let targets = value.get("targets")?.as_array()?;
        let is_of = |target: &Value, sought: &[&str]| {
            let kinds = target.get("kind").and_then(Value::as_array);
            kinds.is_some_and(|kinds| kinds.iter().any(|kind| sought.iter().any(|sought| kind == sought)))
        };
        let is_root = |target: &&Value| is_of(target, &["lib", "bin", "cdylib", "rlib"]);
        Some(Self {
            folder: manifest.parent()?.to_string_lossy().into_owned(),
            sources: targets
                .iter()
                .filter(is_root)
                .filter_map(|target| target.get("src_path")?.as_str().map(str::to_owned))
                .collect(),
            // `publish` is null where nothing is said, and an empty list for `publish = false`.
            is_published: value.get("publish")?.is_null(),
            has_c_interface: targets.iter().any(|target| is_of(target, &["cdylib", "staticlib"])),
            has_description: value.get("description")?.as_str().is_some_and(|text| !text.is_empty()),
            ours: value.get("dependencies")?.as_array()?.iter().filter_map(Dependency::read).collect(),
            name,
        })
    }

    fn follow_house_rules(&self, findings: &mut Vec<String>) {
        if self.has_c_interface && self.is_published {
            findings.push(format!("{} has a C interface, which takes unsafe, and is published", self.name));
        }
        let is_safe = !self.has_c_interface;
        for source in self.sources.iter().filter(|_| is_safe) {
            let forbids =
                fs::read_to_string(source).is_ok_and(|text| text.contains("#![forbid(unsafe_code)]"));
            if !forbids {
                findings.push(format!("{}: {source} does not say #![forbid(unsafe_code)]", self.name));
            }
        }
        let manifest = fs::read_to_string(Path::new(&self.folder).join("Cargo.toml")).unwrap_or_default();
        if is_safe && !manifest.contains("[lints]\nworkspace = true") {
            findings.push(format!("{} does not take the lints of the workspace", self.name));
        }
        let is_library_of_ours = self.name.starts_with("segl") && self.name != "segl-suite";
        if is_library_of_ours && !Path::new(&self.folder).join("README.md").is_file() {
            findings.push(format!("{} has no README.md", self.name));
        }
        if self.is_published && !self.has_description {
            findings.push(format!("{} has no description, so that it cannot be published", self.name));
        }
    }
}

impl Dependency {
    /// Reads a dependency on a crate of this workspace; anything from a registry is not ours.
    fn read(value: &Value) -> Option<Self> {
        value.get("path")?.as_str()?;
        Some(Self {
            name: value.get("name")?.as_str()?.to_owned(),
            is_dev: value.get("kind")?.as_str() == Some("dev"),
            has_version: value.get("req")?.as_str() != Some("*"),
        })
    }
}

fn packages() -> Result<Vec<Package>, TaskError> {
    let answer = |what: &str| TaskError::Answer { program: "cargo metadata", what: what.to_owned() };
    let output = output(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    if !output.status.success() {
        return Err(answer(&String::from_utf8_lossy(&output.stderr)));
    }
    let value: Value = serde_json::from_slice(&output.stdout).map_err(|error| answer(&error.to_string()))?;
    let packages = value.get("packages").and_then(Value::as_array).ok_or_else(|| answer("no packages"))?;
    packages
        .iter()
        .map(|package| Package::read(package).ok_or_else(|| answer("a package lacks a field")))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    const TABLE: &str =
        "text\n```arrows\ncrypto pdf -> nothing\ncms -> crypto\nsegl -> cms crypto\n```\nmore -> text\n";

    fn package(name: &str, ours: Vec<Dependency>) -> Package {
        Package {
            name: name.to_owned(),
            folder: String::new(),
            sources: Vec::new(),
            is_published: true,
            has_c_interface: false,
            has_description: true,
            ours,
        }
    }

    fn dependency(name: &str, is_dev: bool, has_version: bool) -> Dependency {
        Dependency { name: name.to_owned(), is_dev, has_version }
    }

    fn findings(package: &Package) -> Vec<String> {
        let mut findings = Vec::new();
        Table::read(TABLE, &mut findings).compare(package, &mut findings);
        findings
    }

    #[test]
    fn arrows_of_the_table_are_allowed() {
        assert!(findings(&package("segl-cms", vec![dependency("segl-crypto", false, true)])).is_empty());
        assert!(findings(&package("segl", vec![dependency("segl-cms", false, true)])).is_empty());
    }

    #[test]
    fn an_arrow_that_the_table_lacks_is_a_finding() {
        let found = findings(&package("segl-cms", vec![dependency("segl-pdf", false, true)]));
        assert_eq!(found, ["segl-cms -> segl-pdf is not in ARCHITECTURE.md"]);
        assert_eq!(findings(&package("segl-tsl", vec![])).len(), 1, "a crate without a line");
    }

    #[test]
    fn an_upward_dev_dependency_must_be_a_path_only() {
        assert!(findings(&package("segl-crypto", vec![dependency("segl-cms", true, false)])).is_empty());
        assert_eq!(findings(&package("segl-crypto", vec![dependency("segl-cms", true, true)])).len(), 1);
    }

    #[test]
    fn what_speaks_c_is_not_published() {
        let mut found = Vec::new();
        let package = Package { has_c_interface: true, ..package("xtask", vec![]) };
        package.follow_house_rules(&mut found);
        assert_eq!(found, ["xtask has a C interface, which takes unsafe, and is published"]);
        Package { is_published: false, ..package }.follow_house_rules(&mut found);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_table_that_points_up_is_a_finding() {
        let mut found = Vec::new();
        Table::read("```arrows\ncms -> crypto\ncrypto -> nothing\n```", &mut found);
        assert_eq!(found.len(), 1);
        Table::read("no table", &mut found);
        assert_eq!(found.len(), 2);
    }
}
