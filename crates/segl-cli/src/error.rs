//! Errors as a person reads them: what was wrong, beneath it why, at the end what to do.

use std::error::Error;

/// Exit status when something could not be read or run.
pub(crate) const COULD_NOT_RUN: u8 = 2;

/// Any error of a verb.
pub(crate) type Failure = Box<dyn Error>;

/// Prints an error with its causes, each once, to standard error.
pub(crate) fn print(error: &Failure) {
    eprintln!("segl: {}", chain(error.as_ref()));
}

/// An error with its causes in one line. A cause that the line above has told already is passed over.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}
