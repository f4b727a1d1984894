//! What a claim asks of a run: a quantity, the range outside of which the claim is refuted, and the range that the paper
//! and the published models report. A check judges by it, and a reader is told of it: both from the same numbers.

use super::finding::Fit;
use super::range::{Range, Unit};

/// One thing that a claim asks for.
#[derive(Debug, Clone, Copy)]
pub struct Criterion {
    text: &'static str,
    unit: Unit,
    /// Outside of it the claim is refuted; none of a quantity that is told and not judged.
    asked: Option<Range>,
    /// What the paper and the published models show; a value outside does not refute the claim.
    published: Option<Range>,
}

impl Criterion {
    /// A quantity and the range that the claim asks for; the text has `{}` where the range is said.
    pub(super) const fn new(text: &'static str, unit: Unit, asked: Range) -> Self {
        Self { text, unit, asked: Some(asked), published: None }
    }

    /// A quantity that is told and not judged.
    pub(super) const fn told(text: &'static str, unit: Unit) -> Self {
        Self { text, unit, asked: None, published: None }
    }

    /// With the range that the paper and the published models show.
    pub(super) const fn published(self, range: Range) -> Self {
        Self { published: Some(range), ..self }
    }

    /// How a value lies to the ranges; none if it is not judged. NaN is for what did not happen: it lies in no range.
    /// The published range is of the paper's own experiment and counts `in_papers_setup` alone.
    pub(super) fn fit(&self, value: f64, in_papers_setup: bool) -> Option<Fit> {
        if self.asked.is_some_and(|asked| !asked.contains(value)) {
            return Some(Fit::Fails);
        }
        match self.published.filter(|_| in_papers_setup) {
            Some(published) if !published.contains(value) => Some(Fit::Differs),
            Some(_) => Some(Fit::Holds),
            None => self.asked.map(|_| Fit::Holds),
        }
    }

    /// What is measured, in words, without a range.
    pub fn quantity(&self) -> String {
        self.text.replacen("{}", "…", 1)
    }

    /// What the claim asks for, in words; none of a quantity that is not judged.
    pub fn asked(&self) -> Option<String> {
        self.asked.map(|range| self.words(range))
    }

    /// What the paper and the published models show, in words.
    pub fn published_words(&self) -> Option<String> {
        self.published.map(|range| self.words(range))
    }

    fn words(&self, range: Range) -> String {
        self.text.replacen("{}", &range.words(self.unit), 1)
    }
}

/// A step as a value to be judged; NaN if it was never reached.
pub(super) fn step_value(step: Option<usize>) -> f64 {
    step.map_or(f64::NAN, |step| step as f64)
}

#[cfg(test)]
mod tests {
    use super::{Criterion, Fit, Range, Unit, step_value};

    #[test]
    fn a_value_is_judged_by_the_numbers_that_the_words_hold() {
        let criterion = Criterion::new("{} explained", Unit::Percent, Range::AtLeast(0.9))
            .published(Range::Between(0.94, 0.99));
        assert_eq!(criterion.asked().as_deref(), Some("at least 90 % explained"));
        assert_eq!(criterion.published_words().as_deref(), Some("94 to 99 % explained"));
        assert_eq!(criterion.quantity(), "… explained");
        let judged = |value: f64| criterion.fit(value, true);
        assert_eq!([0.95, 0.999, 0.92].map(judged), [Fit::Holds, Fit::Differs, Fit::Differs].map(Some));
        assert_eq!([0.89, f64::NAN].map(judged), [Some(Fit::Fails); 2]);
        assert_eq!(
            criterion.fit(0.92, false),
            Some(Fit::Holds),
            "the published range is of the paper's setup"
        );
    }

    #[test]
    fn what_is_told_alone_never_fails() {
        let told = Criterion::told("reached {}", Unit::Step);
        assert_eq!((told.fit(f64::NAN, true), told.asked()), (None, None));
        let compared = told.published(Range::AtMost(400.0));
        assert_eq!(compared.fit(500.0, true), Some(Fit::Differs));
        assert_eq!(compared.fit(500.0, false), None);
        assert_eq!(compared.fit(step_value(Some(400)), true), Some(Fit::Holds));
        assert_eq!(compared.fit(step_value(None), true), Some(Fit::Differs), "it never happened");
    }
}
