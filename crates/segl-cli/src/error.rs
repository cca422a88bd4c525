//! Errors as a person reads them: what was wrong, beneath it why, on a line of its own what to do.

use std::error::Error;

use crate::advice::advice;
use crate::report::printable;

/// Exit status when something could not be read or run.
pub(crate) const COULD_NOT_RUN: u8 = 2;

/// Any error of a verb.
pub(crate) type Failure = Box<dyn Error>;

/// What a verb found out did not reach whoever asked.
#[derive(Debug, thiserror::Error)]
#[error("the answer could not be written to standard output")]
pub(crate) struct Unwritten(#[source] pub(crate) std::io::Error);

/// Prints an error with its causes, each once, and what to do about it, to standard error.
pub(crate) fn print(error: &Failure) {
    eprintln!("segl: {}", printable(&chain(error.as_ref())));
    if let Some(advice) = advice(error.as_ref()) {
        eprintln!("  help: {advice}");
    }
}

/// An error with its causes in one line. A cause that the line above has told already is passed over.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    for cause in error.source().into_iter().flat_map(causes) {
        let words = cause.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
    }
    text
}

/// The error, then what lies beneath it, down to the first cause.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn cause<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        (*error).source()
    }
    core::iter::successors(Some(error), cause)
}
