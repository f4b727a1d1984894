//! The report: every number of the paper that one set of weights gives, as plain data.
//!
//! Written as `report.json`. Losses are in nats, over the p number outputs; fractions lie in 0..=1.
//! Definitions: paper section 2. A map by frequency has its frequencies as keys.

mod ablations;
mod build;
mod maps;

pub use ablations::{AblationReport, PaperLosses};
pub(super) use build::report_with_norms;
pub use build::{analyse, analyse_with_maps};
pub use maps::{NeuronMap, ReportMaps};

use serde::{Deserialize, Serialize};

use super::attention::HeadReport;
use super::directions::DirectionFit;
use super::grid::{BySplit, Scores};
use super::logit_spectrum::LogitSpectrum;
use super::measure::{COSINE_FIT_LOSS, LOGIT_FVE, MIN_MARGIN};
use super::progress::{ByFreq, Excluded, Gini, ProgressMeasures, by_freq};
pub use super::spectra::Spectra;
use super::weight_norms::SumSqWeights;

/// Everything the lab says about one set of weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The modulus.
    pub p: usize,
    /// The frequencies in use: norm in W_L above a quarter of the largest, ascending.
    pub key_freqs: Vec<usize>,
    /// Cross-entropy.
    pub loss: BySplit,
    /// Fraction of right answers.
    pub accuracy: BySplit,
    /// Loss of the waves cos, sin w_k(a + b) of the key frequencies and the mean, alone.
    pub restricted_loss: BySplit,
    /// Accuracy of the same.
    pub restricted_accuracy: BySplit,
    /// The same with one key frequency alone.
    pub restricted_per_freq: ByFreq<Scores>,
    /// Loss over the train set without those waves.
    pub excluded_loss: Excluded,
    /// Accuracy of the same.
    pub excluded_accuracy: Excluded,
    /// Gini coefficients of the Fourier norms.
    pub gini: Gini,
    /// Sums of squared weights.
    pub sum_sq_weights: SumSqWeights,
    /// The fraction of ‖logits‖² that `Σ α_k cos w_k(a + b - c)` over the key frequencies explains.
    pub logit_fve: f64,
    /// α_k of the key frequencies.
    pub alpha: ByFreq<f64>,
    /// The loss of that fit itself.
    pub cosine_fit_loss: f64,
    /// For k = 1 … (p-1)/2, the coefficient of the logits on cos w_k(a + b - c) of norm 1 (figure 14).
    pub cosine_coefficients: Vec<f64>,
    /// What the key frequencies leave of W_L.
    pub w_l_residual: Residual,
    /// The singular values of W_L, largest first.
    pub w_l_singular_values: Vec<f64>,
    /// Fourier norms of W_E and W_L.
    pub spectra: Spectra,
    /// The logits' 2-D transform.
    pub logit_spectrum: LogitSpectrum,
    /// The neurons and their frequencies.
    pub neurons: NeuronReport,
    /// Table 1.
    pub directions: Vec<DirectionFit>,
    /// The heads of the first block.
    pub attention: Vec<HeadReport>,
    /// Losses over all pairs when a part is kept or removed.
    pub ablations: AblationReport,
    /// The smallest margin of all pairs: the answer's logit minus the largest other.
    pub min_margin: f64,
}

impl Report {
    /// Its numbers as progress measures, taken with its own key frequencies.
    pub fn measures(&self) -> ProgressMeasures {
        let further = [
            (&LOGIT_FVE, self.logit_fve),
            (&COSINE_FIT_LOSS, self.cosine_fit_loss),
            (&MIN_MARGIN, self.min_margin),
        ];
        ProgressMeasures {
            key_freqs: self.key_freqs.clone(),
            loss: self.loss,
            accuracy: Some(self.accuracy),
            restricted_loss: self.restricted_loss,
            restricted_accuracy: self.restricted_accuracy,
            excluded_loss: self.excluded_loss.clone(),
            excluded_accuracy: self.excluded_accuracy.clone(),
            gini: self.gini,
            sum_sq_weights: self.sum_sq_weights.clone(),
            cosine_coefficients: by_freq(&self.key_freqs, |k| {
                // A report from a file may lack some.
                k.checked_sub(1).and_then(|i| self.cosine_coefficients.get(i)).copied().unwrap_or(f64::NAN)
            }),
            test_restricted_ratio: self.loss.test / self.restricted_loss.all,
            further: further.map(|(measure, value)| (measure.id.to_owned(), value)).into(),
        }
    }

    /// Leaves out what a snapshot has no room for: the 2-D spectrum by frequency, which its fields hold, and what the
    /// heads carry to each cluster.
    pub fn without_large_fields(mut self) -> Self {
        self.logit_spectrum.by_freq = Vec::new();
        for head in &mut self.attention {
            head.ov_by_cluster = ByFreq::new();
        }
        self
    }
}

/// ‖W_L - key frequencies‖ against ‖W_L‖.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Residual {
    /// The ratio of norms.
    pub norm_ratio: f64,
    /// Its square, the paper's 0.55 %.
    pub squared_ratio: f64,
}

/// The neurons of the last block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeuronReport {
    /// How many one frequency explains to at least 0.85.
    pub clustered: usize,
    /// How many of those belong to each frequency.
    pub per_freq: ByFreq<usize>,
    /// Each neuron's best frequency; 0 for one that is the same on all pairs.
    pub freq: Vec<usize>,
    /// The fraction of its variance that this frequency explains.
    pub fve: Vec<f64>,
    /// For each cluster, the Fourier norms of its columns of W_L, length p (figure 5 right).
    pub w_l_norms: ByFreq<Vec<f64>>,
}

impl NeuronReport {
    /// For each cluster the neuron that its frequency explains best, with the frequency.
    pub fn best_neuron_per_cluster(&self) -> Vec<(usize, usize)> {
        let purest = |&freq: &usize| {
            let own = (0..self.freq.len()).filter(|&n| self.freq[n] == freq);
            own.max_by(|&m, &n| self.fve[m].total_cmp(&self.fve[n])).map(|n| (n, freq))
        };
        self.per_freq.keys().filter_map(purest).collect()
    }
}
