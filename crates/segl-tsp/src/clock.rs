use segl_crypto::Time;

/// What the caller knows about its clock at this moment.
///
/// Whether a clock is fit (synchronised, not jumping, within the accuracy of the policy; EN 319 421, 7.7) is measured elsewhere.
#[allow(clippy::exhaustive_enums, reason = "a clock may be stamped with or not")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The time may go into a token.
    Fit(Time),
    /// No time may be stamped; requests are answered with `timeNotAvailable`.
    Unfit,
}

/// To which part of a second `genTime` is written. The time is cut off, never rounded up.
#[allow(clippy::exhaustive_enums, reason = "finer than a clock over the network can know is no use")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Precision {
    /// Thousandths.
    #[default]
    Milliseconds,
    /// Whole seconds.
    Seconds,
}

impl Precision {
    pub(crate) fn cut(self, time: Time) -> Time {
        let whole = time.truncate_to_seconds();
        match self {
            Self::Seconds => whole,
            Self::Milliseconds => {
                let nanos = time.subsec_nanos();
                whole.with_nanos(nanos.saturating_sub(nanos % 1_000_000)).unwrap_or(whole)
            }
        }
    }
}
