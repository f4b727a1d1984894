//! What a check finds: numbers in words, and how they lie to the ranges of the claim.

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

impl From<bool> for RangeMatch {
    /// Of a claim with one range.
    fn from(holds: bool) -> Self {
        Self::graded(holds, holds)
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
    pub(super) fn one(fit: impl Into<RangeMatch>, measured: String) -> Self {
        Self::all(&[(fit.into(), measured)])
    }
}

/// A number as people read it: 4 significant digits, with an exponent where it is very small or large.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        "0".into()
    } else if (1e-3..1e5).contains(&size) {
        let digits = 3 - (libm::log10(size).floor() as i32).min(3);
        format!("{value:.*}", digits.max(0) as usize)
    } else {
        format!("{value:.2e}")
    }
}

/// A fraction in per cent.
pub(super) fn per_cent(value: f64) -> String {
    format!("{:.2} %", 100.0 * value)
}

/// A step, or that it was never reached.
pub(super) fn at(step: Option<usize>) -> String {
    step.map_or("never".into(), |step| format!("at step {step}"))
}

#[cfg(test)]
mod tests {
    use super::{Finding, RangeMatch};

    #[test]
    fn a_finding_is_as_good_as_its_worst_part_and_names_what_is_beyond() {
        let part = |fit: RangeMatch, text: &str| (fit, text.to_owned());
        let wider = Finding::all(&[part(true.into(), "a"), part(RangeMatch::graded(false, true), "b")]);
        assert_eq!(
            (wider.fit, wider.measured.as_str(), wider.outside_expected.as_str()),
            (RangeMatch::Wider, "a; b", "b")
        );
        let outside = Finding::all(&[part(RangeMatch::Wider, "b"), part(false.into(), "c")]);
        assert_eq!(outside.fit, RangeMatch::Outside, "one part outside");
        assert_eq!(Finding::one(true, "a".into()).outside_expected, "", "nothing is beyond");
        assert_eq!(Finding::all(&[]).fit, RangeMatch::Outside, "nothing found is nothing shown");
    }
}
