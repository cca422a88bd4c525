//! Time-stamp validation, EN 319 102-1, 5.4.

use core::ops::ControlFlow;

use segl_crypto::Time;

use crate::block::{Block, BlockKind, Check, Level};
use crate::conclusion::{Conclusion, Doubt};
use crate::process::Context;
use crate::process::basic::{self, Basic};
use crate::process::extensions::unit_purpose;
use crate::process::long_term::is_past;
use crate::process::subject::{Stamp, Subject};

/// A time-stamp with what its validation found.
pub(crate) struct Stamped<'a> {
    pub(crate) stamp: Stamp<'a>,
    pub(crate) basic: Basic,
    /// What it is worth so far; past validation may better it.
    pub(crate) conclusion: Conclusion,
    pub(crate) blocks: Vec<Block>,
}

impl<'a> Stamped<'a> {
    pub(crate) fn validate(context: &Context<'_>, stamp: Stamp<'a>) -> Self {
        let mut basic = basic::validate(context, &Subject::Stamp(&stamp), None);
        let mut blocks = core::mem::take(&mut basic.blocks);
        let mut conclusion = basic.conclusion;
        let mut block = Block::new(BlockKind::Timestamp, stamp.claim.id.clone());
        if let Some(time) = stamp.time() {
            block.note(Level::Inform, Check::Result, true, format!("{} of {time}", stamp.claim.kind));
        }
        let imprint = stamp.imprint_intact();
        let detail = match imprint {
            Some(true) => "the imprint is that of what it covers",
            Some(false) => "the imprint is that of something else",
            None => "what it covers is not known",
        };
        // The comparison belongs to whoever uses the time-stamp, and ends nothing here.
        block.note(Level::Warn, Check::ImprintIntact, imprint == Some(true), detail);
        let level = context.policy.timestamp.unit_purpose;
        let purpose = basic.signer.as_ref().map(|unit| unit_purpose(unit, level, &mut block));
        let dated = in_validity(context, &stamp, &basic, &mut block);
        for flow in purpose.into_iter().chain([dated]) {
            // Neither gets better with proofs of existence, so neither waits for them.
            if let ControlFlow::Break(doubt) = flow
                && (conclusion.is_passed() || is_past(conclusion))
            {
                conclusion = doubt;
            }
        }
        block.conclude(Check::Result, conclusion, "validated by itself");
        blocks.push(block);
        Self { stamp, basic, conclusion, blocks }
    }

    /// The time it proves for what it covers; `None` when it proves nothing.
    pub(crate) fn proves(&self) -> Option<Time> {
        let counts = self.conclusion.is_passed() && self.stamp.imprint_intact() == Some(true);
        if counts { self.stamp.time() } else { None }
    }
}

/// Whether the unit was certified at the time that it names.
fn in_validity(
    context: &Context<'_>,
    stamp: &Stamp<'_>,
    basic: &Basic,
    block: &mut Block,
) -> ControlFlow<Conclusion> {
    let (Some(time), Some(unit)) = (stamp.time(), &basic.signer) else { return ControlFlow::Continue(()) };
    let detail = format!("{time} in {} to {}", unit.not_before(), unit.not_after());
    let doubt = Conclusion::Indeterminate(Doubt::SigConstraintsFailure);
    let level = context.policy.timestamp.time_in_validity;
    block.require(level, Check::TimestampInValidity, unit.is_valid_at(time), detail, doubt)
}
