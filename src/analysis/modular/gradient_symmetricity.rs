//! Whether a model treats its two numbers alike: the gradient symmetricity of Zhong et al. (2023), near 1 in pizzas and
//! below a half in clocks.
//!
//! For numbers a, b and an answer c, drawn at random, the gradients of the logit of c by the embeddings at positions 0 and
//! 1 are compared. They are taken at the two positions, so that a = b merges nothing. With the names of
//! [`crate::model::hook`], for one block:
//!
//! ```text
//! g      = U_c + W_inᵀ (σ'(pre) ⊙ W_outᵀ U_c)              logit of c by resid_mid at "="
//! r_h    = W_V[h]ᵀ W_O[h]ᵀ g                               by the embedding that head h attends to alone
//! t_hj   = r_h · x_j,   t̄_h = Σ_i A_hi t_hi                what head h reads at position j, and on average
//! ∂ℓ/∂x_j = Σ_h A_hj ( r_h + (t_hj − t̄_h) k_h ),   k_h = W_K[h]ᵀ W_Q[h] x_= / √d_head
//! ```

use serde::{Deserialize, Serialize};

use crate::analysis::modular::attention::pattern::{AttentionPattern, key_readers};
use crate::analysis::modular::forward::activation_slope;
use crate::analysis::modular::modulus::modulus;
use crate::maths::matrix::{Matrix, add_scaled, dot, sum_sq};
use crate::maths::mt19937::Mt19937;
use crate::model::{ModelShape, Param, Weights};

/// Triples (a, b, c) that are drawn, as in the publication.
const N_TRIPLES: usize = 100;

/// Where the draws start: any number, and the same for every model.
const SEED: u32 = 0;

/// The mean of the cosines, and how far it may be off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GradientSymmetricity {
    /// Mean cosine of the two gradients.
    pub mean: f64,
    /// Standard error of that mean.
    pub stderr: f64,
    /// Triples it is the mean of.
    pub n: usize,
}

/// What the gradients of one model are made of.
struct Reader<'a> {
    weights: &'a Weights,
    shape: &'a ModelShape,
    pattern: AttentionPattern,
    /// k_h, n_heads × d_model.
    key_readers: Matrix,
    /// W_E of every token, d_vocab × d_model.
    embed: Matrix,
    /// W_V, (n_heads · d_head) × d_model.
    values: Matrix,
    /// W_O transposed, (n_heads · d_head) × d_model.
    out: Matrix,
    /// W_in, d_mlp × d_model.
    neurons_in: Matrix,
    /// W_out transposed, d_mlp × d_model.
    neurons_out: Matrix,
}

impl GradientSymmetricity {
    /// The measure of a model; none if it has several blocks, or if no triple has two gradients.
    ///
    /// It costs, for each triple, at most 3 d_mlp d_model + 6 d_model² multiply-adds: neurons that are silent cost a third.
    pub fn new(weights: &Weights) -> Option<Self> {
        if weights.shape().n_layers != 1 {
            return None;
        }
        let reader = Reader::new(weights);
        let p = modulus(weights.shape());
        let mut twister = Mt19937::new(SEED);
        let mut draw = || twister.next_u32() as usize % p;
        let triples: Vec<[usize; 3]> = (0..N_TRIPLES).map(|_| [draw(), draw(), draw()]).collect();
        let cosines = triples.into_iter().filter_map(|[a, b, c]| {
            let [of_a, of_b] = reader.gradients(a, b, c);
            let norms = (sum_sq(&of_a) * sum_sq(&of_b)).sqrt();
            (norms > 0.0).then(|| dot(&of_a, &of_b) / norms)
        });
        let cosines: Vec<f64> = cosines.collect();
        let n = cosines.len();
        let mean = cosines.iter().sum::<f64>() / n as f64;
        let squares: f64 = cosines.iter().map(|cosine| (cosine - mean) * (cosine - mean)).sum();
        let stderr = (squares / (n.saturating_sub(1).max(1) * n) as f64).sqrt();
        (n > 0).then_some(Self { mean, stderr, n })
    }
}

impl<'a> Reader<'a> {
    fn new(weights: &'a Weights) -> Self {
        let shape = weights.shape();
        let (d_model, width) = (shape.d_model, shape.n_heads * shape.d_head);
        let stored = |param: Param, rows: usize, cols: usize| {
            Matrix::from_values(rows, cols, weights.get(param).to_vec())
        };
        Self {
            weights,
            shape,
            pattern: AttentionPattern::new(weights, true),
            key_readers: key_readers(weights),
            embed: stored(Param::W_E, d_model, shape.d_vocab).transposed(),
            values: stored(Param::W_V(0), width, d_model),
            out: stored(Param::W_O(0), d_model, width).transposed(),
            neurons_in: stored(Param::W_in(0), shape.d_mlp, d_model),
            neurons_out: stored(Param::W_out(0), d_model, shape.d_mlp).transposed(),
        }
    }

    /// The gradients of the logit of c by the embeddings at positions 0 and 1, each of length d_model.
    fn gradients(&self, a: usize, b: usize, c: usize) -> [Vec<f64>; 2] {
        let (d_model, d_head) = (self.shape.d_model, self.shape.d_head);
        let attention: Vec<[f64; 3]> =
            (0..self.shape.n_heads).map(|head| self.pattern.weights(head, a, b)).collect();
        let x = [a, b, modulus(self.shape)].map(|token| self.embed.row(token).to_vec());
        let positions = self.weights.get(Param::W_pos);
        let mut x = x;
        for (position, x) in x.iter_mut().enumerate() {
            add_scaled(x, 1.0, &positions[position * d_model..][..d_model]);
        }
        let mut resid_mid = x[2].clone();
        for row in 0..self.values.rows() {
            let weights = attention[row / d_head];
            let z: f64 = (0..3).map(|j| weights[j] * dot(self.values.row(row), &x[j])).sum();
            add_scaled(&mut resid_mid, z, self.out.row(row));
        }
        let g = self.back_to_resid_mid(&resid_mid, c);
        let mut gradients = [vec![0.0; d_model], vec![0.0; d_model]];
        for (head, weights) in attention.iter().enumerate() {
            let mut read = vec![0.0; d_model];
            for row in head * d_head..(head + 1) * d_head {
                add_scaled(&mut read, dot(self.out.row(row), &g), self.values.row(row));
            }
            let reads = x.each_ref().map(|x| dot(&read, x));
            let mean: f64 = reads.iter().zip(weights).map(|(read, weight)| read * weight).sum();
            for (j, gradient) in gradients.iter_mut().enumerate() {
                add_scaled(gradient, weights[j], &read);
                add_scaled(gradient, weights[j] * (reads[j] - mean), self.key_readers.row(head));
            }
        }
        gradients
    }

    /// The gradient of the logit of c by the residual stream between attention and MLP.
    fn back_to_resid_mid(&self, resid_mid: &[f64], c: usize) -> Vec<f64> {
        let shape = self.shape;
        let W_U = self.weights.get(Param::W_U);
        let unembed: Vec<f64> = (0..shape.d_model).map(|d| W_U[d * shape.d_vocab_out + c]).collect();
        let mut g = unembed.clone();
        for (n, bias) in self.weights.get(Param::b_in(0)).iter().enumerate() {
            let pre = dot(self.neurons_in.row(n), resid_mid) + bias;
            let slope = activation_slope(pre, shape.activation);
            if slope != 0.0 {
                add_scaled(&mut g, slope * dot(self.neurons_out.row(n), &unembed), self.neurons_in.row(n));
            }
        }
        g
    }
}

#[cfg(test)]
mod tests {
    use super::{GradientSymmetricity, N_TRIPLES, Reader, SEED};
    use crate::analysis::modular::forward::{AttentionEdit, HostModel};
    use crate::config::{Activation, Preset};
    use crate::maths::mt19937::Mt19937;
    use crate::model::init::initial_weights;
    use crate::model::{ModelShape, Param, Weights};

    fn shape(activation: Activation) -> ModelShape {
        let config = Preset::Tiny.config();
        ModelShape { activation, ..ModelShape::new(&config.data, &config.model) }
    }

    #[test]
    fn the_gradients_are_those_of_small_differences() {
        for activation in [Activation::Relu, Activation::Gelu] {
            let shape = shape(activation);
            let mut weights = initial_weights(&shape, 8);
            for (param, value) in [(Param::b_in(0), 0.2), (Param::b_out(0), -0.1)] {
                weights.get_mut(param).fill(value);
            }
            // Large enough for the attention to differ from pair to pair.
            weights.get_mut(Param::W_K(0)).iter_mut().for_each(|w| *w *= 4.0);
            // Two different numbers, so that a column of W_E stands at one position alone.
            let (a, b, c) = (2, 5, 3);
            let found = Reader::new(&weights).gradients(a, b, c);
            let logit = |weights: &Weights| {
                HostModel::literal(weights, &AttentionEdit::default()).logits().row(a, b)[c]
            };
            for (token, found) in [a, b].into_iter().zip(&found) {
                for (d, found) in found.iter().enumerate() {
                    // Central differences are off by about the third derivative times 1e-10, and by rounding over 1e-5.
                    let moved = |by: f64| {
                        let mut weights = weights.clone();
                        weights.get_mut(Param::W_E)[d * shape.d_vocab + token] += by;
                        logit(&weights)
                    };
                    let expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    assert!(
                        (found - expected).abs() < 1e-8 * expected.abs().max(1.0),
                        "{activation:?}, token {token}, place {d}: {found}, not {expected}"
                    );
                }
            }
        }
    }

    /// One head that copies the first number of the residual stream, and no neurons that say anything.
    fn copying(scores: f64) -> Weights {
        let shape = ModelShape { n_heads: 1, d_head: 4, d_model: 4, d_mlp: 2, ..shape(Activation::Relu) };
        let (d_vocab, d_vocab_out) = (shape.d_vocab, shape.d_vocab_out);
        let mut weights = Weights::zeros(shape);
        for x in 0..d_vocab - 1 {
            weights.get_mut(Param::W_E)[x] = height(x);
            weights.get_mut(Param::W_U)[x] = 1.0;
        }
        assert_eq!(d_vocab, d_vocab_out, "the same tokens in and out");
        // Only "=" has the third number; through it the query of "=" looks for the second number, which no token has.
        weights.get_mut(Param::W_E)[2 * d_vocab + d_vocab - 1] = 1.0;
        weights.get_mut(Param::W_Q(0))[2] = 2.0 * scores;
        weights.get_mut(Param::W_K(0))[1] = 1.0;
        weights.get_mut(Param::W_V(0))[0] = 1.0;
        weights.get_mut(Param::W_O(0))[0] = 1.0;
        weights
    }

    /// What a number writes into the stream.
    fn height(x: usize) -> f64 {
        (x * x) as f64 / 10.0 - 1.0
    }

    #[test]
    fn constant_attention_is_symmetric() {
        // Without a query the heads average, as in the pizza: both positions have one gradient.
        let found = GradientSymmetricity::new(&copying(0.0)).expect("it reads its numbers");
        assert!((found.mean - 1.0).abs() < 1e-12 && found.stderr < 1e-12, "{found:?}");
        assert_eq!(found.n, N_TRIPLES);
    }

    #[test]
    fn attention_that_would_move_makes_the_gradients_what_the_formula_says() {
        // All scores are equal, so A = 1/3 each, but the gradient knows what attending more to one would do: with heights
        // u_0, u_1 and 0 at "=", the gradients are (1, s (u_j - mean)) / 3 in two places.
        let scores = 0.7;
        let found = GradientSymmetricity::new(&copying(scores)).expect("it reads its numbers");
        let p = 7;
        let mut twister = Mt19937::new(SEED);
        let cosines: Vec<f64> = (0..N_TRIPLES)
            .map(|_| {
                let [a, b, _] = [(); 3].map(|()| twister.next_u32() as usize % p);
                let mean = (height(a) + height(b)) / 3.0;
                let [s, t] = [a, b].map(|x| scores * (height(x) - mean));
                (1.0 + s * t) / ((1.0 + s * s) * (1.0 + t * t)).sqrt()
            })
            .collect();
        let expected = cosines.iter().sum::<f64>() / N_TRIPLES as f64;
        assert!(expected < 0.9, "the plan tells the two apart: {expected}");
        assert!((found.mean - expected).abs() < 1e-12, "{found:?}, not {expected}");
        let squares: f64 = cosines.iter().map(|cosine| (cosine - expected).powi(2)).sum();
        let stderr = (squares / 99.0 / 100.0).sqrt();
        assert!((found.stderr - stderr).abs() < 1e-12, "{found:?}, not {stderr}");
    }

    #[test]
    fn several_blocks_and_models_that_read_nothing_have_none() {
        let two = ModelShape { n_layers: 2, ..shape(Activation::Relu) };
        assert_eq!(GradientSymmetricity::new(&initial_weights(&two, 1)), None);
        assert_eq!(GradientSymmetricity::new(&Weights::zeros(shape(Activation::Relu))), None);
    }
}
