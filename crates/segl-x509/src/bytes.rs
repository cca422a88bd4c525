//! A range of a shared buffer.

use std::sync::Arc;

/// A range of a buffer that several views share; cloning copies no octets.
#[derive(Clone)]
pub(crate) struct Bytes {
    buffer: Arc<[u8]>,
    start: usize,
    end: usize,
}

impl Bytes {
    pub(crate) fn new(data: &[u8]) -> Self {
        Self { buffer: Arc::from(data), start: 0, end: data.len() }
    }

    /// A range of the same buffer, counted from the start of the buffer; empty if it would lie outside.
    pub(crate) fn part(&self, start: usize, len: usize) -> Self {
        let end = start.saturating_add(len);
        let inside = end <= self.buffer.len();
        let (start, end) = if inside { (start, end) } else { (0, 0) };
        Self { buffer: Arc::clone(&self.buffer), start, end }
    }

    /// Position of the first octet in the buffer.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }
}
