//! The field that a signature goes into: an empty one, or a new invisible one.

use segl_crypto::Source;
use segl_pdf::{Dictionary, Document, Field, Object, PdfString, Reference, Update, text};

use crate::{PrepareError, edit, permissions::Permissions};

/// Print and Locked (ISO 32000-2, table 167).
const FLAGS: i64 = 4 + 128;

/// SignaturesExist and AppendOnly (table 225).
const SIG_FLAGS: i64 = 3;

/// Where a signature will stand.
pub(crate) enum Target {
    Existing { reference: Reference, dictionary: Dictionary, name: String },
    New { name: String },
}

impl Target {
    /// Finds the field for a signature: the named one, or a new one with the first free name.
    pub(crate) fn choose(fields: &[Field], wanted: Option<&str>, prefix: &str) -> Result<Self, PrepareError> {
        let Some(wanted) = wanted else {
            let taken = |name: &str| {
                fields.iter().any(|field| field.name == name || field.name.starts_with(&format!("{name}.")))
            };
            let name =
                (1_u32..).map(|n| format!("{prefix}{n}")).find(|name| !taken(name)).unwrap_or_default();
            return Ok(Self::New { name });
        };
        let Some(field) = fields.iter().find(|field| field.name == wanted) else {
            let below = format!("{wanted}.");
            if wanted.is_empty()
                || wanted.contains('.')
                || fields.iter().any(|field| field.name.starts_with(&below))
            {
                return Err(PrepareError::InvalidFieldName { name: wanted.into() });
            }
            return Ok(Self::New { name: wanted.into() });
        };
        match field.reference {
            Some(reference) if field.is_signature() => {
                Ok(Self::Existing { reference, dictionary: field.dictionary.clone(), name: wanted.into() })
            }
            _ => Err(PrepareError::NotASignatureField { field: wanted.into() }),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Existing { name, .. } | Self::New { name } => name,
        }
    }
}

/// Refuses a field that is signed or locked.
pub(crate) fn check_free<S: Source>(
    document: &Document<S>,
    fields: &[Field],
    target: &Target,
    earlier: &[Permissions],
) -> Result<(), PrepareError> {
    let Target::Existing { name, .. } = target else { return Ok(()) };
    let value = fields.iter().find(|field| field.name == *name).and_then(|field| field.value.as_ref());
    if let Some(value) = value {
        // An empty dictionary is no signature (and null has no value at all).
        let value = document.resolve(value)?;
        if !value.is_null() && value.as_dictionary().is_none_or(|dictionary| !dictionary.is_empty()) {
            return Err(PrepareError::AlreadySigned { field: name.clone() });
        }
    }
    for permissions in earlier {
        if permissions.locks.iter().any(|lock| lock.covers(name)) {
            return Err(PrepareError::ForbiddenByFieldMdp {
                field: name.clone(),
                by: permissions.field.clone(),
            });
        }
    }
    Ok(())
}

/// Seed values the field demands (table 238); only the handler, the form of the signature and an approval can be met here.
pub(crate) fn check_seed_values<S: Source>(
    document: &Document<S>,
    field: &Dictionary,
    name: &str,
    sub_filter: &str,
) -> Result<(), PrepareError> {
    let Some(seed) = document.dictionary(field, "SV")? else { return Ok(()) };
    let required = document.value(&seed, "Ff")?.as_integer().unwrap_or(0);
    let refuse = |constraint| Err(PrepareError::SeedValue { field: name.into(), constraint });
    if required & 1 != 0 && document.value(&seed, "Filter")?.as_name() != Some(b"Adobe.PPKLite") {
        return refuse("Filter");
    }
    if required & 2 != 0 {
        let allowed = document.value(&seed, "SubFilter")?;
        let mut allowed = allowed.as_array().unwrap_or_default().iter();
        if !allowed.any(|name| name.as_name() == Some(sub_filter.as_bytes())) {
            return refuse("SubFilter");
        }
    }
    for (bit, key) in [
        (4, "V"),
        (8, "Reasons"),
        (16, "LegalAttestation"),
        (32, "AddRevInfo"),
        (64, "DigestMethod"),
        (128, "LockDocument"),
        (256, "AppearanceFilter"),
    ] {
        if required & bit != 0 {
            return refuse(key);
        }
    }
    // These two bind without a bit of theirs in /Ff: a certification is not what is made here, and which certificates
    // may sign is said in a dictionary with flags of its own (table 239).
    if let Some(certification) = document.dictionary(&seed, "MDP")?
        && document.value(&certification, "P")?.as_integer().is_none_or(|permission| permission != 0)
    {
        return refuse("MDP");
    }
    if let Some(certificates) = document.dictionary(&seed, "Cert")?
        && document.value(&certificates, "Ff")?.as_integer().unwrap_or(0) != 0
    {
        return refuse("Cert");
    }
    Ok(())
}

/// Writes the field with its value into the update. Says whether the catalog has changed.
pub(crate) fn fill<S: Source>(
    document: &Document<S>,
    update: &mut Update<'_, S>,
    catalog: &mut Dictionary,
    target: Target,
    signature: Reference,
) -> Result<bool, PrepareError> {
    let new_field = match target {
        Target::Existing { reference, dictionary, .. } => {
            update.replace(reference, dictionary.with("V", signature))?;
            None
        }
        Target::New { name } => {
            let (page_reference, mut page) = document.first_page()?;
            let widget = Dictionary::new()
                .with("Type", Object::name("Annot"))
                .with("Subtype", Object::name("Widget"))
                .with("FT", Object::name("Sig"))
                .with("T", PdfString::literal(text::encode(&name)))
                .with("V", signature)
                .with("P", page_reference)
                .with("F", FLAGS)
                .with("Rect", vec![Object::Integer(0); 4]);
            let widget = update.add(widget)?;
            if edit::append(document, update, &mut page, "Annots", [widget.into()])? {
                update.replace(page_reference, page)?;
            }
            Some(widget)
        }
    };
    let mut form = document.dictionary(catalog, "AcroForm")?.unwrap_or_default();
    let mut form_changed = false;
    if let Some(field) = new_field {
        form_changed |= edit::append(document, update, &mut form, "Fields", [field.into()])?;
    }
    let flags = document.value(&form, "SigFlags")?.as_integer().unwrap_or(0);
    if flags & SIG_FLAGS != SIG_FLAGS {
        form.set("SigFlags", flags | SIG_FLAGS);
        form_changed = true;
    }
    if !form_changed {
        return Ok(false);
    }
    Ok(edit::put_back(update, catalog, "AcroForm", form.into())?)
}
