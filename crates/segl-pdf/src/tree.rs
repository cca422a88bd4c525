//! The parts of a document that every reader knows: catalog, first page, form fields.

use std::collections::HashSet;

use segl_crypto::Source;

use crate::{Bound, Dictionary, Document, Object, ReadError, Reference, text};

/// An interactive form field (ISO 32000-2, 12.7.4).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Field {
    /// The full name: the partial names from the root down, joined by periods (12.7.4.2).
    pub name: String,
    /// The object it is; `None` when it stands directly in its parent, which the standard does not allow.
    pub reference: Option<Reference>,
    /// The field dictionary, often merged with its widget.
    pub dictionary: Dictionary,
    /// `/FT`, inherited when the field has none.
    pub field_type: Option<Vec<u8>>,
    /// `/V` as it stands, inherited when the field has none.
    pub value: Option<Object>,
}

impl Field {
    /// Whether this is a signature field.
    #[must_use]
    pub fn is_signature(&self) -> bool {
        self.field_type.as_deref() == Some(b"Sig")
    }
}

impl<S: Source> Document<S> {
    /// The reference of the catalog.
    #[must_use]
    pub fn root(&self) -> Reference {
        let root = self.trailer().get("Root").and_then(Object::as_reference);
        root.unwrap_or(Reference { number: 0, generation: u16::MAX })
    }

    /// The document catalog (7.7.2).
    ///
    /// # Errors
    /// When it cannot be read or is no dictionary.
    pub fn catalog(&self) -> Result<Dictionary, ReadError> {
        self.kept_catalog().cloned()
    }

    /// The catalog, read once: every question about a document begins with it.
    fn kept_catalog(&self) -> Result<&Dictionary, ReadError> {
        if let Some(catalog) = self.catalog.get() {
            return Ok(catalog);
        }
        match self.load(self.root())? {
            Object::Dictionary(catalog) => Ok(self.catalog.get_or_init(|| catalog)),
            _ => Err(ReadError::Structure { what: "document catalog", reference: Some(self.root()) }),
        }
    }

    /// The version of the document: the header's, or the catalog's when that is later (7.7.2).
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn version(&self) -> Result<(u8, u8), ReadError> {
        let catalog = self.kept_catalog()?;
        let name = self.value(catalog, "Version")?;
        let in_catalog = match name.as_name() {
            Some([major @ b'1'..=b'9', b'.', minor @ b'0'..=b'9']) => Some((major - b'0', minor - b'0')),
            _ => None,
        };
        Ok(in_catalog.map_or(self.header_version(), |version| version.max(self.header_version())))
    }

    /// The first page (7.7.3).
    ///
    /// # Errors
    /// When the page tree has no page, is not made of references, or loops.
    pub fn first_page(&self) -> Result<(Reference, Dictionary), ReadError> {
        let catalog = self.kept_catalog()?;
        let Some(root) = catalog.get("Pages").and_then(Object::as_reference) else {
            return Err(ReadError::Structure { what: "page tree", reference: Some(self.root()) });
        };
        let mut visited = HashSet::new();
        // Kids still to be looked at, the next one last.
        let mut pending = vec![root];
        while let Some(reference) = pending.pop() {
            if !visited.insert(reference) || visited.len() > self.limits().tree_nodes {
                return Err(ReadError::Limit { offset: 0, bound: Bound::Tree });
            }
            let Object::Dictionary(node) = self.load(reference)? else { continue };
            if node.get("Kids").is_none() {
                return Ok((reference, node));
            }
            let kids = self.value(&node, "Kids")?;
            let kids = kids.as_array().unwrap_or_default();
            pending.extend(kids.iter().rev().filter_map(Object::as_reference));
        }
        Err(ReadError::Structure { what: "first page", reference: Some(root) })
    }

    /// The interactive form, as it stands in the catalog (12.7.3).
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn form(&self) -> Result<Option<Dictionary>, ReadError> {
        self.dictionary(self.kept_catalog()?, "AcroForm")
    }

    /// The terminal fields of the form, in the order of the tree; empty when there is no form.
    ///
    /// Widgets that are not merged with their field are not listed; they have no name of their own.
    ///
    /// # Errors
    /// When the tree cannot be read, loops, or is larger than the limits.
    pub fn fields(&self) -> Result<Vec<Field>, ReadError> {
        let Some(form) = self.form()? else { return Ok(Vec::new()) };
        let roots = self.value(&form, "Fields")?;
        let mut walk =
            FieldWalk { document: self, found: Vec::new(), visited: HashSet::new(), nodes: 0, values: 0 };
        for field in roots.as_array().unwrap_or_default() {
            walk.node(field, &Inherited::default(), 0)?;
        }
        Ok(walk.found)
    }
}

#[derive(Debug, Clone, Default)]
struct Inherited {
    name: String,
    field_type: Option<Vec<u8>>,
    value: Option<Object>,
}

struct FieldWalk<'a, S> {
    document: &'a Document<S>,
    found: Vec<Field>,
    visited: HashSet<Reference>,
    nodes: usize,
    /// In the fields that are kept.
    values: usize,
}

impl<S: Source> FieldWalk<'_, S> {
    fn node(&mut self, node: &Object, from_parent: &Inherited, depth: usize) -> Result<(), ReadError> {
        let limits = self.document.limits();
        self.nodes += 1;
        if depth > limits.tree_depth || self.nodes > limits.tree_nodes {
            return Err(ReadError::Limit { offset: 0, bound: Bound::Tree });
        }
        let reference = node.as_reference();
        // A field listed twice is the same field; a loop ends here.
        if reference.is_some_and(|reference| !self.visited.insert(reference)) {
            return Ok(());
        }
        let Object::Dictionary(dictionary) = self.document.resolve(node)? else { return Ok(()) };
        let mut own = from_parent.clone();
        if let Some(partial) = self.document.value(&dictionary, "T")?.as_string() {
            if !own.name.is_empty() {
                own.name.push('.');
            }
            own.name.push_str(&text::decode(partial.as_bytes()));
        }
        if let Some(field_type) = self.document.value(&dictionary, "FT")?.as_name() {
            own.field_type = Some(field_type.to_vec());
        }
        if let Some(value) = dictionary.get("V") {
            own.value = Some(value.clone());
        }
        let kids = self.document.value(&dictionary, "Kids")?;
        let mut has_child_fields = false;
        for kid in kids.as_array().unwrap_or_default() {
            let child = self.document.resolve(kid)?;
            // A kid without a partial name is a widget of this field.
            if child.as_dictionary().is_some_and(|child| child.get("T").is_some()) {
                has_child_fields = true;
                self.node(kid, &own, depth + 1)?;
            }
        }
        if !has_child_fields {
            let inherited = own.value.as_ref().map_or(0, values);
            self.values = self.values.saturating_add(inherited);
            self.values =
                dictionary.iter().fold(self.values, |sum, (_, value)| sum.saturating_add(values(value)));
            if self.values > limits.field_values {
                return Err(ReadError::Limit { offset: 0, bound: Bound::FieldValues });
            }
            self.found.push(Field {
                name: own.name,
                reference,
                dictionary,
                field_type: own.field_type,
                value: own.value,
            });
        }
        Ok(())
    }
}

/// How many values stand in one; depth is bounded by the parser.
fn values(value: &Object) -> usize {
    let inside: usize = match value {
        Object::Array(items) => items.iter().map(values).sum(),
        Object::Dictionary(dictionary) => dictionary.iter().map(|(_, item)| values(item)).sum(),
        _ => 0,
    };
    inside.saturating_add(1)
}
