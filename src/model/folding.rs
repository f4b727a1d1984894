//! Which models fold on which data: where everything before the last position's softmax depends on one token alone.
//!
//! In a sequence `[a, b, =]` whose last token is always the same, one block computes queries, keys and values from a
//! token and its position alone, and only the last position is read. So they are computed once for each token, not
//! once for each example: `docs/engine.md`.

use super::shape::ModelShape;
use crate::task::{Dataset, Examples};

/// Tokens of a sequence that folds.
const N_CTX: usize = 3;

/// An example of a dataset that folds: the two tokens in which it differs from others, and what is to be predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenPair {
    /// The token at position 0.
    pub a: usize,
    /// The token at position 1.
    pub b: usize,
    /// What follows the last position.
    pub answer: usize,
}

/// The examples of a set that folds, in its order.
pub fn token_pairs(examples: &Examples) -> Vec<TokenPair> {
    let pair = |(tokens, targets): (&[u32], &[u32])| TokenPair {
        a: tokens[0] as usize,
        b: tokens[1] as usize,
        answer: targets[0] as usize,
    };
    examples.iter().map(pair).collect()
}

/// Number of tokens that the first two positions take: the whole vocabulary but its last token, which ends every
/// sequence.
pub fn n_numbers(shape: &ModelShape) -> usize {
    shape.d_vocab - 1
}

/// Whether a model folds on a dataset: one causal block with an MLP, on sequences of three tokens of which the last is
/// the last of the vocabulary, in all examples, and the only one with a prediction.
///
/// # Errors
/// The reason in words if it does not.
pub fn folds(dataset: &Dataset, shape: &ModelShape) -> Result<(), String> {
    shape.fits(dataset)?;
    model_folds(shape)?;
    if dataset.sampler.is_some() {
        return Err("fresh examples in every step do not fold, only a train set that stays".into());
    }
    let sequences = &dataset.shape;
    if sequences.loss_positions != [N_CTX - 1] {
        return Err(format!(
            "predictions at the positions {:?} do not fold, only those at the last",
            sequences.loss_positions
        ));
    }
    if [&dataset.train, &dataset.test].iter().any(|examples| examples.n_predictions() < examples.len()) {
        return Err("examples without a prediction do not fold".into());
    }
    let last = n_numbers(shape) as u32;
    let ends_alike = |examples: &Examples| {
        examples.iter().all(|(tokens, _)| tokens[2] == last && !tokens[..2].contains(&last))
    };
    if !ends_alike(&dataset.train) || !ends_alike(&dataset.test) {
        return Err(format!("examples fold only if each ends with token {last} and has it nowhere else"));
    }
    Ok(())
}

/// Whether a model folds on sequences that fold.
///
/// # Errors
/// The reason in words if it does not.
pub fn model_folds(shape: &ModelShape) -> Result<(), String> {
    if shape.n_layers != 1 {
        return Err(format!("a model of {} blocks does not fold", shape.n_layers));
    }
    if !shape.has_mlp() {
        return Err("a model of attention only does not fold".into());
    }
    if shape.n_ctx != N_CTX {
        return Err(format!("sequences of {} tokens do not fold, only those of {N_CTX}", shape.n_ctx));
    }
    if !shape.causal {
        return Err("a model whose positions see those after them does not fold".into());
    }
    if shape.residual_scale != 1.0 {
        return Err(format!(
            "a model whose residual stream is multiplied by {} does not fold",
            shape.residual_scale
        ));
    }
    Ok(())
}
