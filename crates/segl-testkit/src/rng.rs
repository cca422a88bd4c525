//! Random numbers that are the same in every run.

use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use segl_crypto::sha256;

/// SHA-256 of a seed and a counter. Good for tests that must repeat; useless for a key that anyone relies on.
#[derive(Clone, Debug)]
pub struct SeededRng {
    seed: u64,
    counter: u64,
}

impl SeededRng {
    /// Begins at this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed, counter: 0 }
    }

    fn block(&mut self) -> [u8; 32] {
        self.counter += 1;
        sha256(&[self.seed.to_be_bytes(), self.counter.to_be_bytes()].concat())
    }
}

impl TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(self.block()[..4].try_into().unwrap()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(self.block()[..8].try_into().unwrap()))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(32) {
            let length = chunk.len();
            chunk.copy_from_slice(&self.block()[..length]);
        }
        Ok(())
    }
}

impl TryCryptoRng for SeededRng {}
