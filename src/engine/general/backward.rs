//! A tile from the gradient of its logits to those of all weights.

use super::activations::{Activations, BlockActivations, head_rows, head_rows_mut};
use super::batch_plan::TilePlan;
use super::dropout::Branch;
use super::forward::{MaskedBranch, Model};
use super::params::{BlockParams, Params, heads_width};
use super::rows::{AddRows, ScatterPairs, SumRows};
use super::scalar::Scalar;
use super::transposed::{BlockTransposed, Transposed};
use crate::engine::cpu::activation::ActivateBackward;
use crate::engine::cpu::matrix::{Mat, View};
use crate::engine::cpu::simd::product::Product;

/// Sums over the tiles of one part of the batch.
#[derive(Debug)]
pub(super) struct PartGradient<T> {
    /// The gradient. Of `embed` and the first W_QKV only what does not go through `d_table`.
    pub params: Params<T>,
    /// The gradient of [`Model::table`].
    pub d_table: Mat<T>,
}

impl<T: Scalar> PartGradient<T> {
    /// Sets to zero what every tile adds to. Other sums begin with the first tile.
    fn begin(&mut self) {
        self.d_table.data_mut().fill(T::default());
        self.params.embed.data_mut().fill(T::default());
        for mlp in self.params.blocks.iter_mut().filter_map(|block| block.mlp.as_mut()) {
            mlp.b_in.data_mut().fill(T::default());
            mlp.b_out.data_mut().fill(T::default());
        }
    }
}

impl<T: Scalar> Model<'_, T> {
    /// Adds a tile to the sums of its part, from the gradient of the logits in `activations`; the equations are those
    /// of `docs/engine.md`. The `first` tile of a part starts the sums.
    pub(super) fn backward(
        self,
        tile: &TilePlan,
        weights_t: &Transposed<T>,
        activations: &mut Activations<T>,
        sums: &mut PartGradient<T>,
        first: bool,
    ) {
        if first {
            sums.begin();
        }
        let add = !first;
        let n_predictions = tile.targets.len();
        let d_logits = head_rows(&activations.logits, n_predictions);
        let resid = activations.blocks.last().expect("a model has a block").output(n_predictions);
        self.outer(resid, d_logits, &mut sums.params.W_U, add);
        self.product(d_logits, weights_t.W_U.view(), &mut activations.d_queries, false);
        for l in (0..self.shape.n_layers).rev() {
            let gradients = &mut sums.params.blocks[l];
            self.mlp_backward(l, tile, &weights_t.blocks[l], activations, gradients, add);
            self.attention_backward(l, tile, &weights_t.blocks[l], activations, gradients, add);
            if l == 0 {
                self.embed_backward(tile, activations, sums);
            } else {
                self.project_backward(l, tile, &weights_t.blocks[l], activations, gradients, add);
            }
        }
    }

    /// From d_x after the MLP, in `d_queries`, to d_mid, in its place.
    fn mlp_backward(
        self,
        l: usize,
        tile: &TilePlan,
        weights_t: &BlockTransposed<T>,
        activations: &mut Activations<T>,
        gradients: &mut BlockParams<T>,
        add: bool,
    ) {
        let (Some(gradients), Some([W_in_t, W_out_t])) = (&mut gradients.mlp, &weights_t.W_in_out) else {
            return;
        };
        let n = self.queries(l, tile).1.len();
        let masked = self.masked(l, tile);
        let Activations { blocks, d_queries, branch, d_hidden, .. } = activations;
        let BlockActivations { resid_mid, hidden, slope, .. } = &mut blocks[l];
        let d_mlp_out = masked_gradient(d_queries, n, masked, Branch::Mlp, branch);
        self.outer(head_rows(hidden, n), d_mlp_out, &mut gradients.W_out, add);
        self.simd.run(SumRows { rows: d_mlp_out, sum: gradients.b_out.row_mut(0) });
        self.product(d_mlp_out, W_out_t.view(), d_hidden, false);
        T::activate_backward(
            self.simd,
            ActivateBackward {
                activation: self.shape.activation,
                hidden: head_rows_mut(hidden, n),
                d_hidden: d_hidden.view(),
                slope: slope.view(),
                row_sum: gradients.b_in.row_mut(0),
            },
        );
        let d_inputs = head_rows(hidden, n);
        self.outer(head_rows(resid_mid, n), d_inputs, &mut gradients.W_in, add);
        self.product(d_inputs, W_in_t.view(), d_queries, true);
    }

    /// From d_mid to the gradients of q, K and V.
    fn attention_backward(
        self,
        l: usize,
        tile: &TilePlan,
        weights_t: &BlockTransposed<T>,
        activations: &mut Activations<T>,
        gradients: &mut BlockParams<T>,
        add: bool,
    ) {
        let (queries, tokens) = self.queries(l, tile);
        let n = tokens.len();
        let masked = self.masked(l, tile);
        let Activations { blocks, d_queries, branch, d_z, d_q, d_kv, scratch, .. } = activations;
        let BlockActivations { q, kv, pattern, z, .. } = &blocks[l];
        let d_attn_out = masked_gradient(d_queries, n, masked, Branch::Attention, branch);
        self.outer(head_rows(z, n), d_attn_out, &mut gradients.W_O, add);
        self.product(d_attn_out, weights_t.W_O.view(), d_z, false);
        let stride = d_kv.stride();
        d_kv.data_mut()[..tile.rows.len() * stride].fill(T::default());
        let (q, d_z) = (head_rows(q, n), head_rows(d_z, n));
        self.heads().backward(tile, queries, (q, kv.view(), pattern), d_z, (d_q, d_kv), scratch);
    }

    /// From d_mid, d_q, d_K and d_V of a later block to d_x after the block before, in `d_queries`.
    fn project_backward(
        self,
        l: usize,
        tile: &TilePlan,
        weights_t: &BlockTransposed<T>,
        activations: &mut Activations<T>,
        gradients: &mut BlockParams<T>,
        add: bool,
    ) {
        let heads = heads_width(self.shape);
        let n = self.queries(l, tile).1.len();
        let n_rows = tile.rows.len();
        let Activations { blocks, d_rows, d_queries, d_q, d_kv, .. } = activations;
        let resid = blocks[l - 1].output(n_rows);
        let resid_queries = if self.is_last(l) { head_rows(&blocks[l].resid_queries, n) } else { resid };
        let (d_q, d_kv) = (head_rows(d_q, n), head_rows(d_kv, n_rows));
        let mut d_W_QKV = gradients.W_QKV.view_mut();
        let c = d_W_QKV.reborrow().take_cols(0, heads);
        T::product(self.simd, Product { a: resid_queries.t(), b: d_q, list: None, c, add });
        let c = d_W_QKV.take_cols(heads, 2 * heads);
        T::product(self.simd, Product { a: resid.t(), b: d_kv, list: None, c, add });

        let W_QKV_t = weights_t.W_QKV.view();
        self.scale_residual(d_queries);
        self.product(d_q, W_QKV_t.take_rows(0, heads), d_queries, true);
        let W_KV_t = W_QKV_t.take_rows(heads, 2 * heads);
        if self.is_last(l) {
            self.product(d_kv, W_KV_t, d_rows, false);
            let (rows, list, out) = (head_rows(d_queries, n), &tile.prediction_rows[..], d_rows.view_mut());
            self.simd.run(AddRows { rows, list, out });
            std::mem::swap(d_rows, d_queries);
        } else {
            self.product(d_kv, W_KV_t, d_queries, true);
        }
    }

    /// The first block's gradients, added to the rows of the tables that the forward pass took.
    fn embed_backward(self, tile: &TilePlan, activations: &mut Activations<T>, sums: &mut PartGradient<T>) {
        let heads = heads_width(self.shape);
        let tokens = self.queries(0, tile).1;
        let n = tokens.len();
        let Activations { d_queries, d_q, d_kv, .. } = activations;
        self.scale_residual(d_queries);
        let table = sums.params.embed.view_mut();
        self.simd.run(ScatterPairs { rows: head_rows(d_queries, n), picks: tokens, table });
        let mut d_table = sums.d_table.view_mut();
        let table = d_table.reborrow().take_cols(0, heads);
        self.simd.run(ScatterPairs { rows: head_rows(d_q, n), picks: tokens, table });
        let table = d_table.take_cols(heads, 2 * heads);
        self.simd.run(ScatterPairs { rows: head_rows(d_kv, tile.rows.len()), picks: &tile.rows, table });
    }

    /// From d_mid to its share in d_x, residual_scale d_mid.
    fn scale_residual(self, d_queries: &mut Mat<T>) {
        if self.shape.residual_scale != 1.0 {
            let scale = T::from_f64(self.shape.residual_scale);
            d_queries.data_mut().iter_mut().for_each(|x| *x = scale * *x);
        }
    }

    /// C = Aᵀ B, or C += Aᵀ B: the gradient of a weight, summed over rows.
    fn outer(self, a: View<'_, T>, b: View<'_, T>, c: &mut Mat<T>, add: bool) {
        T::product(self.simd, Product { a: a.t(), b, list: None, c: c.view_mut(), add });
    }
}

/// The gradient of what a branch adds to the stream, from the stream's: through its mask, if it has one.
fn masked_gradient<'a, T: Scalar>(
    d_resid: &'a Mat<T>,
    n: usize,
    masked: Option<MaskedBranch<'_>>,
    which: Branch,
    branch: &'a mut Mat<T>,
) -> View<'a, T> {
    let Some(masked) = masked else { return head_rows(d_resid, n) };
    let n_numbers = n * branch.stride();
    branch.data_mut()[..n_numbers].copy_from_slice(&d_resid.data()[..n_numbers]);
    masked.apply(which, head_rows_mut(branch, n));
    head_rows(branch, n)
}
