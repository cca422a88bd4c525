/// One of the things a log entry can say: the whole allow-list.
///
/// There is no field for a document, its digest, name, type, path or size, and no field that takes any name the caller likes
/// (seed requirement S000-63, ENG-08). The number and the name of a field never change, since both are inside commitments
/// and stored rows; a new field takes a new number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The request that asked for the seal (UUID).
    Request,
    /// The session in which it was asked (UUID).
    Session,
    /// The subscriber's registered number.
    OrganisationNumber,
    /// The subscriber's registered name.
    OrganisationName,
    /// The holder's name.
    HolderName,
    /// The holder's UUID.
    HolderId,
    /// The holder's e-mail address.
    HolderEmail,
    /// The level of assurance the holder was authenticated at.
    Assurance,
    /// The identifier of the authentication assertion.
    AssertionId,
    /// Who issued the assertion.
    AssertionIssuer,
    /// The format of the assertion's subject identifier.
    SubjectFormat,
    /// The authentication context class.
    ContextClass,
    /// When the holder was authenticated.
    AuthenticatedAt,
    /// What the authentication data are processed for.
    Purpose,
    /// The caller's reference text.
    Reference,
    /// Whether the reference text passed only because digest-like text was allowed.
    ReferenceOverride,
    /// The version of the certificate policy.
    PolicyVersion,
    /// The version of the terms.
    TermsVersion,
    /// The slot whose token makes the key.
    Slot,
    /// When the seal was asked for.
    RequestedAt,
    /// Digest of the certificate content that was presented.
    PresentedContent,
    /// When the content was approved.
    ApprovedAt,
    /// Digest of the receipt for the one-shot key.
    Receipt,
    /// The serial number of the certificate.
    CertificateSerial,
    /// When the certificate was issued.
    IssuedAt,
    /// When the key signed.
    SignedAt,
    /// How long the key lived after signing.
    SignToDestroy,
    /// The time in the time-stamp.
    TimeStampedAt,
    /// The last step that was reached.
    Step,
    /// How the attempt ended.
    Outcome,
    /// Why it was aborted.
    Cause,
    /// When the attempt ended.
    ConcludedAt,
    /// The retention year of the personal data that a purge erased.
    PurgedYear,
    /// The first entry a purge erased.
    PurgedFirst,
    /// The last entry a purge erased.
    PurgedLast,
    /// How many entries a purge erased.
    PurgedCount,
    /// Who ran a purge or cleared an alarm: a role, not a person.
    Operator,
    /// When a purge ran or an alarm was cleared.
    At,
}

macro_rules! numbered {
    ($($field:ident = $number:literal $name:literal,)*) => {
        const ALL: &[Field] = &[$(Field::$field),*];

        impl Field {
            /// The number of the field in stored bytes.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$field => $number,)*
                }
            }

            /// The name of the field, which its commitment covers.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $name,)*
                }
            }

            /// The field with this number.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$field),)*
                    _ => None,
                }
            }
        }
    };
}

numbered! {
    Request = 0 "request",
    Session = 1 "session",
    OrganisationNumber = 2 "organisation_number",
    OrganisationName = 3 "organisation_name",
    HolderName = 4 "holder_name",
    HolderId = 5 "holder_id",
    HolderEmail = 6 "holder_email",
    Assurance = 7 "assurance",
    AssertionId = 8 "assertion_id",
    AssertionIssuer = 9 "assertion_issuer",
    SubjectFormat = 10 "subject_format",
    ContextClass = 11 "context_class",
    AuthenticatedAt = 12 "authenticated_at",
    Purpose = 13 "purpose",
    Reference = 14 "reference",
    ReferenceOverride = 15 "reference_override",
    PolicyVersion = 16 "policy_version",
    TermsVersion = 17 "terms_version",
    Slot = 18 "slot",
    RequestedAt = 19 "requested_at",
    PresentedContent = 20 "presented_content",
    ApprovedAt = 21 "approved_at",
    Receipt = 22 "receipt",
    CertificateSerial = 23 "certificate_serial",
    IssuedAt = 24 "issued_at",
    SignedAt = 25 "signed_at",
    SignToDestroy = 26 "sign_to_destroy",
    TimeStampedAt = 27 "time_stamped_at",
    Step = 28 "step",
    Outcome = 29 "outcome",
    Cause = 30 "cause",
    ConcludedAt = 31 "concluded_at",
    PurgedYear = 32 "purged_year",
    PurgedFirst = 33 "purged_first",
    PurgedLast = 34 "purged_last",
    PurgedCount = 35 "purged_count",
    Operator = 36 "operator",
    At = 37 "at",
}

impl Field {
    /// Every field, in the order of its number.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().copied()
    }
}

impl core::fmt::Display for Field {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_and_names_are_unique_and_read_back() {
        let names: BTreeSet<_> = Field::all().map(Field::name).collect();
        assert_eq!(names.len(), ALL.len());
        for (at, field) in Field::all().enumerate() {
            assert_eq!(usize::from(field.number()), at);
            assert_eq!(Field::from_number(field.number()), Some(field));
        }
        assert_eq!(Field::from_number(38), None);
    }

    #[test]
    fn no_field_is_about_a_document() {
        for name in Field::all().map(Field::name) {
            for word in
                ["document", "file", "digest", "hash", "imprint", "size", "length", "media", "path", "title"]
            {
                assert!(!name.contains(word), "{name}");
            }
        }
    }
}
