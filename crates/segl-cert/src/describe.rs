use core::fmt;

use segl_x509::{
    AccessDescription, Certificate, DistributionPoint, DistributionPointName, Extension, ExtensionError,
    GeneralName, Name, ObjectIdentifier, Oid, oids,
};

use crate::{
    QcStatements, QcType, Statement,
    content::identification,
    lint::{Kind, profile_of},
    vocabulary::{known_extension, policy_name, purpose_name},
    writing::is_showable,
};

/// A certificate as a person reads it, anybody's: names, life, key, fingerprints, and every extension in words.
///
/// An extension that is not known is named by its object identifier and its length; one that cannot be read says where it fails.
/// Nothing is judged: [`lint`](crate::lint::lint) does that. What is written before issuing is
/// [`CertificateContent`](crate::CertificateContent).
#[derive(Clone, Copy, Debug)]
pub struct Description<'a> {
    certificate: &'a Certificate,
}

/// How many entries of one list are written out; the rest are counted.
const MAX_ENTRIES: usize = 64;

/// How many characters of one line are written.
const MAX_LINE: usize = 1_000;

/// What a line says: its label and its words.
type Line = (String, String);

impl<'a> Description<'a> {
    /// Of this certificate.
    pub fn of(certificate: &'a Certificate) -> Self {
        Self { certificate }
    }

    /// What it is for, in a few words.
    pub fn title(&self) -> &'static str {
        let statements = self.statements();
        let is_type =
            |kind| statements.as_ref().is_some_and(|found| found.types().any(|found| found == kind));
        match profile_of(self.certificate).kind() {
            Kind::Authority => "Certificate of a certification authority",
            Kind::TimeStampUnit => "Certificate of a time-stamp unit",
            Kind::OcspResponder => "Certificate of an OCSP responder",
            Kind::Website => "Certificate of a website",
            Kind::LegalPerson if is_type(QcType::Seal) => "Certificate for an electronic seal",
            Kind::NaturalPerson if is_type(QcType::Signature) => "Certificate for an electronic signature",
            Kind::LegalPerson => "Certificate of a legal person",
            Kind::NaturalPerson => "Certificate of a natural person",
            Kind::Other => "Certificate",
        }
    }

    fn statements(&self) -> Option<QcStatements> {
        QcStatements::from_der(self.certificate.extension(oids::QC_STATEMENTS)?.value()).ok()
    }

    fn lines(&self) -> Vec<Line> {
        let certificate = self.certificate;
        let mut lines = Vec::new();
        name_lines("Subject", certificate.subject(), &mut lines);
        name_lines("Issuer", certificate.issuer(), &mut lines);
        let mut line = |label: &str, text: String| lines.push((label.to_owned(), text));
        line("Version", certificate.version().to_string());
        line("Serial number", hex(certificate.serial()));
        line("Valid from", certificate.not_before().to_string());
        line("Valid to", format!("{}, {}", certificate.not_after(), self.life()));
        let key = match certificate.public_key() {
            Ok(key) => key.kind().to_string(),
            Err(error) => error.to_string(),
        };
        line("Key", key);
        let algorithm = certificate.signature_algorithm();
        line(
            "Signed with",
            algorithm.map_or_else(|error| error.to_string(), |algorithm| algorithm.to_string()),
        );
        line("SHA-256 fingerprint", hex(&certificate.fingerprint_sha256()));
        line("SHA-1 fingerprint", hex(&certificate.fingerprint_sha1()));
        if certificate.is_self_issued() {
            line("Issued by", "itself".to_owned());
        }
        for extension in certificate.extensions().iter().take(MAX_ENTRIES) {
            self.extension_lines(extension, &mut lines);
        }
        let more = certificate.extensions().len().saturating_sub(MAX_ENTRIES);
        if more > 0 {
            lines.push(("Extensions".to_owned(), format!("and {more} more")));
        }
        lines
    }

    fn life(&self) -> String {
        let (from, to) = (self.certificate.not_before(), self.certificate.not_after());
        let Some(life) = to.checked_duration_since(from) else { return "before it starts".to_owned() };
        // The last second counts.
        let seconds = life.as_secs().saturating_add(1);
        match seconds {
            0..=7_199 => format!("{seconds} seconds"),
            7_200..=172_799 => format!("{} hours", seconds / 3_600),
            _ => format!("{} days", seconds / 86_400),
        }
    }

    fn extension_lines(&self, extension: &Extension, lines: &mut Vec<Line>) {
        let known = extension.oid().to_const().filter(|oid| known_extension(*oid).is_some());
        let name = known.and_then(known_extension).map_or_else(|| extension.oid().to_string(), str::to_owned);
        let critical = if extension.is_critical() { " !" } else { "" };
        let words = match known {
            Some(oid) => self.extension_words(oid, extension),
            None => Ok(vec![format!("unknown, {} bytes", extension.value().len())]),
        };
        let words = words.unwrap_or_else(|error| vec![format!("cannot be read: {error}")]);
        let words = if words.is_empty() { vec!["empty".to_owned()] } else { words };
        let count = words.len();
        let mut label = format!("{name}{critical}");
        for word in words.into_iter().take(MAX_ENTRIES) {
            lines.push((core::mem::take(&mut label), word));
        }
        if count > MAX_ENTRIES {
            lines.push((String::new(), format!("and {} more", count.saturating_sub(MAX_ENTRIES))));
        }
    }

    /// What an extension that is known says, a line each.
    fn extension_words(
        &self,
        oid: ObjectIdentifier,
        extension: &Extension,
    ) -> Result<Vec<String>, ExtensionError> {
        let certificate = self.certificate;
        let one = |text: Option<String>| text.into_iter().collect::<Vec<_>>();
        Ok(match oid {
            oids::BASIC_CONSTRAINTS => one(certificate.basic_constraints()?.map(|constraints| {
                match (constraints.ca, constraints.path_len) {
                    (true, Some(1)) => "an authority, with at most 1 authority below".to_owned(),
                    (true, Some(length)) => format!("an authority, with at most {length} authorities below"),
                    (true, None) => "an authority".to_owned(),
                    (false, _) => "no authority".to_owned(),
                }
            })),
            oids::KEY_USAGE => one(certificate
                .key_usage()?
                .map(|usage| usage.names().map(usage_words).collect::<Vec<_>>().join(", "))),
            oids::EXT_KEY_USAGE => {
                certificate.ext_key_usage()?.iter().flatten().map(|oid| named(oid, purpose_name)).collect()
            }
            oids::SUBJECT_KEY_IDENTIFIER => {
                one(certificate.subject_key_identifier()?.map(|octets| hex(&octets)))
            }
            oids::AUTHORITY_KEY_IDENTIFIER => {
                let Some(key) = certificate.authority_key_identifier()? else { return Ok(Vec::new()) };
                let mut words: Vec<String> = key.key_identifier.iter().map(|octets| hex(octets)).collect();
                words.extend(key.issuer.iter().map(|name| format!("issued by {}", general_name(name))));
                words.extend(key.serial.iter().map(|serial| format!("serial number {}", hex(serial))));
                words
            }
            oids::SUBJECT_ALT_NAME => {
                certificate.subject_alt_names()?.iter().flatten().map(general_name).collect()
            }
            oids::ISSUER_ALT_NAME => {
                certificate.issuer_alt_names()?.iter().flatten().map(general_name).collect()
            }
            oids::CERTIFICATE_POLICIES => {
                let policies = certificate.policies()?.unwrap_or_default();
                policies
                    .iter()
                    .flat_map(|policy| {
                        let qualifiers = policy
                            .qualifiers
                            .iter()
                            .map(|qualifier| qualifier_words(&qualifier.id, &qualifier.value));
                        [named(&policy.policy, policy_name)].into_iter().chain(qualifiers)
                    })
                    .collect()
            }
            oids::AUTHORITY_INFO_ACCESS => {
                certificate.authority_info_access()?.iter().flatten().map(access).collect()
            }
            oids::CRL_DISTRIBUTION_POINTS => {
                points(&certificate.crl_distribution_points()?.unwrap_or_default())
            }
            oids::FRESHEST_CRL => points(&certificate.freshest_crl()?.unwrap_or_default()),
            oids::QC_STATEMENTS => match QcStatements::from_der(extension.value()) {
                Ok(statements) => {
                    let elsewhere = |one: &Statement| matches!(one, Statement::CountryLegislation(_));
                    let is_eu = !statements.0.iter().any(elsewhere);
                    statements.0.iter().flat_map(|statement| statement_lines(statement, is_eu)).collect()
                }
                Err(error) => vec![format!("cannot be read: {error}")],
            },
            oids::PRIVATE_KEY_USAGE_PERIOD => one(certificate.private_key_usage_period()?.map(|period| {
                let time = |time: Option<segl_crypto::Time>| {
                    time.map_or("any time".to_owned(), |time| time.to_string())
                };
                format!("from {} to {}", time(period.not_before), time(period.not_after))
            })),
            oids::NAME_CONSTRAINTS => {
                let Some(constraints) = certificate.name_constraints()? else { return Ok(Vec::new()) };
                let permitted = constraints.permitted.iter().map(|tree| ("permitted", tree));
                let excluded = constraints.excluded.iter().map(|tree| ("excluded", tree));
                permitted
                    .chain(excluded)
                    .map(|(word, tree)| format!("{word}: {}", general_name(&tree.base)))
                    .collect()
            }
            oids::POLICY_CONSTRAINTS => {
                let Some(constraints) = certificate.policy_constraints()? else { return Ok(Vec::new()) };
                let explicit = constraints
                    .require_explicit_policy
                    .map(|skip| format!("a policy is required after {skip} certificates"));
                let mapping = constraints
                    .inhibit_policy_mapping
                    .map(|skip| format!("policies are not mapped after {skip} certificates"));
                explicit.into_iter().chain(mapping).collect()
            }
            oids::INHIBIT_ANY_POLICY => one(certificate
                .inhibit_any_policy()?
                .map(|skip| format!("any policy counts no more after {skip} certificates"))),
            oids::POLICY_MAPPINGS => {
                let mappings = certificate.policy_mappings()?.unwrap_or_default();
                mappings
                    .iter()
                    .map(|one| format!("{} is {}", one.issuer_domain, one.subject_domain))
                    .collect()
            }
            oids::VALIDITY_ASSURED => vec!["validity is assured for the whole of a short life".to_owned()],
            oids::NO_REV_AVAIL => vec!["there will be no information about revocation".to_owned()],
            oids::OCSP_NOCHECK => vec!["the responder's own status is not asked for".to_owned()],
            _ => vec![format!("{} bytes", extension.value().len())],
        })
    }
}

impl fmt::Display for Description<'_> {
    /// Plain text, one fact a line, `!` behind critical extensions; characters that cannot be shown safely are replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())?;
        for (label, text) in self.lines() {
            let safe: String = text
                .chars()
                .take(MAX_LINE)
                .map(|character| if is_showable(character) { character } else { char::REPLACEMENT_CHARACTER })
                .collect();
            let cut = if text.chars().nth(MAX_LINE).is_some() { "…" } else { "" };
            write!(f, "\n  {label:<25} {safe}{cut}")?;
        }
        Ok(())
    }
}

fn name_lines(label: &str, name: &Name, lines: &mut Vec<Line>) {
    let mut label = label.to_owned();
    for attribute in name.attributes().take(MAX_ENTRIES) {
        lines.push((core::mem::take(&mut label), attribute.to_string()));
    }
    if !label.is_empty() {
        lines.push((label, "none".to_owned()));
    }
    let more = name.attributes().count().saturating_sub(MAX_ENTRIES);
    if more > 0 {
        lines.push((String::new(), format!("and {more} more")));
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().take(MAX_LINE).map(|octet| format!("{octet:02x}")).collect()
}

fn named(oid: &Oid, name: fn(ObjectIdentifier) -> Option<&'static str>) -> String {
    oid.to_const().and_then(name).map_or_else(|| oid.to_string(), |name| format!("{name} ({oid})"))
}

fn general_name(name: &GeneralName) -> String {
    match name {
        GeneralName::Email(email) => format!("e-mail {email}"),
        GeneralName::Dns(dns) => format!("domain {dns}"),
        GeneralName::Uri(uri) => uri.clone(),
        GeneralName::Directory(name) => name.to_string(),
        GeneralName::Ip(octets) => match <[u8; 4]>::try_from(octets.as_slice()) {
            Ok(v4) => format!("address {}", core::net::Ipv4Addr::from(v4)),
            Err(_) => match <[u8; 16]>::try_from(octets.as_slice()) {
                Ok(v6) => format!("address {}", core::net::Ipv6Addr::from(v6)),
                Err(_) => format!("address {}", hex(octets)),
            },
        },
        GeneralName::RegisteredId(oid) => format!("registered {oid}"),
        GeneralName::Other { type_id, value } => format!("other name {type_id}, {} bytes", value.len()),
        _ => "a name of a kind that is not in use".to_owned(),
    }
}

fn access(entry: &AccessDescription) -> String {
    let location = general_name(&entry.location);
    if entry.method == oids::AD_OCSP {
        format!("status: OCSP {location}")
    } else if entry.method == oids::AD_CA_ISSUERS {
        format!("issuer's certificate: {location}")
    } else {
        format!("{}: {location}", entry.method)
    }
}

fn points(points: &[DistributionPoint]) -> Vec<String> {
    let each = points.iter().flat_map(|point| match &point.name {
        Some(DistributionPointName::Full(names)) => names.iter().map(general_name).collect(),
        Some(_) => vec!["a name beside the issuer's".to_owned()],
        None => point.crl_issuer.iter().map(|name| format!("issued by {}", general_name(name))).collect(),
    });
    each.collect()
}

/// A qualifier: the address of the practice statement, or the notice, whose text is found by its letters.
fn qualifier_words(id: &Oid, value: &[u8]) -> String {
    if *id == oids::QUALIFIER_CPS {
        let text = crate::asn1::only(value).and_then(|item| item.text());
        return format!("  practice statement {}", text.unwrap_or_else(|| "that cannot be read".to_owned()));
    }
    if *id == oids::QUALIFIER_USER_NOTICE {
        let parts = crate::asn1::only(value).and_then(|item| item.items()).unwrap_or_default();
        let text: Vec<String> = parts.iter().filter_map(crate::asn1::Item::text).collect();
        return format!("  notice: {}", text.join(" "));
    }
    format!("  qualifier {id}")
}

fn listed(countries: &[String]) -> String {
    if countries.is_empty() { "no country".to_owned() } else { countries.join(", ") }
}

/// A key usage under both its names where it has two, as what is shown before issuing has the newer one.
fn usage_words(name: &'static str) -> &'static str {
    if name == "nonRepudiation" { "contentCommitment (nonRepudiation)" } else { name }
}

/// A statement in words. Where another statement names the law of a country, it is not that of the EU under which the certificate is
/// qualified (EN 319 412-5 4.2.4).
fn statement_lines(statement: &Statement, is_eu: bool) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match statement {
        Statement::Compliance if is_eu => one("EU qualified certificate"),
        Statement::Compliance => one("qualified certificate, though not of the EU"),
        Statement::QualifiedDevice => one("the key is in a qualified device"),
        Statement::Type(kinds) => {
            let kind = |kind: &QcType| match kind {
                QcType::Seal => "for electronic seals".to_owned(),
                QcType::Signature => "for electronic signatures".to_owned(),
                QcType::Website => "for website authentication".to_owned(),
                QcType::Other(oid) => format!("of the type {oid}"),
            };
            kinds.iter().map(kind).collect()
        }
        Statement::DisclosureStatements(locations) => {
            let each = locations.iter().map(|pds| format!("terms ({}): {}", pds.language, pds.url));
            each.collect()
        }
        Statement::LimitValue { currency, amount, exponent } => {
            vec![format!("limit of a transaction: {amount} x 10^{exponent} {currency}")]
        }
        Statement::RetentionPeriod(years) => vec![format!("records are kept {years} years after it ends")],
        Statement::CountryLegislation(countries) => {
            vec![format!("qualified under the law of {}", listed(countries))]
        }
        Statement::DeviceLegislation(countries) => {
            vec![format!("the device is qualified under the law of {}", listed(countries))]
        }
        Statement::IdentificationMethod(methods) => methods.iter().map(identification).collect(),
        Statement::Semantics(semantics) => {
            let kind = semantics.kind().map_or_else(
                || "not said which".to_owned(),
                |kind| {
                    let words = match kind {
                        crate::SemanticsKind::Natural => "those of a natural person",
                        crate::SemanticsKind::Legal => "those of a legal person",
                        crate::SemanticsKind::EidasNatural => "those of a natural person under eIDAS",
                        crate::SemanticsKind::EidasLegal => "those of a legal person under eIDAS",
                        crate::SemanticsKind::Other(_) => "others",
                    };
                    format!("{words} ({})", kind.oid())
                },
            );
            let authorities = semantics
                .authorities()
                .map(|name| format!("names are registered by {}", general_name(&name)));
            [format!("identifiers in the name: {kind}")].into_iter().chain(authorities).collect()
        }
        Statement::Psd2 { roles, authority_name, authority_id } => {
            let roles: Vec<&str> = roles.iter().map(|(_, name)| name.as_str()).collect();
            vec![format!(
                "payment service: {}, authorised by {authority_name} ({authority_id})",
                roles.join(", ")
            )]
        }
        Statement::Unknown { id, info } => {
            vec![format!("unknown statement {id}, {} bytes", info.as_ref().map_or(0, Vec::len))]
        }
        Statement::Unreadable { id, .. } => vec![format!("statement {id}, which cannot be read")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::IdentificationMethod;

    #[test]
    fn the_path_below_is_a_limit() {
        // The smallest certificate with basicConstraints of an authority and a path length.
        let tlv = |tag, parts: &[&[u8]]| crate::asn1::tlv(tag, parts);
        for (length, words) in [
            (0, "with at most 0 authorities below"),
            (1, "at most 1 authority below"),
            (2, "at most 2 authorities below"),
        ] {
            let constraints = tlv(0x30, &[&[1, 1, 0xff, 2, 1, length]]);
            let extension = tlv(0x30, &[&[6, 3, 0x55, 0x1d, 0x13], &tlv(4, &[&constraints])]);
            let extensions = tlv(0xa3, &[&tlv(0x30, &[&extension])]);
            let (empty, bits, time) = ([0x30, 0], [3, 1, 0], tlv(0x17, &[b"260101000000Z"]));
            let (life, key) = (tlv(0x30, &[&time, &time]), tlv(0x30, &[&empty, &bits]));
            let version = [0xa0, 3, 2, 1, 2, 2, 1, 1];
            let tbs = tlv(0x30, &[&version, &empty, &empty, &life, &empty, &key, &extensions]);
            let certificate = Certificate::from_der(&tlv(0x30, &[&tbs, &empty, &bits])).unwrap();
            let shown = Description::of(&certificate).to_string();
            assert!(shown.contains(words), "{shown}");
        }
    }

    #[test]
    fn law_and_identification_in_words() {
        let eu = statement_lines(&Statement::Compliance, true);
        let elsewhere = statement_lines(&Statement::Compliance, false);
        assert_eq!(
            (eu[0].as_str(), elsewhere[0].as_str()),
            ("EU qualified certificate", "qualified certificate, though not of the EU")
        );
        let nowhere = Statement::CountryLegislation(Vec::new());
        assert_eq!(statement_lines(&nowhere, false), ["qualified under the law of no country"]);
        let identified = Statement::IdentificationMethod(vec![IdentificationMethod::Eidas2B]);
        assert_eq!(statement_lines(&identified, true), ["identified after Article 24(1a) (b)"]);
    }
}
