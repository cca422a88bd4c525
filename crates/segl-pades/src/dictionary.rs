//! Signature dictionaries: where they are, and what stands in them.

use segl_crypto::{Source, Time};
use segl_pdf::{
    ByteRange, ByteRangeError, Dictionary, Document, Object, PdfString, ReadError, Reference, text,
};

/// A signature dictionary that a field leads to (ISO 32000-2, table 255), read and not believed.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    /// Full names of the fields that lead here; more than one is a fault.
    pub(crate) fields: Vec<String>,
    pub(crate) reference: Option<Reference>,
    pub(crate) dictionary: Dictionary,
    pub(crate) sub_filter: Option<String>,
    pub(crate) filter: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) byte_range: Result<ByteRange, ByteRangeError>,
    pub(crate) contents: Option<PdfString>,
    pub(crate) texts: Texts,
}

/// What a signature says in words; signed, and claimed only.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    pub(crate) name: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) contact: Option<String>,
    pub(crate) time: Option<Time>,
    /// Whether `/M` is there, readable or not.
    pub(crate) has_time: bool,
}

/// Signature fields of one document.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    pub(crate) signed: Vec<Located>,
    pub(crate) empty: Vec<String>,
}

/// Finds every signature dictionary that a field's value or `/Perms /DocMDP` leads to, each once.
pub(crate) fn locate<S: Source>(document: &Document<S>) -> Result<Fields, ReadError> {
    let mut found = Fields::default();
    for field in document.fields()?.into_iter().filter(segl_pdf::Field::is_signature) {
        let value = field.value.clone().unwrap_or(Object::Null);
        let Object::Dictionary(dictionary) = document.resolve(&value)? else {
            found.empty.push(field.name);
            continue;
        };
        if dictionary.is_empty() {
            found.empty.push(field.name);
            continue;
        }
        let reference = value.as_reference();
        let known = |located: &&mut Located| reference.is_some() && located.reference == reference;
        if let Some(known) = found.signed.iter_mut().find(known) {
            known.fields.push(field.name);
        } else {
            found.signed.push(read(document, field.name, reference, dictionary)?);
        }
    }
    let catalog = document.catalog()?;
    if let Some(permissions) = document.dictionary(&catalog, "Perms")?
        && let Some(reference) = permissions.get("DocMDP").and_then(Object::as_reference)
        && !found.signed.iter().any(|located| located.reference == Some(reference))
        && let Object::Dictionary(dictionary) = document.load(reference)?
    {
        found.signed.push(read(document, "Perms/DocMDP".into(), Some(reference), dictionary)?);
    }
    Ok(found)
}

fn read<S: Source>(
    document: &Document<S>,
    field: String,
    reference: Option<Reference>,
    dictionary: Dictionary,
) -> Result<Located, ReadError> {
    let name = |key: &str| -> Result<Option<String>, ReadError> {
        let value = document.value(&dictionary, key)?;
        Ok(value.as_name().map(|name| String::from_utf8_lossy(name).into_owned()))
    };
    let text = |key: &str| -> Result<Option<String>, ReadError> {
        let value = document.value(&dictionary, key)?;
        Ok(value.as_string().map(|string| text::decode(string.as_bytes())))
    };
    let claimed = text("M")?;
    let texts = Texts {
        name: text("Name")?,
        reason: text("Reason")?,
        location: text("Location")?,
        contact: text("ContactInfo")?,
        time: claimed.as_deref().and_then(text::decode_date).map(|(time, _)| time),
        has_time: claimed.is_some(),
    };
    let range = document.value(&dictionary, "ByteRange")?;
    let contents = document.value(&dictionary, "Contents")?;
    Ok(Located {
        fields: vec![field],
        reference,
        sub_filter: name("SubFilter")?,
        filter: name("Filter")?,
        kind: name("Type")?,
        byte_range: ByteRange::read(&range, document.source().len()),
        contents: contents.as_string().cloned(),
        texts,
        dictionary,
    })
}
