//! Small changes to dictionaries that may stand directly in another or behind a reference.

use segl_crypto::Source;
use segl_pdf::{Dictionary, Document, Object, Update, UpdateError};

/// Puts a changed value back where the old one was: behind its reference, or directly under the key. Says whether
/// the owner has changed and must be written.
pub(crate) fn put_back<S: Source>(
    update: &mut Update<'_, S>,
    owner: &mut Dictionary,
    key: &str,
    value: Object,
) -> Result<bool, UpdateError> {
    if let Some(reference) = owner.get(key).and_then(Object::as_reference) {
        update.replace(reference, value)?;
        return Ok(false);
    }
    owner.set(key, value);
    Ok(true)
}

/// Appends items to the array under a key, which may be missing, direct or behind a reference.
pub(crate) fn append<S: Source>(
    document: &Document<S>,
    update: &mut Update<'_, S>,
    owner: &mut Dictionary,
    key: &str,
    new: impl IntoIterator<Item = Object>,
) -> Result<bool, UpdateError> {
    let old = document.value(owner, key)?;
    let mut items = old.as_array().unwrap_or_default().to_vec();
    items.extend(new);
    put_back(update, owner, key, Object::Array(items))
}

/// Names the ETSI extension in the catalog of a document older than PDF 2.0, which has it built in (EN 319 142-1, 5.1).
pub(crate) fn name_extension<S: Source>(
    document: &Document<S>,
    update: &mut Update<'_, S>,
    catalog: &mut Dictionary,
) -> Result<bool, UpdateError> {
    if document.version()? >= (2, 0) {
        return Ok(false);
    }
    let mut extensions = document.dictionary(catalog, "Extensions")?.unwrap_or_default();
    if extensions.get("ESIC").is_some() {
        return Ok(false);
    }
    let level = Dictionary::new().with("BaseVersion", Object::name("1.7")).with("ExtensionLevel", 1);
    extensions.set("ESIC", level);
    put_back(update, catalog, "Extensions", extensions.into())
}
