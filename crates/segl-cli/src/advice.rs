//! What to do about an error, where the error alone does not say it.

use std::error::Error;
use std::io;

use segl::pades::PrepareError;
use segl::pdf::ReadError;
use segl::record::ReferenceError;
use segl::sealing::OpenError;
use segl::store::StoreError;

use crate::cert::CertFileError;
use crate::device::LabelError;
use crate::error::causes;
use crate::holder::HolderFileError;
use crate::home::HomeError;
use crate::input::StatusFileError;
use crate::output::OutputError;
use crate::seal::{FileKind, SealFileError};
use crate::validate::ValidateFileError;

/// What to do about a slot that a key may be left in.
const CLEAR_SLOT: &str = "look at the device; when no key labelled segl-once-... is in it, `segl records clear SLOT --operator ROLE` lets sealing go on";

/// The advice for the first cause that has one.
pub(crate) fn advice(error: &(dyn Error + 'static)) -> Option<String> {
    causes(error).find_map(of)
}

fn of(error: &(dyn Error + 'static)) -> Option<String> {
    let advice = if let Some(error) = error.downcast_ref::<ReadError>() {
        document(error)?
    } else if let Some(error) = error.downcast_ref::<PrepareError>() {
        signature(error)?
    } else if let Some(error) = error.downcast_ref::<OutputError>() {
        output(error)?
    } else if let Some(error) = error.downcast_ref::<ReferenceError>() {
        reference(error)
    } else if let Some(OpenError::SlotStopped { .. }) = error.downcast_ref::<OpenError<StoreError>>() {
        CLEAR_SLOT
    } else if error.is::<OpenError<StoreError>>() {
        "a session and its assertion give one seal: authenticate the holder again, and give the new ones in the holder file"
    } else if let Some(HomeError::NoStore { .. }) = error.downcast_ref::<HomeError>() {
        "put the file back from a copy; without it nothing is known of the certificates that were issued, so begin a new home with --home"
    } else if let Some(StoreError::Full) = error.downcast_ref::<StoreError>() {
        "make room on the disk of the home folder; nothing was sealed"
    } else if let Some(error) = error.downcast_ref::<HolderFileError>() {
        return holder(error);
    } else if let Some(HomeError::Exists { .. }) = error.downcast_ref::<HomeError>() {
        "an authority is made once; give another folder with --home, or use the one that is there"
    } else if let Some(HomeError::NotEmpty { .. }) = error.downcast_ref::<HomeError>() {
        "give a new or an empty folder with --home"
    } else if let Some(HomeError::BaseUrl { .. }) = error.downcast_ref::<HomeError>() {
        "give the name of a public host, such as http://pki.example.com; it need not answer"
    } else if let Some(HomeError::Write(_)) = error.downcast_ref::<HomeError>() {
        "give a folder that you may write to with --home"
    } else if let Some(error) = error.downcast_ref::<ValidateFileError>() {
        validation(error)?
    } else if let Some(error) = error.downcast_ref::<CertFileError>() {
        certificate(error)?
    } else if let Some(error) = error.downcast_ref::<StatusFileError>() {
        error.advice()?
    } else if error.is::<LabelError>() {
        "give the token a label of letters (a to z), digits, blanks and . _ - : / + with the device's own tool"
    } else if let Some(error) = error.downcast_ref::<SealFileError>() {
        sealing(error)?
    } else {
        return device(error).map(str::to_owned);
    };
    Some(advice.to_owned())
}

const fn certificate(error: &CertFileError) -> Option<&'static str> {
    match error {
        CertFileError::Certificate { .. } => {
            Some("the file is damaged or holds something else: get another copy")
        }
        CertFileError::Empty { .. }
        | CertFileError::NoCertificate { .. }
        | CertFileError::Other { .. }
        | CertFileError::TooLarge { .. } => Some(
            "give certificates as they are issued, DER or PEM (-----BEGIN CERTIFICATE-----), or a signed PDF",
        ),
        CertFileError::Folder { .. } => Some("name the files in it"),
        CertFileError::Pdf { .. } => Some("get another copy of the document, whole and not encrypted"),
        CertFileError::Read { .. } | CertFileError::Unsigned { .. } => None,
    }
}

const fn document(error: &ReadError) -> Option<&'static str> {
    match error {
        ReadError::Encrypted { .. } => Some("remove the encryption before the document is sealed"),
        ReadError::NotAPdf { .. } => Some("give a PDF file; --format pades seals nothing else"),
        ReadError::Limit { .. } | ReadError::Structure { .. } | ReadError::StreamLength { .. } => {
            Some("rewrite the file with another tool before it is sealed")
        }
        ReadError::Syntax(_) | ReadError::Filter { .. } => {
            Some("the file is damaged: get another copy, or rewrite it with another tool before it is sealed")
        }
        _ => None,
    }
}

const fn signature(error: &PrepareError) -> Option<&'static str> {
    match error {
        PrepareError::AlreadySigned { .. } => Some("name an empty field with --field, or leave --field out"),
        PrepareError::ForbiddenByDocMdp { .. } => Some(
            "its author allows no further signature; seal the document as it was before it was certified",
        ),
        PrepareError::ForbiddenByFieldMdp { .. } => Some("name a field that is not locked with --field"),
        PrepareError::InvalidFieldName { .. } => {
            Some("a field name has at least one character and no period")
        }
        PrepareError::NotASignatureField { .. } => Some("name a signature field, or leave --field out"),
        PrepareError::SeedValue { .. } => Some("use another field, or leave --field out"),
        _ => None,
    }
}

fn output(error: &OutputError) -> Option<&'static str> {
    let OutputError::Write { source, .. } = error else { return None };
    match source.kind() {
        io::ErrorKind::NotFound => Some("make the folder first, or give another place with -o"),
        io::ErrorKind::InvalidInput => Some("give the name of a file with -o"),
        io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => {
            Some("give the name of a file in a folder with -o")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("give a place that you may write to with -o")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::FileTooLarge | io::ErrorKind::QuotaExceeded => {
            Some("make room, or give a place on another disk with -o; nothing was let out")
        }
        _ => None,
    }
}

const fn reference(error: &ReferenceError) -> &'static str {
    match error {
        ReferenceError::DigestLike { .. } | ReferenceError::FileName => {
            "the record must not tell which document was sealed: write a case number, for example"
        }
        ReferenceError::PersonNumber { .. } => {
            "the record must not hold it: write a case number, for example"
        }
        ReferenceError::Empty => "leave --reference out to have none",
        _ => "write one line of plain text",
    }
}

fn holder(error: &HolderFileError) -> Option<String> {
    match error {
        HolderFileError::Syntax { .. } | HolderFileError::Certificate { .. } => Some(
            "a holder file has [organisation] country, name, number (as in NTRDK-12345678), unit; [person] name, uuid, email; \
             and may have [authentication]"
                .to_owned(),
        ),
        _ => None,
    }
}

const fn validation(error: &ValidateFileError) -> Option<&'static str> {
    match error {
        ValidateFileError::NoTrust { .. } => {
            Some("give the root that you trust with --trust, or make a seal first: that makes an authority")
        }
        ValidateFileError::NoAnchor { .. } => {
            Some("--trust takes certificates in DER or PEM, or a folder with some")
        }
        ValidateFileError::NotEvidence { .. } => {
            Some("the name of a CRL ends in .crl; every other file is an OCSP response, in DER")
        }
        ValidateFileError::OverInput { .. } => Some("give another name with -o"),
        _ => None,
    }
}

const fn sealing(error: &SealFileError) -> Option<&'static str> {
    match error {
        SealFileError::NotAFile { kind: FileKind::Folder, .. } => Some("name the files in it"),
        SealFileError::NotAFile { kind: FileKind::Stream, .. } => Some("write it to a file first"),
        _ => None,
    }
}

#[cfg(feature = "pkcs11")]
fn device(error: &(dyn Error + 'static)) -> Option<&'static str> {
    use std::sync::Arc;

    use segl::key::pkcs11::{PinError, Pkcs11Error};
    use segl::key::{DestroyError, GenerateError};

    use crate::device::pkcs11::TokenError;

    // That a key may be left comes before why.
    let in_doubt = |error: &GenerateError<Pkcs11Error>| !error.leaves_nothing();
    if error.is::<DestroyError<Pkcs11Error>>() || error.downcast_ref().is_some_and(in_doubt) {
        return Some(CLEAR_SLOT);
    }
    if let Some(TokenError::Leftovers { .. }) = error.downcast_ref() {
        return Some(
            "destroy the keys labelled segl-once-... with the device's own tool; the token must not be used before",
        );
    }
    if let Some(error) = error.downcast_ref::<Arc<PinError>>() {
        return pin(error);
    }
    let shared = || error.downcast_ref::<Arc<Pkcs11Error>>().map(AsRef::as_ref);
    match error.downcast_ref::<Pkcs11Error>().or_else(shared)? {
        Pkcs11Error::AmbiguousToken { .. } => {
            Some("give the tokens labels of their own with the device's own tool")
        }
        Pkcs11Error::Busy { .. } => {
            Some("all sessions of the device are in use; try again later, or seal less at the same time")
        }
        Pkcs11Error::DeviceRemoved(_) => {
            Some("put the device back, or see that it can be reached, and seal again; nothing was let out")
        }
        Pkcs11Error::ModuleNotLoaded { .. } => Some(
            "--pkcs11 is the path of the device's library, such as /usr/lib/softhsm/libsofthsm2.so; where that is right, look at the \
             library's own configuration (SOFTHSM2_CONF for that one)",
        ),
        Pkcs11Error::NoSuchToken { present, .. } if present.is_empty() => Some(
            "initialise a token with the device's own tool; where there is one, see that the device is connected and look at the library's \
             own configuration (SOFTHSM2_CONF for SoftHSM2)",
        ),
        Pkcs11Error::NoSuchToken { .. } => Some(
            "--token is the label that the device has for the token; `pkcs11-tool --list-slots` shows them",
        ),
        Pkcs11Error::OtherToken { .. } => Some(
            "another token stands where the one in use was: put that one back, or begin again if the new one is meant; the PIN was not given to it",
        ),
        Pkcs11Error::PinExpired => Some("set a new PIN with the device's own tool"),
        Pkcs11Error::PinLocked => Some("the device's security officer has to unlock the PIN"),
        Pkcs11Error::Saturated(_) => Some("let other programs go from the device, or try again later"),
        Pkcs11Error::SessionLost(_) => {
            Some("the device has closed the session; seal again, nothing was let out")
        }
        Pkcs11Error::TooFewSessions { .. } => Some(
            "sealing needs four sessions at the same time; let the token have more with the device's own tool, or let other programs go from it",
        ),
        Pkcs11Error::TooManyObjects { .. } => Some(
            "look with the device's own tool what is in the token; a token for sealing needs hardly any objects",
        ),
        Pkcs11Error::Unsupported(_) => {
            Some("the token has to make keys on P-256 or P-384 and sign with CKM_ECDSA; use another one")
        }
        Pkcs11Error::WrongPin => Some(
            "the PIN is the one line of the --pin-file; correct it before you try again, devices lock after a few failures",
        ),
        _ => None,
    }
}

#[cfg(feature = "pkcs11")]
fn pin(error: &segl::key::pkcs11::PinError) -> Option<&'static str> {
    use segl::key::pkcs11::PinError;

    match error {
        PinError::Empty { .. } | PinError::NotALine { .. } | PinError::TooLong { .. } => {
            Some("write the token's user PIN into the file, and nothing else")
        }
        PinError::File { .. } => {
            Some("--pin-file is a file that holds the token's user PIN and nothing else")
        }
        PinError::OpenToOthers { .. } => Some(
            "`chmod 600` the file; where others may have read it, set a new PIN with the device's own tool",
        ),
        _ => None,
    }
}

#[cfg(not(feature = "pkcs11"))]
const fn device(_: &(dyn Error + 'static)) -> Option<&'static str> {
    None
}

#[cfg(all(test, feature = "pkcs11"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

    use core::time::Duration;
    use std::path::Path;
    use std::sync::Arc;

    use segl::key::pkcs11::{Pin, Pkcs11Error};
    use segl::key::{DestroyError, GenerateError, Trace};

    use super::*;
    use crate::device::pkcs11::TokenError;

    const BUSY: Pkcs11Error = Pkcs11Error::Busy { in_use: 64, waiting: 256, waited: Duration::ZERO };

    #[track_caller]
    fn says(error: &(dyn Error + 'static), what: &str) {
        let advice = advice(error).expect("there is advice");
        assert!(advice.contains(what), "{advice}");
    }

    #[test]
    fn device_that_is_too_small_or_in_use() {
        says(&BUSY, "try again later");
        says(&TokenError::Device(Arc::new(BUSY)), "try again later");
        says(&Pkcs11Error::TooFewSessions { in_use: 2 }, "four sessions");
        says(&Pkcs11Error::WrongPin, "correct it before you try again");
        says(&TokenError::Leftovers { remaining: 2 }, "segl-once-");
        let missing = |present| Pkcs11Error::NoSuchToken { label: "seals".to_owned(), present };
        says(&missing(vec!["other".to_owned()]), "--token is the label");
        says(&missing(Vec::new()), "initialise a token");
    }

    #[test]
    fn key_that_may_be_left_comes_before_why() {
        says(&GenerateError::Device(BUSY), "try again later");
        let error = || Pkcs11Error::KeyInDoubt { asked: Box::new(BUSY), left: None };
        says(&GenerateError::Device(error()), "records clear");
        says(&DestroyError::Lost(BUSY), "records clear");
        says(&DestroyError::<Pkcs11Error>::StillThere(Trace::default()), "records clear");
    }

    #[test]
    fn pin_that_is_not_there() {
        let missing = || Pin::from_file(Path::new("/nowhere/pin.txt")).unwrap_err();
        says(&TokenError::NoPin(Arc::new(missing())), "--pin-file");
    }
}
