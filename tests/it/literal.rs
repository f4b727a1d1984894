//! The transformer as its equations stand, in float64 and plain loops: the oracle of the engines.
//!
//! Three positions, every head, nothing shared between examples.

#![expect(non_snake_case, reason = "weights carry the field's names: W_E, W_pos, W_U")]

use grokking_lab::config::Activation;
use grokking_lab::model::{Param, Weights};
use grokking_lab::task::Examples;

/// Logits at the last of three tokens.
pub(crate) fn logits(weights: &Weights, tokens: &[u32]) -> Vec<f64> {
    let shape = weights.shape();
    let (d_model, d_head, n_heads) = (shape.d_model, shape.d_head, shape.n_heads);
    assert_eq!(shape.n_layers, 1, "one block");
    let W_E = weights.get(Param::W_E);
    let W_pos = weights.get(Param::W_pos);
    let tokens: [usize; 3] = std::array::from_fn(|pos| tokens[pos] as usize);
    let x: [Vec<f64>; 3] = std::array::from_fn(|pos| {
        (0..d_model).map(|i| W_E[i * shape.d_vocab + tokens[pos]] + W_pos[pos * d_model + i]).collect()
    });

    let mut z = vec![0.0; n_heads * d_head];
    for head in 0..n_heads {
        let project = |param: Param, x: &[f64]| -> Vec<f64> {
            let rows = weights.get(param)[head * d_head * d_model..].chunks(d_model).take(d_head);
            rows.map(|row| dot(row, x)).collect()
        };
        let query = project(Param::W_Q(0), &x[2]);
        let scores =
            [0, 1, 2].map(|pos| dot(&project(Param::W_K(0), &x[pos]), &query) / (d_head as f64).sqrt());
        let max = scores.iter().copied().fold(f64::MIN, f64::max);
        let exps = scores.map(|score| (score - max).exp());
        let sum: f64 = exps.iter().sum();
        for pos in 0..3 {
            let value = project(Param::W_V(0), &x[pos]);
            for (z, v) in z[head * d_head..].iter_mut().zip(value) {
                *z += exps[pos] / sum * v;
            }
        }
    }

    let times =
        |matrix: &[f64], x: &[f64]| -> Vec<f64> { matrix.chunks(x.len()).map(|row| dot(row, x)).collect() };
    let attn_out = times(weights.get(Param::W_O(0)), &z);
    let resid_mid: Vec<f64> = x[2].iter().zip(&attn_out).map(|(x, out)| x + out).collect();
    let pre = times(weights.get(Param::W_in(0)), &resid_mid);
    let post: Vec<f64> =
        pre.iter().zip(weights.get(Param::b_in(0))).map(|(u, b)| activate(shape.activation, u + b)).collect();
    let mlp_out = times(weights.get(Param::W_out(0)), &post);
    let b_out = weights.get(Param::b_out(0));
    let resid_post: Vec<f64> = (0..d_model).map(|i| resid_mid[i] + mlp_out[i] + b_out[i]).collect();
    let W_U = weights.get(Param::W_U);
    (0..shape.d_vocab_out)
        .map(|c| (0..d_model).map(|i| resid_post[i] * W_U[i * shape.d_vocab_out + c]).sum())
        .collect()
}

/// Cross-entropy in nats of a row of logits.
pub(crate) fn loss(logits: &[f64], answer: usize) -> f64 {
    let others = (0..logits.len()).filter(|&c| c != answer).map(|c| (logits[c] - logits[answer]).exp());
    others.sum::<f64>().ln_1p()
}

/// Mean loss over some examples.
pub(crate) fn mean_loss(weights: &Weights, examples: &Examples) -> f64 {
    let loss = |(tokens, targets): (&[u32], &[u32])| loss(&logits(weights, tokens), targets[0] as usize);
    examples.iter().map(loss).sum::<f64>() / examples.len() as f64
}

/// The share of examples whose largest logit is the answer.
pub(crate) fn accuracy(weights: &Weights, examples: &Examples) -> f64 {
    let right = |(tokens, targets): &(&[u32], &[u32])| {
        let logits = logits(weights, tokens);
        logits.iter().all(|&logit| logit <= logits[targets[0] as usize])
    };
    examples.iter().filter(right).count() as f64 / examples.len() as f64
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "lengths of an inner product");
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Gelu => x * 0.5 * (1.0 + libm::erf(x / 2_f64.sqrt())),
    }
}
