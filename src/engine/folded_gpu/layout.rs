//! The offsets of everything in the buffers on the device, and the same as constants for the kernels.

use std::fmt::Write;

use super::adamw_coefficients::COEFFICIENT_STEPS;
use super::loss_ring::{RING_LENGTH, RING_OFFSET};
use crate::config::{Activation, LossForm, OptimConfig};
use crate::model::folding::n_numbers;
use crate::model::{ModelShape, Param};

/// Pairs of one workgroup of the kernel `loss`, fixed there.
pub(super) const LOSS_PAIRS: usize = 8;
/// Pairs of one workgroup of the kernel `d_pattern`, fixed there.
pub(super) const D_PATTERN_PAIRS: usize = 8;
/// The most splits of the pairs for the gradient of W_out_U, whose d_vocab_out × d_mlp tiles alone would be too few
/// workgroups for a large GPU.
const MAX_SPLITS: usize = 16;
/// The fewest pairs that are worth a split of their own.
const MIN_SPLIT_PAIRS: usize = 64;

/// Offsets into the arena, in floats. Symbols are those of `docs/engine.md`.
///
/// Matrices of n_rows = 2p + 1 rows hold the 2p table rows (a at position 0, then b at position 1), measured from "=",
/// and last "=" itself.
#[derive(Debug, Clone, Default)]
pub(super) struct BufferOffsets {
    /// The gradient of the weights, in their order. The weights themselves begin at 0.
    pub gradient: usize,
    /// The number 1, which turns a product into an addition.
    pub one: usize,
    /// n_rows × d_model: the residual stream before attention, less X_eq.
    pub X: usize,
    /// n_heads · d_head: the query of "=".
    pub q: usize,
    /// n_heads × d_model: q W_K / √d_head.
    pub kq: usize,
    /// n_rows × n_heads: X kqᵀ, the scores.
    pub s: usize,
    /// n_rows × (n_heads · d_head): X W_V, the values.
    pub V: usize,
    /// (n_heads · d_head) × width: W_O W_in_U, with W_in_U = [ W_in | W_U ].
    pub G: usize,
    /// width: X_eq W_in_U + [ b_in | b_out W_U ]. `base` is this plus the rows of "=" of `T`.
    pub base_resid: usize,
    /// (n_rows · n_heads) × width: `V[r, h] G[h]`.
    pub T: usize,
    /// d_mlp × d_vocab_out: W_out W_U.
    pub W_out_U: usize,
    /// The transpose of `W_out_U`.
    pub W_out_U_t: usize,
    /// capacity × 2 n_heads: A_a, the attention of each head to a, then A_b.
    pub pattern: usize,
    /// capacity × 2 n_heads: the gradient of `pattern`.
    pub d_pattern: usize,
    /// (n_rows · n_heads) × width: the gradient of `T`; each row of "=" is the gradient of `base`.
    pub d_T: usize,
    /// p × width: the gradient of `base` over the pairs of each a.
    pub d_base_by_a: usize,
    /// n_splits × d_vocab_out × d_mlp: the gradient of `W_out_U_t` over each split of the pairs.
    pub d_W_out_U_splits: usize,
    /// d_vocab_out × d_mlp: the gradient of `W_out_U_t`.
    pub d_W_out_U_t: usize,
    /// n_rows × n_heads: the gradient of `s`; zero for "=", from which scores are measured.
    pub d_s: usize,
    /// n_rows × (n_heads · d_head): the gradient of `V`.
    pub d_V: usize,
    /// (n_heads · d_head) × width: the gradient of `G`.
    pub d_G: usize,
    /// n_heads × d_model: the gradient of q W_K, that of `kq` over √d_head.
    pub d_kq: usize,
    /// n_heads · d_head: the gradient of `q`.
    pub d_q: usize,
    /// n_rows × d_model: the gradient of `X`.
    pub d_X: usize,
    /// Size of the arena.
    pub len: usize,
}

/// Sizes of a run on the device; plain numbers, no allocation.
#[derive(Debug, Clone)]
pub(super) struct GpuLayout {
    /// The model.
    pub shape: ModelShape,
    /// Number of train pairs.
    pub n_train: usize,
    /// Pairs that `hidden`, `logits` and the patterns have room for.
    pub capacity: usize,
    /// Splits of the train pairs for the gradient of W_out_U.
    pub n_splits: usize,
    /// Offsets into the arena.
    pub offsets: BufferOffsets,
}

impl GpuLayout {
    /// Lays out a run on `n_train` pairs, with room for `capacity` at a time.
    pub(super) fn new(shape: &ModelShape, n_train: usize, capacity: usize) -> Self {
        let ModelShape { d_model, n_heads, d_head, d_mlp, d_vocab_out, .. } = *shape;
        let p = n_numbers(shape);
        let (n_rows, heads_width, width) = (2 * p + 1, n_heads * d_head, d_mlp + d_vocab_out);
        let n_splits = (n_train / MIN_SPLIT_PAIRS).clamp(1, MAX_SPLITS);
        let mut offsets = BufferOffsets::default();
        let mut end = shape.n_values();
        for (offset, len) in [
            (&mut offsets.gradient, shape.n_values()),
            (&mut offsets.one, 1),
            (&mut offsets.X, n_rows * d_model),
            (&mut offsets.q, heads_width),
            (&mut offsets.kq, n_heads * d_model),
            (&mut offsets.s, n_rows * n_heads),
            (&mut offsets.V, n_rows * heads_width),
            (&mut offsets.G, heads_width * width),
            (&mut offsets.base_resid, width),
            (&mut offsets.T, n_rows * n_heads * width),
            (&mut offsets.W_out_U, d_mlp * d_vocab_out),
            (&mut offsets.W_out_U_t, d_mlp * d_vocab_out),
            (&mut offsets.pattern, capacity * 2 * n_heads),
            (&mut offsets.d_pattern, capacity * 2 * n_heads),
            (&mut offsets.d_T, n_rows * n_heads * width),
            (&mut offsets.d_base_by_a, p * width),
            (&mut offsets.d_W_out_U_splits, n_splits * d_mlp * d_vocab_out),
            (&mut offsets.d_W_out_U_t, d_mlp * d_vocab_out),
            (&mut offsets.d_s, n_rows * n_heads),
            (&mut offsets.d_V, n_rows * heads_width),
            (&mut offsets.d_G, heads_width * width),
            (&mut offsets.d_kq, n_heads * d_model),
            (&mut offsets.d_q, heads_width),
            (&mut offsets.d_X, n_rows * d_model),
        ] {
            *offset = end;
            end += len;
        }
        offsets.len = end;
        Self { shape: shape.clone(), n_train, capacity, n_splits, offsets }
    }

    /// Tokens that the first two positions take, p.
    pub(super) fn n_numbers(&self) -> usize {
        n_numbers(&self.shape)
    }

    /// Rows of `X`, `s`, `V` and `T`: 2p + 1, "=" being the last.
    pub(super) fn n_rows(&self) -> usize {
        2 * self.n_numbers() + 1
    }

    /// n_heads · d_head
    pub(super) fn heads_width(&self) -> usize {
        self.shape.n_heads * self.shape.d_head
    }

    /// d_mlp + d_vocab_out
    pub(super) fn neurons_and_logits_width(&self) -> usize {
        self.shape.d_mlp + self.shape.d_vocab_out
    }

    /// Offset of a parameter in the arena.
    pub(super) fn param(&self, param: Param) -> usize {
        self.shape.range(param).start
    }

    /// Offset in `index` of the starts of the 2p table rows in [`Self::pairs_of_row`], and of the end of the last.
    pub(super) fn row_starts(&self) -> usize {
        0
    }

    /// Offset in `index` of the train pairs of each table row.
    pub(super) fn pairs_of_row(&self) -> usize {
        self.row_starts() + 2 * self.n_numbers() + 1
    }

    /// WGSL declarations that every kernel begins with: sizes, offsets and the choice of activation and loss.
    pub(super) fn constants(&self, optim: &OptimConfig) -> String {
        let shape = &self.shape;
        let mut text = String::new();
        for (name, value) in self.integer_constants() {
            let _ = writeln!(text, "const {name} = {value}u;");
        }
        for (name, value) in [
            ("SCORE_SCALE", 1.0 / (shape.d_head as f64).sqrt()),
            ("GRADIENT_SCALE", 1.0 / self.n_train as f64),
            ("BETA1", optim.beta1),
            ("ONE_MINUS_BETA1", 1.0 - optim.beta1),
            ("BETA2", optim.beta2),
            ("ONE_MINUS_BETA2", 1.0 - optim.beta2),
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

    /// Sizes and offsets, in words.
    fn integer_constants(&self) -> [(&'static str, usize); 34] {
        let (shape, offsets) = (&self.shape, &self.offsets);
        [
            ("P", self.n_numbers()),
            ("D", shape.d_model),
            ("H", shape.n_heads),
            ("DH", shape.d_head),
            ("M", shape.d_mlp),
            ("O", shape.d_vocab_out),
            ("WIDTH", self.neurons_and_logits_width()),
            ("N_SPLITS", self.n_splits),
            ("N_VALUES", shape.n_values()),
            ("RING", RING_OFFSET),
            ("RING_LENGTH", RING_LENGTH),
            ("COEFFICIENT_STEPS", COEFFICIENT_STEPS),
            ("ROW_STARTS", self.row_starts()),
            ("PAIRS_OF_ROW", self.pairs_of_row()),
            ("W_E", self.param(Param::W_E)),
            ("W_POS", self.param(Param::W_pos)),
            ("W_Q", self.param(Param::W_Q(0))),
            ("W_K", self.param(Param::W_K(0))),
            ("B_IN", self.param(Param::b_in(0))),
            ("GRADIENT_AT", offsets.gradient),
            ("X", offsets.X),
            ("Q", offsets.q),
            ("KQ", offsets.kq),
            ("S", offsets.s),
            ("T", offsets.T),
            ("BASE_RESID", offsets.base_resid),
            ("PATTERN", offsets.pattern),
            ("D_PATTERN", offsets.d_pattern),
            ("D_T", offsets.d_T),
            ("D_BASE_BY_A", offsets.d_base_by_a),
            ("D_W_OUT_U_SPLITS", offsets.d_W_out_U_splits),
            ("D_W_OUT_U_T", offsets.d_W_out_U_t),
            ("D_S", offsets.d_s),
            ("D_X", offsets.d_X),
        ]
    }
}
