//! poppler's `pdfsig`.

use std::{io, path::Path, path::PathBuf, process::Command};

use super::{Skipped, common, said};

/// `pdfsig`, which checks signatures with NSS and without trust: intactness is its word, not origin.
#[derive(Debug)]
pub struct PdfSig {
    program: PathBuf,
}

/// One signature as `pdfsig` lists it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PdfSigSignature {
    /// Name of the field.
    pub field: String,
    /// Common name in the signer's certificate.
    pub signer: String,
    /// `/SubFilter`, or `unknown` for document time-stamps (poppler 22.12).
    pub kind: String,
    /// `Signature is Valid.` when intact. A document time-stamp is always `Signature has not yet been verified.` (22.12).
    pub validation: String,
    /// The byte range reaches the end of the file; never for the first signature of B-LT and B-LTA.
    pub covers_total: bool,
}

impl PdfSig {
    /// Finds `pdfsig`.
    ///
    /// # Errors
    /// It is not here.
    pub fn find() -> Result<Self, Skipped> {
        common("pdfsig", "SEGL_PEER_PDFSIG", "pdfsig").map(|program| Self { program })
    }

    /// Lists the signatures of a file. The exit status is of no use (0 whatever it finds), so the text is read.
    ///
    /// # Errors
    /// The program cannot be started.
    pub fn signatures(&self, file: &Path) -> io::Result<Vec<PdfSigSignature>> {
        let said = said(Command::new(&self.program).arg("-nocert").arg(file))?;
        Ok(read(&said.text))
    }
}

fn read(text: &str) -> Vec<PdfSigSignature> {
    let mut signatures: Vec<PdfSigSignature> = Vec::new();
    for line in text.lines() {
        if line.starts_with("Signature #") {
            signatures.push(PdfSigSignature::default());
        }
        let (Some(signature), Some(fact)) = (signatures.last_mut(), line.trim_start().strip_prefix("- "))
        else {
            continue;
        };
        let (name, value) = fact.split_once(": ").unwrap_or((fact, ""));
        match name {
            "Signature Field Name" => signature.field = value.to_owned(),
            "Signer Certificate Common Name" => signature.signer = value.to_owned(),
            "Signature Type" => signature.kind = value.to_owned(),
            "Signature Validation" => signature.validation = value.to_owned(),
            "Total document signed" => signature.covers_total = true,
            _ => {}
        }
    }
    signatures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_go_to_the_signature_they_stand_under() {
        let text = "Digital Signature Info of: a.pdf\nSignature #1:\n  - Signature Field Name: Seal1\n  - Not total document signed\n  \
                    - Signature Validation: Signature is Valid.\nSignature #2:\n  - Signature Field Name: Time\n  - Total document signed\n";
        let signatures = read(text);
        assert_eq!(signatures.len(), 2);
        let fields: Vec<_> = signatures.iter().map(|s| (s.field.as_str(), s.covers_total)).collect();
        assert_eq!(fields, [("Seal1", false), ("Time", true)]);
        assert_eq!(signatures.first().map(|s| s.validation.as_str()), Some("Signature is Valid."));
    }
}
