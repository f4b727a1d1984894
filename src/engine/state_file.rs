//! `state.safetensors`: everything that determines the rest of a run, as a file.
//!
//! Numbers that all are 32-bit floats, as those of a run in float32 are, are stored as such, others
//! as 64-bit floats: nothing is rounded.
//!
//! The weights lie under their own names, so the file can be analysed like any checkpoint; AdamW's
//! moments lie under `optim.first_moment.` and `optim.second_moment.` before the same names.

use std::collections::BTreeMap;

use crate::config::ExperimentConfig;
use crate::engine::{EngineInfo, TrainState};
use crate::error::{LabError, Result};
use crate::model::safetensors::WeightsFile;
use crate::model::safetensors::container::{self, Element, NamedTensor};
use crate::model::{ModelShape, Param, Weights};

const FIRST_MOMENT: &str = "optim.first_moment.";
const SECOND_MOMENT: &str = "optim.second_moment.";

/// A state and the engine that came to it.
#[derive(Debug, Clone, PartialEq)]
pub struct StateFile {
    /// The state.
    pub state: TrainState,
    /// Another engine goes on with other roundings.
    pub engine: EngineInfo,
}

impl StateFile {
    /// Writes the state with its experiment. The same state gives the same bytes.
    pub fn to_bytes(&self, config: &ExperimentConfig) -> Vec<u8> {
        let TrainState { step, weights, first_moment, second_moment } = &self.state;
        let tensors: Vec<_> = [("", weights), (FIRST_MOMENT, first_moment), (SECOND_MOMENT, second_moment)]
            .into_iter()
            .flat_map(|(prefix, part)| tensors_of(prefix, part))
            .collect();
        let json = |value: serde_json::Result<String>| value.expect("plain data with text keys");
        let metadata = BTreeMap::from([
            ("layout".to_owned(), "progress-measures".to_owned()),
            ("config".to_owned(), json(serde_json::to_string(config))),
            ("engine".to_owned(), json(serde_json::to_string(&self.engine))),
            ("step".to_owned(), step.to_string()),
        ]);
        let narrow = [weights, first_moment, second_moment].into_iter().all(is_float32);
        container::write(&tensors, &metadata, if narrow { Element::F32 } else { Element::F64 })
    }

    /// Reads a state of a model of the given shape.
    ///
    /// # Errors
    /// [`LabError::Content`] if the bytes are no such file or belong to another model.
    pub fn from_bytes(bytes: &[u8], shape: &ModelShape) -> Result<Self> {
        let WeightsFile { weights, step, .. } = WeightsFile::from_bytes(bytes)?;
        let wrong = |reason: &str| LabError::content("saved state", reason);
        if weights.shape() != shape {
            return Err(wrong(&format!(
                "it belongs to another model than config.json ({:?})",
                weights.shape()
            )));
        }
        let contents = container::read(bytes, |name| name.starts_with("optim."))?;
        let engine = contents.metadata.get("engine").and_then(|text| serde_json::from_str(text).ok());
        let state = TrainState {
            step: step.ok_or_else(|| wrong("it does not say its step"))?,
            weights,
            first_moment: moment(&contents.tensors, FIRST_MOMENT, shape)?,
            second_moment: moment(&contents.tensors, SECOND_MOMENT, shape)?,
        };
        Ok(Self { state, engine: engine.ok_or_else(|| wrong("it does not say its engine"))? })
    }
}

#[expect(clippy::float_cmp, reason = "the question is whether rounding changes anything")]
fn is_float32(part: &Weights) -> bool {
    part.flat().iter().all(|&value| f64::from(value as f32) == value)
}

fn tensors_of(prefix: &str, part: &Weights) -> Vec<NamedTensor> {
    let shape = part.shape();
    let tensor = |param: Param| NamedTensor {
        name: format!("{prefix}{}", param.name()),
        dims: shape.dims(param),
        values: part.get(param).to_vec(),
    };
    shape.params().into_iter().map(tensor).collect()
}

fn moment(tensors: &BTreeMap<String, NamedTensor>, prefix: &str, shape: &ModelShape) -> Result<Weights> {
    let mut part = Weights::zeros(shape.clone());
    for param in shape.params() {
        let name = format!("{prefix}{}", param.name());
        let tensor =
            tensors.get(&name).filter(|tensor| tensor.dims == shape.dims(param)).ok_or_else(|| {
                LabError::content(
                    "saved state",
                    format!("{name} of shape {:?} is missing", shape.dims(param)),
                )
            })?;
        part.get_mut(param).copy_from_slice(&tensor.values);
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use super::StateFile;
    use crate::config::{Precision, Preset};
    use crate::engine::{DeviceKind, EngineInfo, EngineKind, TrainState};
    use crate::model::init::initial_weights;
    use crate::model::safetensors::WeightsFile;
    use crate::model::{ModelShape, Weights};

    fn example() -> (StateFile, ModelShape) {
        let config = Preset::Tiny.config();
        let shape = ModelShape::new(&config.data, &config.model);
        // Thirds are not 32-bit floats: a detour through them would show.
        let thirds = |seed| {
            let weights: Weights = initial_weights(&shape, seed);
            Weights::from_flat(shape.clone(), weights.flat().iter().map(|w| w / 3.0).collect())
        };
        let state =
            TrainState { step: 12, weights: thirds(1), first_moment: thirds(2), second_moment: thirds(3) };
        let engine = EngineInfo {
            engine: EngineKind::Literal,
            device: DeviceKind::Cpu,
            device_name: "a processor".into(),
            precision: Precision::F64,
            reason: None,
        };
        (StateFile { state, engine }, shape)
    }

    #[test]
    fn a_state_comes_back_bit_for_bit() {
        let (file, shape) = example();
        let bytes = file.to_bytes(&Preset::Tiny.config());
        assert_eq!(StateFile::from_bytes(&bytes, &shape), Ok(file.clone()));
        assert_eq!(bytes, file.to_bytes(&Preset::Tiny.config()), "the same bytes each time");
        let as_weights = WeightsFile::from_bytes(&bytes).unwrap();
        assert_eq!(as_weights.weights, file.state.weights, "readable as weights");
        assert_eq!(as_weights.step, Some(12));
    }

    #[test]
    fn a_state_in_float32_takes_half_the_room_and_loses_nothing() {
        let (wide, shape) = example();
        let config = Preset::Tiny.config();
        let start = StateFile { state: TrainState::start(initial_weights(&shape, 1)), ..wide.clone() };
        let (narrow, wide) = (start.to_bytes(&config), wide.to_bytes(&config));
        let bytes_per_value = |file: &[u8]| file.len() / (3 * shape.n_values());
        assert_eq!((bytes_per_value(&narrow), bytes_per_value(&wide)), (4, 8));
        assert_eq!(StateFile::from_bytes(&narrow, &shape), Ok(start));
    }

    #[test]
    fn mere_weights_and_other_models_are_no_state() {
        let (file, shape) = example();
        let config = Preset::Tiny.config();
        let weights =
            WeightsFile { weights: file.state.weights.clone(), config: Some(config.clone()), step: Some(12) };
        let bytes = weights.to_bytes(crate::model::safetensors::WeightLayout::PaperCode);
        let error = StateFile::from_bytes(&bytes, &shape).unwrap_err().to_string();
        assert!(error.contains("optim.first_moment.embed.W_E"), "{error}");
        let other = ModelShape { d_mlp: 64, ..shape };
        let error = StateFile::from_bytes(&file.to_bytes(&config), &other).unwrap_err().to_string();
        assert!(error.contains("another model"), "{error}");
    }
}
