//! Arrays on the grid of pairs, for figures: too large for `report.json`, and quickly made again.

use serde::{Deserialize, Serialize};

use super::Report;
use crate::analysis::modular::attention::pattern::AttentionPattern;
use crate::analysis::modular::forward::HostModel;
use crate::model::Weights;

/// Functions on the p × p grid, row a, column b, row-major.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportMaps {
    /// The modulus.
    pub p: usize,
    /// For each head of the first block, its attention from "=" to a (figure 4 left).
    pub attention_to_a: Vec<Vec<f64>>,
    /// The purest neuron of each cluster, by frequency (figure 4 middle).
    pub neurons: Vec<NeuronMap>,
    /// The norms over c of the logits' 2-D Fourier coefficients; here rows and columns are basis rows
    /// (figure 4 right); or, from a snapshot, the (p + 1) / 2 frequencies.
    pub logit_norms: Vec<f64>,
}

/// One neuron's activations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeuronMap {
    /// Its number.
    pub neuron: usize,
    /// Its cluster's frequency.
    pub freq: usize,
    /// N[a, b] for this neuron, after the activation.
    pub values: Vec<f64>,
}

impl ReportMaps {
    pub(super) fn new(weights: &Weights, model: &HostModel, report: &Report, logit_norms: Vec<f64>) -> Self {
        let p = report.p;
        let attention_to_a = AttentionPattern::new(weights, true).all_to_a();
        let (numbers, freqs): (Vec<usize>, Vec<usize>) =
            report.neurons.best_neuron_per_cluster().into_iter().unzip();
        let on_pairs = model.neurons_on_pairs(&numbers);
        let neurons = on_pairs
            .into_iter()
            .zip(numbers.into_iter().zip(freqs))
            .map(|(values, (neuron, freq))| NeuronMap { neuron, freq, values })
            .collect();
        Self { p, attention_to_a, neurons, logit_norms }
    }
}
