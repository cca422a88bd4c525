//! What a seal says about itself in its signature dictionary.

use segl_crypto::Time;

/// What goes into the signature dictionary beside the signature (ISO 32000-2, table 255; EN 319 142-1, 5.3).
///
/// Everything here is signed. Reason must stay empty when the CMS carries a commitment type or a policy.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SealProperties {
    /// `/M`, the claimed time, in whole seconds.
    pub time: Time,
    /// How many bytes are reserved for the CMS.
    pub reserved: usize,
    /// The full name of the field: an empty one that is there, or a new one. `None` for the next free `SignatureN`.
    pub field: Option<String>,
    /// `/Name`, of whoever signs.
    pub name: Option<String>,
    /// `/Reason`.
    pub reason: Option<String>,
    /// `/Location`.
    pub location: Option<String>,
    /// `/ContactInfo`.
    pub contact: Option<String>,
}

impl SealProperties {
    /// Properties with the two values that every seal must have: its claimed time and the room for its CMS in bytes.
    ///
    /// The room is twice that in the file, which is written in hexadecimal digits. It has to hold a signature
    /// time-stamp too, if one will be added (a one-shot key has no second try).
    #[must_use]
    pub fn new(time: Time, reserved: usize) -> Self {
        Self {
            time: time.truncate_to_seconds(),
            reserved,
            field: None,
            name: None,
            reason: None,
            location: None,
            contact: None,
        }
    }

    /// The field to sign.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.field = Some(name.into());
        self
    }

    /// `/Name`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// `/Reason`.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// `/Location`.
    #[must_use]
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// `/ContactInfo`.
    #[must_use]
    pub fn contact(mut self, contact: impl Into<String>) -> Self {
        self.contact = Some(contact.into());
        self
    }
}
