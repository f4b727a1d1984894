//! A set of pairs as tensors.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::model::{ModelShape, transformer};
use crate::task::Pair;

/// Pairs on a device, ready for the forward pass and the loss.
#[derive(Debug, Clone)]
pub struct PairBatch {
    /// Prompts `[a, b, =]`, n × n_ctx.
    pub tokens: Tensor<2, Int>,
    /// First numbers, n.
    pub a: Tensor<1, Int>,
    /// Second numbers, n.
    pub b: Tensor<1, Int>,
    /// 1 at the answer, 0 elsewhere, n × d_vocab_out.
    pub answers: Tensor<2>,
}

impl PairBatch {
    /// Copies n pairs to a device; `dtype` is that of the answers, which take n × d_vocab_out floats.
    pub fn new(pairs: &[Pair], shape: &ModelShape, device: &Device, dtype: DType) -> Self {
        let n = pairs.len();
        let (p, d_vocab_out) = (shape.p, shape.d_vocab_out);
        let ints = |values: Vec<i32>| Tensor::<1, Int>::from_data(TensorData::new(values, [n]), device);
        let a = ints(pairs.iter().map(|pair| pair.a as i32).collect());
        let b = ints(pairs.iter().map(|pair| pair.b as i32).collect());
        let tokens = transformer::prompts(pairs, p, device);
        let mut answers = vec![0_f32; n * d_vocab_out];
        for (i, pair) in pairs.iter().enumerate() {
            answers[i * d_vocab_out + (pair.a + pair.b) % p] = 1.0;
        }
        let answers = TensorData::new(answers, [n, d_vocab_out]).convert_dtype(dtype);
        Self { tokens, a, b, answers: Tensor::from_data(answers, (device, dtype)) }
    }

    /// Number of pairs.
    pub fn len(&self) -> usize {
        self.a.dims()[0]
    }
}
