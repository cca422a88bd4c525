//! The changes that are known to be harmless: metadata, evidence, signatures and their bookkeeping, field values.

use std::collections::{BTreeSet, HashMap, HashSet};

use segl_crypto::Source;
use segl_pdf::{Dictionary, Field, Object, ReadError, Reference};

use crate::{
    ChangeKind,
    explain::{MAX_OBJECTS, Step, differences},
};

impl<A: Source, B: Source> Step<'_, A, B> {
    pub(crate) fn metadata(&mut self) -> Result<(), ReadError> {
        if let Some(info) = self.new.trailer().get("Info").and_then(Object::as_reference) {
            let before = self.before(info);
            let same_role = self.old.trailer().get("Info").and_then(Object::as_reference) == Some(info);
            // A catalog, page or field that calls itself information is none.
            let plain = before.as_dictionary().is_some_and(|before| before.get("Type").is_none());
            if self.is_new(info) || (same_role && plain) {
                self.claim(info, ChangeKind::Metadata);
            }
        }
        let (old, new) = (self.old.catalog()?, self.new.catalog()?);
        if let Some(stream) = new.get("Metadata").and_then(Object::as_reference) {
            let same_role = old.get("Metadata").and_then(Object::as_reference) == Some(stream);
            let before = self.before(stream);
            let is_metadata = |value: &Object| {
                let kind = value.as_stream().and_then(|stream| stream.dictionary.get("Type"));
                kind.and_then(Object::as_name) == Some(b"Metadata")
            };
            if is_metadata(&self.new.load(stream)?)
                && (self.is_new(stream) || (same_role && is_metadata(&before)))
            {
                self.claim(stream, ChangeKind::Metadata);
            }
        }
        Ok(())
    }

    pub(crate) fn catalog(&mut self) -> Result<(), ReadError> {
        let root = self.new.root();
        if !self.is_touched(root) {
            return Ok(());
        }
        let (old, new) = (self.old.catalog()?, self.new.catalog()?);
        let allowed = ["AcroForm", "DSS", "Extensions", "Metadata", "Version"];
        self.compare(root, &old, &new, &allowed, ChangeKind::Bookkeeping);
        for key in ["Extensions", "Version"] {
            if let Some(value) = new.get(key) {
                self.claim_new_below(value, &ChangeKind::Bookkeeping, 0)?;
                if let Some(reference) =
                    value.as_reference().filter(|r| old.get(key) == Some(&Object::Reference(*r)))
                    && is_declaration(&self.before(reference))
                    && is_declaration(&self.new.load(reference)?)
                {
                    self.claim(reference, ChangeKind::Bookkeeping);
                }
            }
        }
        Ok(())
    }

    /// The store may grow: new objects below it, and its dictionaries and arrays rewritten.
    pub(crate) fn security_store(&mut self) -> Result<(), ReadError> {
        let (old, new) = (self.old.catalog()?, self.new.catalog()?);
        let Some(value) = new.get("DSS") else {
            if old.get("DSS").is_some() {
                self.note(Some(self.new.root()), "the security store was removed");
            }
            return Ok(());
        };
        let mut containers: Vec<(Object, Object)> =
            vec![(old.get("DSS").cloned().unwrap_or(Object::Null), value.clone())];
        let mut seen = HashSet::new();
        while let Some((before, now)) = containers.pop() {
            self.store.extend(before.as_reference().map(|reference| reference.number));
            if let Some(reference) = now.as_reference() {
                self.store.insert(reference.number);
                if !seen.insert(reference) || seen.len() > MAX_OBJECTS {
                    continue;
                }
                let target = self.new.load(reference)?;
                let in_place = before.as_reference() == Some(reference);
                let container = matches!(target, Object::Dictionary(_) | Object::Array(_));
                if self.is_new(reference) || (in_place && container) {
                    self.claim(reference, ChangeKind::SecurityStore);
                }
            }
            let (before, now) = (self.old.resolve(&before).unwrap_or(Object::Null), self.new.resolve(&now)?);
            if let Object::Dictionary(now) = &now {
                let before = before.as_dictionary().cloned().unwrap_or_default();
                for (key, value) in now.iter() {
                    let key = String::from_utf8_lossy(key.as_bytes());
                    containers.push((before.get(&key).cloned().unwrap_or(Object::Null), value.clone()));
                }
            } else if let Object::Array(now) = &now {
                let before = before.as_array().unwrap_or_default();
                for (index, value) in now.iter().enumerate() {
                    containers.push((before.get(index).cloned().unwrap_or(Object::Null), value.clone()));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn form(&mut self) -> Result<(), ReadError> {
        let (old_catalog, new_catalog) = (self.old.catalog()?, self.new.catalog()?);
        let old = self.old.dictionary(&old_catalog, "AcroForm")?.unwrap_or_default();
        let Some(new) = self.new.dictionary(&new_catalog, "AcroForm")? else {
            if !old.is_empty() {
                self.note(Some(self.new.root()), "the form was removed");
            }
            return Ok(());
        };
        let form = new_catalog.get("AcroForm").and_then(Object::as_reference);
        let resources = ["DA", "DR", "NeedAppearances", "Q"];
        let allowed = ["DA", "DR", "Fields", "NeedAppearances", "Q", "SigFlags"];
        if resources.iter().any(|key| old.get(key) != new.get(key)) {
            self.notes.push((form, ChangeKind::FormResources));
        }
        if let Some(value) = new.get("DR") {
            self.claim_new_below(value, &ChangeKind::FormResources, 0)?;
        }
        match form {
            Some(reference) => {
                let same = old_catalog.get("AcroForm").and_then(Object::as_reference) == Some(reference);
                if same || self.is_new(reference) {
                    self.compare(reference, &old, &new, &allowed, ChangeKind::Bookkeeping);
                }
            }
            None => {
                for key in differences(&old, &new, &allowed) {
                    self.note(Some(self.new.root()), format!("changed: {key} of the form"));
                }
            }
        }
        self.claim_grown_array(&old, &new, "Fields");
        let before = match self.fields.take() {
            Some(before) => before,
            None => self.old.fields()?,
        };
        let now = self.new.fields()?;
        if !self.spend(now.len()) {
            return Ok(());
        }
        let by_reference: HashMap<Reference, &Field> =
            before.iter().filter_map(|known| Some((known.reference?, known))).collect();
        for field in &now {
            match field.reference.and_then(|reference| by_reference.get(&reference).copied()) {
                Some(known) => self.known_field(known, field)?,
                None => self.added_field(field)?,
            }
        }
        let names: HashSet<&str> = now.iter().map(|field| field.name.as_str()).collect();
        for known in &before {
            if !names.contains(known.name.as_str()) {
                self.note(known.reference, format!("field {:?} was removed or renamed", known.name));
            }
        }
        self.fields = Some(now);
        Ok(())
    }

    /// An array behind a reference that has all it had, in the same order, and more after it.
    fn claim_grown_array(&mut self, old: &Dictionary, new: &Dictionary, key: &str) {
        let Some(reference) = new.get(key).and_then(Object::as_reference) else { return };
        let before = self.old.value(old, key).unwrap_or(Object::Null);
        let before = before.as_array().unwrap_or_default();
        let now = self.new.load(reference).unwrap_or(Object::Null);
        let in_place = old.get(key).and_then(Object::as_reference) == Some(reference);
        if (in_place || self.is_new(reference)) && now.as_array().is_some_and(|now| now.starts_with(before)) {
            self.claim(reference, ChangeKind::Bookkeeping);
        }
    }

    fn known_field(&mut self, known: &Field, field: &Field) -> Result<(), ReadError> {
        let Some(reference) = field.reference else { return Ok(()) };
        if known.name != field.name || known.field_type != field.field_type {
            self.note(Some(reference), format!("field {:?} was renamed or is of another type", known.name));
        }
        let had_value = match &known.value {
            Some(value) => !self.old.resolve(value)?.is_null(),
            None => false,
        };
        if field.is_signature() {
            if had_value {
                // A signed field is not touched again; its appearance and lock are part of what was signed.
                self.compare(reference, &known.dictionary, &field.dictionary, &[], ChangeKind::Bookkeeping);
                return Ok(());
            }
            self.unsigned_appearance(reference, field)?;
            let kind = self.signature_kind(field)?;
            self.compare(
                reference,
                &known.dictionary,
                &field.dictionary,
                &["AP", "F", "M", "MK", "V"],
                kind.clone(),
            );
            return self.claim_parts(field, &kind);
        }
        let widget = field.dictionary.get("Subtype").is_none_or(|kind| kind.as_name() == Some(b"Widget"));
        if self.is_touched(reference) && !widget {
            self.note(Some(reference), "a field is another annotation than a widget");
        }
        let allowed = ["AP", "AS", "M", "V"];
        self.compare(reference, &known.dictionary, &field.dictionary, &allowed, ChangeKind::FieldValue);
        if self.is_touched(reference) {
            for key in ["AP", "V"] {
                if let Some(value) = field.dictionary.get(key) {
                    self.claim_new_below(value, &ChangeKind::FieldValue, 0)?;
                }
            }
        }
        Ok(())
    }

    fn added_field(&mut self, field: &Field) -> Result<(), ReadError> {
        let reference = field.reference.filter(|reference| self.is_new(*reference));
        let Some(reference) = reference.filter(|_| field.is_signature()) else {
            self.note(
                field.reference,
                format!("field {:?} was added and is no new signature field", field.name),
            );
            return Ok(());
        };
        let catalog = self.old.catalog()?;
        let certified =
            self.old.dictionary(&catalog, "Perms")?.is_some_and(|perms| perms.get("DocMDP").is_some());
        if certified && is_visible(&self.new.value(&field.dictionary, "Rect")?) {
            self.note(Some(reference), "a visible signature field was added to a certified document");
        }
        self.unsigned_appearance(reference, field)?;
        let kind = self.signature_kind(field)?;
        self.claim(reference, kind.clone());
        self.claim_parts(field, &kind)
    }

    /// A signature's appearance is its signer's; a field that nobody signed, or that a time-stamp is in, could show anything.
    fn unsigned_appearance(&mut self, reference: Reference, field: &Field) -> Result<(), ReadError> {
        if !self.is_touched(reference) {
            return Ok(());
        }
        if ["A", "AA"].iter().any(|key| field.dictionary.get(key).is_some()) {
            self.note(Some(reference), "a signature field has an action");
        }
        let value = field.value.as_ref().map_or(Ok(Object::Null), |value| self.new.resolve(value))?;
        let sub_filter = value.as_dictionary().and_then(|signature| signature.get("SubFilter"));
        let signed = sub_filter.is_some_and(|name| name.as_name() != Some(b"ETSI.RFC3161"));
        let appears = field.dictionary.get("AP").is_some()
            && self.before(reference).as_dictionary().and_then(|before| before.get("AP"))
                != field.dictionary.get("AP");
        if !signed && appears && is_visible(&self.new.value(&field.dictionary, "Rect")?) {
            self.note(Some(reference), "a visible signature field without a signature has an appearance");
        }
        Ok(())
    }

    /// What a signature field holds; an empty invisible one is prepared for later.
    fn signature_kind(&self, field: &Field) -> Result<ChangeKind, ReadError> {
        let value = field.value.as_ref().map_or(Ok(Object::Null), |value| self.new.resolve(value))?;
        let sub_filter = value.as_dictionary().and_then(|signature| signature.get("SubFilter"));
        let visible = is_visible(&self.new.value(&field.dictionary, "Rect")?);
        let is_timestamp = sub_filter.and_then(Object::as_name) == Some(b"ETSI.RFC3161");
        Ok(if is_timestamp && !visible { ChangeKind::DocumentTimestamp } else { ChangeKind::Signature })
    }

    fn claim_parts(&mut self, field: &Field, kind: &ChangeKind) -> Result<(), ReadError> {
        for key in ["V", "AP", "Lock", "MK", "SV"] {
            if let Some(value) = field.dictionary.get(key) {
                self.claim_new_below(value, kind, 0)?;
            }
        }
        Ok(())
    }

    /// Whoever signs a document signs its pages: a node of their tree with other children is another document.
    pub(crate) fn page_tree(&mut self) -> Result<(), ReadError> {
        let kind = |node: &Dictionary| node.get("Type").and_then(Object::as_name).map(<[u8]>::to_vec);
        for reference in self.touched.values().copied().collect::<Vec<_>>() {
            let (Object::Dictionary(old), Object::Dictionary(new)) =
                (self.before(reference), self.new.load(reference)?)
            else {
                continue;
            };
            if kind(&old).as_deref() != Some(b"Pages") {
                continue;
            }
            let differs = |key: &str| -> Result<bool, ReadError> {
                Ok(self.old.value(&old, key)? != self.new.value(&new, key)?)
            };
            if kind(&new) != kind(&old) || differs("Kids")? || differs("Count")? {
                self.claim(reference, ChangeKind::Pages);
            }
        }
        Ok(())
    }

    /// Pages may get annotations for new signature fields, at the end of their lists, and nothing else.
    pub(crate) fn pages(&mut self) -> Result<(), ReadError> {
        let mut pages = BTreeSet::new();
        for reference in self.touched.values().copied().collect::<Vec<_>>() {
            let value = self.new.load(reference).unwrap_or(Object::Null);
            let Some(dictionary) = value.as_dictionary() else { continue };
            let is_page = |value: &Object| {
                let kind = value.as_dictionary().and_then(|dictionary| dictionary.get("Type"));
                kind.and_then(Object::as_name) == Some(b"Page")
            };
            if is_page(&value) && is_page(&self.before(reference)) {
                pages.insert(reference);
            }
            if self.claims.contains_key(&reference.number)
                && let Some(page) = dictionary.get("P").and_then(Object::as_reference)
                && is_page(&self.before(page))
            {
                pages.insert(page);
            }
        }
        for reference in pages {
            let (Object::Dictionary(old), Object::Dictionary(new)) =
                (self.before(reference), self.new.load(reference)?)
            else {
                continue;
            };
            let before = self.old.value(&old, "Annots")?;
            let now = self.new.value(&new, "Annots")?;
            let before = before.as_array().unwrap_or_default();
            let now = now.as_array().unwrap_or_default();
            let added = now.strip_prefix(before);
            let explained = added.is_some_and(|added| {
                added.iter().all(|item| {
                    let widget = item.as_reference();
                    widget.is_some_and(|widget| {
                        matches!(
                            self.claims.get(&widget.number),
                            Some(ChangeKind::Signature | ChangeKind::DocumentTimestamp)
                        )
                    })
                })
            });
            if explained {
                if !self.claims.contains_key(&reference.number) {
                    self.grown.insert(reference.number);
                }
                self.compare(reference, &old, &new, &["Annots"], ChangeKind::Bookkeeping);
                self.claim_grown_array(&old, &new, "Annots");
            } else if self.is_touched(reference) {
                let what = "the page's annotations are others than before".into();
                self.claim(reference, ChangeKind::Unexplained { what });
            }
        }
        Ok(())
    }
}

/// A version, or extensions of it with all that belongs to them standing directly inside (7.12).
fn is_declaration(value: &Object) -> bool {
    let is_extension = |value: &Object| {
        value.as_dictionary().is_some_and(|extension| extension.get("BaseVersion").is_some())
    };
    match value {
        Object::Name(_) => true,
        Object::Dictionary(extensions) => extensions.iter().all(|(key, value)| match value {
            Object::Array(developers) => developers.iter().all(is_extension),
            Object::Name(_) => key.as_bytes() == b"Type",
            value => is_extension(value),
        }),
        _ => false,
    }
}

fn is_visible(rect: &Object) -> bool {
    match rect.as_array() {
        // Readers take the first four numbers of more.
        Some([left, bottom, right, top, ..]) => left != right && bottom != top,
        _ => false,
    }
}
