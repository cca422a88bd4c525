//! A document to an update with room for a signature.

use std::ops::Range;

use segl_crypto::{Digest, Hasher, Source};
use segl_pdf::{Appendix, Dictionary, Document, Object, PdfString, Update, UpdateError, text};

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

/// Prepares a PAdES baseline signature (EN 319 142-1, 6.3) as an incremental update.
///
/// An invisible field is added on the first page, or a named empty field is filled; the document's bytes stay as they
/// are. Signatures already there are left alone, and obeyed.
///
/// # Errors
/// When an earlier signature forbids it, the field cannot be used, or the document cannot be read.
pub fn prepare<S: Source>(
    document: &Document<S>,
    properties: &SealProperties,
) -> Result<Prepared, PrepareError> {
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
        .with("SubFilter", Object::name(SUB_FILTER))
        .with("M", PdfString::literal(text::encode_date(properties.time)));
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
    write(document, target, dictionary, properties.reserved)
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
    write(document, target, dictionary, reserved)
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

fn write<S: Source>(
    document: &Document<S>,
    target: Target,
    dictionary: Dictionary,
    reserved: usize,
) -> Result<Prepared, PrepareError> {
    if reserved == 0 || reserved > MAX_RESERVED {
        return Err(PrepareError::Reserve { reserved });
    }
    let field = target.name().to_owned();
    // Ten digits are enough below 10 GB; numbers are written in the final places once these are known.
    let digits = document.source().len().checked_ilog10().unwrap_or(0).max(9) + 1;
    let widest = 10_i64.checked_pow(digits).map_or(i64::MAX, |power| power - 1);
    let widest = [0, widest, widest, widest].map(Object::Integer);
    let identity = format!("{dictionary:?} {field:?} {reserved}");
    let dictionary = dictionary
        .with("ByteRange", widest.to_vec())
        .with("Contents", PdfString::hexadecimal(vec![0; reserved]));
    let mut update = Update::new(document)?;
    let signature = update.add(dictionary)?;
    update.track(signature);
    let mut catalog = document.catalog()?;
    let mut catalog_changed = field::fill(document, &mut update, &mut catalog, target, signature)?;
    catalog_changed |= edit::name_extension(document, &mut update, &mut catalog)?;
    if catalog_changed {
        update.replace(document.root(), catalog)?;
    }
    let mut appendix = update.finish(identity.as_bytes())?;
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
    let text = format!("[{} {} {} {}]", 0, head, tail, end - tail);
    let text = format!("{text:<width$}", width = numbers.len());
    if text.len() != numbers.len() || !appendix.write_over(numbers.start, text.as_bytes()) {
        return Err(too_large().into());
    }
    Ok(Prepared { appendix, contents, byte_range, field })
}
