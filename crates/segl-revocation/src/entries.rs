//! Entries of a CRL, as they are written.

use segl_crypto::Time;

use crate::{
    IssueError, Reason,
    asn1::{ENUMERATED, INTEGER, SEQUENCE, extension, push_header, tlv},
    oid::REASON_CODE,
};

/// Writes entries one after the other, without an allocation for each.
#[derive(Clone, Debug)]
pub(crate) struct EntryWriter {
    this_update: Time,
    /// The time of the last entry and its DER: many are of one time.
    last: (Time, Vec<u8>),
    /// crlEntryExtensions with a reasonCode, whose last octet is the code.
    extensions: Vec<u8>,
    fields: Vec<u8>,
    /// A bit for each code of a reason that was written, also for that none was.
    written: u16,
}

impl EntryWriter {
    /// For a list of this thisUpdate.
    pub(crate) fn new(this_update: Time) -> Self {
        let code = extension(&REASON_CODE, false, &tlv(ENUMERATED, &[&[0]]));
        Self {
            this_update,
            last: (this_update, this_update.to_der()),
            extensions: tlv(SEQUENCE, &[&code]),
            fields: Vec::new(),
            written: 0,
        }
    }

    /// Whether an entry with this reason was written.
    pub(crate) const fn has(&self, reason: Reason) -> bool {
        self.written & bit(reason) != 0
    }

    /// Whether every entry has one of these reasons (ReasonFlags, see [`bit`]); an entry of a delta CRL may also be taken back.
    pub(crate) const fn has_only(&self, flags: u16) -> bool {
        self.written & !(flags | bit(Reason::RemoveFromCrl)) == 0
    }

    /// Writes one entry behind what is there.
    pub(crate) fn push(
        &mut self,
        out: &mut Vec<u8>,
        serial: &[u8],
        at: Time,
        reason: Option<Reason>,
    ) -> Result<(), IssueError> {
        let at = at.truncate_to_seconds();
        if at > self.this_update {
            return Err(IssueError::RevokedInFuture { at, this_update: self.this_update });
        }
        // One wrong INTEGER, and nobody reads the list any more.
        if matches!(serial, [] | [0, 0..=0x7f, ..] | [0xff, 0x80..=0xff, ..]) {
            return Err(IssueError::Serial);
        }
        if self.last.0 != at {
            self.last = (at, at.to_der());
        }
        self.fields.clear();
        push_header(&mut self.fields, INTEGER, length(serial));
        self.fields.extend_from_slice(serial);
        self.fields.extend_from_slice(&self.last.1);
        let reason = reason.unwrap_or(Reason::Unspecified);
        self.written |= bit(reason);
        // Unspecified is left out rather than written (RFC 5280 5.3.1).
        if reason != Reason::Unspecified
            && let Some((_, before)) = self.extensions.split_last()
        {
            self.fields.extend_from_slice(before);
            self.fields.push(reason.code());
        }
        push_header(out, SEQUENCE, length(&self.fields));
        out.extend_from_slice(&self.fields);
        Ok(())
    }
}

/// The bit of a reason: up to aACompromise that of ReasonFlags (RFC 5280 4.2.1.13), where unspecified is none.
pub(crate) const fn bit(reason: Reason) -> u16 {
    match reason {
        Reason::Unspecified => 1,
        Reason::KeyCompromise => 1 << 1,
        Reason::CaCompromise => 1 << 2,
        Reason::AffiliationChanged => 1 << 3,
        Reason::Superseded => 1 << 4,
        Reason::CessationOfOperation => 1 << 5,
        Reason::CertificateHold => 1 << 6,
        Reason::PrivilegeWithdrawn => 1 << 7,
        Reason::AaCompromise => 1 << 8,
        Reason::RemoveFromCrl => 1 << 9,
        Reason::Other(_) => 1 << 10,
    }
}

pub(crate) fn length(octets: &[u8]) -> u64 {
    octets.len().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_what_nesting_makes() {
        let at = Time::from_unix(1_795_000_000);
        let mut writer = EntryWriter::new(at);
        let mut out = Vec::new();
        writer.push(&mut out, &[7], at, Some(Reason::Unspecified)).unwrap();
        let serial = tlv(INTEGER, &[&[7]]);
        let mut expected = tlv(SEQUENCE, &[&serial, &at.to_der()]);
        assert_eq!(out, expected);
        assert!(!writer.has(Reason::Superseded));
        // Longer than a short length can say, of another time, and with a reason.
        let before = Time::from_unix(1_700_000_000);
        writer.push(&mut out, &[0x55; 200], before, Some(Reason::Superseded)).unwrap();
        let code = extension(&REASON_CODE, false, &[ENUMERATED, 1, 4]);
        let serial = tlv(INTEGER, &[&[0x55; 200]]);
        expected.extend(tlv(SEQUENCE, &[&serial, &before.to_der(), &tlv(SEQUENCE, &[&code])]));
        assert_eq!(out, expected);
        assert!(writer.has(Reason::Superseded) && !writer.has(Reason::RemoveFromCrl));
        for serial in [&[][..], &[0, 1], &[0, 0], &[0xff, 0x80]] {
            assert_eq!(writer.push(&mut out, serial, at, None), Err(IssueError::Serial));
        }
        for serial in [&[0][..], &[0, 0x80], &[0xff], &[0xff, 0x7f]] {
            assert_eq!(writer.push(&mut out, serial, at, None), Ok(()));
        }
    }
}
