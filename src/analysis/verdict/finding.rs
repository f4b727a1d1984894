//! What a check finds: numbers in words, and how they lie to the ranges of the claim.

use crate::format::count;

/// How something lies to the ranges of its claim, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RangeMatch {
    /// Outside of what is accepted.
    Outside,
    /// Accepted, though outside of what the fact sheet expects.
    Wider,
    /// As expected.
    Expected,
}

impl RangeMatch {
    /// From whether the expected and the wider range hold it.
    pub(super) fn graded(expected: bool, wider: bool) -> Self {
        match (expected, wider) {
            (true, _) => Self::Expected,
            (false, true) => Self::Wider,
            (false, false) => Self::Outside,
        }
    }
}

/// What a check found.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) fit: RangeMatch,
    /// All of it, in words and numbers.
    pub(super) measured: String,
    /// The part of it that only the wider range holds; empty if none.
    pub(super) outside_expected: String,
}

impl Finding {
    /// As good as the worst of its parts.
    pub(super) fn all(parts: &[(RangeMatch, String)]) -> Self {
        let texts = |wanted: &dyn Fn(RangeMatch) -> bool| -> String {
            let texts: Vec<&str> =
                parts.iter().filter(|(fit, _)| wanted(*fit)).map(|(_, text)| text.as_str()).collect();
            texts.join("; ")
        };
        Self {
            fit: parts.iter().map(|(fit, _)| *fit).min().unwrap_or(RangeMatch::Outside),
            measured: texts(&|_| true),
            outside_expected: texts(&|fit| fit == RangeMatch::Wider),
        }
    }

    /// One part.
    pub(super) fn one(part: (RangeMatch, String)) -> Self {
        Self::all(&[part])
    }

    /// That what the claim is about did not happen.
    pub(super) fn absent(measured: impl Into<String>) -> Self {
        Self::one((RangeMatch::Outside, measured.into()))
    }
}

/// A step, or that it was never reached.
pub(super) fn at(step: Option<usize>) -> String {
    step.map_or("never".into(), |step| format!("at step {}", count(step)))
}

#[cfg(test)]
mod tests {
    use super::{Finding, RangeMatch};

    #[test]
    fn a_finding_is_as_good_as_its_worst_part_and_names_what_is_beyond() {
        let part = |fit: RangeMatch, text: &str| (fit, text.to_owned());
        let wider =
            Finding::all(&[part(RangeMatch::Expected, "a"), part(RangeMatch::graded(false, true), "b")]);
        assert_eq!(
            (wider.fit, wider.measured.as_str(), wider.outside_expected.as_str()),
            (RangeMatch::Wider, "a; b", "b")
        );
        let outside = Finding::all(&[part(RangeMatch::Wider, "b"), part(RangeMatch::Outside, "c")]);
        assert_eq!(outside.fit, RangeMatch::Outside, "one part outside");
        assert_eq!(Finding::one(part(RangeMatch::Expected, "a")).outside_expected, "", "nothing is beyond");
        assert_eq!(Finding::absent("no such thing").fit, RangeMatch::Outside);
        assert_eq!(Finding::all(&[]).fit, RangeMatch::Outside, "nothing found is nothing shown");
    }
}
