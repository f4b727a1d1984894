//! The signals whose lead times are compared: a measure, a threshold, and why this one.
//!
//! The thresholds were chosen from the publications and from what the measures mean, before any run was looked at; where a
//! publication names none, the reason says what was taken in its place. One signal came later, after nine kept runs had been
//! looked at: the null of the test accuracy without mirror images, at the level of the other accuracy null. The last entries are nulls: what a plain look at
//! the accuracy or the loss, random frequencies, or the frequencies of the moment would have told.

use std::f64::consts::E;

use crate::analysis::measure::{
    ACCURACY_TEST, ACCURACY_UNMIRRORED, CIRCULARITY, EFFECTIVE_RANK_W_E, EXCLUDED_LOSS_TRAIN, GINI_W_E,
    GINI_W_L, ILDR_SQUARED, ILDR_UNSQUARED, IPR_W_E, IPR_W_L, LOGIT_SCALE, LOSS_TEST, Measure,
    RESTRICTED_LOSS_ALL, RESTRICTED_LOSS_MOMENT, RESTRICTED_LOSS_RANDOM, SUM_SQ_WEIGHTS,
};
use crate::analysis::modular::circularity::CIRCULAR;
use crate::analysis::phases::{FORMED, RISE};
use crate::analysis::progress::ProgressMeasures;

/// Evaluations that make a baseline at the beginning of a run, as in this lab's check of ILDR.
const FIRST_EVALUATIONS: usize = 5;

/// The train accuracy that counts as memorised.
const MEMORISED_ACCURACY: f64 = 0.99;

/// A measure that is watched.
#[derive(Debug)]
pub struct Signal {
    /// Its name in tables.
    pub id: &'static str,
    /// What is watched.
    pub measure: &'static Measure,
    /// When it has fired.
    pub threshold: Threshold,
    /// Why this threshold.
    pub reason: &'static str,
    /// Where the measure, or the threshold, is proposed.
    pub source: &'static str,
    /// What it is compared as.
    pub kind: SignalKind,
}

/// What a signal knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalKind {
    /// It could have been watched while the run went on.
    Live,
    /// It uses the key frequencies of the last checkpoint, which nobody knows before.
    Hindsight,
    /// It needs no measure, or its measure needs no insight: what the others are to be better than.
    Null,
}

/// When a measure has crossed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Threshold {
    /// It is this or more.
    AtLeast(f64),
    /// It is this many times the mean of the first five evaluations or more.
    TimesFirst(f64),
    /// It is this many times its value at the first train accuracy of 99 %, or more, from there on.
    TimesMemorised(f64),
    /// It is below this part of its first value.
    BelowFirst(f64),
    /// It is this many times its lowest value so far, or more.
    TimesLowest(f64),
    /// It is below this part of its highest value so far.
    BelowHighest(f64),
    /// It is the logit scale at which a model has a loss of one nat if all wrong answers share what is left:
    /// ln((p − 1) / (e − 1)), from `ln(1 + (p − 1) exp(−s)) = 1`.
    OneNat,
}

/// The signals, the nulls last.
pub static SIGNALS: [Signal; 20] = [
    Signal {
        id: "ildr_squared_first",
        measure: &ILDR_SQUARED,
        threshold: Threshold::TimesFirst(2.5),
        reason: "the detector of the publication; its baseline is not defined there, this is one reading",
        source: "arXiv 2604.20923 (abstract)",
        kind: SignalKind::Live,
    },
    Signal {
        id: "ildr_squared_memorised",
        measure: &ILDR_SQUARED,
        threshold: Threshold::TimesMemorised(2.5),
        reason: "the same with the other reading of the baseline",
        source: "arXiv 2604.20923 (abstract)",
        kind: SignalKind::Live,
    },
    Signal {
        id: "ildr_unsquared_first",
        measure: &ILDR_UNSQUARED,
        threshold: Threshold::TimesFirst(2.5),
        reason: "whether distances are squared is not said in the abstract either",
        source: "arXiv 2604.20923 (abstract)",
        kind: SignalKind::Live,
    },
    Signal {
        id: "ildr_unsquared_memorised",
        measure: &ILDR_UNSQUARED,
        threshold: Threshold::TimesMemorised(2.5),
        reason: "as above, with both other readings",
        source: "arXiv 2604.20923 (abstract)",
        kind: SignalKind::Live,
    },
    Signal {
        id: "circularity",
        measure: &CIRCULARITY,
        threshold: Threshold::AtLeast(CIRCULAR),
        reason: "from here on the publication calls a run circular",
        source: "Zhong et al. 2023 (code)",
        kind: SignalKind::Live,
    },
    Signal {
        id: "gini_w_e",
        measure: &GINI_W_E,
        threshold: Threshold::AtLeast(0.5),
        reason: "the middle of its range; the paper draws it and names no threshold",
        source: "Nanda et al. 2023, figure 7",
        kind: SignalKind::Live,
    },
    Signal {
        id: "gini_w_l",
        measure: &GINI_W_L,
        threshold: Threshold::AtLeast(0.5),
        reason: "the middle of its range; the paper draws it and names no threshold",
        source: "Nanda et al. 2023, figure 7",
        kind: SignalKind::Live,
    },
    Signal {
        id: "ipr_w_e",
        measure: &IPR_W_E,
        threshold: Threshold::AtLeast(0.5),
        reason: "half of the power at one frequency, or two alike: the middle of its range",
        source: "Gromov 2023; Doshi et al. 2023",
        kind: SignalKind::Live,
    },
    Signal {
        id: "ipr_w_l",
        measure: &IPR_W_L,
        threshold: Threshold::AtLeast(0.5),
        reason: "half of the power at one frequency, or two alike: the middle of its range",
        source: "Gromov 2023; Doshi et al. 2023",
        kind: SignalKind::Live,
    },
    Signal {
        id: "effective_rank_w_e",
        measure: &EFFECTIVE_RANK_W_E,
        threshold: Threshold::BelowFirst(0.5),
        reason: "half of the directions are gone; no publication names a threshold",
        source: "Roy and Vetterli 2007; said to follow test accuracy in MLPs",
        kind: SignalKind::Live,
    },
    Signal {
        id: "logit_scale",
        measure: &LOGIT_SCALE,
        threshold: Threshold::OneNat,
        reason: "the scale at which the mean pair would cost one nat, the loss that counts as generalised",
        source: "Varma et al. 2023",
        kind: SignalKind::Live,
    },
    Signal {
        id: "sum_sq_weights",
        measure: &SUM_SQ_WEIGHTS,
        threshold: Threshold::BelowHighest(0.5),
        reason: "half of what it was at most; said to lag",
        source: "Nanda et al. 2023; Liu et al. 2023; arXiv 2604.20923 (abstract)",
        kind: SignalKind::Live,
    },
    Signal {
        id: "excluded_loss",
        measure: &EXCLUDED_LOSS_TRAIN,
        threshold: Threshold::TimesLowest(RISE),
        reason: "the rule that ends memorisation here (analysis::phases), without its look ahead",
        source: "Nanda et al. 2023, section 5",
        kind: SignalKind::Hindsight,
    },
    Signal {
        id: "restricted_loss",
        measure: &RESTRICTED_LOSS_ALL,
        threshold: Threshold::BelowFirst(FORMED),
        reason: "the rule by which circuits have formed here (analysis::phases)",
        source: "Nanda et al. 2023, section 5",
        kind: SignalKind::Hindsight,
    },
    Signal {
        id: "test_accuracy_10",
        measure: &ACCURACY_TEST,
        threshold: Threshold::AtLeast(0.1),
        reason: "a plain look at the accuracy, which ILDR's labels allow as well: ten times a guess at p = 113 and more",
        source: "null",
        kind: SignalKind::Null,
    },
    Signal {
        id: "test_accuracy_unmirrored_10",
        measure: &ACCURACY_UNMIRRORED,
        threshold: Threshold::AtLeast(0.1),
        reason: "the same without mirror images, which a memorised table answers",
        source: "null",
        kind: SignalKind::Null,
    },
    Signal {
        id: "test_accuracy_50",
        measure: &ACCURACY_TEST,
        threshold: Threshold::AtLeast(0.5),
        reason: "how long the rise itself takes",
        source: "null",
        kind: SignalKind::Null,
    },
    Signal {
        id: "restricted_loss_random",
        measure: &RESTRICTED_LOSS_RANDOM,
        threshold: Threshold::BelowFirst(FORMED),
        reason: "random frequencies, the best of twenty seeded sets, under the same rule",
        source: "null",
        kind: SignalKind::Null,
    },
    Signal {
        id: "restricted_loss_moment",
        measure: &RESTRICTED_LOSS_MOMENT,
        threshold: Threshold::BelowFirst(FORMED),
        reason: "the frequencies of that very step, under the same rule: the restricted loss without hindsight",
        source: "null",
        kind: SignalKind::Null,
    },
    Signal {
        id: "test_loss",
        measure: &LOSS_TEST,
        threshold: Threshold::BelowFirst(FORMED),
        reason: "the model itself under the same rule",
        source: "null",
        kind: SignalKind::Null,
    },
];

impl Signal {
    /// The first step at which it has fired; none if it never does. Checkpoints without its measure are passed over.
    pub fn crossed_at(&self, history: &[(usize, ProgressMeasures)], p: usize) -> Option<usize> {
        let values = history.iter().filter_map(|(step, measures)| {
            let accuracy = measures.accuracy.map(|accuracy| accuracy.train);
            self.measure.value(measures).map(|value| Point { step: *step, value, train_accuracy: accuracy })
        });
        let points: Vec<Point> = values.filter(|point| point.value.is_finite()).collect();
        self.threshold.crossed_at(&points, p)
    }
}

/// A measure at a checkpoint.
#[derive(Debug, Clone, Copy)]
struct Point {
    step: usize,
    value: f64,
    train_accuracy: Option<f64>,
}

impl Threshold {
    fn crossed_at(self, points: &[Point], p: usize) -> Option<usize> {
        let first = |meets: &dyn Fn(f64) -> bool, from: usize| {
            points[from..].iter().find(|point| meets(point.value)).map(|point| point.step)
        };
        match self {
            Self::AtLeast(level) => first(&|value| value >= level, 0),
            Self::OneNat => first(&|value| value >= one_nat_scale(p), 0),
            Self::BelowFirst(part) => {
                let level = part * points.first()?.value;
                first(&|value| value < level, 0)
            }
            Self::TimesFirst(factor) => {
                let n = FIRST_EVALUATIONS;
                let baseline = points.get(..n)?.iter().map(|point| point.value).sum::<f64>() / n as f64;
                // The baseline is known once it has been taken.
                first(&|value| value >= factor * baseline, n)
            }
            Self::TimesMemorised(factor) => {
                let memorised = |point: &Point| {
                    point.train_accuracy.is_some_and(|accuracy| accuracy >= MEMORISED_ACCURACY)
                };
                let at = points.iter().position(memorised)?;
                first(&|value| value >= factor * points[at].value, at)
            }
            Self::TimesLowest(factor) => {
                let mut lowest = f64::INFINITY;
                let fired = points.iter().find(|point| {
                    lowest = lowest.min(point.value);
                    point.value >= factor * lowest
                });
                fired.map(|point| point.step)
            }
            Self::BelowHighest(part) => {
                let mut highest = f64::NEG_INFINITY;
                let fired = points.iter().find(|point| {
                    highest = highest.max(point.value);
                    point.value < part * highest
                });
                fired.map(|point| point.step)
            }
        }
    }

    /// The threshold in words.
    pub fn words(self) -> String {
        match self {
            Self::AtLeast(level) => format!("at least {level}"),
            Self::TimesFirst(factor) => {
                format!("{factor} times the mean of the first {FIRST_EVALUATIONS} checkpoints")
            }
            Self::TimesMemorised(factor) => {
                format!("{factor} times its value at the first train accuracy of 99 %")
            }
            Self::BelowFirst(part) => format!("below {part} of its first value"),
            Self::TimesLowest(factor) => format!("{factor} times its lowest value so far"),
            Self::BelowHighest(part) => format!("below {part} of its highest value so far"),
            Self::OneNat => "the scale of a loss of one nat, ln((p − 1) / (e − 1))".to_owned(),
        }
    }
}

/// The logit scale s of `ln(1 + (p − 1) exp(−s)) = 1`.
fn one_nat_scale(p: usize) -> f64 {
    libm::log((p - 1) as f64 / (E - 1.0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{SIGNALS, SignalKind};
    use crate::analysis::measure::MEASURES;

    #[test]
    fn every_signal_has_a_name_of_its_own_a_measure_a_reason_and_a_source() {
        let ids: BTreeSet<_> = SIGNALS.iter().map(|signal| signal.id).collect();
        assert_eq!(ids.len(), SIGNALS.len());
        for signal in &SIGNALS {
            assert!(MEASURES.iter().any(|measure| measure.id == signal.measure.id), "{}", signal.id);
            assert!(
                !signal.reason.is_empty()
                    && !signal.source.is_empty()
                    && !signal.threshold.words().is_empty()
            );
        }
        let nulls = SIGNALS.iter().filter(|signal| signal.kind == SignalKind::Null);
        let nulls: BTreeSet<_> = nulls.map(|signal| signal.id).collect();
        for asked in [
            "test_accuracy_10",
            "test_accuracy_unmirrored_10",
            "restricted_loss_random",
            "restricted_loss_moment",
        ] {
            assert!(nulls.contains(asked), "{asked} is not among {nulls:?}");
        }
    }

    #[test]
    fn the_thresholds_are_in_the_documentation() {
        let text = include_str!("../../docs/measures.md");
        for signal in &SIGNALS {
            let row = text.lines().find(|line| line.starts_with(&format!("| `{}` |", signal.id)));
            let row = row.unwrap_or_else(|| panic!("docs/measures.md does not list {}", signal.id));
            assert!(row.contains(&signal.threshold.words()), "{row}: not {}", signal.threshold.words());
            assert!(row.contains(signal.reason), "{row}: not {}", signal.reason);
            assert!(row.contains(signal.source), "{row}: not {}", signal.source);
        }
    }
}
