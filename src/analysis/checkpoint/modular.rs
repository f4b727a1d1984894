//! What the page's panels show of one checkpoint of a model that adds: the report, the measures, and a few fields on
//! the grid of pairs.
//!
//! It is all a panel needs, so that a recorded run can be read without its weights.

use serde::{Deserialize, Serialize};

use super::circle::{self, Circle, narrow};
use crate::analysis::checkpoint_measures::measures;
use crate::analysis::context::AnalysisContext;
use crate::analysis::modular::ablation::Ablator;
use crate::analysis::modular::attention::pattern::AttentionPattern;
use crate::analysis::modular::report::{Report, report_with_norms};
use crate::analysis::modular::{check, logit_spectrum};
use crate::analysis::progress::ProgressMeasures;
use crate::error::Result;
use crate::maths::matrix::Matrix;
use crate::model::Weights;
use crate::task::modular::ModularTask;

/// One checkpoint of a model that adds, taken apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModularAnalysis {
    /// Every number of the report, but those that [take much room](Report::without_large_fields).
    pub report: Report,
    /// The progress measures, taken with the key frequencies that the run is followed by.
    pub measures: ProgressMeasures,
    /// What is seen on the grid of pairs.
    pub maps: GridMaps,
}

impl ModularAnalysis {
    /// Takes a checkpoint apart. The measures and the circles are those of `followed_freqs`, or of the weights'
    /// own key frequencies if the run is followed by none.
    ///
    /// # Errors
    /// As [`analyse`](crate::analysis::modular::report::analyse), and [`LabError::Setting`](crate::error::LabError::Setting) for a
    /// frequency that is not there.
    pub fn new(weights: &Weights, task: &ModularTask, followed_freqs: Option<&[usize]>) -> Result<Self> {
        check(weights, task)?;
        Self::from_ablator(&Ablator::with_own_freqs(weights), task, followed_freqs)
    }

    /// The same of a model that has run, with its own key frequencies.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn from_ablator(
        ablator: &Ablator,
        task: &ModularTask,
        followed_freqs: Option<&[usize]>,
    ) -> Result<Self> {
        let context = AnalysisContext::of(ablator, task)?;
        let (report, logit_norms) = report_with_norms(&context, ablator)?;
        let freqs = followed_freqs.unwrap_or(&report.key_freqs);
        let measures = measures(&context, freqs)?;
        let maps = GridMaps::new(ablator, &report, &logit_norms, freqs);
        Ok(Self { measures, maps, report: report.without_large_fields() })
    }
}

impl GridMaps {
    fn new(ablator: &Ablator, report: &Report, logit_norms: &[f64], freqs: &[usize]) -> Self {
        let (p, whole) = (report.p, ablator.unablated());
        let scores = AttentionPattern::new(ablator.weights(), true);
        let (numbers, neuron_freqs): (Vec<usize>, Vec<usize>) =
            report.neurons.best_neuron_per_cluster().into_iter().unzip();
        let on_pairs = whole.model.neurons_on_pairs(&numbers);
        let neurons = on_pairs.iter().zip(numbers.iter().zip(neuron_freqs));
        Self {
            attention_scores: (0..scores.n_heads()).map(|h| narrow(scores.scores().row(h))).collect(),
            margins: narrow(&whole.logits.margins()),
            logit_norms: narrow(&logit_spectrum::by_freqs(p, logit_norms)),
            circles: circle::circles(ablator.weights(), freqs),
            neurons: neurons
                .map(|(values, (&neuron, freq))| NeuronActivationMap { neuron, freq, values: narrow(values) })
                .collect(),
        }
    }
}

impl GridMaps {
    /// The attention of each head, from the scores.
    pub fn attention(&self) -> AttentionPattern {
        let n_columns = self.attention_scores.first().map_or(0, Vec::len);
        let scores = self.attention_scores.iter().flatten().map(|&score| f64::from(score)).collect();
        AttentionPattern::from_scores(Matrix::from_values(self.attention_scores.len(), n_columns, scores))
    }
}

/// Functions of the tokens and of the pairs (a, b). Pairs are row-major, row a, column b.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridMaps {
    /// For each head of the first block, the scores of "=" for the p numbers at position 0, the p
    /// numbers at position 1 and for itself: length 2p + 1. Softmax over the three of a pair gives its
    /// attention (figure 4 left).
    pub attention_scores: Vec<Vec<f32>>,
    /// The answer's logit minus the largest other, length p²: below 0 the model is wrong.
    pub margins: Vec<f32>,
    /// For frequencies i of a and j of b from 0 to (p - 1) / 2, row-major: the norm over c of the logits'
    /// 2-D Fourier coefficients there (figure 4 right).
    pub logit_norms: Vec<f32>,
    /// The embedding on the circles of the frequencies that the run is followed by.
    pub circles: Vec<Circle>,
    /// For each cluster, its purest neuron (figure 4 middle).
    pub neurons: Vec<NeuronActivationMap>,
}

/// One neuron on all pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeuronActivationMap {
    /// Its number.
    pub neuron: usize,
    /// Its frequency.
    pub freq: usize,
    /// Its activations, after the ReLU, length p².
    pub values: Vec<f32>,
}
