//! What is sealed: the two PDFs made by the tests, and those of the corpus where it is there.

use std::fs;

use segl_testkit::corpus;

use super::pdf;

/// A document before it is sealed.
pub struct Original {
    /// Its name, for messages and file names.
    pub name: String,
    /// Which program wrote it.
    pub producer: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The empty field to fill; else the seal makes one.
    pub field: Option<&'static str>,
}

/// Files of `../shared/corpus/pades` and who wrote them. The later ones are signed already and are sealed once more.
const CORPUS: [(&str, &str); 26] = [
    ("dss-pades/EmptyPage.pdf", "Adobe Acrobat Pro 11"),
    ("dss-pades/pdf-with-annotations.pdf", "Adobe Acrobat Pro 11"),
    ("dss-pades/unsignedPDFWithSignatureFieldButInvisible.pdf", "Acrobat Web Capture 10"),
    ("dss-pades/not_signed_pdfa.pdf", "GPL Ghostscript 9.16"),
    ("dss-pades/testdoc.pdf", "GPL Ghostscript 9.26"),
    ("dss-pades/pdf-2.0.pdf", "Datalogics"),
    ("dss-pades/pdf-xref-streams.pdf", "Acrobat Distiller 5, Ashampoo PDF Pro"),
    ("dss-pades/pdfa2a-rgb.pdf", "LibreOffice 6.3"),
    ("dss-pades/sample.pdf", "LibreOffice"),
    ("dss-cades/validation/dss-728/politica_de_firma_anexo_1.pdf", "iText 5.0.6"),
    ("pyhanko/pdf/minimal-pdf-ua-and-a.pdf", "LibreOffice 7.3"),
    ("pyhanko/pdf/scribble.pdf", "cairo 1.16"),
    ("pyhanko/pdf/empty-a4.pdf", "pyHanko 0.7"),
    ("pyhanko/pdf/minimal-hybrid-xref.pdf", "pyHanko, by hand"),
    ("pyhanko/pdf/minimal-two-fields.pdf", "pyHanko, by hand"),
    ("pyhanko/pdf/minimal-with-simple-form.pdf", "pyHanko, by hand"),
    ("pyhanko/pdf/layout-tests/leaky-graphics-state-stamp-result.pdf", "Skia/PDF, Google Docs"),
    ("pyhanko/pdf/struct-tree-circular-ref.pdf", "pyHanko 0.4"),
    // signed already
    ("dss-pades/validation/doc-firmado-T.pdf", "FPDF 1.7"),
    ("dss-pades/validation/Signature-P-HU_MIC-1.pdf", "GPL Ghostscript 9.10, e-Szigno"),
    ("dss-pades/validation/TestToSignPDFSHA256_TST_SIG_NOT_FOUND.pdf", "Qt 4.8.7"),
    ("dss-pades/validation/dss-PLAIN-ECDSA/TeleSec_PKS_eIDAS_QES_CA_1-baseline-b.pdf", "3-Heights"),
    ("dss-pades/validation/dss-1376/DSS1376-rev_n.pdf", "iText 7.1.2"),
    ("dss-pades/validation/timestamped_and_signed.pdf", "Microsoft Word for Office 365"),
    ("pyhanko/pdf/extensions-direct.pdf", "pyHanko 0.15"),
    ("pyhanko/pdf/sig-with-ski-sid.pdf", "pyHanko"),
];

/// The two PDFs made by the tests.
pub fn made_here() -> Vec<Original> {
    let original =
        |name: &str, bytes| Original { name: name.to_owned(), producer: "segl tests", bytes, field: None };
    vec![original("classic", pdf::classic()), original("streams", pdf::streams())]
}

/// All of them. Says so when there is no corpus.
pub fn all() -> Vec<Original> {
    let mut all = made_here();
    let Some(corpus) = corpus::folder() else { return all };
    let folder = corpus.join("pades");
    all.extend(CORPUS.iter().map(|(path, producer)| Original {
        name: (*path).to_owned(),
        producer,
        bytes: fs::read(folder.join(path)).unwrap(),
        field: path.ends_with("minimal-two-fields.pdf").then_some("Sig2"),
    }));
    all
}
