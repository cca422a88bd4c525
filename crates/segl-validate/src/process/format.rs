//! Format checking, EN 319 102-1, 5.2.2.

use segl_tsp::{TimestampExtension, TstInfo};

use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Failure};
use crate::process::subject::Subject;

/// The format crate read the signature; what it found against the rules decides here.
pub(crate) fn format(subject: &Subject<'_>) -> Block {
    let mut block = Block::new(BlockKind::Format, subject.name());
    let failure = Conclusion::Failed(Failure::FormatFailure);
    match subject {
        Subject::Signature(signature) => {
            for finding in &signature.findings {
                let level = if finding.fatal { Level::Fail } else { Level::Warn };
                let detail = format!("{} ({}): {}", finding.rule, finding.clause, finding.text);
                if block.require(level, Check::FormatRule, false, detail, failure).is_break() {
                    return block;
                }
            }
            block.note(Level::Inform, Check::FormatRule, true, format!("read as {}", signature.format));
        }
        Subject::Stamp(stamp) => match &stamp.token {
            Ok(token) => match not_understood(token.info()) {
                None => block.note(Level::Inform, Check::TimestampReadable, true, "an RFC 3161 token"),
                Some(told) => {
                    block.conclude(Check::TimestampReadable, failure, told);
                }
            },
            Err(error) => {
                block.conclude(Check::TimestampReadable, failure, error.clone());
            }
        },
    }
    block
}

/// What nobody may pass over in a token (RFC 3161, 2.4.2): another version, or a critical extension that is not known. The one
/// that EN 319 422 knows may not be critical either, but it is understood.
fn not_understood(info: &TstInfo) -> Option<String> {
    if info.version() != 1 {
        return Some(format!("TSTInfo of version {}", info.version()));
    }
    let unknown = |extension: &&TimestampExtension| {
        extension.is_critical() && extension.oid() != segl_x509::oids::QC_STATEMENTS
    };
    let extension = info.extensions().iter().find(unknown)?;
    Some(format!("a critical extension {} that is not known", extension.oid()))
}
