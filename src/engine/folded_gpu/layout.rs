//! Where everything lies in the buffers on the device, and the same as constants for the kernels.

use std::fmt::Write;

use super::RING_LENGTH;
use super::adamw_coefficients::COEFFICIENT_STEPS;
use crate::config::{Activation, LossForm, OptimConfig};
use crate::model::{ModelShape, Param};

/// Pairs whose losses one workgroup adds up.
pub const LOSS_PAIRS: usize = 8;
/// Pairs whose gradient of the attention one workgroup computes.
pub const SLOPE_PAIRS: usize = 8;
/// The pairs are split in so many parts for the gradient of W_out_U: enough workgroups for a large GPU.
const MAX_SPLITS: usize = 16;
/// Pairs below which a part of its own does not pay.
const MIN_SPLIT: usize = 64;

/// Places in the arena, counted in floats. Rows: 2p by number and position, a at 0, then b at 1,
/// measured from "=", and "=" itself last.
#[derive(Debug, Clone, Default)]
pub struct BufferOffsets {
    /// The gradient of the weights, in their order; the weights themselves lie at 0.
    pub gradient: usize,
    /// The number 1.
    pub one: usize,
    /// rows × d_model: the residual stream.
    pub X: usize,
    /// n_heads × d_head: the query of "=".
    pub Q: usize,
    /// n_heads × d_model: the query through W_K, over √d_head.
    pub KQ: usize,
    /// rows × n_heads: scores under the query.
    pub S: usize,
    /// rows × (n_heads · d_head): values.
    pub V: usize,
    /// (n_heads · d_head) × wide: W_O W_in_U, with W_in_U = [W_in, W_U].
    pub G: usize,
    /// wide: what "=" and the biases give to every pair.
    pub XB: usize,
    /// (rows · n_heads) × wide: values through `G`.
    pub T: usize,
    /// d_mlp × d_vocab_out: W_out W_U.
    pub W_out_U: usize,
    /// Its transpose.
    pub W_out_U_t: usize,
    /// capacity × 2 n_heads: attention on a by each head, then on b.
    pub pattern: usize,
    /// capacity × 2 n_heads: its gradient.
    pub d_pattern: usize,
    /// (rows · n_heads) × wide: the gradient of `T`; that of "=" is the gradient of `base`.
    pub d_T: usize,
    /// p × wide: sums of the pairs' gradients by a.
    pub d_sum: usize,
    /// splits × d_vocab_out × d_mlp: parts of the gradient of `W_out_U_t`.
    pub d_W_out_U_parts: usize,
    /// d_vocab_out × d_mlp: the gradient of `W_out_U_t`.
    pub d_W_out_U_t: usize,
    /// rows × n_heads: the gradient of `S`; zero for "=".
    pub d_S: usize,
    /// rows × (n_heads · d_head): the gradient of `V`.
    pub d_V: usize,
    /// (n_heads · d_head) × wide: the gradient of `G`.
    pub d_G: usize,
    /// n_heads × d_model: the gradient of the query through W_K, before the division by √d_head.
    pub d_KQ: usize,
    /// n_heads · d_head: the gradient of `Q`.
    pub d_Q: usize,
    /// rows × d_model: the gradient of `X`.
    pub d_X: usize,
    /// Floats in all.
    pub len: usize,
}

/// Sizes of a run on the device.
#[derive(Debug, Clone)]
pub struct GpuLayout {
    /// The model.
    pub shape: ModelShape,
    /// Train pairs.
    pub n_train: usize,
    /// Pairs that the buffers by pair hold.
    pub capacity: usize,
    /// Parts of the sum over pairs for the gradient of W_out_U.
    pub splits: usize,
    /// Where things lie in the arena.
    pub offsets: BufferOffsets,
}

impl GpuLayout {
    /// Lays out a run on `n_train` pairs, with room for `capacity` at a time.
    pub fn new(shape: &ModelShape, n_train: usize, capacity: usize) -> Self {
        let ModelShape { p, d_model, n_heads, d_head, d_mlp, d_vocab_out, .. } = *shape;
        let (rows, heads, wide) = (2 * p + 1, n_heads * d_head, d_mlp + d_vocab_out);
        let splits = (n_train / MIN_SPLIT).clamp(1, MAX_SPLITS);
        let mut offsets = BufferOffsets::default();
        let mut end = shape.n_values();
        for (place, len) in [
            (&mut offsets.gradient, shape.n_values()),
            (&mut offsets.one, 1),
            (&mut offsets.X, rows * d_model),
            (&mut offsets.Q, heads),
            (&mut offsets.KQ, n_heads * d_model),
            (&mut offsets.S, rows * n_heads),
            (&mut offsets.V, rows * heads),
            (&mut offsets.G, heads * wide),
            (&mut offsets.XB, wide),
            (&mut offsets.T, rows * n_heads * wide),
            (&mut offsets.W_out_U, d_mlp * d_vocab_out),
            (&mut offsets.W_out_U_t, d_mlp * d_vocab_out),
            (&mut offsets.pattern, capacity * 2 * n_heads),
            (&mut offsets.d_pattern, capacity * 2 * n_heads),
            (&mut offsets.d_T, rows * n_heads * wide),
            (&mut offsets.d_sum, p * wide),
            (&mut offsets.d_W_out_U_parts, splits * d_mlp * d_vocab_out),
            (&mut offsets.d_W_out_U_t, d_mlp * d_vocab_out),
            (&mut offsets.d_S, rows * n_heads),
            (&mut offsets.d_V, rows * heads),
            (&mut offsets.d_G, heads * wide),
            (&mut offsets.d_KQ, n_heads * d_model),
            (&mut offsets.d_Q, heads),
            (&mut offsets.d_X, rows * d_model),
        ] {
            *place = end;
            end += len;
        }
        offsets.len = end;
        Self { shape: shape.clone(), n_train, capacity, splits, offsets }
    }

    /// 2p + 1, "=" being the last.
    pub fn rows(&self) -> usize {
        2 * self.shape.p + 1
    }

    /// n_heads · d_head
    pub fn heads_width(&self) -> usize {
        self.shape.n_heads * self.shape.d_head
    }

    /// d_mlp + d_vocab_out
    pub fn neurons_and_logits_width(&self) -> usize {
        self.shape.d_mlp + self.shape.d_vocab_out
    }

    /// Where a parameter lies in the arena.
    pub fn param(&self, param: Param) -> usize {
        self.shape.range(param).start
    }

    /// Places within `index`: starts by row, pairs by row, numbers b and answers of the train set.
    pub fn starts(&self) -> usize {
        0
    }

    /// See [`Self::starts`].
    pub fn pairs(&self) -> usize {
        self.starts() + 2 * self.shape.p + 1
    }

    /// The constants in front of every kernel.
    pub fn constants(&self, optim: &OptimConfig) -> String {
        let (shape, offsets) = (&self.shape, &self.offsets);
        let mut text = String::new();
        for (name, value) in [
            ("P", shape.p),
            ("D", shape.d_model),
            ("H", shape.n_heads),
            ("DH", shape.d_head),
            ("M", shape.d_mlp),
            ("O", shape.d_vocab_out),
            ("WIDE", self.neurons_and_logits_width()),
            ("SPLITS", self.splits),
            ("N_VALUES", shape.n_values()),
            ("RING", super::RING_AT),
            ("RING_LENGTH", RING_LENGTH),
            ("RATES_LENGTH", COEFFICIENT_STEPS),
            ("STARTS", self.starts()),
            ("PAIRS", self.pairs()),
            ("W_E", self.param(Param::W_E)),
            ("W_POS", self.param(Param::W_pos)),
            ("W_Q", self.param(Param::W_Q(0))),
            ("W_K", self.param(Param::W_K(0))),
            ("B_IN", self.param(Param::b_in(0))),
            ("GRADIENT_AT", offsets.gradient),
            ("X", offsets.X),
            ("Q", offsets.Q),
            ("KQ", offsets.KQ),
            ("S", offsets.S),
            ("T", offsets.T),
            ("XB", offsets.XB),
            ("PATTERN", offsets.pattern),
            ("D_PATTERN", offsets.d_pattern),
            ("D_T", offsets.d_T),
            ("D_SUM", offsets.d_sum),
            ("D_W_OUT_U_PARTS", offsets.d_W_out_U_parts),
            ("D_W_OUT_U_T", offsets.d_W_out_U_t),
            ("D_S", offsets.d_S),
            ("D_X", offsets.d_X),
        ] {
            let _ = writeln!(text, "const {name} = {value}u;");
        }
        for (name, value) in [
            ("SCORE_SCALE", 1.0 / (shape.d_head as f64).sqrt()),
            ("GRADIENT_SCALE", 1.0 / self.n_train as f64),
            ("BETA1", optim.beta1),
            ("REST1", 1.0 - optim.beta1),
            ("BETA2", optim.beta2),
            ("REST2", 1.0 - optim.beta2),
            ("EPS", optim.eps),
        ] {
            let _ = writeln!(text, "const {name} = f32({:e});", value as f32);
        }
        let activation = match shape.activation {
            Activation::Relu => "relu",
            Activation::Gelu => "gelu",
        };
        let _ = writeln!(text, "fn neuron(x: f32) -> Neuron {{ return {activation}(x); }}");
        let _ = writeln!(text, "const TEXTBOOK = {};", optim.loss == LossForm::Textbook);
        text
    }
}
