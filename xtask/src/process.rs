//! Running other programs, and where things lie.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Why a task did not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TaskError {
    /// The command line was not understood.
    #[error("{what}")]
    Usage { what: String },
    /// A program could not be started at all.
    #[error("could not start {program}: {source}")]
    NotStarted { program: String, source: io::Error },
    /// A program ran and said no.
    #[error("{program} failed ({status})")]
    Failed { program: String, status: String },
    /// A program was still running when its time was over, and was ended.
    #[error("{program} was still running after {seconds} s and was ended")]
    TooSlow { program: String, seconds: u64 },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A program's answer was not what it promises to be.
    #[error("could not read the answer of {program}: {what}")]
    Answer { program: &'static str, what: String },
    /// What was checked is wrong; every finding has been printed already.
    #[error("{count} {what}")]
    Findings { count: usize, what: &'static str },
    /// There is no place to keep tools and peers in.
    #[error("neither XDG_CACHE_HOME nor HOME is set, so there is no place for tools and peers")]
    NoCache,
}

impl TaskError {
    /// For `map_err` on a file operation.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let mut folder = PathBuf::from(manifest);
    folder.pop();
    folder
}

/// The folder outside the checkout in which tools and peers are kept, so that a fresh clone is warm.
pub(crate) fn cache() -> Result<PathBuf, TaskError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .map(|base| base.join("segl"))
        .ok_or(TaskError::NoCache)
}

/// The cargo that runs this task.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    command
}

/// Finds a program on PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Runs a program in view of the user and wants it to succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<(), TaskError> {
    let program = name(command);
    let status =
        command.status().map_err(|source| TaskError::NotStarted { program: program.clone(), source })?;
    if status.success() { Ok(()) } else { Err(TaskError::Failed { program, status: status.to_string() }) }
}

/// Runs a program in view of the user, wants it to succeed, and ends it when it takes longer than `limit`.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<(), TaskError> {
    let program = name(command);
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .map_err(|source| TaskError::NotStarted { program: program.clone(), source })?;
    let started = Instant::now();
    loop {
        let ended =
            child.try_wait().map_err(|source| TaskError::NotStarted { program: program.clone(), source })?;
        if let Some(status) = ended {
            return if status.success() {
                Ok(())
            } else {
                Err(TaskError::Failed { program, status: status.to_string() })
            };
        }
        if started.elapsed() > limit {
            // Both may fail only because the program ended by itself meanwhile.
            drop(child.kill());
            drop(child.wait());
            return Err(TaskError::TooSlow { program, seconds: limit.as_secs() });
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Runs a program and returns what it wrote, whatever its exit status.
pub(crate) fn output(command: &mut Command) -> Result<Output, TaskError> {
    let program = name(command);
    command.stdin(Stdio::null()).output().map_err(|source| TaskError::NotStarted { program, source })
}

/// The first line of what a program says about its version, standard output before standard error.
pub(crate) fn first_line(program: &OsStr, arguments: &[&str]) -> Option<String> {
    let output = output(Command::new(program).args(arguments)).ok()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

fn name(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_else(|| command.get_program());
    let mut name = program.to_string_lossy().into_owned();
    for argument in command.get_args().take(2) {
        let argument = argument.to_string_lossy();
        // A verb helps to find the step again, a path does not.
        if argument.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            name.push(' ');
            name.push_str(&argument);
        }
    }
    name
}
