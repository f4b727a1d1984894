//! The last block at "=", from any of its activations to the logits.

use crate::analysis::modular::forward::{Block, activated};
use crate::analysis::modular::neuron_logit_map::number_columns;
use crate::config::Activation;
use crate::maths::matrix::{Matrix, add_scaled};
use crate::model::hook::Hook;
use crate::model::{Param, Weights};

/// What comes after the attention of the last block.
pub(super) struct LastBlock {
    activation: Activation,
    /// d_model × d_mlp.
    neurons_in: Matrix,
    b_in: Vec<f64>,
    /// d_mlp × d_model.
    neurons_out: Matrix,
    b_out: Vec<f64>,
    /// W_U of the numbers, d_model × p.
    unembed: Matrix,
}

impl LastBlock {
    pub(super) fn new(weights: &Weights) -> Self {
        let shape = weights.shape();
        let (last, d_model, d_mlp) = (shape.n_layers - 1, shape.d_model, shape.d_mlp);
        let transposed = |param: Param, rows: usize, cols: usize| {
            Matrix::from_values(rows, cols, weights.get(param).to_vec()).transposed()
        };
        Self {
            activation: shape.activation,
            neurons_in: transposed(Param::W_in(last), d_mlp, d_model),
            b_in: weights.get(Param::b_in(last)).to_vec(),
            neurons_out: transposed(Param::W_out(last), d_model, d_mlp),
            b_out: weights.get(Param::b_out(last)).to_vec(),
            unembed: number_columns(weights),
        }
    }

    /// How many numbers an activation has on one pair.
    pub(super) fn width(&self, hook: Hook) -> usize {
        match hook {
            Hook::Pre(_) | Hook::Post(_) => self.b_in.len(),
            _ => self.b_out.len(),
        }
    }

    /// An activation on the pairs of a filled block of [`HostModel::residual`](super::HostModel::residual), a row each.
    pub(super) fn activation(&self, hook: Hook, block: &Block) -> Matrix {
        match hook {
            Hook::Pre(_) => self.pre(&block.skip),
            Hook::Post(_) => block.neurons.clone(),
            Hook::ResidMid(_) => block.skip.clone(),
            Hook::MlpOut(_) => {
                let mut out = block.logits.clone();
                add_scaled(out.values_mut(), -1.0, block.skip.values());
                out
            }
            _ => block.logits.clone(),
        }
    }

    /// The logits that follow from an activation, and from the residual stream beside it where it needs one; a row for each
    /// pair.
    pub(super) fn logits(&self, hook: Hook, values: &Matrix, resid_mid: &Matrix) -> Matrix {
        let neurons = match hook {
            Hook::ResidMid(_) => Some(self.post(self.pre(values))),
            Hook::Pre(_) => Some(self.post(values.clone())),
            Hook::Post(_) => Some(values.clone()),
            _ => None,
        };
        let mut stream = match neurons {
            Some(neurons) => {
                let mut out = neurons.mul(&self.neurons_out);
                (0..out.rows()).for_each(|row| add_scaled(out.row_mut(row), 1.0, &self.b_out));
                out
            }
            None => values.clone(),
        };
        match hook {
            Hook::ResidPost(_) => {}
            // What was replaced goes around the MLP, too.
            Hook::ResidMid(_) => add_scaled(stream.values_mut(), 1.0, values.values()),
            _ => add_scaled(stream.values_mut(), 1.0, resid_mid.values()),
        }
        stream.mul(&self.unembed)
    }

    fn pre(&self, resid_mid: &Matrix) -> Matrix {
        let mut pre = resid_mid.mul(&self.neurons_in);
        (0..pre.rows()).for_each(|row| add_scaled(pre.row_mut(row), 1.0, &self.b_in));
        pre
    }

    fn post(&self, mut pre: Matrix) -> Matrix {
        pre.values_mut().iter_mut().for_each(|value| *value = activated(*value, self.activation));
        pre
    }
}
