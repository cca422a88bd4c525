//! A PDF as a document to be sealed.

use core::fmt;

use segl_ades::Evidence;
use segl_crypto::{Digest, DigestAlgorithm, Source, Time};
use segl_pades::{GrowingFile, Plan, Prepared, SealProperties};
use segl_pdf::Limits;

use crate::{Document, ServiceError};

/// What a seal in a PDF says of itself; all of it in clear in the file, and none of it in the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "made with struct update syntax")]
pub struct PdfOptions {
    /// The full name of an empty signature field to fill, or of a new one; `None` for the next free name.
    pub field: Option<String>,
    /// `/Reason`.
    pub reason: Option<String>,
    /// `/Location`.
    pub location: Option<String>,
}

/// A PDF on its way to a PAdES seal. The file is read by position and digested once; only what is appended is in memory.
pub struct PdfDocument<S> {
    source: S,
    limits: Limits,
    options: PdfOptions,
    open: Option<Open<S>>,
}

impl<S> fmt::Debug for PdfDocument<S> {
    /// Nothing of the document (S000-64): neither the source, which may be its bytes, nor what is written into it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PdfDocument").field("is_open", &self.open.is_some()).finish_non_exhaustive()
    }
}

struct Open<S> {
    file: GrowingFile<S>,
    algorithm: Option<DigestAlgorithm>,
    plan: Option<Plan>,
    prepared: Option<Prepared>,
}

/// A step was called out of its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the steps of sealing a PDF were called out of their order")]
struct OutOfOrder;

impl<S: Source + Clone> PdfDocument<S> {
    /// Takes the file; nothing is read yet. `S` is usually a reference.
    #[must_use]
    pub const fn new(source: S, limits: Limits, options: PdfOptions) -> Self {
        Self { source, limits, options, open: None }
    }

    /// What has to be written after the file's own bytes.
    #[must_use]
    pub fn tail(&self) -> &[u8] {
        self.open.as_ref().map_or(&[], |open| open.file.tail())
    }

    fn properties(&self) -> SealProperties {
        // Time and room are not known before the certificate is; a plan does without.
        let mut properties = SealProperties::new(Time::from_unix(0), 0);
        properties.field.clone_from(&self.options.field);
        properties.reason.clone_from(&self.options.reason);
        properties.location.clone_from(&self.options.location);
        properties
    }
}

impl<S> Open<S>
where
    S: Source + Clone,
{
    fn put_in(&mut self, value: &[u8]) -> Result<(), ServiceError> {
        let prepared = self.prepared.take().ok_or(OutOfOrder)?;
        let appendix = prepared.assemble(value)?;
        Ok(self.file.append(&appendix)?)
    }

    fn digest(&mut self, prepared: Prepared) -> Result<Digest, ServiceError> {
        let algorithm = self.algorithm.ok_or(OutOfOrder)?;
        let digest = prepared.digest(self.file.digest(algorithm)?);
        self.prepared = Some(prepared);
        Ok(digest)
    }
}

impl<S: Source + Clone + Send> Document for PdfDocument<S> {
    fn octets(&self) -> u64 {
        self.source.len()
    }

    fn open(&mut self) -> Result<(), ServiceError> {
        let file = GrowingFile::open(self.source.clone(), self.limits.clone())?;
        // What would forbid the seal must be known before a key is made: permissions, encryption, the field.
        let plan = Some(segl_pades::plan(file.document(), &self.properties())?);
        self.open = Some(Open { file, algorithm: None, plan, prepared: None });
        Ok(())
    }

    fn digest(&mut self, algorithm: DigestAlgorithm) -> Result<(), ServiceError> {
        let open = self.open.as_mut().ok_or(OutOfOrder)?;
        open.algorithm = Some(algorithm);
        open.file.digest(algorithm)?;
        Ok(())
    }

    fn lay_out(&mut self, signing_time: Time, reserve: usize) -> Result<Digest, ServiceError> {
        let open = self.open.as_mut().ok_or(OutOfOrder)?;
        let plan = open.plan.take().ok_or(OutOfOrder)?;
        let prepared = plan.lay_out(open.file.document(), signing_time, reserve)?;
        open.digest(prepared)
    }

    fn seal(&mut self, cms: &[u8]) -> Result<(), ServiceError> {
        self.open.as_mut().ok_or(OutOfOrder)?.put_in(cms)
    }

    fn add_evidence(&mut self, evidence: &Evidence) -> Result<(), ServiceError> {
        let open = self.open.as_mut().ok_or(OutOfOrder)?;
        if let Some(appendix) = segl_pades::add_evidence(open.file.document(), evidence)? {
            open.file.append(&appendix)?;
        }
        Ok(())
    }

    fn lay_out_archive(&mut self, reserve: usize) -> Result<Digest, ServiceError> {
        let open = self.open.as_mut().ok_or(OutOfOrder)?;
        let prepared = segl_pades::prepare_timestamp(open.file.document(), reserve)?;
        open.digest(prepared)
    }

    fn archive(&mut self, token: &[u8]) -> Result<(), ServiceError> {
        self.open.as_mut().ok_or(OutOfOrder)?.put_in(token)
    }
}
