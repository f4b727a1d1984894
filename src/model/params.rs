//! All parameters of a transformer as Burn tensors, cut from one flat tensor.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::shape::{ModelShape, Param};
use super::weights::Weights;

/// The parameters of a transformer on a device.
#[derive(Debug, Clone)]
pub struct Params {
    /// The model's sizes.
    pub shape: ModelShape,
    /// Embedding, d_model × d_vocab.
    pub W_E: Tensor<2>,
    /// Positional embedding, n_ctx × d_model.
    pub W_pos: Tensor<2>,
    /// The blocks, first to last.
    pub blocks: Vec<BlockParams>,
    /// Unembedding, d_model × d_vocab_out.
    pub W_U: Tensor<2>,
}

/// The parameters of one block; heads are folded into rows, index = head · d_head + h.
#[derive(Debug, Clone)]
pub struct BlockParams {
    /// Keys, (n_heads · d_head) × d_model.
    pub W_K: Tensor<2>,
    /// Queries, (n_heads · d_head) × d_model.
    pub W_Q: Tensor<2>,
    /// Values, (n_heads · d_head) × d_model.
    pub W_V: Tensor<2>,
    /// Attention output, d_model × (n_heads · d_head).
    pub W_O: Tensor<2>,
    /// The neurons; none in a model of attention only.
    pub mlp: Option<MlpParams>,
}

/// The parameters of one block's MLP.
#[derive(Debug, Clone)]
pub struct MlpParams {
    /// Into the neurons, d_mlp × d_model.
    pub W_in: Tensor<2>,
    /// The neurons' bias, 1 × d_mlp.
    pub b_in: Tensor<2>,
    /// Out of the neurons, d_model × d_mlp.
    pub W_out: Tensor<2>,
    /// Bias of the MLP's output, 1 × d_model.
    pub b_out: Tensor<2>,
}

impl Params {
    /// Cuts the parameters out of a flat tensor in the order of [`ModelShape::params`].
    ///
    /// The parts are leaves: if `flat` lives on an autodiff device and `track` is set, gradients
    /// are kept for each of them.
    pub fn from_flat(shape: &ModelShape, flat: &Tensor<1>, track: bool) -> Self {
        let cut = |param: Param| {
            let dims = shape.dims(param);
            let columns = *dims.last().expect("every parameter has a dimension");
            let rows = shape.len(param) / columns;
            let part = flat.clone().slice([shape.range(param)]).reshape([rows, columns]);
            if track { part.require_grad() } else { part }
        };
        Self {
            shape: shape.clone(),
            W_E: cut(Param::W_E),
            W_pos: cut(Param::W_pos),
            blocks: (0..shape.n_layers)
                .map(|l| BlockParams {
                    W_K: cut(Param::W_K(l)),
                    W_Q: cut(Param::W_Q(l)),
                    W_V: cut(Param::W_V(l)),
                    W_O: cut(Param::W_O(l)),
                    mlp: shape.has_mlp().then(|| MlpParams {
                        W_in: cut(Param::W_in(l)),
                        b_in: cut(Param::b_in(l)),
                        W_out: cut(Param::W_out(l)),
                        b_out: cut(Param::b_out(l)),
                    }),
                })
                .collect(),
            W_U: cut(Param::W_U),
        }
    }

    /// Puts host weights on a device, as numbers of type `dtype`.
    pub fn from_weights(weights: &Weights, device: &Device, dtype: DType) -> Self {
        Self::from_flat(weights.shape(), &flat_tensor(weights, device, dtype), false)
    }

    /// Every parameter in the order of [`ModelShape::params`].
    pub fn in_order(&self) -> Vec<&Tensor<2>> {
        let mut all = vec![&self.W_E, &self.W_pos];
        for BlockParams { W_K, W_Q, W_V, W_O, mlp } in &self.blocks {
            all.extend([W_K, W_Q, W_V, W_O]);
            if let Some(MlpParams { W_in, b_in, W_out, b_out }) = mlp {
                all.extend([W_in, b_in, W_out, b_out]);
            }
        }
        all.push(&self.W_U);
        all
    }
}

/// Host weights as one flat tensor in the order of [`ModelShape::params`].
pub fn flat_tensor(weights: &Weights, device: &Device, dtype: DType) -> Tensor<1> {
    let n = weights.shape().n_values();
    Tensor::from_data(TensorData::new(weights.flat().to_vec(), [n]).convert_dtype(dtype), (device, dtype))
}
