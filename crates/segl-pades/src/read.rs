//! A document to the signatures in it.

use segl_ades::{
    ContentDigest, CoveredObjects, Evidence, Family, Finding, Format, Level, Scope, Signature, SignerRole,
    TimestampClaim, TimestampKind,
};
use segl_cades::Covered;
use segl_cms::SignedDataView;
use segl_crypto::{Digest, DigestAlgorithm, SignatureValue, Source, digest, sha256};
use segl_pdf::{Document, ReadError};
use segl_tsp::Token;

use crate::{
    SecurityStore,
    changes::{self, LaterChanges},
    coverage::{self, Coverage},
    covered,
    dictionary::{self, Located},
    form,
    imprint::Digests,
    permissions, security_store,
};

/// Signatures looked at in one document. Origin: our choice; contracts with some tens of signers exist.
const MAX_SIGNATURES: usize = 512;

/// Covered octets kept for all signatures without signed attributes together. Origin: our choice, as much as a reading may
/// take; that form is rare and old, and its documents are small.
const MAX_KEPT_OCTETS: usize = 64 << 20;
/// Evidence and tokens that the signatures of one document hold together, in octets: each holds its own copy of what is in the store.
/// Real files have some megabytes. Origin: our choice.
const MAX_SHARED_OCTETS: usize = 256 << 20;

const CLAUSE: &str = "EN 319 142-1, 6.3";

/// Everything a PDF says about its signatures: located, digested, not believed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reading {
    /// Signatures, in the order of what they cover, the smallest first.
    pub signatures: Vec<PdfSignature>,
    /// Document time-stamps, in the same order; each also stands in the signatures it covers.
    pub timestamps: Vec<PdfTimestamp>,
    /// The document security store of the newest revision, and what it had beside that since the first signature.
    pub store: SecurityStore,
    /// Full names of signature fields without a signature.
    pub empty_fields: Vec<String>,
}

/// A signature, and where it stands in its PDF.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PdfSignature {
    /// The signature in the words all formats share.
    pub signature: Signature,
    /// Facts that only a PDF has.
    pub facts: PdfFacts,
}

/// A document time-stamp, and where it stands in its PDF.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PdfTimestamp {
    /// The token and what it covers.
    pub claim: TimestampClaim,
    /// Facts that only a PDF has.
    pub facts: PdfFacts,
    /// Departures from the rules.
    pub findings: Vec<Finding>,
}

/// Facts about a signature dictionary.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PdfFacts {
    /// Full names of the fields that hold it; one, unless something is wrong.
    pub fields: Vec<String>,
    /// `/Type`.
    pub kind: Option<String>,
    /// `/Filter`.
    pub filter: Option<String>,
    /// `/SubFilter`.
    pub sub_filter: Option<String>,
    /// `/ByteRange`, when its shape is right.
    pub byte_range: Option<[u64; 4]>,
    /// `/Name`: a claim.
    pub name: Option<String>,
    /// `/ContactInfo`: a claim.
    pub contact: Option<String>,
    /// Whether nothing follows the signed bytes.
    pub covers_whole_file: bool,
    /// The revision it signs, an index into [`Document::revisions`]; `None` when its bytes end with no revision.
    pub revision: Option<usize>,
    /// How far later changes may go by DocMDP or a lock: 1, 2 or 3.
    pub permission: Option<i64>,
    /// What was changed after the signed revision.
    pub later: LaterChanges,
}

impl Reading {
    /// The signatures alone, for whoever judges them.
    #[must_use]
    pub fn into_signatures(self) -> Vec<Signature> {
        self.signatures.into_iter().map(|found| found.signature).collect()
    }
}

/// Finds the signatures of a document: dictionaries that a signature field leads to (ISO 32000-2, 12.7.5.5).
///
/// A signature that cannot be read is still reported, with findings that say so. Nothing is judged.
///
/// ```
/// # fn example(file: Vec<u8>) -> Result<(), segl_pdf::ReadError> {
/// let document = segl_pdf::Document::open(&file)?;
/// for found in segl_pades::read(&document)?.signatures {
///     println!("{}: {}, changed later: {:?}", found.signature.id, found.signature.format, found.facts.later.level());
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the document's structure cannot be read.
pub fn read<S: Source>(document: &Document<S>) -> Result<Reading, ReadError> {
    let fields = dictionary::locate(document)?;
    let mut located = fields.signed;
    located.truncate(MAX_SIGNATURES);
    located.sort_by_key(|found| found.byte_range.as_ref().map_or(u64::MAX, segl_pdf::ByteRange::end));
    let mut store = security_store::read_security_store(document)?;
    let first = located.iter().filter_map(|found| found.byte_range.as_ref().ok());
    let first = first.filter_map(|range| coverage::of(document, range).revision).min();
    if let Some(first) = first {
        security_store::take_earlier(document, first, &mut store);
    }
    let later = match first {
        Some(first) => changes::of_revisions(document, first.saturating_add(1)),
        None => changes::Every::default(),
    };
    let mut reader = Reader {
        document,
        digests: Digests::new(document.source()),
        permissions: permissions::read(document, &document.fields()?)?,
        later,
        octets_left: MAX_KEPT_OCTETS,
    };
    let mut reading =
        Reading { signatures: Vec::new(), timestamps: Vec::new(), store, empty_fields: fields.empty };
    let duplicates = duplicate_contents(&located);
    for (index, found) in located.iter().enumerate() {
        let mut findings = Vec::new();
        if duplicates.contains(&index) {
            findings.push(Finding {
                rule: "contents-twice",
                clause: "ISO 32000-2, 12.8.1",
                // Only one of the two can be right, and its digest tells which.
                fatal: false,
                text: "another signature dictionary has the same /Contents".into(),
            });
        }
        let facts = reader.facts(found, &mut findings)?;
        form::check_later(&facts, &mut findings);
        if is_timestamp(found) {
            let mut claim = reader.timestamp(found)?;
            if findings.iter().any(|finding| finding.fatal) {
                // It may cover other bytes than it seems to, so it proves nothing about any.
                claim.imprint = None;
            }
            reading.timestamps.push(PdfTimestamp { claim, facts, findings });
        } else {
            let signature = reader.signature(found, &facts, findings)?;
            reading.signatures.push(PdfSignature { signature, facts });
        }
    }
    covered::fill(document, &reading.signatures, &mut reading.timestamps);
    // Errors were passed over on the way; with the budget spent, what is missing is not what the file misses.
    document.check_work()?;
    let stored = archived_by(&reading.store.evidence);
    let mut room = MAX_SHARED_OCTETS;
    for found in &mut reading.signatures {
        finish(found, &reading.timestamps, &reading.store, &stored, &mut room);
    }
    Ok(reading)
}

fn is_timestamp(found: &Located) -> bool {
    found.sub_filter.as_deref() == Some("ETSI.RFC3161")
        || (found.sub_filter.is_none() && found.kind.as_deref() == Some("DocTimeStamp"))
}

fn duplicate_contents(located: &[Located]) -> Vec<usize> {
    let same = |a: &Located, b: &Located| a.contents.is_some() && a.contents == b.contents;
    (0..located.len())
        .filter(|index| {
            let mine = located.get(*index);
            let others = located.iter().enumerate().filter(|(other, _)| other != index);
            mine.is_some_and(|mine| others.into_iter().any(|(_, other)| same(mine, other)))
        })
        .collect()
}

/// Adds what stands outside of the signature itself: document time-stamps that cover it, evidence, and the level.
fn finish(
    found: &mut PdfSignature,
    timestamps: &[PdfTimestamp],
    store: &SecurityStore,
    stored: &[[u8; 32]],
    room: &mut usize,
) {
    let own_end = covered::end(&found.facts).unwrap_or(u64::MAX);
    let covering: Vec<&PdfTimestamp> = timestamps
        .iter()
        .filter(|stamp| {
            // A time-stamp covers a signature when the signature's octets, value and all, lie before its own gap.
            stamp.facts.byte_range.is_some_and(|[_, head, _, _]| own_end <= head)
        })
        .collect();
    let tokens = covering.iter().map(|stamp| stamp.claim.token.len());
    let octets: usize = tokens.chain(store.evidence.pieces().map(<[u8]>::len)).sum();
    match room.checked_sub(octets) {
        Some(left) => {
            *room = left;
            found.signature.timestamps.extend(covering.into_iter().map(|stamp| stamp.claim.clone()));
            found.signature.evidence.merge(&store.evidence);
        }
        None => found.signature.findings.push(Finding {
            rule: "evidence-limit",
            clause: "EN 319 142-1, 5.4.2",
            // What proves it, or the opposite, is not looked at; so it must not pass.
            fatal: true,
            text: "more signatures share more evidence than is kept".into(),
        }),
    }
    if let Format::Baseline { family, .. } = found.signature.format {
        let level = level(&found.signature, store.present, stored);
        found.signature.format = Format::baseline(family, level);
    } else if let Format::Other { name } = &found.signature.format
        && name == "PKCS7"
    {
        let level = level(&found.signature, store.present, stored);
        found.signature.format = Format::other(format!("PKCS7-{}", level.suffix()));
    } else if [Format::other("PAdES-BES"), Format::other("PAdES-EPES")].contains(&found.signature.format)
        && level(&found.signature, store.present, stored) == Level::Lta
    {
        // The LTV profile of EN 319 142-2: either of them with a security store and a document time-stamp over it.
        found.signature.format = Format::other("PAdES-LTV");
    }
}

/// What an archive time-stamp must cover: status information, or whatever else the store has. (Its certificates often stand in
/// messages and tokens too, and are covered there.)
fn archived_by(store: &Evidence) -> Vec<[u8; 32]> {
    let status: Vec<[u8; 32]> =
        store.crls.iter().chain(&store.ocsp_responses).map(|piece| sha256(piece)).collect();
    if status.is_empty() { store.pieces().map(sha256).collect() } else { status }
}

/// The highest level whose parts are there; whether they suffice is judged later.
fn level(signature: &Signature, has_store: bool, stored: &[[u8; 32]]) -> Level {
    let has_time = signature
        .timestamps
        .iter()
        .any(|claim| matches!(claim.kind, TimestampKind::Signature | TimestampKind::Document));
    let has_status = !signature.evidence.crls.is_empty() || !signature.evidence.ocsp_responses.is_empty();
    if !has_time {
        return Level::B;
    }
    if !has_store || !has_status {
        return Level::T;
    }
    let covers_store = |claim: &TimestampClaim| stored.iter().any(|id| claim.covered.contains(id));
    let documents = signature.timestamps.iter().filter(|claim| claim.kind == TimestampKind::Document);
    if documents.into_iter().any(covers_store) { Level::Lta } else { Level::Lt }
}

struct Reader<'a, S> {
    document: &'a Document<S>,
    digests: Digests<'a, S>,
    permissions: Vec<permissions::Permissions>,
    /// Changes made by each revision against the one before it.
    later: changes::Every,
    octets_left: usize,
}

impl<S: Source> Reader<'_, S> {
    fn facts(&self, found: &Located, findings: &mut Vec<Finding>) -> Result<PdfFacts, ReadError> {
        coverage::check(self.document, found, findings)?;
        let coverage = match &found.byte_range {
            Ok(range) => coverage::of(self.document, range),
            Err(_) => Coverage { revision: None, whole_file: false },
        };
        form::check_dictionary(found, findings);
        let permission = self
            .permissions
            .iter()
            .filter(|permissions| found.fields.contains(&permissions.field))
            .filter_map(|permissions| permissions.permission)
            .min();
        Ok(PdfFacts {
            fields: found.fields.clone(),
            kind: found.kind.clone(),
            filter: found.filter.clone(),
            sub_filter: found.sub_filter.clone(),
            byte_range: found.byte_range.as_ref().ok().map(segl_pdf::ByteRange::numbers),
            name: found.texts.name.clone(),
            contact: found.texts.contact.clone(),
            covers_whole_file: coverage.whole_file,
            revision: coverage.revision,
            permission,
            later: LaterChanges::after(&self.later, coverage, self.document.trailing_bytes()),
        })
    }

    fn digest(&mut self, found: &Located, algorithm: DigestAlgorithm) -> Result<Option<Digest>, ReadError> {
        match &found.byte_range {
            Ok(range) => self.digests.of(range, algorithm),
            Err(_) => Ok(None),
        }
    }

    fn timestamp(&mut self, found: &Located) -> Result<TimestampClaim, ReadError> {
        let contents = found.contents.as_ref().map(segl_pdf::PdfString::as_bytes).unwrap_or_default();
        let (token, algorithm) = match SignedDataView::parse(contents) {
            Ok(view) => (view.as_bytes().to_vec(), imprint_algorithm(view.as_bytes())),
            Err(_) => (contents.to_vec(), None),
        };
        let imprint = match algorithm {
            Some(algorithm) => self.digest(found, algorithm)?,
            None => None,
        };
        Ok(TimestampClaim {
            id: id(found),
            kind: TimestampKind::Document,
            token,
            imprint,
            covered_until: found.byte_range.as_ref().ok().map(segl_pdf::ByteRange::end),
            // Told once everything is read.
            covered: CoveredObjects::default(),
        })
    }

    fn signature(
        &mut self,
        found: &Located,
        facts: &PdfFacts,
        mut findings: Vec<Finding>,
    ) -> Result<Signature, ReadError> {
        let contents = found.contents.as_ref().map(segl_pdf::PdfString::as_bytes).unwrap_or_default();
        let view = match SignedDataView::parse(contents) {
            Ok(view) => view,
            Err(error) => {
                findings.push(Finding {
                    rule: "cms-syntax",
                    clause: CLAUSE,
                    fatal: true,
                    text: format!("/Contents holds no CMS SignedData: {error}"),
                });
                return Ok(unread_signature(found, findings));
            }
        };
        form::check_cms(found, &view, &mut findings);
        let Some(signer) = view.signers().first() else { return Ok(unread_signature(found, findings)) };
        let is_sha1_form = found.sub_filter.as_deref() == Some("adbe.pkcs7.sha1");
        let inside = view.content().unwrap_or_default();
        let algorithm = signer.digest_algorithm();
        let scope = scope(self.document.source().len(), facts);
        // In adbe.pkcs7.sha1 the content is inside: the SHA-1 of the covered octets (ISO 32000-1, 12.8.3.3.1).
        let covered = match algorithm {
            Some(algorithm) if is_sha1_form => digest(algorithm, inside),
            Some(algorithm) => self.digest(found, algorithm)?,
            None => None,
        };
        let name = if is_sha1_form { "eContent" } else { "ByteRange" };
        let covered = Covered { name: name.into(), scope: scope.clone(), found: covered };
        let Some(mut signature) = segl_cades::read_signature(id(found), &view, 0, covered) else {
            return Ok(unread_signature(found, findings));
        };
        if is_sha1_form {
            signature.content.push(ContentDigest {
                name: "ByteRange".into(),
                scope,
                claimed: Digest::new(DigestAlgorithm::Sha1, inside),
                found: self.digest(found, DigestAlgorithm::Sha1)?,
            });
        } else if signer.signed_attributes_for_verification().is_none() {
            // That the value verifies over the covered octets is all there is to compare.
            for content in &mut signature.content {
                content.claimed.clone_from(&content.found);
            }
            // The value is made over the covered octets themselves, whatever the CMS carries inside.
            signature.signed_bytes = match self.covered_bytes(found)? {
                Some(octets) => octets,
                None => {
                    findings.push(Finding {
                        rule: "covered-octets-limit",
                        clause: "RFC 5652, 5.4",
                        // Without its octets a signature must not verify, not even one that was made over none.
                        fatal: true,
                        text: "without signed attributes, and what is signed is too much to be kept".into(),
                    });
                    Vec::new()
                }
            };
        }
        for claim in &mut signature.timestamps {
            if claim.kind == TimestampKind::Content
                && let Some(algorithm) = imprint_algorithm(&claim.token)
            {
                claim.imprint = self.digest(found, algorithm)?;
            }
        }
        // A time in the CMS is not the claimed time of a PDF signature; /M is.
        signature.properties.claimed_signing_time = found.texts.time;
        signature.properties.reason.clone_from(&found.texts.reason);
        if found.texts.location.is_some() {
            signature.properties.place.clone_from(&found.texts.location);
        }
        form::check_properties(found, &signature.properties, &mut findings);
        signature.format = form::format(found, &view, signer, &findings);
        signature.findings.extend(findings);
        Ok(signature)
    }

    /// The covered octets themselves; `None` when they are more than a stream may have, or than is left for all.
    fn covered_bytes(&mut self, found: &Located) -> Result<Option<Vec<u8>>, ReadError> {
        let limit = self.document.limits().decoded_stream;
        let Ok(range) = &found.byte_range else { return Ok(Some(Vec::new())) };
        let covered = usize::try_from(range.covered()).ok().filter(|covered| *covered <= limit);
        let Some(left) = covered.and_then(|covered| self.octets_left.checked_sub(covered)) else {
            return Ok(None);
        };
        self.octets_left = left;
        let gap = range.gap();
        let mut bytes = self.document.source().read_range(0..gap.start, limit)?;
        bytes.extend(self.document.source().read_range(gap.end..range.end(), limit)?);
        Ok(Some(bytes))
    }
}

fn scope(total: u64, facts: &PdfFacts) -> Scope {
    match facts.byte_range {
        Some(_) if facts.covers_whole_file => Scope::Full,
        Some([_, head, _, tail]) => Scope::Partial { covered: head.saturating_add(tail), total },
        None => Scope::DigestOnly,
    }
}

/// The digest algorithm a token uses for what it covers.
fn imprint_algorithm(token: &[u8]) -> Option<DigestAlgorithm> {
    Token::from_der(token).ok()?.info().imprint().algorithm()
}

fn id(found: &Located) -> String {
    found.fields.first().cloned().unwrap_or_default()
}

/// A signature whose CMS cannot be read, with the findings that say so.
fn unread_signature(found: &Located, findings: Vec<Finding>) -> Signature {
    Signature {
        id: id(found),
        format: Format::other("PDF-NOT-ETSI"),
        role: SignerRole::Content,
        content: Vec::new(),
        signed_bytes: Vec::new(),
        signature_algorithm: Vec::new(),
        digest_algorithm: None,
        value: SignatureValue::from_octets(Vec::new()),
        properties: segl_ades::SignedProperties {
            claimed_signing_time: found.texts.time,
            reason: found.texts.reason.clone(),
            place: found.texts.location.clone(),
            ..segl_ades::SignedProperties::default()
        },
        signer_certificate: None,
        timestamps: Vec::new(),
        evidence: Evidence::default(),
        findings,
    }
}

/// A PAdES baseline format of no particular level yet.
pub(crate) const BASELINE: Format = Format::Baseline { family: Family::Pades, level: Level::B };
