//! What a person sees: steps as they happen, plain when piped.

use std::cell::RefCell;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};

use crate::report::printable;

/// Writes steps and asks for approval; words of strangers in them, names of files too, stay on their line. The work goes on when
/// nothing can be written; [`failed`](Self::failed) tells afterwards.
#[derive(Debug)]
pub(crate) struct Console {
    colour: bool,
    failed: RefCell<Option<io::Error>>,
}

impl Console {
    pub(crate) fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self { colour: wanted && io::stdout().is_terminal(), failed: RefCell::new(None) }
    }

    /// One step: a short name and what came of it.
    pub(crate) fn step(&self, name: &str, text: &str) {
        let mut lines = text.lines().map(printable);
        let first = lines.next().unwrap_or_default();
        self.line(&format!("  {} {first}", self.paint("36", &format!("{name:<12}"))));
        for line in lines {
            self.line(&format!("  {:12} {line}", ""));
        }
    }

    pub(crate) fn headline(&self, text: &str) {
        self.line(&self.paint("1", &printable(text)));
    }

    pub(crate) fn good(&self, text: &str) {
        self.line(&self.paint("32", &printable(text)));
    }

    pub(crate) fn bad(&self, text: &str) {
        self.line(&self.paint("31", &printable(text)));
    }

    /// One line as it is, colours included.
    pub(crate) fn line(&self, text: &str) {
        // A sealing that has begun must not stop for it.
        if let Err(error) = writeln!(io::stdout().lock(), "{text}") {
            self.failed.borrow_mut().get_or_insert(error);
        }
    }

    /// Why something that was to be said was not written: a full disk, say. A reader that went away had enough.
    pub(crate) fn failed(&self) -> Option<io::Error> {
        self.failed.take().filter(|error| error.kind() != ErrorKind::BrokenPipe)
    }

    pub(crate) fn passed(&self, passed: bool, text: &str) -> String {
        self.paint(if passed { "32" } else { "31" }, text)
    }

    /// True when a person can be asked.
    pub(crate) fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Asks a yes-or-no question; anything but a yes is a no.
    pub(crate) fn ask(&self, question: &str) -> bool {
        let mut out = io::stdout().lock();
        drop(write!(out, "{question} [y/N] ").and_then(|()| out.flush()));
        let mut answer = String::new();
        let read = io::stdin().lock().read_line(&mut answer);
        read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes" | "j" | "ja")
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
