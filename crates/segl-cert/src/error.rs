use segl_crypto::{KeyKind, PublicKeyError, SignatureAlgorithm, Time};
use segl_x509::{CertificateError, CertificateSignatureError};

/// Why a profile does not make a certificate content: what it forbids does not build.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The issuer's key does not sign with this algorithm, or TS 119 312 does not list it.
    #[error("a key of the kind {key} does not sign with {algorithm} here")]
    Algorithm {
        /// The issuer's key.
        key: KeyKind,
        /// The algorithm asked for.
        algorithm: SignatureAlgorithm,
    },
    /// Validity-assured certificates are short-term (EN 319 411-1 GEN-6.6.1-04, -05): 12 hours are, 10 days are not.
    #[error("a certificate of 24 hours or more cannot be validity-assured")]
    AssuredTooLong,
    /// QcCClegislation says that a certificate is qualified under another law than that of the EU (EN 319 412-5 4.2.4).
    #[error("an EU qualified certificate names no legislation of another country")]
    CountryLegislation,
    /// QcQSCDlegislation names no country, or one that is none outside the European Economic Area (QCS-4.2.5-01).
    #[error("{country:?} is no country outside the European Economic Area")]
    DeviceLegislation {
        /// As given.
        country: String,
    },
    /// QcQSCDlegislation for a key that is in no qualified device.
    #[error("there is no qualified device whose legislation could be named")]
    DeviceLegislationWithoutDevice,
    /// A disclosure statement is not `https`, its language is not one of ISO 639-1 in lower case, or one language comes
    /// twice.
    #[error("the disclosure statement {url} ({language}) is not https with a two-letter language of its own")]
    DisclosureStatement {
        /// Its address.
        url: String,
        /// Its language.
        language: String,
    },
    /// No disclosure statement in English (EN 319 412-5 4.3.4).
    #[error("there is no disclosure statement in English")]
    DisclosureStatementMissing,
    /// A name is no public domain name, stands twice, or there is none.
    #[error("{domain:?} is no public domain name of its own")]
    Domain {
        /// As given.
        domain: String,
    },
    /// Extended validation is for organisations with the number of a register, and for domain names without a wildcard.
    #[error("extended validation is for registered organisations and for names without a wildcard")]
    ExtendedValidation,
    /// QcIdentMethod holds exactly one method.
    #[error("{count} methods of identification, not one")]
    IdentificationMethod {
        /// How many.
        count: usize,
    },
    /// The issuer's certificate is not one of a certification authority.
    #[error("the issuer is no certification authority: {0}")]
    Issuer(IssuerFault),
    /// The issuer's key cannot be used.
    #[error("the issuer's key cannot be used")]
    IssuerKey(#[source] PublicKeyError),
    /// A key of this kind cannot be certified under this profile.
    #[error("a key of the kind {0} does not fit the profile")]
    Key(KeyKind),
    /// A life of no seconds, or one longer than the profile allows.
    #[error("a life of {seconds} seconds does not fit the profile")]
    Lifetime {
        /// In seconds.
        seconds: u64,
    },
    /// The limit is negative or its currency is none of ISO 4217.
    #[error("{amount} x 10^{exponent} {currency} is no limit")]
    Limit {
        /// The currency.
        currency: crate::Currency,
        /// The amount before the exponent.
        amount: i64,
        /// Power of ten.
        exponent: i64,
    },
    /// The name looks like one of the denied names.
    #[error("the name looks like {entry:?}, which must not be used")]
    NameDenied {
        /// The entry of the list.
        entry: String,
    },
    /// The issuer is a TEST authority, and the holder's names do not both say TEST.
    #[error("a TEST authority issues only to names that say TEST: {name:?} does not")]
    NotMarkedTest {
        /// The name.
        name: String,
    },
    /// The additional policy is one of those the statements decide (EN 319 411-2), or any policy.
    #[error("the policy {0} is decided by the profile")]
    Policy(segl_x509::ObjectIdentifier),
    /// The statement about payment services does not fit (TS 119 495).
    #[error("the statement about payment services does not fit: {0}")]
    Psd2(Psd2Fault),
    /// The purpose limit is empty, longer than 200 characters, or holds characters that cannot be shown.
    #[error("the purpose limit is empty, longer than 200 characters or cannot be shown")]
    PurposeLimit,
    /// A name registration authority is no address.
    #[error("{url:?} is no address of a name registration authority")]
    RegistrationAuthority {
        /// As given.
        url: String,
    },
    /// An identifier of a local scheme needs the address of a name registration authority (EN 319 412-1 clause 5).
    #[error("an identifier of a local scheme needs a name registration authority")]
    RegistrationAuthorityMissing,
    /// A retention period is at least one year.
    #[error("{0} years are no retention period")]
    Retention(i64),
    /// Semantics come from the identifier in the subject; there is none with this meaning.
    #[error("the subject has no identifier that the semantics would be about")]
    SemanticsWithoutIdentifier,
    /// The statement follows from the profile, or cannot be read.
    #[error("the statement {0} is decided by the profile")]
    StatementDecided(segl_x509::Oid),
    /// Each statement stands once.
    #[error("the statement {0} is given twice")]
    StatementTwice(segl_x509::Oid),
}

/// What is wrong with a statement about payment services (TS 119 495).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Psd2Fault {
    /// The authority's identifier is not a country, a hyphen and two to eight capital letters.
    #[error("the authority's identifier is not like DK-DFSA")]
    AuthorityIdentifier,
    /// The authority's name is empty, longer than 256 characters, not in the basic Latin alphabet, which knows no accents (GEN-5.2.3-1), or cannot be shown.
    #[error("the authority's name is empty, too long, has other than plain Latin letters or cannot be shown")]
    AuthorityName,
    /// Only legal persons are payment service providers.
    #[error("the subject is no legal person")]
    NoLegalPerson,
    /// The subject's organizationIdentifier names another authority.
    #[error("the subject's identifier names another authority")]
    OtherAuthority,
    /// There is no role, one comes twice, or one has another name than TS 119 495 gives it.
    #[error("the roles are not those of TS 119 495")]
    Roles,
}

/// What an issuer's certificate lacks.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssuerFault {
    /// basicConstraints does not say cA.
    #[error("basicConstraints does not say cA")]
    BasicConstraints,
    /// keyUsage does not hold keyCertSign.
    #[error("keyUsage does not hold keyCertSign")]
    KeyUsage,
    /// The name lacks a country, an organisation, its identifier or a common name, or has one twice (EN 319 412-2 4.2.3.1).
    #[error("its name does not have country, organisation, identifier and common name once each")]
    Name,
}

/// Why nothing was prepared for signing.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// What was approved is not what would be issued.
    #[error("the approval names other content than the one presented")]
    ApprovalOfOther {
        /// SHA-256 the approval names.
        approved: [u8; 32],
        /// SHA-256 of the content presented.
        presented: [u8; 32],
    },
    /// The content claims a qualified device and the key is in none, or the reverse.
    #[error("the content presented says another device than the key's receipt")]
    Device,
    /// The key is of another kind than the content presented.
    #[error("the key is {got}, the content presented says {shown}")]
    KeyDiffers {
        /// What was presented.
        shown: KeyKind,
        /// What the key is.
        got: KeyKind,
    },
    /// The SubjectPublicKeyInfo cannot be read.
    #[error("the public key cannot be used")]
    Key(#[source] PublicKeyError),
    /// The profile refuses.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The certificate would live outside the life of its issuer.
    #[error(
        "the certificate would live from {not_before} to {not_after}, its issuer from {issuer_from} to {issuer_to}"
    )]
    OutsideIssuer {
        /// First second.
        not_before: Time,
        /// Last second.
        not_after: Time,
        /// First second of the issuer.
        issuer_from: Time,
        /// Last second of the issuer.
        issuer_to: Time,
    },
}

/// Why a signed certificate was not handed out.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// The content read back differs from the content shown.
    #[error("the certificate does not say what was shown")]
    DiffersFromShown,
    /// The content cannot be read back.
    #[error("the certificate made cannot be read back")]
    Content(#[from] ContentError),
    /// The signature value is not one of the issuer over this certificate; only `assemble_verified` looks.
    #[error("the signature value does not verify with the issuer's key")]
    Signature(#[source] CertificateSignatureError),
    /// The encoding cannot be read back.
    #[error("the certificate made cannot be read back")]
    Syntax(#[source] CertificateError),
}

/// Why a certificate has no content to show.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// notAfter is before notBefore.
    #[error("the validity ends at {not_after}, before it starts at {not_before}")]
    EndsBeforeItStarts {
        /// First second.
        not_before: Time,
        /// Last second.
        not_after: Time,
    },
    /// An extension has an object identifier too large to hold.
    #[error("an extension has an object identifier that is too large")]
    Extension,
    /// The key is of a kind that is not supported.
    #[error("the public key cannot be read")]
    Key(#[source] PublicKeyError),
}
