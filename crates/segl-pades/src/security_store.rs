//! The document security store: certificates and status information for whoever validates later.

use std::collections::HashSet;

use segl_ades::Evidence;
use segl_crypto::{Source, sha256};
use segl_pdf::{Appendix, Dictionary, Document, Entry, Object, ReadError, Update, UpdateError};

use crate::edit;

/// Objects read from one security store; real ones hold some tens. Origin: our choice.
const MAX_OBJECTS: usize = 4096;

/// Bytes read from the newest security store, decoded, and again from all earlier ones together. Origin: our choice; the largest
/// lists of public authorities have some ten megabytes.
const MAX_BYTES: usize = 32 << 20;

/// Objects of the stores of all earlier revisions together. Origin: our choice.
const MAX_EARLIER: usize = 1 << 14;

/// Revisions whose store is looked at. Origin: our choice; a document renewed once a year has some tens.
const MAX_REVISIONS: usize = 256;

/// Reads everything in the `/DSS` dictionary, its own arrays and those of all `/VRI` entries (EN 319 142-1, 5.4.2).
///
/// Which signature a VRI entry was written for is not looked at; evidence is matched by its content. A stream that
/// cannot be decoded is left out and counted.
///
/// # Errors
/// When the dictionaries cannot be read.
pub fn read_security_store<S: Source>(document: &Document<S>) -> Result<SecurityStore, ReadError> {
    let mut store = SecurityStore::default();
    let Some(listed) = list(document)? else { return Ok(store) };
    store.present = true;
    store.vri_entries = listed.vri_entries;
    let mut seen = HashSet::new();
    let mut left = MAX_BYTES;
    for (kind, item) in listed.items {
        if item.as_reference().is_some_and(|reference| !seen.insert(reference)) {
            continue;
        }
        let data = if seen.len() > MAX_OBJECTS || left == 0 { None } else { stream(document, &item) };
        let rest = data.as_ref().map(|data| left.checked_sub(data.len()));
        if let Some(rest) = rest {
            // The first that is too much ends it, or each of the others would be decoded to be refused.
            left = rest.unwrap_or(0);
        }
        let Some(data) = data.filter(|_| rest.flatten().is_some()) else {
            store.unreadable += 1;
            continue;
        };
        let pool = kind.pool(&mut store.evidence);
        if !pool.contains(&data) {
            pool.push(data);
        }
    }
    Ok(store)
}

/// Takes in what the store had in revisions from `first` on and has no longer in the newest: an update may write the dictionary anew and
/// leave out what it finds no use for, and it is still in the file.
pub(crate) fn take_earlier<S: Source>(document: &Document<S>, first: usize, store: &mut SecurityStore) {
    let mut known: HashSet<[u8; 32]> = store.evidence.pieces().map(sha256).collect();
    let (mut seen, mut left, mut bytes) = (HashSet::new(), MAX_EARLIER, MAX_BYTES);
    let earlier = (first..document.revisions().len().saturating_sub(1)).rev().take(MAX_REVISIONS);
    for then in earlier.filter_map(|revision| document.as_of(revision)) {
        let Ok(Some(listed)) = list(&then) else { continue };
        let Some(rest) = left.checked_sub(listed.items.len().saturating_add(listed.vri_entries)) else {
            return;
        };
        left = rest;
        store.present = true;
        for (kind, item) in listed.items {
            let place = item.as_reference().and_then(|reference| then.entry(reference.number));
            let Some(Entry::InUse { offset, .. }) = place else { continue };
            if !seen.insert(offset) {
                continue;
            }
            let Some(data) = stream(&then, &item) else { continue };
            let Some(rest) = bytes.checked_sub(data.len()) else {
                store.unreadable += 1;
                return;
            };
            bytes = rest;
            if known.insert(sha256(&data)) {
                kind.pool(&mut store.evidence).push(data);
            }
        }
    }
}

/// What a `/DSS` dictionary holds.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SecurityStore {
    /// Whether the catalog has a `/DSS` at all.
    pub present: bool,
    /// Certificates, CRLs and OCSP responses, each once.
    pub evidence: Evidence,
    /// How many `/VRI` entries there are.
    pub vri_entries: usize,
    /// How many references led to nothing that can be decoded, or were too many.
    pub unreadable: usize,
}

/// What the arrays of a store lead to, before any of it is read.
pub(crate) struct Listed {
    pub(crate) items: Vec<(Kind, Object)>,
    pub(crate) vri_entries: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Certificate,
    Crl,
    Ocsp,
}

impl Kind {
    fn pool(self, evidence: &mut Evidence) -> &mut Vec<Vec<u8>> {
        match self {
            Self::Certificate => &mut evidence.certificates,
            Self::Crl => &mut evidence.crls,
            Self::Ocsp => &mut evidence.ocsp_responses,
        }
    }
}

/// Lists a store, its own arrays and those of all `/VRI` entries; `None` when the catalog has no `/DSS`.
pub(crate) fn list<S: Source>(document: &Document<S>) -> Result<Option<Listed>, ReadError> {
    let catalog = document.catalog()?;
    let Some(dss) = document.dictionary(&catalog, "DSS")? else { return Ok(None) };
    let mut listed = Listed { items: Vec::new(), vri_entries: 0 };
    listed.arrays(document, &dss, ["Certs", "CRLs", "OCSPs"])?;
    if let Some(vri) = document.dictionary(&dss, "VRI")? {
        for (_, entry) in vri.iter().take(MAX_OBJECTS) {
            if let Object::Dictionary(entry) = document.resolve(entry)? {
                listed.vri_entries += 1;
                listed.arrays(document, &entry, ["Cert", "CRL", "OCSP"])?;
            }
        }
    }
    Ok(Some(listed))
}

impl Listed {
    fn arrays<S: Source>(
        &mut self,
        document: &Document<S>,
        owner: &Dictionary,
        keys: [&str; 3],
    ) -> Result<(), ReadError> {
        for (kind, key) in [Kind::Certificate, Kind::Crl, Kind::Ocsp].into_iter().zip(keys) {
            let array = document.value(owner, key)?;
            let items = array.as_array().unwrap_or_default();
            self.items.extend(items.iter().map(|item| (kind, item.clone())));
        }
        Ok(())
    }
}

fn stream<S: Source>(document: &Document<S>, item: &Object) -> Option<Vec<u8>> {
    let value = document.resolve(item).ok()?;
    document.stream_data(value.as_stream()?).ok()
}

/// Writes what is new into the `/DSS` dictionary as an incremental update; `None` when everything is there already.
///
/// What the dictionary has is kept, `/VRI` too; no `/VRI` is written (EN 319 142-1, 6.3 advises against it).
///
/// # Errors
/// When the document cannot be read or becomes too large.
pub fn add_evidence<S: Source>(
    document: &Document<S>,
    evidence: &Evidence,
) -> Result<Option<Appendix>, UpdateError> {
    let there = read_security_store(document)?.evidence;
    let mut catalog = document.catalog()?;
    let mut dss = document.dictionary(&catalog, "DSS")?.unwrap_or_default();
    let mut update = Update::new(document)?;
    let mut identity = Vec::new();
    for (key, new, old) in [
        ("Certs", &evidence.certificates, &there.certificates),
        ("OCSPs", &evidence.ocsp_responses, &there.ocsp_responses),
        ("CRLs", &evidence.crls, &there.crls),
    ] {
        let mut added: Vec<(&Vec<u8>, Object)> = Vec::new();
        for data in new {
            if !old.contains(data) && !added.iter().any(|(earlier, _)| *earlier == data) {
                identity.extend_from_slice(&sha256(data));
                added.push((data, update.add_stream(Dictionary::new(), data.clone())?.into()));
            }
        }
        if !added.is_empty() {
            // Directly in the dictionary, even where the old array stood behind a reference: there are validators that
            // look for what is new in the dictionary only.
            let before = document.value(&dss, key)?;
            let mut all = before.as_array().unwrap_or_default().to_vec();
            all.extend(added.into_iter().map(|(_, stream)| stream));
            dss.set(key, all);
        }
    }
    if identity.is_empty() {
        return Ok(None);
    }
    if dss.get("Type").is_none() {
        dss.set("Type", Object::name("DSS"));
    }
    let mut catalog_changed = edit::name_extension(document, &mut update, &mut catalog)?;
    if let Some(reference) = catalog.get("DSS").and_then(Object::as_reference) {
        update.replace(reference, dss)?;
    } else {
        let reference = update.add(dss)?;
        catalog.set("DSS", reference);
        catalog_changed = true;
    }
    if catalog_changed {
        update.replace(document.root(), catalog)?;
    }
    update.finish(&identity).map(Some)
}
