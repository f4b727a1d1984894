//! Examples as tensors.

use std::ops::Range;

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::model::{ModelShape, transformer};
use crate::task::{Examples, NO_TARGET};

/// Examples on a device, ready for the forward pass and the loss.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    /// n × n_ctx.
    pub tokens: Tensor<2, Int>,
    /// The positions with a prediction.
    pub loss_positions: Vec<usize>,
    /// The rows of the logits, (n · number of loss positions) × d_vocab_out, whose predictions count; none if all do.
    pub counted_rows: Option<Tensor<1, Int>>,
    /// 1 at the target, 0 elsewhere, number of predictions that count × d_vocab_out; the positions of an example in
    /// consecutive rows.
    pub targets: Tensor<2>,
}

impl Batch {
    /// Copies some examples to a device; `dtype` is that of the targets, which take d_vocab_out floats for each
    /// prediction.
    pub(super) fn new(
        examples: &Examples,
        range: Range<usize>,
        shape: &ModelShape,
        device: &Device,
        dtype: DType,
    ) -> Self {
        let tokens = transformer::tokens(examples, range.clone(), device);
        let targets = examples.targets_of(range);
        let counted: Vec<usize> = (0..targets.len()).filter(|&row| targets[row] != NO_TARGET).collect();
        let (n, d_vocab_out) = (counted.len(), shape.d_vocab_out);
        let mut one_hot = vec![0_f32; n * d_vocab_out];
        for (i, &row) in counted.iter().enumerate() {
            one_hot[i * d_vocab_out + targets[row] as usize] = 1.0;
        }
        let counted_rows = (n < targets.len()).then(|| {
            let rows: Vec<i32> = counted.iter().map(|&row| row as i32).collect();
            Tensor::from_data(TensorData::new(rows, [n]), device)
        });
        let one_hot = TensorData::new(one_hot, [n, d_vocab_out]).convert_dtype(dtype);
        Self {
            tokens,
            loss_positions: examples.shape().loss_positions.clone(),
            counted_rows,
            targets: Tensor::from_data(one_hot, (device, dtype)),
        }
    }

    /// Number of predictions that count.
    pub(super) fn n_predictions(&self) -> usize {
        self.targets.dims()[0]
    }
}
