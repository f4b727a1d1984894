//! The phases of a run: memorisation, circuit formation, cleanup (paper section 5.2).
//!
//! The paper draws its boundaries by eye. Here each follows a rule from the progress measures:
//!
//! - Memorisation ends where the excluded loss is least, before its peak: until there the model solves the
//!   train set without the key frequencies better and better, from there it comes to depend on them. It
//!   has ended once the excluded loss is at [`RISE`] times that minimum.
//! - No phase is named unless circuits have formed, or they would be named in a run that only memorises: somewhere
//!   after memorisation the excluded loss is above [`FORMED`] of what it was at first, when it was a guess's, and the
//!   restricted loss below that part of its own first value.
//! - Cleanup begins at the knee of the sum of squared weights: between the end of memorisation and the
//!   point where all but [`TAIL`] of its fall is done, the place where its logarithm lies highest above the
//!   straight line between the two. It has begun once the ratio of test loss to restricted loss, which grows while
//!   circuits form unseen, is [`FALL`] times below its peak.
//! - Cleanup ends where the weights have settled: from there on the sum of squares stays within
//!   [`SETTLED`] of its fall since memorisation from its last value. A run that ends before leaves this
//!   open.
//!
//! On the paper's own curves the rules give 1.3k, 8.9k and 13.8k where its authors saw 1.4k, 9.4k and 14k.

use serde::{Deserialize, Serialize};

use crate::analysis::progress::{ProgressMeasures, share_freqs};

/// How far the excluded loss must rise above its minimum: twice, which no ripple of a run without decay
/// reaches, and circuit formation passes many times over.
pub const RISE: f64 = 2.0;

/// The part of its first value that the excluded loss must come back to, and the restricted loss fall to, before
/// circuits are said to have formed.
pub const FORMED: f64 = 0.5;

/// How far the test-to-restricted ratio must fall from its peak: it falls a thousandfold in a cleanup.
pub const FALL: f64 = 10.0;

/// The part of the fall of the squared weights that the knee leaves out: some seeds creep through their last
/// tenth for as long as all the rest took, and a line to the end of that tail has its knee anywhere.
pub const TAIL: f64 = 0.1;

/// The part of the fall of the squared weights that counts as settled.
pub const SETTLED: f64 = 0.02;

/// The settled stretch must make up at least this part of the run's steps, or the run may have ended on
/// its way down.
const SETTLED_STRETCH: f64 = 0.1;

/// The boundaries, as far as the run has reached them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Phases {
    /// The end of memorisation and the beginning of circuit formation.
    pub memorisation_end: Option<Boundary>,
    /// The end of circuit formation and the beginning of cleanup.
    pub cleanup_start: Option<Boundary>,
    /// The end of cleanup.
    pub cleanup_end: Option<Boundary>,
}

/// A step and the measures there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Boundary {
    /// Updates done.
    pub step: usize,
    /// Loss over the train set without the key frequencies' waves, in nats.
    pub excluded_loss: f64,
    /// Loss over all pairs of those waves alone, in nats.
    pub restricted_loss: f64,
    /// Loss over the test set, in nats.
    pub test_loss: f64,
    /// Σ w² over all parameters.
    pub sum_sq_weights: f64,
}

impl Phases {
    /// Finds the boundaries in measures by step, ascending. Measures that were not all taken with the same key
    /// frequencies have none: from one to the next it may be the frequencies that changed and not the model.
    pub fn find(history: &[(usize, ProgressMeasures)]) -> Self {
        if !share_freqs(history) {
            return Self::default();
        }
        let points: Vec<Boundary> = history.iter().map(|(step, m)| Boundary::new(*step, m)).collect();
        Self::of_points(&points)
    }

    /// Finds the boundaries in points by step, ascending.
    pub fn of_points(points: &[Boundary]) -> Self {
        let Some(memorised) = end_of_memorisation(points) else { return Self::default() };
        let memorisation_end = Some(points[memorised]);
        let rest = &points[memorised..];
        let formed = |point: &Boundary| {
            point.excluded_loss > FORMED * points[0].excluded_loss
                && point.restricted_loss < FORMED * points[0].restricted_loss
        };
        if !rest.iter().any(formed) {
            return Self::default();
        }
        let ratio = |point: &Boundary| point.test_loss / point.restricted_loss;
        let peak = rest.iter().map(ratio).fold(0.0, f64::max);
        let cleaning = rest.last().is_some_and(|last| ratio(last) * FALL < peak);
        if !cleaning {
            return Self { memorisation_end, ..Self::default() };
        }
        let settled = near_last(rest, SETTLED);
        let fallen = settled.and_then(|_| near_last(rest, TAIL));
        let cleanup_start = fallen.and_then(|fallen| knee(&rest[..=fallen])).map(|i| rest[i]);
        let steps = |from: &Boundary, to: &Boundary| (to.step - from.step) as f64;
        let long_enough = |&i: &usize| {
            let last = &points[points.len() - 1];
            steps(&rest[i], last) >= SETTLED_STRETCH * steps(&points[0], last)
        };
        Self { memorisation_end, cleanup_start, cleanup_end: settled.filter(long_enough).map(|i| rest[i]) }
    }

    /// The ends of the three phases that were found, by name.
    pub fn ends(&self) -> Vec<(&'static str, usize)> {
        [
            ("memorisation", self.memorisation_end),
            ("circuit formation", self.cleanup_start),
            ("cleanup", self.cleanup_end),
        ]
        .into_iter()
        .filter_map(|(name, boundary)| Some((name, boundary?.step)))
        .collect()
    }
}

impl Boundary {
    fn new(step: usize, measures: &ProgressMeasures) -> Self {
        Self {
            step,
            excluded_loss: measures.excluded_loss.train,
            restricted_loss: measures.restricted_loss.all,
            test_loss: measures.loss.test,
            sum_sq_weights: measures.sum_sq_weights.total,
        }
    }
}

/// The least excluded loss before its peak, if the peak is high enough.
fn end_of_memorisation(points: &[Boundary]) -> Option<usize> {
    let excluded = |i: usize| points[i].excluded_loss;
    // The peak is looked for behind the first descent: the untrained model may stand higher.
    let first_fall = (1..points.len()).find(|&i| excluded(i) < excluded(i - 1))?;
    let lowest = (first_fall..points.len()).filter(|&i| {
        let later = (i..points.len()).map(excluded).fold(0.0, f64::max);
        later >= RISE * excluded(i)
    });
    lowest.reduce(|best, i| if excluded(i) < excluded(best) { i } else { best })
}

/// The first place from which the sum of squares stays within a part of its fall from its last value.
fn near_last(points: &[Boundary], part: f64) -> Option<usize> {
    let last = points.last()?.sum_sq_weights;
    let fall = points[0].sum_sq_weights - last;
    let far = |point: &Boundary| (point.sum_sq_weights - last).abs() > part * fall;
    (fall > 0.0).then(|| points.iter().rposition(far).map_or(0, |i| i + 1))
}

/// The place highest above the chord of the logarithm of the sum of squares.
fn knee(points: &[Boundary]) -> Option<usize> {
    let (first, last) = (points.first()?, points.last()?);
    let log = |point: &Boundary| libm::log(point.sum_sq_weights);
    let steps = (last.step - first.step) as f64;
    let above = |i: usize| {
        let along = (points[i].step - first.step) as f64 / steps;
        log(&points[i]) - (log(first) + along * (log(last) - log(first)))
    };
    let inner = 1..points.len().saturating_sub(1);
    inner.reduce(|best, i| if above(i) > above(best) { i } else { best })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Boundary, Phases};
    use crate::analysis::general::BySplit;
    use crate::analysis::general::SumSqWeights;
    use crate::analysis::progress::{Excluded, Gini, ProgressMeasures};

    /// Measures that give this point, taken with these frequencies.
    fn measures(point: &Boundary, key_freqs: &[usize]) -> ProgressMeasures {
        let parts = |all: f64| BySplit { train: all, test: all, all };
        let excluded = Excluded { train: point.excluded_loss, per_freq: BTreeMap::new() };
        ProgressMeasures {
            key_freqs: key_freqs.to_vec(),
            loss: parts(point.test_loss),
            accuracy: None,
            restricted_loss: parts(point.restricted_loss),
            restricted_accuracy: parts(0.0),
            excluded_loss: excluded.clone(),
            excluded_accuracy: excluded,
            gini: Gini { w_e: 0.0, w_l: 0.0 },
            sum_sq_weights: SumSqWeights { total: point.sum_sq_weights, tensors: BTreeMap::new() },
            cosine_coefficients: BTreeMap::new(),
            further: BTreeMap::new(),
            test_restricted_ratio: 1.0,
        }
    }

    #[test]
    fn phases_are_found_only_where_all_measures_have_the_same_frequencies() {
        let points = run(12_000);
        let mut history: Vec<_> =
            points.iter().map(|point| (point.step, measures(point, &[14, 35]))).collect();
        assert_eq!(Phases::find(&history), Phases::of_points(&points));
        history[3].1.key_freqs = (1..=30).collect();
        assert_eq!(Phases::find(&history), Phases::default(), "one early checkpoint by its own frequencies");
    }

    /// A run in four strokes, every 100 steps: memorisation to 1,000, circuits to 6,000, cleanup to
    /// 8,000, then rest.
    fn run(last_step: usize) -> Vec<Boundary> {
        let point = |step: usize| {
            let t = step as f64;
            let between = |from: f64, to: f64, start: f64, end: f64| {
                from + (to - from) * ((t - start) / (end - start)).clamp(0.0, 1.0)
            };
            let excluded_loss = between(4.7, 0.3, 0.0, 1e3) + between(0.0, 10.0, 1e3, 8e3);
            let log_restricted = between(1.5, 1.0, 0.0, 1e3) + between(0.0, -17.0, 1e3, 6e3);
            let log_test = between(1.5, 3.0, 0.0, 1e3) + between(0.0, -17.0, 6e3, 8e3);
            let log_sum_sq =
                between(8.2, 8.1, 0.0, 1e3) + between(0.0, -0.4, 1e3, 6e3) + between(0.0, -0.8, 6e3, 8e3);
            Boundary {
                step,
                excluded_loss,
                restricted_loss: log_restricted.exp(),
                test_loss: log_test.exp(),
                sum_sq_weights: log_sum_sq.exp(),
            }
        };
        (0..=last_step).step_by(100).map(point).collect()
    }

    #[test]
    fn a_run_in_four_strokes_has_three_boundaries() {
        let phases = Phases::of_points(&run(12_000));
        assert_eq!(phases.memorisation_end.unwrap().step, 1_000, "excluded loss turns");
        assert_eq!(phases.cleanup_start.unwrap().step, 6_000, "the weights' knee");
        let end = phases.cleanup_end.unwrap().step;
        assert!((7_900..=8_000).contains(&end), "settled at {end}");
        assert_eq!(phases.ends().len(), 3, "all named");
    }

    #[test]
    fn a_run_that_stops_early_leaves_boundaries_open() {
        let stopped = |step| Phases::of_points(&run(step));
        assert_eq!(stopped(900), Phases::default(), "still memorising");
        assert_eq!(stopped(1_800), Phases::default(), "turned, but no circuit has formed");
        let forming = stopped(5_000);
        assert_eq!(forming.memorisation_end.unwrap().step, 1_000, "circuits form");
        assert!(forming.cleanup_start.is_none() && forming.cleanup_end.is_none(), "{forming:?}");
        let cleaning = stopped(7_700);
        assert!(cleaning.cleanup_start.is_some(), "cleanup has begun");
        assert!(cleaning.cleanup_end.is_none(), "and not ended: {cleaning:?}");
    }

    #[test]
    fn without_a_rise_of_the_excluded_loss_there_is_only_memorisation() {
        let points: Vec<Boundary> = run(1_000)
            .into_iter()
            .map(|point| Boundary {
                excluded_loss: point.excluded_loss * (1.0 + 0.2 * (point.step as f64).sin()),
                ..point
            })
            .collect();
        assert_eq!(Phases::of_points(&points), Phases::default(), "ripples are no phase");
        assert_eq!(Phases::of_points(&[]), Phases::default(), "nothing");
        assert_eq!(Phases::of_points(&points[..1]), Phases::default(), "one point");
    }
}
