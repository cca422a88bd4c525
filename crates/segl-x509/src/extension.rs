//! The list of extensions.

use const_oid::ObjectIdentifier;

use crate::bytes::Bytes;
use crate::error::{ExtensionError, SyntaxError};
use crate::oid::Oid;
use crate::reader::{BOOLEAN, OCTET_STRING, Reader, SEQUENCE, Tlv, boolean};

/// One extension of a certificate, a CRL, a CRL entry or an OCSP message (RFC 5280, 4.1).
#[derive(Clone)]
pub struct Extension {
    oid: Oid,
    critical: bool,
    value: Bytes,
}

impl Extension {
    /// Reads `Extensions` (SEQUENCE OF Extension) that fill the input; duplicates are kept.
    pub fn list_from_der(der: &[u8]) -> Result<Vec<Self>, SyntaxError> {
        let bytes = Bytes::new(der);
        let mut reader = Reader::over(&bytes);
        let list = reader.expect(SEQUENCE)?;
        reader.finish()?;
        Self::list(&list, &bytes)
    }

    pub(crate) fn list(list: &Tlv<'_>, bytes: &Bytes) -> Result<Vec<Self>, SyntaxError> {
        let mut reader = list.reader();
        // Twelve is more than nearly every certificate has.
        let mut extensions = Vec::with_capacity(12);
        while !reader.is_empty() {
            let mut fields = reader.expect(SEQUENCE)?.reader();
            let oid = Oid::next(&mut fields, bytes)?;
            let critical = match fields.optional(BOOLEAN)? {
                Some(flag) => boolean(&flag)?,
                None => false,
            };
            let value = fields.expect(OCTET_STRING)?.content_in(bytes);
            fields.finish()?;
            extensions.push(Self { oid, critical, value });
        }
        Ok(extensions)
    }

    /// The type.
    pub fn oid(&self) -> &Oid {
        &self.oid
    }

    /// Whether a reader that does not know the type must refuse the whole.
    pub fn is_critical(&self) -> bool {
        self.critical
    }

    /// The value: the DER inside the OCTET STRING.
    pub fn value(&self) -> &[u8] {
        self.value.as_slice()
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.value
    }

    /// The error for this extension.
    pub(crate) fn refuse(&self, error: SyntaxError) -> ExtensionError {
        ExtensionError::Syntax { oid: self.oid.clone(), error }
    }
}

impl core::fmt::Debug for Extension {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Extension")
            .field("oid", &self.oid)
            .field("critical", &self.critical)
            .field("value_len", &self.value().len())
            .finish()
    }
}

/// The only extension of a type in a list.
///
/// # Errors
/// [`ExtensionError::Duplicate`] when there are several.
pub fn find_unique(list: &[Extension], oid: ObjectIdentifier) -> Result<Option<&Extension>, ExtensionError> {
    let mut found = list.iter().filter(|extension| extension.oid == oid);
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => Err(ExtensionError::Duplicate { oid: Oid::from(oid) }),
    }
}
