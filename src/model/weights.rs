//! The values of all parameters on the host, in float64 so that both precisions fit.

use super::shape::{ModelShape, Param};

/// All parameters of a model, or one number per parameter (a gradient, a moment of AdamW).
///
/// ```
/// use grokking_lab::config::Preset;
/// use grokking_lab::model::{ModelShape, Param, Weights};
///
/// let config = Preset::Tiny.config();
/// let shape = ModelShape::new(&config.data, &config.model);
/// let mut weights = Weights::zeros(shape.clone());
/// weights.get_mut(Param::b_in(0)).fill(0.5);
/// let values = weights.flat().to_vec();
/// assert_eq!(values.iter().sum::<f64>(), 0.5 * shape.d_mlp as f64);
/// assert_eq!(Weights::from_flat(shape, values), weights);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    shape: ModelShape,
    values: Vec<f64>,
}

impl Weights {
    /// Takes values in the flat order of [`ModelShape::params`].
    ///
    /// # Panics
    /// If there are not exactly [`ModelShape::n_values`] of them.
    pub fn from_flat(shape: ModelShape, values: Vec<f64>) -> Self {
        assert_eq!(values.len(), shape.n_values(), "number of values of a model of this shape");
        Self { shape, values }
    }

    /// Zero everywhere.
    pub fn zeros(shape: ModelShape) -> Self {
        let values = vec![0.0; shape.n_values()];
        Self { shape, values }
    }

    /// The model's sizes.
    pub fn shape(&self) -> &ModelShape {
        &self.shape
    }

    /// One parameter, row-major in [`ModelShape::dims`].
    pub fn get(&self, param: Param) -> &[f64] {
        &self.values[self.shape.range(param)]
    }

    /// One parameter, to be written.
    pub fn get_mut(&mut self, param: Param) -> &mut [f64] {
        let range = self.shape.range(param);
        &mut self.values[range]
    }

    /// All values in the flat order of [`ModelShape::params`].
    pub fn flat(&self) -> &[f64] {
        &self.values
    }
}
