//! Weights as safetensors files: bytes in, bytes out.

mod checksum;
pub mod container;
mod layout;

pub use layout::WeightLayout;

use std::collections::BTreeMap;

use self::container::wrong;
use super::shape::ModelShape;
use super::weights::Weights;
use crate::config::{Activation, ExperimentConfig};
use crate::error::Result;

/// The entry of the metadata of a model whose positions see those after them: `false`. Other models have none.
const CAUSAL: &str = "causal";

/// The entry of the metadata of a model that multiplies its residual stream by another number than 1: that number.
const RESIDUAL_SCALE: &str = "residual_scale";

/// Weights and what is known about where they come from.
///
/// ```
/// use grokking_lab::config::Preset;
/// use grokking_lab::model::safetensors::{WeightLayout, WeightsFile};
/// use grokking_lab::model::{ModelShape, init::initial_weights};
///
/// let config = Preset::Tiny.config();
/// let shape = ModelShape::new(&config.data, &config.model);
/// let file = WeightsFile { weights: initial_weights(&shape, 1), config: Some(config), step: Some(0) };
/// for layout in [WeightLayout::PaperCode, WeightLayout::TransformerLens] {
///     assert_eq!(WeightsFile::from_bytes(&file.to_bytes(layout))?, file);
/// }
/// # Ok::<(), grokking_lab::error::LabError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct WeightsFile {
    /// The parameters.
    pub weights: Weights,
    /// The experiment they belong to, if the file was written by this lab.
    pub config: Option<ExperimentConfig>,
    /// Updates done, if the file says so.
    pub step: Option<usize>,
}

impl WeightsFile {
    /// Reads weights in either [`WeightLayout`], of floats of 16, 32 or 64 bits.
    ///
    /// The sizes are those of the tensors. Missing biases of the MLP are zero; other biases may be
    /// there if they are zero; masks, and names that begin with `optim.`, are passed over. What
    /// the tensors do not tell (activation, causal or not, residual scale) is that of the configuration, else of the
    /// metadata, else ReLU, causal and 1; a model without any tensor of an MLP is of attention only. A configuration
    /// that is not this lab's is passed over.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if the bytes are no such file, whatever
    /// they are.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let container::Contents { tensors, metadata } = container::read(bytes, layout::is_tensor)?;
        let config = config_of(&metadata);
        let step = metadata.get("step").and_then(|text| text.parse().ok());
        let form = match &config {
            Some(ExperimentConfig { model, .. }) => layout::Form {
                activation: model.activation,
                causal: model.causal,
                residual_scale: model.residual_scale,
            },
            None => layout::Form {
                activation: activation_of(&metadata)?,
                causal: metadata.get(CAUSAL).is_none_or(|text| text != "false"),
                residual_scale: residual_scale_of(&metadata)?,
            },
        };
        let weights = layout::assemble(tensors, form)?;
        if let Some(config) = &config {
            check_config_fits(config, weights.shape())?;
        }
        Ok(Self { weights, config, step })
    }

    /// Why the configuration in a file's metadata is passed over; none if there is none or it is used.
    ///
    /// # Errors
    /// As [`Self::from_bytes`], as far as that concerns the container.
    pub fn unused_config(bytes: &[u8]) -> Result<Option<String>> {
        let metadata = container::read(bytes, |_| false)?.metadata;
        Ok(metadata.get("config").and_then(|text| parse_config(text).err()))
    }

    /// Writes the weights as [`Self::to_bytes`] does, but rounded to 16-bit floats: half the bytes, and losses that agree
    /// to two digits or so.
    pub fn to_half_bytes(&self, layout: WeightLayout) -> Vec<u8> {
        let tensors = layout::disassemble(&self.weights, layout);
        container::write(&tensors, &self.metadata(layout), container::Element::F16)
    }

    /// Writes the weights as 32-bit floats, with `config` (JSON), `step` (a number), `activation` and
    /// `layout` in the metadata. The same weights give the same bytes.
    pub fn to_bytes(&self, layout: WeightLayout) -> Vec<u8> {
        let tensors = layout::disassemble(&self.weights, layout);
        container::write(&tensors, &self.metadata(layout), container::Element::F32)
    }

    fn metadata(&self, layout: WeightLayout) -> BTreeMap<String, String> {
        let layout = match layout {
            WeightLayout::PaperCode => "progress-measures",
            WeightLayout::TransformerLens => "transformer-lens",
        };
        let activation = match self.weights.shape().activation {
            Activation::Relu => "relu",
            Activation::Gelu => "gelu",
        };
        let mut metadata = BTreeMap::from([
            ("layout".to_owned(), layout.to_owned()),
            ("activation".to_owned(), activation.to_owned()),
        ]);
        if !self.weights.shape().causal {
            metadata.insert(CAUSAL.into(), "false".into());
        }
        if self.weights.shape().residual_scale != 1.0 {
            metadata.insert(RESIDUAL_SCALE.into(), self.weights.shape().residual_scale.to_string());
        }
        if let Some(config) = &self.config {
            let text =
                serde_json::to_string(config).expect("a configuration has no map with other keys than text");
            metadata.insert("config".into(), text);
        }
        if let Some(step) = self.step {
            metadata.insert("step".into(), step.to_string());
        }
        metadata
    }
}

/// The configuration of the metadata, if it is one of this lab's; other programs use the same key.
fn config_of(metadata: &BTreeMap<String, String>) -> Option<ExperimentConfig> {
    parse_config(metadata.get("config")?).ok()
}

/// The configuration, or why it is none of this lab's or damaged.
fn parse_config(text: &str) -> Result<ExperimentConfig, String> {
    let config: ExperimentConfig = serde_json::from_str(text).map_err(|error| error.to_string())?;
    config.validate().map_err(|error| error.to_string())?;
    Ok(config)
}

fn activation_of(metadata: &BTreeMap<String, String>) -> Result<Activation> {
    match metadata.get("activation").map(String::as_str) {
        None | Some("relu") => Ok(Activation::Relu),
        Some("gelu") => Ok(Activation::Gelu),
        Some(other) => Err(wrong(format!("activation {other}; allowed are relu and gelu"))),
    }
}

fn residual_scale_of(metadata: &BTreeMap<String, String>) -> Result<f64> {
    let Some(text) = metadata.get(RESIDUAL_SCALE) else { return Ok(1.0) };
    let scale = text.parse().ok().filter(|scale: &f64| scale.is_finite());
    scale.ok_or_else(|| wrong(format!("{RESIDUAL_SCALE} {text}; allowed is a number")))
}

fn check_config_fits(config: &ExperimentConfig, found: &ModelShape) -> Result<()> {
    let expected = ModelShape::new(&config.data, &config.model);
    // An unembedding without a column for the last token, which is no answer, fits too.
    let without_last = ModelShape { d_vocab_out: expected.d_vocab_out - 1, ..expected.clone() };
    if [&expected, &without_last].contains(&found) {
        return Ok(());
    }
    Err(wrong(format!(
        "the configuration in the file describes a model of {expected:?}, but the tensors one of {found:?}"
    )))
}

#[cfg(test)]
mod tests;
