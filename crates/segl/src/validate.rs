//! Validation of a whole file.
