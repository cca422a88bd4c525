//! The independent programs that judge the tests: finding each, installing what is missing, telling the tests where it is.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    install::{Apt, Consent, java_program, python_environment},
    process::{TaskError, cache, first_line, on_path, succeed, workspace},
};

/// One peer as it was found.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// What the tests are told; empty where the peer is missing, which the tests take as "skip".
    pub(crate) environment: Vec<(&'static str, OsString)>,
    pub(crate) state: State,
}

pub(crate) enum State {
    Present { version: String },
    Skipped { why: String },
}

/// A program of Debian: its name, its package, the variable that tells the tests where it is, how it says its version.
struct Packaged {
    program: &'static str,
    package: &'static str,
    variable: &'static str,
    version: &'static str,
}

const PACKAGED: [Packaged; 3] = [
    Packaged { program: "openssl", package: "openssl", variable: "SEGL_PEER_OPENSSL", version: "version" },
    Packaged { program: "pdfsig", package: "poppler-utils", variable: "SEGL_PEER_PDFSIG", version: "-v" },
    Packaged { program: "qpdf", package: "qpdf", variable: "SEGL_PEER_QPDF", version: "--version" },
];

const SOFTHSM_PACKAGE: &str = "softhsm2";

const POSTGRES_PACKAGE: &str = "postgresql";

/// Where distributions put the module of SoftHSM2.
const SOFTHSM_MODULES: [&str; 7] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
];

/// Finds every peer, after installing what is missing and may be installed. A peer that is not to be had is in the list as skipped.
pub(crate) fn prepare(consent: Consent) -> Result<Vec<Peer>, TaskError> {
    let folder = cache()?.join("peers");
    fs::create_dir_all(&folder).map_err(TaskError::file(&folder))?;
    // Two runs at once would install over each other.
    let lock_path = folder.join("lock");
    let lock = fs::File::create(&lock_path).map_err(TaskError::file(&lock_path))?;
    lock.lock().map_err(TaskError::file(&lock_path))?;

    let python = folder.join("python");
    let dss = folder.join("dss");
    let sources = workspace().join("tests").join("peers");
    let packages = missing_packages();
    let mut missing: Vec<String> =
        packages.iter().map(|package| format!("{package} (with apt-get)")).collect();
    if !python.exists() {
        missing.push(format!("pyHanko and pkilint (from PyPI, into {})", python.display()));
    }
    if !dss.exists() && java_is_ready().is_ok() {
        missing.push(format!("EU DSS (from Maven Central, into {})", dss.display()));
    }
    let may_install = consent.settle(&missing);

    let apt = if may_install {
        install_packages(&packages)
    } else {
        Err("it is not here, and was not to be installed".to_owned())
    };
    let mut peers = vec![softhsm(&apt), postgres(&apt)];
    peers.extend(PACKAGED.iter().map(|program| packaged(program, &apt)));
    let environment = made(&python, may_install, || python_environment(&python, &sources.join("python")));
    peers.push(pyhanko(&environment, &python, &sources));
    peers.push(pkilint(&environment, &python));
    let program =
        java_is_ready().and_then(|()| made(&dss, may_install, || java_program(&dss, &sources.join("dss"))));
    peers.push(judge(&program, &dss));
    Ok(peers)
}

fn missing_packages() -> Vec<&'static str> {
    let mut missing: Vec<_> =
        PACKAGED.iter().filter(|peer| on_path(peer.program).is_none()).map(|peer| peer.package).collect();
    if softhsm_module().is_none() || on_path("softhsm2-util").is_none() {
        missing.push(SOFTHSM_PACKAGE);
    }
    if postgres_programs().is_none() {
        missing.push(POSTGRES_PACKAGE);
    }
    missing
}

/// Installs Debian packages, together and then one by one, so that one unknown name does not cost the others.
fn install_packages(packages: &[&str]) -> Result<(), String> {
    if packages.is_empty() {
        return Ok(());
    }
    let apt = Apt::find()?;
    if apt.install(packages).is_ok() {
        return Ok(());
    }
    let failed: Vec<String> = packages
        .iter()
        .filter_map(|package| apt.install(&[package]).err())
        .map(|error| error.to_string())
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join(", ")) }
}

/// Runs `make` where installing is allowed; else takes what an earlier run made.
fn made(
    folder: &Path,
    may_install: bool,
    make: impl FnOnce() -> Result<(), TaskError>,
) -> Result<(), String> {
    if may_install {
        make().map_err(|error| error.to_string())
    } else if folder.join("made-from").is_file() {
        Ok(())
    } else {
        Err("it is not here, and was not to be installed".to_owned())
    }
}

fn packaged(peer: &Packaged, apt: &Result<(), String>) -> Peer {
    let found = on_path(peer.program).and_then(|path| {
        let version = first_line(path.as_os_str(), &[peer.version])?;
        Some((path, version))
    });
    match found {
        Some((path, version)) => Peer::present(peer.program, version, vec![(peer.variable, path.into())]),
        None => Peer::skipped(peer.program, why_not(apt, peer.package), &[peer.variable]),
    }
}

fn why_not(apt: &Result<(), String>, package: &str) -> String {
    match apt {
        Ok(()) => format!("the package {package} did not bring it"),
        Err(why) => why.clone(),
    }
}

fn softhsm_module() -> Option<PathBuf> {
    let named = std::env::var_os("SEGL_PKCS11_MODULE").filter(|value| !value.is_empty()).map(PathBuf::from);
    named.into_iter().chain(SOFTHSM_MODULES.iter().map(PathBuf::from)).find(|path| path.is_file())
}

/// The tests make tokens of their own with it, each in a folder of its own.
fn softhsm(apt: &Result<(), String>) -> Peer {
    const NAME: &str = "softhsm2";
    let (Some(module), Some(utility)) = (softhsm_module(), on_path("softhsm2-util")) else {
        // No variable is emptied: a module that a user names is not ours to switch off.
        return Peer::skipped(NAME, why_not(apt, SOFTHSM_PACKAGE), &[]);
    };
    let version = first_line(utility.as_os_str(), &["--version"]).unwrap_or_default();
    Peer::present(NAME, version, vec![("SEGL_PKCS11_MODULE", module.into())])
}

/// The folder of PostgreSQL's programs, which Debian keeps off `PATH`: of several versions the newest.
fn postgres_programs() -> Option<PathBuf> {
    let on_path = on_path("initdb").and_then(|initdb| Some(initdb.canonicalize().ok()?.parent()?.to_owned()));
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let number = |entry: &fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let newest = versions.max_by_key(number).map(|version| version.path().join("bin"));
    on_path
        .into_iter()
        .chain(newest)
        .find(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
}

/// The tests start servers of their own with it, each in a folder of its own; that of the machine is left alone.
fn postgres(apt: &Result<(), String>) -> Peer {
    const VARIABLE: &str = "SEGL_PEER_POSTGRES";
    match postgres_programs() {
        Some(bin) => {
            let version = first_line(bin.join("postgres").as_os_str(), &["--version"]).unwrap_or_default();
            Peer::present("postgres", version, vec![(VARIABLE, bin.into())])
        }
        None => Peer::skipped("postgres", why_not(apt, POSTGRES_PACKAGE), &[VARIABLE]),
    }
}

fn pyhanko(environment: &Result<(), String>, folder: &Path, sources: &Path) -> Peer {
    const NAME: &str = "pyhanko";
    const VARIABLES: [&str; 3] = ["SEGL_PEER_PYHANKO", "SEGL_PEER_PYTHON", "SEGL_PEER_PYHANKO_JUDGE"];
    let [program_is, python_is, judge_is] = VARIABLES;
    let bin = folder.join("bin");
    match environment {
        Ok(()) => Peer::present(
            NAME,
            python_version(folder, "pyhanko"),
            vec![
                (program_is, bin.join("pyhanko").into()),
                (python_is, bin.join("python").into()),
                (judge_is, sources.join("python").join("judge.py").into()),
            ],
        ),
        Err(why) => Peer::skipped(NAME, why.clone(), &VARIABLES),
    }
}

fn pkilint(environment: &Result<(), String>, folder: &Path) -> Peer {
    const VARIABLE: &str = "SEGL_PEER_PKILINT";
    match environment {
        // Its commands are several, so the tests get the folder they are in.
        Ok(()) => Peer::present(
            "pkilint",
            python_version(folder, "pkilint"),
            vec![(VARIABLE, folder.join("bin").into())],
        ),
        Err(why) => Peer::skipped("pkilint", why.clone(), &[VARIABLE]),
    }
}

fn python_version(folder: &Path, package: &str) -> String {
    let program = format!("from importlib.metadata import version; print(version({package:?}))");
    first_line(folder.join("bin").join("python").as_os_str(), &["-c", &program]).unwrap_or_default()
}

/// Whether there is a Java 17 or later and a Maven: they are taken as they are, never installed.
fn java_is_ready() -> Result<(), String> {
    for program in ["java", "javac", "mvn"] {
        on_path(program)
            .ok_or_else(|| format!("there is no {program} here (Java 17 or later and Maven are needed)"))?;
    }
    let line = first_line(OsStr::new("javac"), &["-version"]).unwrap_or_default();
    let major =
        line.trim_start_matches("javac ").split('.').next().and_then(|number| number.parse::<u32>().ok());
    match major {
        Some(17..) => Ok(()),
        _ => Err(format!("{line:?} is not Java 17 or later")),
    }
}

fn judge(program: &Result<(), String>, folder: &Path) -> Peer {
    const VARIABLE: &str = "SEGL_PEER_DSS";
    let version = || {
        let names = fs::read_dir(folder.join("lib")).ok()?;
        names.filter_map(Result::ok).find_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some(name.strip_prefix("dss-validation-")?.strip_suffix(".jar")?.to_owned())
        })
    };
    match program {
        Ok(()) => Peer::present("dss", version().unwrap_or_default(), vec![(VARIABLE, folder.into())]),
        Err(why) => Peer::skipped("dss", why.clone(), &[VARIABLE]),
    }
}

impl Peer {
    fn present(name: &'static str, version: String, environment: Vec<(&'static str, OsString)>) -> Self {
        Self { name, environment, state: State::Present { version } }
    }

    fn skipped(name: &'static str, why: String, variables: &[&'static str]) -> Self {
        let environment = variables.iter().map(|variable| (*variable, OsString::new())).collect();
        Self { name, environment, state: State::Skipped { why } }
    }
}

/// Prints the table that ends a run of the tests.
pub(crate) fn print_table(peers: &[Peer]) {
    println!("\npeers");
    for peer in peers {
        match &peer.state {
            State::Present { version } => println!("  present: {}: {version}", peer.name),
            State::Skipped { why } => println!("  skipped: {}: {why}", peer.name),
        }
    }
}

/// Runs the tests with the peers in their environment.
pub(crate) fn run_with(peers: &[Peer], command: &mut Command) -> Result<(), TaskError> {
    for (name, value) in peers.iter().flat_map(|peer| &peer.environment) {
        command.env(name, value);
    }
    succeed(command)
}
