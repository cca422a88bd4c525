//! Format checking, EN 319 102-1, 5.2.2.

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
            Ok(_) => block.note(Level::Inform, Check::TimestampReadable, true, "an RFC 3161 token"),
            Err(error) => {
                block.conclude(Check::TimestampReadable, failure, error.clone());
            }
        },
    }
    block
}
