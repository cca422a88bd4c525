//! Which baseline level a signature reaches with the evidence inside it.

use segl_ades::{Format, Level, Signature};
use segl_path::Path;
use segl_x509::Certificate;

use crate::process::Context;
use crate::process::Role;
use crate::process::certificate::{exemption, without_dates};
use crate::process::timestamp::Stamped;

/// The format's level, lowered where evidence is missing inside the file: LT needs status information about every
/// certificate in the chains of the signer and of the time-stamps, the outermost aside, whether it counts or not.
pub(crate) fn achieved(
    context: &Context<'_>,
    signature: &Signature,
    signer: Option<&Certificate>,
    stamps: &[Stamped<'_>],
) -> Format {
    let lowered = match &signature.format {
        Format::Baseline { family, level } if *level >= Level::Lt => Format::baseline(*family, Level::T),
        // A PDF signature of ISO 32000-1 is told its level in the same way.
        Format::Other { name } if ["PKCS7-LT", "PKCS7-LTA"].contains(&name.as_str()) => {
            Format::other("PKCS7-T")
        }
        other => return other.clone(),
    };
    // The outermost archive time-stamp is younger than all the evidence; the next one brings its own.
    let is_outermost = |stamped: &&Stamped<'_>| {
        stamped.stamp.rank() >= 3 && !stamps.iter().any(|other| other.stamp.covers_stamp(&stamped.stamp))
    };
    let units = stamps
        .iter()
        .filter(|stamped| !is_outermost(stamped))
        .filter_map(|stamped| stamped.basic.signer.as_ref());
    let complete = signer.is_some_and(|signer| is_covered(context, signer, Role::Signer))
        && units.into_iter().all(|unit| is_covered(context, unit, Role::Unit));
    if complete { signature.format.clone() } else { lowered }
}

/// Whether a chain has status information for each certificate inside the file.
fn is_covered(context: &Context<'_>, leaf: &Certificate, role: Role) -> bool {
    let parameters = without_dates(leaf.not_before());
    let found = context.paths(leaf, &parameters);
    found.paths.first().is_some_and(|path| has_status(context, path, role))
}

fn has_status(context: &Context<'_>, path: &Path, role: Role) -> bool {
    path.is_anchor_itself()
        || path.with_issuers().enumerate().all(|(position, (certificate, issuer))| {
            if exemption(context, certificate, issuer, context.rules(role, position)).is_some() {
                return true;
            }
            let known = context.material.statuses(certificate, issuer);
            let inside = known.found.iter().filter(|status| context.material.is_embedded(&status.id));
            let covered = inside.clone().any(|status| {
                !status.is_delegated()
                    || exemption(context, &status.signer, issuer, &context.policy.status_signer).is_some()
                    || context
                        .material
                        .statuses(&status.signer, issuer)
                        .found
                        .iter()
                        .any(|own| context.material.is_embedded(&own.id))
            });
            covered || known.refused.iter().any(|(id, why)| context.material.is_embedded(id) && is_about(why))
        })
}

/// Status that is about the certificate but does not count for it.
fn is_about(why: &segl_revocation::WhyUnknown) -> bool {
    use segl_revocation::WhyUnknown as W;
    matches!(why, W::AfterNotAfter { .. } | W::BeforeNotBefore { .. } | W::ResponderDoesNotKnow)
}
