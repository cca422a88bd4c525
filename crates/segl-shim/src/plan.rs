//! Which calls fail, and how.

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How.
    pub when: When,
    /// In which function; `None` for any.
    pub function: Option<&'static str>,
    /// At which call of it, counted from one since the rule was put in place.
    pub nth: u64,
    /// What the caller is answered.
    pub code: u64,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The call is not carried out.
    Before,
    /// It is carried out, and then answered with the code all the same.
    After,
    /// It and all after it, of any function, are not carried out, until the rule is taken away.
    GoneBefore,
    /// It is carried out and answered with the code, and all after it are not carried out, until the rule is taken away.
    GoneAfter,
    /// The device is pulled out before it: every session is closed, with what was made in it, and no call is carried out any more, until
    /// the rule is taken away.
    Pulled,
    /// It and all after it of its function are carried out, answered as they went, and what they give is untrue, until the rule is taken
    /// away. `C_FindObjects` finds the same object for ever; `C_GetAttributeValue` tells an unknown class and a point beside the curve;
    /// `C_GetTokenInfo` tells another serial number; `C_Sign` gives an octet less.
    Untrue,
}

impl When {
    /// Every way to fail.
    pub const ALL: [Self; 6] =
        [Self::Before, Self::After, Self::GoneBefore, Self::GoneAfter, Self::Pulled, Self::Untrue];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::GoneBefore => "gone-before",
            Self::GoneAfter => "gone-after",
            Self::Pulled => "pulled",
            Self::Untrue => "untrue",
        }
    }
}

impl Rule {
    pub(crate) fn to_line(self) -> String {
        let Self { when, function, nth, code } = self;
        format!("{} {} {nth} {code}", when.name(), function.unwrap_or("*"))
    }
}

/// A rule as the library reads it, and how far it has come.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The line that was read last; another one begins anew.
    line: String,
    rule: Option<Read>,
    seen: u64,
}

#[derive(Debug)]
struct Read {
    when: When,
    function: String,
    nth: u64,
    code: u64,
}

/// What to do with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Carry,
    CarryAndAnswer(u64),
    Answer(u64),
    PullAndAnswer(u64),
    CarryUntruly,
}

impl Plan {
    /// What to do with the next call, under the rule that stands now (nothing for none).
    pub(crate) fn next(&mut self, function: &str, line: &str) -> Step {
        if self.line != line {
            *self = Self { line: line.to_owned(), rule: Read::from_line(line), seen: 0 };
        }
        let Some(rule) = &self.rule else { return Step::Carry };
        let is_over = self.seen >= rule.nth;
        let counts = rule.function == "*" || rule.function == function;
        if is_over {
            return match rule.when {
                When::Before | When::After => Step::Carry,
                When::GoneBefore | When::GoneAfter | When::Pulled => Step::Answer(rule.code),
                When::Untrue if counts => Step::CarryUntruly,
                When::Untrue => Step::Carry,
            };
        }
        self.seen += u64::from(counts);
        if self.seen < rule.nth {
            return Step::Carry;
        }
        match rule.when {
            When::Before | When::GoneBefore => Step::Answer(rule.code),
            When::After | When::GoneAfter => Step::CarryAndAnswer(rule.code),
            When::Pulled => Step::PullAndAnswer(rule.code),
            When::Untrue => Step::CarryUntruly,
        }
    }
}

impl Read {
    fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let name = words.next()?;
        let when = When::ALL.into_iter().find(|when| when.name() == name)?;
        let function = words.next()?.to_owned();
        let nth = words.next()?.parse().ok()?;
        let code = words.next()?.parse().ok()?;
        Some(Self { when, function, nth, code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(when: When, function: Option<&'static str>) -> Vec<Step> {
        let line = Rule { when, function, nth: 2, code: 5 }.to_line();
        let mut plan = Plan::default();
        ["C_Sign", "C_Login", "C_Sign", "C_Login"].iter().map(|name| plan.next(name, &line)).collect()
    }

    #[test]
    fn a_rule_hits_its_call_and_what_it_says_of_later_ones() {
        use Step::{Answer, Carry, CarryAndAnswer, CarryUntruly, PullAndAnswer};

        assert_eq!(steps(When::Before, None), [Carry, Answer(5), Carry, Carry]);
        assert_eq!(steps(When::After, Some("C_Sign")), [Carry, Carry, CarryAndAnswer(5), Carry]);
        assert_eq!(steps(When::GoneBefore, None), [Carry, Answer(5), Answer(5), Answer(5)]);
        assert_eq!(steps(When::GoneAfter, Some("C_Sign")), [Carry, Carry, CarryAndAnswer(5), Answer(5)]);
        assert_eq!(steps(When::Pulled, None), [Carry, PullAndAnswer(5), Answer(5), Answer(5)]);
        assert_eq!(steps(When::Untrue, None), [Carry, CarryUntruly, CarryUntruly, CarryUntruly]);
        assert_eq!(steps(When::Untrue, Some("C_Sign")), [Carry, Carry, CarryUntruly, Carry]);
        assert_eq!(steps(When::Before, Some("C_Wait")), [Carry; 4]);
        assert_eq!(Plan::default().next("C_Sign", ""), Carry);
    }

    #[test]
    fn another_rule_counts_anew() {
        let line = |nth| Rule { when: When::Before, function: None, nth, code: 5 }.to_line();
        let mut plan = Plan::default();
        assert_eq!(plan.next("C_Sign", &line(1)), Step::Answer(5));
        assert_eq!(plan.next("C_Sign", &line(1)), Step::Carry);
        assert_eq!(plan.next("C_Sign", &line(2)), Step::Carry);
        assert_eq!(plan.next("C_Sign", &line(2)), Step::Answer(5));
        assert_eq!(plan.next("C_Sign", ""), Step::Carry);
        assert_eq!(plan.next("C_Sign", &line(1)), Step::Answer(5));
    }
}
