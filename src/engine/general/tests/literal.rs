//! The transformer as written, example by example, in float64 loops that share no code with the engine.

use super::super::dropout::Branch;
use crate::config::Activation;
use crate::model::{ModelShape, Param, Weights};
use crate::task::{Examples, NO_TARGET};

/// Mean cross-entropy over all predictions.
pub(super) fn loss(weights: &Weights, examples: &Examples) -> f64 {
    masked_loss(weights, examples, |_, _, _, _| 1.0)
}

/// The same where what a branch of a block adds to a row of the stream is multiplied by a mask, of the block, the branch,
/// the row's id and the column.
pub(super) fn masked_loss(
    weights: &Weights,
    examples: &Examples,
    mask: impl Fn(usize, Branch, u32, usize) -> f64,
) -> f64 {
    let (mut sum, mut n) = (0.0, 0);
    for (e, (tokens, targets)) in examples.iter().enumerate() {
        let first_id = (e * weights.shape().n_ctx) as u32;
        let logits = logits(weights, tokens, |l, branch, i, d| mask(l, branch, first_id + i as u32, d));
        for (&position, &target) in examples.shape().loss_positions.iter().zip(targets) {
            if target != NO_TARGET {
                let row = &logits[position];
                sum += row.iter().map(|l| l.exp()).sum::<f64>().ln() - row[target as usize];
                n += 1;
            }
        }
    }
    sum / f64::from(n)
}

/// The logits at every position.
fn logits(
    weights: &Weights,
    tokens: &[u32],
    mask: impl Fn(usize, Branch, usize, usize) -> f64,
) -> Vec<Vec<f64>> {
    let shape = weights.shape();
    let ModelShape { d_model, d_mlp, d_vocab, d_vocab_out, .. } = *shape;
    let (W_E, W_pos, W_U) = (weights.get(Param::W_E), weights.get(Param::W_pos), weights.get(Param::W_U));
    let embed = |(i, &token): (usize, &u32)| -> Vec<f64> {
        (0..d_model).map(|d| W_E[d * d_vocab + token as usize] + W_pos[i * d_model + d]).collect()
    };
    let mut resid: Vec<Vec<f64>> = tokens.iter().enumerate().map(embed).collect();
    for l in 0..shape.n_layers {
        let attended = attention(weights, l, &resid);
        for (i, (x, change)) in resid.iter_mut().zip(attended).enumerate() {
            for (d, (x, c)) in x.iter_mut().zip(change).enumerate() {
                *x = shape.residual_scale * *x + mask(l, Branch::Attention, i, d) * c;
            }
        }
        if shape.has_mlp() {
            let [W_in, b_in] = [Param::W_in(l), Param::b_in(l)].map(|param| weights.get(param));
            let [W_out, b_out] = [Param::W_out(l), Param::b_out(l)].map(|param| weights.get(param));
            for (i, x) in resid.iter_mut().enumerate() {
                let neuron =
                    |m: usize| activated(b_in[m] + dot(&W_in[m * d_model..][..d_model], x), shape.activation);
                let neurons: Vec<f64> = (0..d_mlp).map(neuron).collect();
                for (d, x) in x.iter_mut().enumerate() {
                    let added = b_out[d] + dot(&W_out[d * d_mlp..][..d_mlp], &neurons);
                    *x += mask(l, Branch::Mlp, i, d) * added;
                }
            }
        }
    }
    let unembed = |x: &Vec<f64>| -> Vec<f64> {
        (0..d_vocab_out).map(|v| (0..d_model).map(|d| x[d] * W_U[d * d_vocab_out + v]).sum()).collect()
    };
    resid.iter().map(unembed).collect()
}

fn attention(weights: &Weights, l: usize, resid: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let ModelShape { d_model, n_heads, d_head, causal, .. } = *weights.shape();
    let width = n_heads * d_head;
    let project = |param: Param| -> Vec<Vec<f64>> {
        let W = weights.get(param);
        resid.iter().map(|x| (0..width).map(|j| dot(&W[j * d_model..][..d_model], x)).collect()).collect()
    };
    let [q, k, v] = [Param::W_Q(l), Param::W_K(l), Param::W_V(l)].map(project);
    let W_O = weights.get(Param::W_O(l));
    let mut out = Vec::new();
    for (i, query) in q.iter().enumerate() {
        let mut z = vec![0.0; width];
        for h in 0..n_heads {
            let head = h * d_head..(h + 1) * d_head;
            let seen = if causal { i + 1 } else { resid.len() };
            let score = |j: usize| dot(&query[head.clone()], &k[j][head.clone()]) / (d_head as f64).sqrt();
            let terms: Vec<f64> = (0..seen).map(|j| score(j).exp()).collect();
            let sum: f64 = terms.iter().sum();
            for (j, term) in terms.iter().enumerate() {
                for c in head.clone() {
                    z[c] += term / sum * v[j][c];
                }
            }
        }
        out.push((0..d_model).map(|d| dot(&W_O[d * width..][..width], &z)).collect());
    }
    out
}

fn activated(x: f64, activation: Activation) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Gelu => x * 0.5 * libm::erfc(-x / 2.0_f64.sqrt()),
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}
