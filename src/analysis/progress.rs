//! The progress measures of one set of weights (paper section 5.1, figures 7, 13, 14 and 15).
//!
//! Over a run they are taken at every checkpoint with the key frequencies of the last one; live, with those
//! of the moment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analysis::general::BySplit;
use crate::analysis::general::SumSqWeights;

/// One number for each of some frequencies.
pub type ByFreq<T> = BTreeMap<usize, T>;

/// The measures at one step. Losses are in nats, over the p number outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProgressMeasures {
    /// The frequencies the measures are taken with.
    pub key_freqs: Vec<usize>,
    /// Cross-entropy of the model itself.
    pub loss: BySplit,
    /// Its fractions of right answers; runs that were recorded before these were measured have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<BySplit>,
    /// Loss of the waves cos, sin w_k(a + b) of the key frequencies and the mean, alone.
    pub restricted_loss: BySplit,
    /// Accuracy of the same.
    pub restricted_accuracy: BySplit,
    /// Loss over the train set without those waves.
    pub excluded_loss: Excluded,
    /// Accuracy of the same.
    pub excluded_accuracy: Excluded,
    /// Gini coefficients of the Fourier norms.
    pub gini: Gini,
    /// Sums of squared weights.
    pub sum_sq_weights: SumSqWeights,
    /// The coefficients of the logits on cos w_k(a + b - c) of norm 1 for the key frequencies.
    pub cosine_coefficients: ByFreq<f64>,
    /// Test loss over restricted loss: how much better the waves alone would do.
    pub test_restricted_ratio: f64,
    /// Measures that have no field of their own, by their id; see [`measure`](crate::analysis::measure). A file that is older
    /// than a measure does not have it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub further: BTreeMap<String, f64>,
}

/// A measure over the train set with the key frequencies' waves removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Excluded {
    /// All key frequencies together.
    pub train: f64,
    /// One by one.
    pub per_freq: ByFreq<f64>,
}

/// Gini coefficients: 0.04 at random weights, near 1 if a few frequencies hold everything.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Gini {
    /// Of the norms of W_E, all p basis rows.
    pub w_e: f64,
    /// Of the norms of W_L, all p basis rows.
    pub w_l: f64,
}

/// Whether all measures of a run were taken with the same frequencies. Only such ones can be compared from step
/// to step: phases and claims about the run's course need them. So are none, and a single one.
pub fn share_freqs(history: &[(usize, ProgressMeasures)]) -> bool {
    history.windows(2).all(|pair| pair[0].1.key_freqs == pair[1].1.key_freqs)
}

/// `f(k)` for each of some frequencies.
pub(super) fn by_freq<T>(freqs: &[usize], f: impl Fn(usize) -> T) -> ByFreq<T> {
    freqs.iter().map(|&k| (k, f(k))).collect()
}

#[cfg(test)]
mod tests {
    use super::share_freqs;
    use crate::analysis::checkpoint_measures::measure;
    use crate::analysis::modular::key_freqs::current_key_freqs;
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::task::modular::ModularTask;

    #[test]
    fn measures_compare_only_with_the_same_frequencies() {
        let config = Preset::Tiny.config();
        let task = ModularTask::of(&config.data).expect("a modular task");
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 3);
        let with = |freqs: &[usize]| measure(&weights, &task, freqs).expect("random weights can be measured");
        let (one, both) = (with(&[1]), with(&[1, 2]));
        assert!(share_freqs(&[]) && share_freqs(&[(0, one.clone())]), "nothing to compare");
        assert!(share_freqs(&[(0, one.clone()), (5, one.clone()), (9, one.clone())]));
        assert!(
            !share_freqs(&[(0, one.clone()), (5, both), (9, one)]),
            "one among them is not like the others"
        );
        assert!(!current_key_freqs(&weights).is_empty(), "some norm is always the largest");
    }

    #[test]
    fn the_models_own_accuracy_is_measured_and_older_files_without_it_are_read() {
        let config = Preset::Tiny.config();
        let task = ModularTask::of(&config.data).expect("a modular task");
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 3);
        let measures = measure(&weights, &task, &[1]).expect("random weights can be measured");
        let report = crate::analysis::modular::report::analyse(&weights, &task).expect("and reported on");
        assert_eq!(measures.accuracy, Some(report.accuracy));
        let mut json = serde_json::to_value(&measures).expect("plain numbers");
        assert!(json.as_object_mut().expect("a record").remove("accuracy").is_some());
        let old: super::ProgressMeasures = serde_json::from_value(json).expect("it is optional");
        assert_eq!(old, super::ProgressMeasures { accuracy: None, ..measures.clone() });
        let mut json = serde_json::to_value(&measures).expect("plain numbers");
        assert!(json.as_object_mut().expect("a record").remove("further").is_some());
        let old: super::ProgressMeasures = serde_json::from_value(json).expect("it is optional, too");
        assert_eq!(old, super::ProgressMeasures { further: Default::default(), ..measures });
    }
}
