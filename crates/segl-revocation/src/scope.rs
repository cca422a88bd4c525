//! Which certificates, and which reasons, a CRL covers for one certificate (RFC 5280 6.3.3 (b) and (d)).

use segl_x509::{
    Certificate, DistributionPointName, GeneralName, Name, ReasonFlags, SyntaxError, SyntaxErrorKind,
};

use crate::{
    WhyUnknown,
    asn1::{Reader, SEQUENCE, Tlv, Value as _, shift},
    facts::CrlFacts,
};

/// What a CRL covers: issuingDistributionPoint (RFC 5280 5.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuingDistributionPoint {
    /// Where the CRL is found, to be compared with the certificate's distribution points.
    pub distribution_point: Option<DistributionPointName>,
    /// Certificates of end entities only.
    pub only_user_certificates: bool,
    /// Certificates of authorities only.
    pub only_authority_certificates: bool,
    /// These reasons only.
    pub only_some_reasons: Option<ReasonFlags>,
    /// Entries may be of other issuers.
    pub is_indirect: bool,
    /// Attribute certificates only.
    pub only_attribute_certificates: bool,
}

/// Where the CRLs of a certificate stand, as far as it matters for what they cover.
pub(crate) struct Point {
    name: Option<DistributionPointName>,
    reasons: ReasonFlags,
    /// The names of cRLIssuer; empty when it is the certificate's issuer.
    crl_issuers: Vec<Name>,
}

/// What a list covers for one certificate.
#[derive(Clone, Copy)]
pub(crate) struct Cover {
    pub(crate) reasons: ReasonFlags,
    /// Whether the certificate itself names the list's issuer as cRLIssuer.
    pub(crate) is_delegated: bool,
}

impl Point {
    /// The distribution points of a certificate, and last the one that every CRL of its issuer answers to (RFC 5280 6.3.3).
    pub(crate) fn of(certificate: &Certificate) -> Result<Vec<Self>, SyntaxError> {
        let stated = match certificate.crl_distribution_points() {
            Ok(points) => points.unwrap_or_default(),
            Err(segl_x509::ExtensionError::Syntax { error, .. }) => return Err(error),
            // Said twice is not said.
            Err(_) => Vec::new(),
        };
        let mut points: Vec<Self> = stated
            .into_iter()
            .map(|point| Self {
                crl_issuers: point.crl_issuer.iter().filter_map(GeneralName::as_directory).cloned().collect(),
                name: point.name,
                reasons: point.reasons.unwrap_or(ReasonFlags::ALL),
            })
            .collect();
        let own = GeneralName::Directory(certificate.issuer().clone());
        points.push(Self {
            name: Some(DistributionPointName::Full(vec![own])),
            reasons: ReasonFlags::ALL,
            crl_issuers: Vec::new(),
        });
        Ok(points)
    }

    fn reasons(
        &self,
        list: &CrlFacts,
        scope: Option<&IssuingDistributionPoint>,
        certificate: &Certificate,
    ) -> Result<ReasonFlags, WhyUnknown> {
        if self.crl_issuers.is_empty() {
            if !list.issuer().matches(certificate.issuer()) {
                return Err(WhyUnknown::OtherIssuer);
            }
        } else if !self.crl_issuers.iter().any(|name| name.matches(list.issuer())) {
            return Err(WhyUnknown::OtherIssuer);
        } else if !scope.is_some_and(|scope| scope.is_indirect) {
            return Err(WhyUnknown::NotIndirect);
        }
        let Some(scope) = scope else { return Ok(self.reasons) };
        if !scope.covers_kind(certificate) || !scope.is_at(self, list.issuer()) {
            return Err(WhyUnknown::OutOfScope);
        }
        Ok(scope.only_some_reasons.unwrap_or(ReasonFlags::ALL).intersection(self.reasons))
    }
}

/// What this list covers at any of these points.
pub(crate) fn cover(
    list: &CrlFacts,
    points: &[Point],
    certificate: &Certificate,
) -> Result<Cover, WhyUnknown> {
    let scope = list.issuing_distribution_point().map_err(WhyUnknown::Malformed)?;
    let mut cover = Cover { reasons: ReasonFlags::NONE, is_delegated: false };
    let mut refusal = WhyUnknown::OtherIssuer;
    for point in points {
        match point.reasons(list, scope, certificate) {
            Ok(reasons) => {
                cover.reasons = cover.reasons.union(reasons);
                cover.is_delegated |= !point.crl_issuers.is_empty();
            }
            Err(WhyUnknown::OtherIssuer) => {}
            Err(why) => refusal = why,
        }
    }
    if cover.reasons.is_empty() { Err(refusal) } else { Ok(cover) }
}

impl IssuingDistributionPoint {
    pub(crate) fn read(value: &[u8]) -> Result<Self, SyntaxError> {
        let mut fields = Reader::only(value, 0, SEQUENCE)?.reader();
        let name = match fields.optional(0xa0)? {
            Some(outer) => {
                let offset = outer.reader().any()?.offset;
                Some(DistributionPointName::from_der(outer.content).map_err(|error| shift(error, offset))?)
            }
            None => None,
        };
        let flag = |tlv: Option<Tlv<'_>>| tlv.map_or(Ok(false), |tlv| tlv.boolean());
        let only_user_certificates = flag(fields.optional(0x81)?)?;
        let only_authority_certificates = flag(fields.optional(0x82)?)?;
        let only_some_reasons = match fields.optional(0x83)? {
            Some(bits) => Some(
                ReasonFlags::from_bit_string(bits.content)
                    .ok_or_else(|| bits.error(SyntaxErrorKind::BitString))?,
            ),
            None => None,
        };
        let is_indirect = flag(fields.optional(0x84)?)?;
        let only_attribute_certificates = flag(fields.optional(0x85)?)?;
        fields.finish()?;
        Ok(Self {
            distribution_point: name,
            only_user_certificates,
            only_authority_certificates,
            only_some_reasons,
            is_indirect,
            only_attribute_certificates,
        })
    }

    fn covers_kind(&self, certificate: &Certificate) -> bool {
        let is_ca = certificate.is_ca();
        !(self.only_attribute_certificates
            || self.only_user_certificates && is_ca
            || self.only_authority_certificates && !is_ca)
    }

    /// Whether a name of the list is one of the point, or, where the point has none, one of its cRLIssuer.
    fn is_at(&self, point: &Point, crl_issuer: &Name) -> bool {
        let Some(mine) = &self.distribution_point else { return true };
        let theirs = match &point.name {
            Some(name) => name.names(crl_issuer),
            None => point.crl_issuers.iter().cloned().map(GeneralName::Directory).collect(),
        };
        mine.names(crl_issuer).iter().any(|own| theirs.iter().any(|name| own.matches(name)))
    }
}
