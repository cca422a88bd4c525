//! A million serial numbers: each positive, none longer than the standard allows, none twice, none given out again.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use segl_cert::{IssuedCertificates, IssuerKey, MemoryRegister, Reservation, SerialNumber};
use segl_crypto::Time;

const MILLION: usize = 1_000_000;

#[test]
fn of_a_million_serial_numbers_none_comes_twice() {
    let register = MemoryRegister::default();
    let (issuer, other) = (IssuerKey([1; 32]), IssuerKey([2; 32]));
    let now = Time::from_unix(1_795_000_000);
    let mut random = vec![0; 15 * MILLION];
    getrandom::fill(&mut random).unwrap();
    let serials =
        || random.chunks_exact(15).map(|octets| SerialNumber::from_random(octets.try_into().unwrap()));
    let mut all: Vec<[u8; 16]> = serials().map(|serial| *serial.as_octets()).collect();
    assert!(all.iter().all(|octets| (1..0x80).contains(&octets[0]) && octets.len() <= 20));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), MILLION);
    for serial in serials().step_by(100) {
        assert_eq!(register.reserve(&issuer, &serial, now).unwrap(), Reservation::Made, "{serial}");
    }
    for serial in serials().step_by(1000) {
        assert_eq!(register.reserve(&issuer, &serial, now).unwrap(), Reservation::Taken, "{serial}");
        assert_eq!(register.reserve(&other, &serial, now).unwrap(), Reservation::Made, "of another issuer");
    }
}
