//! What earlier signatures allow (ISO 32000-2, 12.8.2.2, 12.8.2.4, 12.7.5.5).

use segl_crypto::Source;
use segl_pdf::{Dictionary, Document, Field, Object, ReadError, text};

/// A signature's word on later changes.
#[derive(Debug, Clone)]
pub(crate) struct Permissions {
    /// The field the signature is in.
    pub(crate) field: String,
    /// P of DocMDP or of a lock: 1, 2 or 3.
    pub(crate) permission: Option<i64>,
    pub(crate) locks: Vec<FieldLock>,
}

/// Which fields may not change any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldLock {
    All,
    Exclude(Vec<String>),
    Include(Vec<String>),
}

impl FieldLock {
    pub(crate) fn read<S: Source>(document: &Document<S>, lock: &Dictionary) -> Result<Self, ReadError> {
        let action = document.value(lock, "Action")?;
        let names = document.value(lock, "Fields")?;
        let names: Vec<String> = names
            .as_array()
            .unwrap_or_default()
            .iter()
            .filter_map(|name| document.resolve(name).ok())
            .filter_map(|name| name.as_string().map(|name| text::decode(name.as_bytes())))
            .collect();
        Ok(match action.as_name() {
            Some(b"Include") => Self::Include(names),
            Some(b"Exclude") => Self::Exclude(names),
            // What is not understood locks everything.
            _ => Self::All,
        })
    }

    pub(crate) fn covers(&self, field: &str) -> bool {
        let listed = |names: &[String]| {
            // A name in the list stands for all its descendants too.
            names.iter().any(|name| {
                field.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        match self {
            Self::All => true,
            Self::Exclude(names) => !listed(names),
            Self::Include(names) => listed(names),
        }
    }
}

/// What the signed fields of a document say.
pub(crate) fn read<S: Source>(
    document: &Document<S>,
    fields: &[Field],
) -> Result<Vec<Permissions>, ReadError> {
    let mut found = Vec::new();
    for field in fields.iter().filter(|field| field.is_signature()) {
        let Some(value) = &field.value else { continue };
        let Object::Dictionary(signature) = document.resolve(value)? else { continue };
        let mut permissions = of_signature(document, &signature, &field.name)?;
        if let Some(lock) = document.dictionary(&field.dictionary, "Lock")? {
            permissions.locks.push(FieldLock::read(document, &lock)?);
            let p = document.value(&lock, "P")?.as_integer();
            permissions.permission = permissions.permission.into_iter().chain(p).min();
        }
        found.push(permissions);
    }
    // A certification that no field leads to still binds.
    let catalog = document.catalog()?;
    if let Some(perms) = document.dictionary(&catalog, "Perms")?
        && let Some(signature) = document.dictionary(&perms, "DocMDP")?
    {
        let mut permissions = of_signature(document, &signature, "(Perms)")?;
        permissions.permission.get_or_insert(2);
        found.push(permissions);
    }
    Ok(found)
}

fn of_signature<S: Source>(
    document: &Document<S>,
    signature: &Dictionary,
    field: &str,
) -> Result<Permissions, ReadError> {
    let mut permissions = Permissions { field: field.into(), permission: None, locks: Vec::new() };
    let references = document.value(signature, "Reference")?;
    for reference in references.as_array().unwrap_or_default() {
        let Object::Dictionary(reference) = document.resolve(reference)? else { continue };
        let method = document.value(&reference, "TransformMethod")?;
        let parameters = document.dictionary(&reference, "TransformParams")?.unwrap_or_default();
        let p = document.value(&parameters, "P")?.as_integer();
        let p = match method.as_name() {
            // Without /P the default is 2 (table 257).
            Some(b"DocMDP") => Some(p.unwrap_or(2)),
            Some(b"FieldMDP") => {
                permissions.locks.push(FieldLock::read(document, &parameters)?);
                p
            }
            _ => None,
        };
        permissions.permission = permissions.permission.into_iter().chain(p).min();
    }
    Ok(permissions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_its_descendants() {
        let include = FieldLock::Include(vec!["a.b".into()]);
        assert!(include.covers("a.b") && include.covers("a.b.c"));
        assert!(!include.covers("a") && !include.covers("a.bc"));
        let exclude = FieldLock::Exclude(vec!["a".into()]);
        assert!(!exclude.covers("a.b") && exclude.covers("b"));
        assert!(FieldLock::All.covers("anything"));
    }
}
