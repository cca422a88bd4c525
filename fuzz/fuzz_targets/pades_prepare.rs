//! A seal and a time-stamp are put behind a file that is read; its bytes stay as they are.

#![no_main]

use libfuzzer_sys::fuzz_target;
use segl_crypto::{DigestAlgorithm, Hasher, Source, Time};
use segl_pades::{GrowingFile, Prepared, SealProperties, prepare, prepare_timestamp};
use segl_pdf::{Document, Limits};

const ROOM: usize = 64;

fuzz_target!(|data: &[u8]| {
    let Ok(mut file) = GrowingFile::open(data, Limits::default()) else { return };
    let properties = SealProperties::new(Time::from_unix(1_795_608_000), ROOM).name("Fuzz").reason("(æ\\");
    let before = file.document().revisions().len();
    let mut added = 0;
    if let Ok(prepared) = prepare(file.document(), &properties) {
        added += append(&mut file, prepared);
    }
    if let Ok(prepared) = prepare_timestamp(file.document(), ROOM) {
        added += append(&mut file, prepared);
    }
    assert_eq!(file.document().revisions().len(), before + added);
    let whole = [data, file.tail()].concat();
    assert!(whole.starts_with(data));
    let again = Document::open(whole.as_slice()).expect("what was written can be read");
    assert_eq!(again.revisions().len(), before + added);
});

/// Assembles and appends; the digest is that of all bytes outside the place of the signature.
fn append(file: &mut GrowingFile<&[u8]>, prepared: Prepared) -> usize {
    assert_eq!(prepared.reserved(), ROOM);
    let [start, head, tail, rest] = prepared.byte_range().map(|number| number as usize);
    let hasher = file.digest(DigestAlgorithm::Sha256).expect("the bytes before");
    let digest = prepared.digest(hasher);
    let appendix = prepared.assemble(&[0x30; ROOM]).expect("it fits");
    file.append(&appendix).expect("what was written can be read");
    let source = file.document().source();
    let length = source.len() as usize;
    let bytes = source.read_range(0..source.len(), length).expect("all bytes");
    assert_eq!((start, tail + rest), (0, length));
    assert_eq!(bytes[head..tail], *format!("<{}>", "30".repeat(ROOM)).as_bytes());
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256).expect("SHA-256");
    hasher.update(&bytes[..head]);
    hasher.update(&bytes[tail..]);
    assert_eq!(hasher.finish(), digest);
    1
}
