//! Children of a story: this same program, told by its environment what to be.

use std::env;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use segl::crypto::{SignatureValue, ToBeSigned};
use segl::key::pkcs11::{Module, Pin, Pkcs11Token};
use segl::key::{Curve, KeyId, ReadBack, Swept, Token, TokenDescription, Trace};
use segl_testkit::peers::SoftHsm;

use super::{SqliteStore, log_id};

const JOB: &str = "SEGL_STORY_JOB";
const PLACE: &str = "SEGL_STORY_PLACE";
const FOLDER: &str = "SEGL_STORY_FOLDER";
const MODULE: &str = "SEGL_STORY_MODULE";
const FIRST: &str = "SEGL_STORY_FIRST";
const ROUNDS: &str = "SEGL_STORY_ROUNDS";
const MARK: &str = "child> ";

/// A process of a story. It is killed when nobody waits for its end.
pub struct Process {
    child: Child,
    input: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What a process is to do.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The name of the test that does it.
    pub name: &'a str,
    /// Where it finds its store, and leaves what it makes.
    pub folder: &'a Path,
    /// Where it stops for ever; nowhere when it is empty.
    pub place: &'a str,
    /// The first request that is its own.
    pub first: u64,
    /// Its device, when that is not itself.
    pub softhsm: Option<&'a SoftHsm>,
}

impl Process {
    pub fn start(job: Job<'_>) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args([job.name, "--exact", "--nocapture", "--test-threads=1"]);
        command.env(JOB, job.name).env(FOLDER, job.folder).env(PLACE, job.place);
        command.env(FIRST, job.first.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(softhsm) = job.softhsm {
            let (name, value) = softhsm.environment();
            command.env(name, value).env(MODULE, softhsm.module());
        }
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, input, lines }
    }

    /// What it says next; `None` when it has ended.
    pub fn next(&mut self) -> Option<String> {
        // The test runner writes on the same line before the test does.
        self.lines.by_ref().map(Result::unwrap).find_map(|line| Some(line.split_once(MARK)?.1.to_owned()))
    }

    /// What it says until it says this, or ends.
    pub fn until(&mut self, word: &str) -> Vec<String> {
        let mut said = Vec::new();
        while said.last().map(String::as_str) != Some(word) {
            let Some(line) = self.next() else { break };
            said.push(line);
        }
        said
    }

    /// Tells it something.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Ends it where it is (SIGKILL); gives what it had still said.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        let said = self.rest();
        assert_eq!(status.code(), None, "it had ended by itself: {said:?}");
        said
    }

    /// Tells it that nothing more is asked of it and waits for its end, which must be a good one; gives what it had still said.
    pub fn finish(mut self) -> Vec<String> {
        drop(self.input.take());
        let said = self.rest();
        assert!(self.child.wait().unwrap().success(), "{said:?}");
        said
    }

    fn rest(&mut self) -> Vec<String> {
        core::iter::from_fn(|| self.next()).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub fn say(line: &str) {
    println!("{MARK}{line}");
    std::io::stdout().flush().unwrap();
}

/// The folder, when this process was told to do this.
pub fn told_to(job: &str) -> Option<PathBuf> {
    (env::var(JOB).as_deref() == Ok(job)).then(|| env::var_os(FOLDER).unwrap().into())
}

/// The first request that is this process's own.
pub fn first() -> u64 {
    env::var(FIRST).unwrap().parse().unwrap()
}

/// How many rounds a long story has: `SEGL_STORY_ROUNDS`, or so many.
pub fn rounds(usual: u64) -> u64 {
    env::var(ROUNDS).map_or(usual, |rounds| rounds.parse().unwrap())
}

/// Stops here for ever, when this is the place.
pub fn at(place: &str) {
    if env::var(PLACE).as_deref() == Ok(place) {
        say(place);
        loop {
            std::thread::park();
        }
    }
}

pub fn store(folder: &Path) -> SqliteStore {
    SqliteStore::open(&folder.join("segl.db"), log_id()).unwrap()
}

/// The device this process was told of.
pub fn softhsm_token() -> Option<Pkcs11Token> {
    let module = env::var_os(MODULE)?;
    Some(Module::load(module).unwrap().open(SoftHsm::LABEL, &Pin::new(SoftHsm::PIN)).unwrap())
}

/// A token that stops for ever when it comes to the place.
pub struct Pausing<T>(pub T);

impl<T: Token> Pausing<T> {
    fn around<R>(&self, call: &str, work: impl FnOnce() -> R) -> R {
        at(&format!("before {call}"));
        let result = work();
        at(&format!("after {call}"));
        result
    }
}

impl<T: Token> Token for Pausing<T> {
    type Key = T::Key;
    type Error = T::Error;

    fn description(&self) -> &TokenDescription {
        self.0.description()
    }
    fn generate(&self, curve: Curve, id: KeyId) -> Result<T::Key, T::Error> {
        self.around("generate", || self.0.generate(curve, id))
    }
    fn read_back(&self, key: &T::Key) -> Result<ReadBack, T::Error> {
        self.around("read_back", || self.0.read_back(key))
    }
    fn sign(&self, key: &mut T::Key, tbs: &ToBeSigned) -> Result<SignatureValue, T::Error> {
        self.around("sign", || self.0.sign(key, tbs))
    }
    fn destroy(&self, key: &mut T::Key) -> Result<(), T::Error> {
        self.around("destroy", || self.0.destroy(key))
    }
    fn look_up(&self, key: &mut T::Key) -> Result<Trace, T::Error> {
        self.around("look_up", || self.0.look_up(key))
    }
    fn sweep(&self) -> Result<Swept, T::Error> {
        self.0.sweep()
    }
}
