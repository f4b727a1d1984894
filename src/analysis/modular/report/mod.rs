//! The report: every number of the paper that one set of weights gives, as plain data.
//!
//! Written as `report.json`. Losses are in nats, over the p number outputs; fractions lie in 0..=1.
//! Definitions: paper section 2. A map by frequency has its frequencies as keys.

mod ablations;
mod build;
mod maps;

pub use ablations::{AblationReport, PaperLosses};
pub(in crate::analysis) use build::report_with_norms;
pub use build::{analyse, analyse_with_maps};
pub use maps::{NeuronMap, ReportMaps};

use serde::{Deserialize, Serialize};

use crate::analysis::effective_rank::EffectiveRanks;
use crate::analysis::general::{BySplit, SumSqWeights};
use crate::analysis::measure::{
    ACCURACY_UNMIRRORED, CIRCULARITY, COSINE_FIT_LOSS, DISTANCE_IRRELEVANCE, EFFECTIVE_RANK_W_E,
    EFFECTIVE_RANK_W_IN, EFFECTIVE_RANK_W_L, EFFECTIVE_RANK_W_OUT, GRADIENT_SYMMETRICITY, HEAD_COSINE,
    HEAD_ENTROPY_DEVIATION, ILDR_SQUARED, ILDR_UNSQUARED, IPR_W_E, IPR_W_L, LOGIT_FVE, LOGIT_SCALE,
    MEAN_MARGIN, MIN_MARGIN, RESTRICTED_LOSS_RANDOM,
};
use crate::analysis::modular::attention::HeadReport;
use crate::analysis::modular::controls::Controls;
use crate::analysis::modular::directions::DirectionFit;
use crate::analysis::modular::gradient_symmetricity::GradientSymmetricity;
use crate::analysis::modular::grid::Scores;
use crate::analysis::modular::held_out::HeldOut;
use crate::analysis::modular::ildr::Ildr;
use crate::analysis::modular::logit_spectrum::LogitSpectrum;
pub use crate::analysis::modular::spectra::Spectra;
use crate::analysis::progress::{ByFreq, Excluded, Gini, ProgressMeasures, by_freq};

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
    /// The fraction of ‖logits‖², not centred, that `Σ α_k cos w_k(a + b - c)` over the key frequencies explains.
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
    /// The part of what the neurons tell the logits that comes from clustered ones: the variances over all pairs of
    /// the neurons, each times its squared norm in W_L. Reports of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clustered_variance: Option<f64>,
    /// The held-out pairs, mirror images apart; reports of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<HeldOut>,
    /// The same measurements with chance in the place of what was found; reports of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<Controls>,
    /// How far the right answers stand out, mean over all pairs; reports of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logit_scale: Option<f64>,
    /// How much of the right answers' logits depends on the sum alone; none where it is not defined, and in reports of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_irrelevance: Option<f64>,
    /// How few frequencies the directions of two matrices use; reports of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipr: Option<InverseParticipation>,
    /// How far the sums' classes lie apart on held-out pairs; none where it is not defined, and in reports of earlier
    /// versions, as all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ildr: Option<Ildr>,
    /// Whether the embedding lies on circles; none of an embedding that is constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub circularity: Option<f64>,
    /// Whether both numbers are treated alike; none of several blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gradient_symmetricity: Option<GradientSymmetricity>,
    /// How many directions the matrices use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_rank: Option<EffectiveRanks>,
    /// The mean margin of all pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_margin: Option<f64>,
    /// The mean cosine between the patterns of two heads of the first block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_cosine: Option<f64>,
    /// The standard deviation over heads of the mean entropy of their attention, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_entropy_deviation: Option<f64>,
}

/// Inverse participation ratios, each none of a matrix that is zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct InverseParticipation {
    /// Of the columns of W_E.
    pub w_e: Option<f64>,
    /// Of the neurons' columns in W_L.
    pub w_l: Option<f64>,
}

impl Report {
    /// Its numbers as progress measures, taken with its own key frequencies.
    pub fn measures(&self) -> ProgressMeasures {
        let further = [
            (&LOGIT_FVE, self.logit_fve),
            (&COSINE_FIT_LOSS, self.cosine_fit_loss),
            (&MIN_MARGIN, self.min_margin),
        ];
        let controls = self.controls.map(|controls| controls.random_freqs_restricted_loss);
        let newer = [
            (&ACCURACY_UNMIRRORED, self.held_out.map(|held_out| held_out.unmirrored.accuracy)),
            (&RESTRICTED_LOSS_RANDOM, controls),
            (&LOGIT_SCALE, self.logit_scale),
            (&DISTANCE_IRRELEVANCE, self.distance_irrelevance),
            (&IPR_W_E, self.ipr.and_then(|ipr| ipr.w_e)),
            (&IPR_W_L, self.ipr.and_then(|ipr| ipr.w_l)),
            (&ILDR_SQUARED, self.ildr.map(|ildr| ildr.squared)),
            (&ILDR_UNSQUARED, self.ildr.map(|ildr| ildr.unsquared)),
            (&CIRCULARITY, self.circularity),
            (&GRADIENT_SYMMETRICITY, self.gradient_symmetricity.map(|cosine| cosine.mean)),
            (&EFFECTIVE_RANK_W_E, self.effective_rank.and_then(|rank| rank.w_e)),
            (&EFFECTIVE_RANK_W_L, self.effective_rank.and_then(|rank| rank.w_l)),
            (&EFFECTIVE_RANK_W_IN, self.effective_rank.and_then(|rank| rank.w_in)),
            (&EFFECTIVE_RANK_W_OUT, self.effective_rank.and_then(|rank| rank.w_out)),
            (&MEAN_MARGIN, self.mean_margin),
            (&HEAD_COSINE, self.head_cosine),
            (&HEAD_ENTROPY_DEVIATION, self.head_entropy_deviation),
        ];
        let newer = newer.into_iter().filter_map(|(measure, value)| Some((measure, value?)));
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
            further: further
                .into_iter()
                .chain(newer)
                .map(|(measure, value)| (measure.id.to_owned(), value))
                .collect(),
        }
    }

    /// The key frequencies that at least one neuron computes: those in use. A weak frequency of W_L that no neuron
    /// is devoted to is none.
    pub fn used_freqs(&self) -> Vec<usize> {
        let has_neurons = |k: &&usize| self.neurons.per_freq.get(k).is_some_and(|&n| n > 0);
        self.key_freqs.iter().filter(has_neurons).copied().collect()
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
