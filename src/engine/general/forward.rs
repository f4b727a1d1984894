//! A tile from tokens to logits.

use super::activations::{Activations, BlockActivations, head_rows, head_rows_mut};
use super::attention::{Heads, Queries};
use super::batch_plan::TilePlan;
use super::dropout::{Branch, DropoutMasks};
use super::params::{BlockParams, Params, heads_width};
use super::rows::{GatherPairs, ScaledRows};
use super::scalar::Scalar;
use crate::config::Activation;
use crate::engine::cpu::activation::Activate;
use crate::engine::cpu::matrix::{Mat, View, ViewMut};
use crate::engine::cpu::simd::SimdLevel;
use crate::engine::cpu::simd::product::Product;
use crate::model::ModelShape;

/// What all tiles of a step read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model<'a, T> {
    pub simd: SimdLevel,
    pub shape: &'a ModelShape,
    pub params: &'a Params<T>,
    /// embed [ W_Q | W_K | W_V ] of the first block, (d_vocab + n_ctx) × 3 heads: its queries, keys and values are sums
    /// of two of these rows.
    pub table: &'a Mat<T>,
    /// What is dropped; nothing when losses are measured.
    pub masks: Option<DropoutMasks>,
}

/// Where a branch of a block is masked.
#[derive(Debug, Clone, Copy)]
pub(super) struct MaskedBranch<'a> {
    masks: DropoutMasks,
    block: usize,
    ids: &'a [u32],
}

impl MaskedBranch<'_> {
    /// Multiplies the rows of a branch, or of its gradient, by its mask.
    pub(super) fn apply<T: Scalar>(self, branch: Branch, rows: ViewMut<'_, T>) {
        self.masks.apply(self.block, branch, self.ids, rows);
    }

    /// Masks the rows of a branch and adds them to those of the stream.
    fn add<T: Scalar>(self, branch: Branch, mut rows: ViewMut<'_, T>, stream: ViewMut<'_, T>) {
        self.apply(branch, rows.reborrow());
        for (to, from) in
            stream.data.chunks_mut(stream.stride).zip(rows.data.chunks(rows.stride)).take(rows.rows)
        {
            to.iter_mut().zip(&from[..rows.cols]).for_each(|(to, from)| *to += *from);
        }
    }
}

impl<'a, T: Scalar> Model<'a, T> {
    pub(super) fn heads(self) -> Heads {
        Heads { simd: self.simd, n_heads: self.shape.n_heads, d_head: self.shape.d_head }
    }

    pub(super) fn is_last(self, l: usize) -> bool {
        l + 1 == self.shape.n_layers
    }

    /// The queries of a block, and token and position of each.
    pub(super) fn queries(self, l: usize, tile: &TilePlan) -> (Queries<'_>, &[[u32; 2]]) {
        if self.is_last(l) {
            let of_example = |example: &super::batch_plan::ExamplePlan| example.predictions.clone();
            (Queries { n_seen: &tile.prediction_n_seen, of_example }, &tile.prediction_tokens)
        } else {
            let of_example = |example: &super::batch_plan::ExamplePlan| example.rows.clone();
            (Queries { n_seen: &tile.n_seen, of_example }, &tile.rows)
        }
    }

    /// The masks of a block's queries, if there are any.
    pub(super) fn masked(self, l: usize, tile: &TilePlan) -> Option<MaskedBranch<'_>> {
        let ids = if self.is_last(l) { &tile.prediction_ids } else { &tile.row_ids };
        self.masks.map(|masks| MaskedBranch { masks, block: l, ids })
    }

    /// Computes the logits of a tile's predictions, and all that leads to them:
    ///
    /// ```text
    /// x         = W_E[token] + W_pos[position]
    /// per block
    ///   q, K, V = x W_Q, x W_K, x W_V
    ///   z       = attention(q, K, V)
    ///   mid     = residual_scale x + mask · (z W_O)
    ///   x       = mid + mask · (σ(mid W_in + b_in) W_out + b_out)
    /// logits    = x W_U
    /// ```
    ///
    /// where the masks are 1 but for dropout.
    pub(super) fn forward(self, tile: &TilePlan, activations: &mut Activations<T>) {
        let n_rows = tile.rows.len();
        let Activations { blocks, logits, branch, scratch, .. } = activations;
        for l in 0..self.shape.n_layers {
            let (before, from) = blocks.split_at_mut(l);
            let block = &mut from[0];
            let (queries, tokens) = self.queries(l, tile);
            let n = tokens.len();
            match before.last() {
                None => self.embed(tile, tokens, block),
                Some(before) => self.project(l, tile, before.output(n_rows), block),
            }
            let (q, kv) = (head_rows(&block.q, n), block.kv.view());
            let out = (&mut block.pattern, &mut block.z);
            self.heads().forward(tile, queries, (q, kv), out, scratch);
            let masked = self.masked(l, tile);
            self.add_attention(&self.params.blocks[l], n, block, masked, branch);
            self.mlp(&self.params.blocks[l], n, block, masked, branch);
        }
        let n = tile.targets.len();
        let resid = blocks.last().expect("a model has a block").output(n);
        self.product(resid, self.params.W_U.view(), logits, false);
    }

    /// q, K, V and the scaled stream of the first block, from the rows of the tables.
    fn embed(self, tile: &TilePlan, tokens: &[[u32; 2]], block: &mut BlockActivations<T>) {
        let heads = heads_width(self.shape);
        let (table, one) = (self.table.view(), T::from_f64(1.0));
        let keys_values = table.take_cols(heads, 2 * heads);
        let out = head_rows_mut(&mut block.kv, tile.rows.len());
        self.simd.run(GatherPairs { table: keys_values, picks: &tile.rows, scale: one, out });
        let out = head_rows_mut(&mut block.q, tokens.len());
        self.simd.run(GatherPairs { table: table.take_cols(0, heads), picks: tokens, scale: one, out });
        let out = head_rows_mut(&mut block.resid_mid, tokens.len());
        let (table, scale) = (self.params.embed.view(), T::from_f64(self.shape.residual_scale));
        self.simd.run(GatherPairs { table, picks: tokens, scale, out });
    }

    /// q, K, V and the scaled stream of a later block.
    fn project(self, l: usize, tile: &TilePlan, resid: View<'_, T>, block: &mut BlockActivations<T>) {
        let heads = heads_width(self.shape);
        let W_QKV = self.params.blocks[l].W_QKV.view();
        self.product(resid, W_QKV.take_cols(heads, 2 * heads), &mut block.kv, false);
        let BlockActivations { resid_queries, q, resid_mid, .. } = block;
        let resid = if self.is_last(l) {
            let (list, n) = (&tile.prediction_rows[..], tile.targets.len());
            let (start, scale) = (None, T::from_f64(1.0));
            let out = head_rows_mut(resid_queries, n);
            self.simd.run(ScaledRows { rows: resid, list: Some(list), scale, start, out });
            head_rows(resid_queries, n)
        } else {
            resid
        };
        self.product(resid, W_QKV.take_cols(0, heads), q, false);
        let scale = T::from_f64(self.shape.residual_scale);
        let out = head_rows_mut(resid_mid, resid.rows);
        self.simd.run(ScaledRows { rows: resid, list: None, scale, start: None, out });
    }

    /// mid += z W_O
    fn add_attention(
        self,
        params: &BlockParams<T>,
        n: usize,
        block: &mut BlockActivations<T>,
        masked: Option<MaskedBranch<'_>>,
        branch: &mut Mat<T>,
    ) {
        let BlockActivations { z, resid_mid, .. } = block;
        match masked {
            None => self.product(head_rows(z, n), params.W_O.view(), resid_mid, true),
            Some(masked) => {
                self.product(head_rows(z, n), params.W_O.view(), branch, false);
                masked.add(Branch::Attention, head_rows_mut(branch, n), head_rows_mut(resid_mid, n));
            }
        }
    }

    /// x = mid + b_out + σ(b_in + mid W_in) W_out
    fn mlp(
        self,
        params: &BlockParams<T>,
        n: usize,
        block: &mut BlockActivations<T>,
        masked: Option<MaskedBranch<'_>>,
        branch: &mut Mat<T>,
    ) {
        let Some(mlp) = &params.mlp else { return };
        let BlockActivations { resid_mid, resid_post, hidden, slope, .. } = block;
        let mid = head_rows(resid_mid, n);
        repeat_row(mlp.b_in.row(0), n, hidden);
        self.product(mid, mlp.W_in.view(), hidden, true);
        let activation = self.shape.activation;
        let n_slopes = if activation == Activation::Gelu { n } else { 0 };
        let slope = head_rows_mut(slope, n_slopes);
        T::activate(self.simd, Activate { activation, hidden: head_rows_mut(hidden, n), slope });
        let (b_out, scale) = (mlp.b_out.row(0), T::from_f64(1.0));
        let start = if masked.is_some() { None } else { Some(b_out) };
        let out = head_rows_mut(resid_post, n);
        self.simd.run(ScaledRows { rows: mid, list: None, scale, start, out });
        match masked {
            None => self.product(head_rows(hidden, n), mlp.W_out.view(), resid_post, true),
            Some(masked) => {
                repeat_row(b_out, n, branch);
                self.product(head_rows(hidden, n), mlp.W_out.view(), branch, true);
                masked.add(Branch::Mlp, head_rows_mut(branch, n), head_rows_mut(resid_post, n));
            }
        }
    }

    /// The first rows of C = A B, as many as A has, or C += A B.
    pub(super) fn product(self, a: View<'_, T>, b: View<'_, T>, c: &mut Mat<T>, add: bool) {
        let c = head_rows_mut(c, a.rows);
        T::product(self.simd, Product { a, b, list: None, c, add });
    }
}

/// The first `n` rows of a matrix become this one.
fn repeat_row<T: Scalar>(row: &[T], n: usize, mat: &mut Mat<T>) {
    let stride = mat.stride();
    mat.data_mut().chunks_exact_mut(stride).take(n).for_each(|to| to[..row.len()].copy_from_slice(row));
}
