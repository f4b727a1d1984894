//! Every activation has a name; whoever passes an [`Observer`] to the forward pass sees them.

use burn::tensor::{DType, Tensor, Transaction};

pub use super::hook::Hook;
use crate::error::{FailedDevice, LabError, Result};

/// Sees every activation as the forward pass makes it.
pub trait Observer {
    /// Called once for each hook, in the order of computation.
    fn see<const D: usize>(&mut self, hook: Hook, activation: &Tensor<D>);
}

/// Sees nothing.
impl Observer for () {
    fn see<const D: usize>(&mut self, _: Hook, _: &Tensor<D>) {}
}

/// Keeps every activation on the device.
#[derive(Debug, Default)]
pub struct ActivationCache {
    entries: Vec<(Hook, Vec<usize>, Tensor<1>)>,
}

/// One activation on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Activation {
    /// Which one.
    pub hook: Hook,
    /// Its dimensions, as [`Hook`] documents them.
    pub dims: Vec<usize>,
    /// Its values, row-major.
    pub values: Vec<f64>,
}

impl Observer for ActivationCache {
    fn see<const D: usize>(&mut self, hook: Hook, activation: &Tensor<D>) {
        let dims = activation.dims().to_vec();
        let n: usize = dims.iter().product();
        self.entries.push((hook, dims, activation.clone().reshape([n])));
    }
}

impl ActivationCache {
    /// Reads all activations in one transfer, in the order of computation.
    ///
    /// # Errors
    /// [`LabError::Device`] if the device fails.
    pub async fn read(self) -> Result<Vec<Activation>> {
        let mut transaction = Transaction::default();
        let mut heads = Vec::new();
        for (hook, dims, values) in self.entries {
            transaction = transaction.register(values);
            heads.push((hook, dims));
        }
        let data =
            transaction.execute_async().await.map_err(|e| LabError::device(FailedDevice::Backend, e))?;
        Ok(heads
            .into_iter()
            .zip(data)
            .map(|((hook, dims), data)| Activation {
                hook,
                dims,
                values: data.convert_dtype(DType::F64).iter::<f64>().collect(),
            })
            .collect())
    }
}
