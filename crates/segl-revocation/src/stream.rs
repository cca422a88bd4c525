//! A CRL written as it is made, for lists too long to be held.

use core::fmt;
use std::error::Error;
use std::io::{Seek, SeekFrom, Write};

use segl_crypto::{Digest, Hasher, KeyKind, Prehashed, SignatureValue, Time};

use crate::{
    CrlBuilder, IssueError, Reason, StreamError,
    asn1::{BIT_STRING, SEQUENCE, push_header, tlv},
    entries::{EntryWriter, length},
    issue::Frame,
};

/// What is digested and written at a time.
const CHUNK: usize = 64 << 10;

/// A revoked certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "a caller makes it")]
pub struct Revoked<S> {
    /// Content octets of the serial number's INTEGER.
    pub serial: S,
    /// When it was revoked.
    pub at: Time,
    /// Why.
    pub reason: Option<Reason>,
}

impl CrlBuilder<'_> {
    /// Writes what the issuer signs to `out`, from where that stands, digesting it on the way; memory does not grow with the list.
    ///
    /// `entries` is called twice, since a length stands before what it measures: first to add up lengths, then to write. It must give the
    /// same entries in the same order, as a snapshot of a database does; what has another length then is refused. For the rare list
    /// whose size is just at a bound of its length octets, [`assemble`](PreparedStream::assemble) calls it once more. What was added by
    /// [`revoked`](Self::revoked) stands before them.
    ///
    /// Until it is assembled, what stands in `out` begins with a zero and is no list. What stood behind it is not cut off, so an empty file
    /// is wanted.
    ///
    /// ```no_run
    /// # use segl_crypto::{Prehashed, SignatureValue, Time};
    /// # use segl_revocation::{CrlBuilder, Revoked, StreamError};
    /// # fn make(issuer: &segl_x509::Certificate, now: Time, rows: &[([u8; 16], Time)],
    /// #     sign: impl Fn(&Prehashed) -> SignatureValue) -> Result<(), StreamError> {
    /// let file = std::fs::File::create("new.crl")?;
    /// let day = std::time::Duration::from_secs(86_400);
    /// let entries = || rows.iter().map(|(serial, at)| Ok::<_, StreamError>(Revoked { serial, at: *at, reason: None }));
    /// let prepared = CrlBuilder::new(issuer, 1, now, now + day).prepare_to(file, entries)?;
    /// let value = sign(prepared.to_be_signed());
    /// prepared.assemble(&value)?.sync_all()?; // then renamed to where it is published
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`StreamError`]; after one, `out` holds what was written so far.
    pub fn prepare_to<W, F, I, S, E>(
        mut self,
        mut out: W,
        mut entries: F,
    ) -> Result<PreparedStream<W, F>, StreamError>
    where
        W: Write + Seek,
        F: FnMut() -> I,
        I: IntoIterator<Item = Result<Revoked<S>, E>>,
        S: AsRef<[u8]>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let frame = self.frame()?;
        Prehashed::hasher(frame.algorithm)?;
        let (given, mut writer) = self.take_entries();
        let mut streamed = 0_u64;
        for_each(&mut writer, &mut entries, |entry| {
            streamed = streamed.saturating_add(length(entry));
            Ok(())
        })?;
        self.check_reasons(&writer)?;
        let mut body = Body { frame, given, writer, streamed };
        let reserved = body.header(signature_len(body.frame.key.kind())).len();
        let start = out.stream_position()?;
        out.write_all(&vec![0; reserved])?;
        let digest = body.write(&mut out, &mut entries)?;
        self.check_reasons(&body.writer)?;
        let tbs = Prehashed::new(digest, body.frame.algorithm)?;
        Ok(PreparedStream { out, entries, body, start, reserved, tbs })
    }
}

/// A CRL that is written except for its issuer's signature.
pub struct PreparedStream<W, F> {
    out: W,
    entries: F,
    body: Body,
    /// Where the list begins in `out`.
    start: u64,
    /// Octets kept for the first tag and length.
    reserved: usize,
    tbs: Prehashed,
}

impl<W, F> PreparedStream<W, F> {
    /// What the issuer signs.
    #[must_use]
    pub const fn to_be_signed(&self) -> &Prehashed {
        &self.tbs
    }
}

impl<W, F, I, S, E> PreparedStream<W, F>
where
    W: Write + Seek,
    F: FnMut() -> I,
    I: IntoIterator<Item = Result<Revoked<S>, E>>,
    S: AsRef<[u8]>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    /// Puts the signature to it, and last of all the length in front, and gives back what it was written to, flushed and standing behind
    /// the list. A value that does not verify with the issuer's certificate is refused. What was written is not read back.
    ///
    /// Where an ECDSA value is shorter than it could be and the length in front takes an octet less for it, everything is written again.
    ///
    /// # Errors
    /// [`StreamError::Issue`] with [`IssueError::Signature`], [`StreamError::Write`]; when everything is written again, `Changed`
    /// and `Entries`.
    pub fn assemble(mut self, signature: &SignatureValue) -> Result<W, StreamError> {
        let Frame { ref key, algorithm, .. } = self.body.frame;
        key.verify_digest(&algorithm, self.tbs.digest(), signature.as_bytes())
            .map_err(IssueError::Signature)?;
        let header = self.body.header(length(signature.as_bytes()));
        let behind = match header.len() {
            same if same == self.reserved => {
                let reserved = u64::try_from(self.reserved).unwrap_or(u64::MAX);
                self.start.saturating_add(reserved).saturating_add(self.body.len())
            }
            other => {
                self.out.seek(SeekFrom::Start(self.start))?;
                self.out.write_all(&vec![0; other])?;
                if self.body.write(&mut self.out, &mut self.entries)? != *self.tbs.digest() {
                    return Err(StreamError::Changed);
                }
                self.out.stream_position()?
            }
        };
        self.out.seek(SeekFrom::Start(behind))?;
        self.out.write_all(&algorithm.to_der())?;
        self.out.write_all(&tlv(BIT_STRING, &[&[0], signature.as_bytes()]))?;
        let end = self.out.stream_position()?;
        // Before the length is there it is no list; what is behind it must not come later.
        self.out.flush()?;
        self.out.seek(SeekFrom::Start(self.start))?;
        self.out.write_all(&header)?;
        self.out.flush()?;
        self.out.seek(SeekFrom::Start(end))?;
        Ok(self.out)
    }
}

impl<W, F> fmt::Debug for PreparedStream<W, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedStream")
            .field("tbs", &self.tbs)
            .field("len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// tbsCertList, whose lengths are known.
struct Body {
    frame: Frame,
    /// Entries that are held.
    given: Vec<u8>,
    writer: EntryWriter,
    /// How long the others are together.
    streamed: u64,
}

impl Body {
    /// Tag and length of revokedCertificates; nothing when there are no entries (RFC 5280 5.1.2.6).
    fn entries_header(&self) -> Vec<u8> {
        let mut header = Vec::new();
        match self.streamed.saturating_add(length(&self.given)) {
            0 => {}
            entries => push_header(&mut header, SEQUENCE, entries),
        }
        header
    }

    /// Tag and length of it all.
    fn own_header(&self) -> Vec<u8> {
        let parts = [&self.frame.head, &self.entries_header(), &self.given, &self.frame.extensions];
        let held = parts.iter().map(|part| length(part)).fold(self.streamed, u64::saturating_add);
        let mut header = Vec::new();
        push_header(&mut header, SEQUENCE, held);
        header
    }

    /// Length in octets.
    fn len(&self) -> u64 {
        let parts = [
            &self.own_header(),
            &self.frame.head,
            &self.entries_header(),
            &self.given,
            &self.frame.extensions,
        ];
        parts.iter().map(|part| length(part)).fold(self.streamed, u64::saturating_add)
    }

    /// Tag and length of the CertificateList with a signature value of so many octets.
    fn header(&self, signature: u64) -> Vec<u8> {
        let mut bits = Vec::new();
        // A BIT STRING has an octet before its bits.
        push_header(&mut bits, BIT_STRING, signature.saturating_add(1));
        let around = length(&bits).saturating_add(signature).saturating_add(1);
        let content =
            self.len().saturating_add(length(&self.frame.algorithm.to_der())).saturating_add(around);
        let mut header = Vec::new();
        push_header(&mut header, SEQUENCE, content);
        header
    }

    /// Writes it all and gives its digest.
    fn write<W, F, I, S, E>(&mut self, out: &mut W, entries: &mut F) -> Result<Digest, StreamError>
    where
        W: Write,
        F: FnMut() -> I,
        I: IntoIterator<Item = Result<Revoked<S>, E>>,
        S: AsRef<[u8]>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let hasher = Prehashed::hasher(self.frame.algorithm)?;
        let mut sink = Sink { out, hasher, buffer: Vec::with_capacity(CHUNK.saturating_mul(2)) };
        let before = [&self.own_header(), &self.frame.head, &self.entries_header(), &self.given];
        before.iter().try_for_each(|part| sink.put(part))?;
        let mut left = self.streamed;
        for_each(&mut self.writer, entries, |entry| {
            left = left.checked_sub(length(entry)).ok_or(StreamError::Changed)?;
            Ok(sink.put(entry)?)
        })?;
        if left != 0 {
            return Err(StreamError::Changed);
        }
        sink.put(&self.frame.extensions)?;
        Ok(sink.finish()?)
    }
}

/// Digests what it writes, part by part.
struct Sink<'w, W> {
    out: &'w mut W,
    hasher: Hasher,
    buffer: Vec<u8>,
}

impl<W: Write> Sink<'_, W> {
    fn put(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.buffer.extend_from_slice(octets);
        if self.buffer.len() < CHUNK {
            return Ok(());
        }
        self.empty()
    }

    fn empty(&mut self) -> std::io::Result<()> {
        self.hasher.update(&self.buffer);
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn finish(mut self) -> std::io::Result<Digest> {
        self.empty()?;
        Ok(self.hasher.finish())
    }
}

/// Asks for the entries and writes each.
fn for_each<F, I, S, E>(
    writer: &mut EntryWriter,
    entries: &mut F,
    mut each: impl FnMut(&[u8]) -> Result<(), StreamError>,
) -> Result<(), StreamError>
where
    F: FnMut() -> I,
    I: IntoIterator<Item = Result<Revoked<S>, E>>,
    S: AsRef<[u8]>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let mut entry = Vec::new();
    for revoked in entries() {
        let Revoked { serial, at, reason } = revoked.map_err(|error| StreamError::Entries(error.into()))?;
        entry.clear();
        writer.push(&mut entry, serial.as_ref(), at, reason)?;
        each(&entry)?;
    }
    Ok(())
}

/// How long a signature value is, at most for ECDSA. An upper bound is enough: it settles how much room is kept, not what is written.
fn signature_len(kind: KeyKind) -> u64 {
    match kind {
        KeyKind::EcP256 => 72,
        KeyKind::EcP384 => 104,
        KeyKind::EcP521 => 139,
        KeyKind::Rsa { bits } => bits.div_ceil(8).try_into().unwrap_or(u64::MAX),
        _ => 0,
    }
}
