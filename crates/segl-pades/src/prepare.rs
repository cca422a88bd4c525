//! A document to an update with room for a signature.

use std::ops::Range;

use segl_crypto::{Digest, Hasher, Source, Time};
use segl_pdf::{
    Appendix, Dictionary, Document, Draft, Object, PdfString, Reference, Update, UpdateError, text,
};

use crate::{
    PrepareError, SealProperties, edit,
    field::{self, Target},
    permissions,
};

/// More room than this is not reserved: 8 MiB of signature are 16 MiB of digits, as much as a reader looks at.
const MAX_RESERVED: usize = 8 << 20;

/// An update that is complete but for the signature itself.
///
/// Hand [`Self::digest`] to whoever makes the CMS or the time-stamp token, and what they make to
/// [`Self::assemble`](crate::Prepared::assemble).
#[derive(Debug, Clone)]
#[must_use = "a prepared update is not yet signed"]
pub struct Prepared {
    pub(crate) appendix: Appendix,
    /// Of the value of `/Contents` with its angle brackets, in the update's bytes.
    pub(crate) contents: Range<usize>,
    byte_range: [u64; 4],
    field: String,
}

impl Prepared {
    /// The digest over the `/ByteRange`. `before` has taken in every byte of the document before this update, in order.
    #[must_use]
    pub fn digest(&self, mut before: Hasher) -> Digest {
        let bytes = self.appendix.bytes();
        before.update(bytes.get(..self.contents.start).unwrap_or_default());
        before.update(bytes.get(self.contents.end..).unwrap_or_default());
        before.finish()
    }

    /// How many bytes there is room for.
    #[must_use]
    pub fn reserved(&self) -> usize {
        self.contents.len().saturating_sub(2) / 2
    }

    /// The `/ByteRange` as it is written.
    #[must_use]
    pub fn byte_range(&self) -> [u64; 4] {
        self.byte_range
    }

    /// The full name of the field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

/// A seal worked out but for what comes with its certificate: the claimed time and the room for its CMS.
///
/// Everything that can forbid the seal has been asked of the document, so a one-shot key need not be made for nothing.
#[derive(Debug)]
#[must_use = "a plan changes nothing"]
pub struct Plan {
    draft: Draft,
    signature: Reference,
    dictionary: Dictionary,
    field: String,
}

/// Plans a PAdES baseline signature (EN 319 142-1, 6.3): an invisible field is added on the first page, or a named
/// empty field is filled. Signatures already there are left alone, and obeyed.
///
/// Of the properties, the claimed time and the room are not looked at: they are given to [`Plan::lay_out`].
///
/// # Errors
/// When an earlier signature forbids it, the field cannot be used, or the document cannot be read.
pub fn plan<S: Source>(document: &Document<S>, properties: &SealProperties) -> Result<Plan, PrepareError> {
    const SUB_FILTER: &str = "ETSI.CAdES.detached";
    let fields = document.fields()?;
    let earlier = permissions::read(document, &fields)?;
    if let Some(by) = earlier.iter().find(|earlier| earlier.permission.is_some_and(|p| p < 2)) {
        let permission = by.permission.unwrap_or(1);
        return Err(PrepareError::ForbiddenByDocMdp { field: by.field.clone(), permission });
    }
    let target = Target::choose(&fields, properties.field.as_deref(), "Signature")?;
    field::check_free(document, &fields, &target, &earlier)?;
    let mut dictionary = Dictionary::new()
        .with("Type", Object::name("Sig"))
        .with("Filter", Object::name("Adobe.PPKLite"))
        .with("SubFilter", Object::name(SUB_FILTER));
    for (key, value) in [
        ("Name", &properties.name),
        ("Reason", &properties.reason),
        ("Location", &properties.location),
        ("ContactInfo", &properties.contact),
    ] {
        if let Some(value) = value {
            dictionary.set(key, PdfString::literal(text::encode(value)));
        }
    }
    if let Target::Existing { dictionary: field, name, .. } = &target {
        field::check_seed_values(document, field, name, SUB_FILTER)?;
        if let Some(lock) = document.dictionary(field, "Lock")? {
            dictionary.set("Reference", vec![lock_reference(document, &lock)?]);
        }
    }
    Plan::new(document, target, dictionary)
}

/// Prepares a PAdES baseline signature as an incremental update: [`plan`] and [`Plan::lay_out`] in one.
///
/// # Errors
/// As these two.
pub fn prepare<S: Source>(
    document: &Document<S>,
    properties: &SealProperties,
) -> Result<Prepared, PrepareError> {
    plan(document, properties)?.lay_out(document, properties.time, properties.reserved)
}

/// Prepares a document time-stamp (EN 319 142-1, 5.4.3) as an incremental update with a field of its own.
///
/// A document time-stamp may be added to every document, also to one that is certified with P=1.
///
/// # Errors
/// When the document cannot be read, or the space cannot be reserved.
pub fn prepare_timestamp<S: Source>(
    document: &Document<S>,
    reserved: usize,
) -> Result<Prepared, PrepareError> {
    let fields = document.fields()?;
    let target = Target::choose(&fields, None, "Timestamp")?;
    let dictionary = Dictionary::new()
        .with("Type", Object::name("DocTimeStamp"))
        .with("Filter", Object::name("Adobe.PPKLite"))
        .with("SubFilter", Object::name("ETSI.RFC3161"));
    Plan::new(document, target, dictionary)?.write(document, reserved)
}

/// The field's lock, signed as a FieldMDP transform (12.8.2.4).
fn lock_reference<S: Source>(document: &Document<S>, lock: &Dictionary) -> Result<Object, PrepareError> {
    let mut parameters = Dictionary::new().with("Type", Object::name("TransformParams"));
    for key in ["Action", "Fields", "P"] {
        let value = document.value(lock, key)?;
        if !value.is_null() {
            parameters.set(key, value);
        }
    }
    parameters.set("V", Object::name("1.2"));
    Ok(Dictionary::new()
        .with("Type", Object::name("SigRef"))
        .with("TransformMethod", Object::name("FieldMDP"))
        .with("TransformParams", parameters)
        .with("Data", document.root())
        .into())
}

impl Plan {
    fn new<S: Source>(
        document: &Document<S>,
        target: Target,
        dictionary: Dictionary,
    ) -> Result<Self, PrepareError> {
        let field = target.name().to_owned();
        let mut update = Update::new(document)?;
        let signature = update.reserve()?;
        update.track(signature);
        let mut catalog = document.catalog()?;
        let mut catalog_changed = field::fill(document, &mut update, &mut catalog, target, signature)?;
        catalog_changed |= edit::name_extension(document, &mut update, &mut catalog)?;
        if catalog_changed {
            update.replace(document.root(), catalog)?;
        }
        Ok(Self { draft: update.set_aside(), signature, dictionary, field })
    }

    /// The full name of the field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Writes the update, with `/M` in whole seconds and room for a CMS of `reserved` bytes. The document's bytes stay as they
    /// are.
    ///
    /// # Errors
    /// When the space cannot be reserved, or the document is not the one that was planned for.
    pub fn lay_out<S: Source>(
        mut self,
        document: &Document<S>,
        time: Time,
        reserved: usize,
    ) -> Result<Prepared, PrepareError> {
        self.dictionary.set("M", PdfString::literal(text::encode_date(time.truncate_to_seconds())));
        self.write(document, reserved)
    }

    fn write<S: Source>(self, document: &Document<S>, reserved: usize) -> Result<Prepared, PrepareError> {
        if reserved == 0 || reserved > MAX_RESERVED {
            return Err(PrepareError::Reserve { reserved });
        }
        let Self { draft, signature, dictionary, field } = self;
        let mut update = draft.resume(document).ok_or(PrepareError::AnotherDocument)?;
        // Ten digits are enough below 10 GB; numbers are written in the final places once these are known.
        let digits = document.source().len().checked_ilog10().unwrap_or(0).max(9) + 1;
        let widest = 10_i64.checked_pow(digits).map_or(i64::MAX, |power| power - 1);
        let widest = [0, widest, widest, widest].map(Object::Integer);
        // What tells two seals of one document apart: field, time, and what the sealer says.
        let texts = dictionary.iter().filter_map(|(_, value)| value.as_string());
        let texts: Vec<&[u8]> = texts.map(PdfString::as_bytes).chain([field.as_bytes()]).collect();
        let identity = texts.join(&0);
        let dictionary = dictionary
            .with("ByteRange", widest.to_vec())
            .with("Contents", PdfString::hexadecimal(vec![0; reserved]));
        update.replace(signature, dictionary)?;
        let mut appendix = update.finish(&identity)?;
        let too_large = || UpdateError::TooLarge { len: u64::MAX };
        let contents = appendix.place(signature, "Contents").ok_or_else(too_large)?;
        let numbers = appendix.place(signature, "ByteRange").ok_or_else(too_large)?;
        let position = |at: usize| {
            let at = u64::try_from(at).ok().and_then(|at| appendix.base_len().checked_add(at));
            at.ok_or_else(too_large)
        };
        let (head, tail) = (position(contents.start)?, position(contents.end)?);
        let end = position(appendix.bytes().len())?;
        let byte_range = [0, head, tail, end - tail];
        let text = format!("[0 {head} {tail} {}]", end - tail);
        let text = format!("{text:<width$}", width = numbers.len());
        if text.len() != numbers.len() || !appendix.write_over(numbers.start, text.as_bytes()) {
            return Err(too_large().into());
        }
        Ok(Prepared { appendix, contents, byte_range, field })
    }
}
