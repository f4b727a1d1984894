//! Sums of squared weights (paper section 5.1, figure 7).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::maths::matrix::sum_sq;
use crate::model::Weights;

/// Σ w² over all parameters and over each tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SumSqWeights {
    /// Over everything, biases included.
    pub total: f64,
    /// Over each tensor, by its name in a checkpoint.
    #[serde(flatten)]
    pub tensors: BTreeMap<String, f64>,
}

/// The sums of squares of a model.
pub fn sum_sq_weights(weights: &Weights) -> SumSqWeights {
    let params = weights.shape().params().into_iter();
    let tensors: BTreeMap<_, _> = params.map(|param| (param.name(), sum_sq(weights.get(param)))).collect();
    SumSqWeights { total: tensors.values().sum(), tensors }
}
