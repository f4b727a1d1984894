//! What a claim asks of a run: a quantity, the range that another seed is expected to lie in, and a wider one that is
//! accepted. A check judges by it, and a reader is told of it: both from the same numbers.

use super::finding::RangeMatch;
use super::range::{Range, Unit};

/// One thing that a claim asks for.
#[derive(Debug, Clone, Copy)]
pub struct Criterion {
    expected: Bound,
    /// Another sufficient one, on a second quantity.
    alternative: Option<Bound>,
    wider: Option<Wider>,
}

/// A quantity in words, `{}` standing for its range.
#[derive(Debug, Clone, Copy)]
struct Bound {
    text: &'static str,
    unit: Unit,
    range: Range,
}

#[derive(Debug, Clone, Copy)]
enum Wider {
    SameQuantity(Range),
    SecondQuantity(Bound),
}

impl Bound {
    fn words(self) -> String {
        self.text.replacen("{}", &self.range.words(self.unit), 1)
    }
}

impl Criterion {
    /// A quantity and its expected range; the text has `{}` where the range is said.
    pub(super) const fn new(text: &'static str, unit: Unit, range: Range) -> Self {
        Self { expected: Bound { text, unit, range }, alternative: None, wider: None }
    }

    /// Enough is also this of a second quantity.
    pub(super) const fn or(self, text: &'static str, unit: Unit, range: Range) -> Self {
        Self { alternative: Some(Bound { text, unit, range }), ..self }
    }

    /// Accepted is this range, too.
    pub(super) const fn wider(self, range: Range) -> Self {
        Self { wider: Some(Wider::SameQuantity(range)), ..self }
    }

    /// Accepted is this of a second quantity, too.
    pub(super) const fn wider_by(self, text: &'static str, unit: Unit, range: Range) -> Self {
        Self { wider: Some(Wider::SecondQuantity(Bound { text, unit, range })), ..self }
    }

    /// Whether the expected range holds a value.
    pub(super) fn expects(&self, value: f64) -> bool {
        self.expected.range.contains(value)
    }

    /// How a value lies to the ranges, with what is said of it. NaN is for what did not happen: it lies in none.
    pub(super) fn judge(&self, value: f64, words: String) -> (RangeMatch, String) {
        self.judge_both(value, f64::NAN, words)
    }

    /// The same with the second quantity.
    pub(super) fn judge_both(&self, value: f64, second: f64, words: String) -> (RangeMatch, String) {
        let alternative = self.alternative.is_some_and(|bound| bound.range.contains(second));
        let expected = self.expects(value) || alternative;
        let wider = match self.wider {
            None => false,
            Some(Wider::SameQuantity(range)) => range.contains(value),
            Some(Wider::SecondQuantity(bound)) => bound.range.contains(second),
        };
        (RangeMatch::graded(expected, wider), words)
    }

    /// What is expected, in words.
    pub fn expected(&self) -> String {
        match self.alternative {
            Some(alternative) => format!("{} or {}", self.expected.words(), alternative.words()),
            None => self.expected.words(),
        }
    }

    /// The wider range, in words; none where the expected one decides.
    pub fn wider_words(&self) -> Option<String> {
        self.wider.map(|wider| match wider {
            Wider::SameQuantity(range) => Bound { range, ..self.expected }.words(),
            Wider::SecondQuantity(bound) => bound.words(),
        })
    }
}

/// A step as a value to be judged; NaN if it was never reached.
pub(super) fn step_value(step: Option<usize>) -> f64 {
    step.map_or(f64::NAN, |step| step as f64)
}

#[cfg(test)]
mod tests {
    use super::{Criterion, Range, RangeMatch, Unit, step_value};

    #[test]
    fn a_value_is_judged_by_the_numbers_that_the_words_hold() {
        let criterion = Criterion::new("{} neurons", Unit::Plain, Range::Between(400.0, 500.0))
            .wider(Range::Between(350.0, 500.0));
        assert_eq!(criterion.expected(), "400 to 500 neurons");
        assert_eq!(criterion.wider_words().as_deref(), Some("350 to 500 neurons"));
        let judged = |value: f64| criterion.judge(value, String::new()).0;
        assert_eq!(
            [433.0, 368.0, 340.0, f64::NAN].map(judged),
            [RangeMatch::Expected, RangeMatch::Wider, RangeMatch::Outside, RangeMatch::Outside]
        );
    }

    #[test]
    fn a_second_quantity_may_suffice_or_be_accepted() {
        let either = Criterion::new("{} earlier", Unit::Steps, Range::AtLeast(1_000.0)).or(
            "{} of the way earlier",
            Unit::Percent,
            Range::AtLeast(0.15),
        );
        assert_eq!(either.expected(), "at least 1,000 steps earlier or at least 15 % of the way earlier");
        assert_eq!(either.judge_both(600.0, 0.2, String::new()).0, RangeMatch::Expected);
        assert_eq!(either.judge_both(600.0, 0.1, String::new()).0, RangeMatch::Outside);
        let accepted = Criterion::new("each {}", Unit::Percent, Range::Above(0.88)).wider_by(
            "each strong one {}",
            Unit::Percent,
            Range::Above(0.75),
        );
        assert_eq!(accepted.wider_words().as_deref(), Some("each strong one above 75 %"));
        assert_eq!(accepted.judge_both(0.3, 0.8, String::new()).0, RangeMatch::Wider);
        assert_eq!(accepted.judge_both(0.3, 0.7, String::new()).0, RangeMatch::Outside);
    }

    #[test]
    fn what_never_happened_lies_in_no_range() {
        let by = Criterion::new("learned {}", Unit::Step, Range::AtMost(400.0));
        assert!(by.expects(step_value(Some(400))) && !by.expects(step_value(None)));
    }
}
