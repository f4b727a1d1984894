//! `state.safetensors`: everything that determines the rest of a run, as a file.
//!
//! If all values are float32 numbers, as in a float32 run, they are stored in 32 bits, else in 64: nothing is rounded.
//!
//! The weights lie under their own names, so the file can be analysed like any checkpoint; AdamW's
//! moments lie under `optim.first_moment.` and `optim.second_moment.` before the same names.
//!
//! A checksum over all of it lies in the metadata: a flipped bit of a float is another float, with which a run
//! would go on without a sign. States of version 0.1.0 before it had one are read without.

use std::collections::BTreeMap;

use crate::config::ExperimentConfig;
use crate::engine::{EngineInfo, TrainState};
use crate::error::{LabError, Result};
use crate::model::safetensors::WeightsFile;
use crate::model::safetensors::container::{self, Element, NamedTensor};
use crate::model::{ModelShape, Param, Weights};

const FIRST_MOMENT: &str = "optim.first_moment.";
const SAMPLER_PLACE: &str = "sampler_place";
const SECOND_MOMENT: &str = "optim.second_moment.";

/// A state and the engine that computed it.
///
/// ```
/// use grokking_lab::config::Preset;
/// use grokking_lab::engine::folded::FoldedCpu;
/// use grokking_lab::engine::state_file::StateFile;
/// use grokking_lab::engine::{Engine, TrainState};
/// use grokking_lab::model::{ModelShape, init::initial_weights};
/// use grokking_lab::task::Dataset;
/// use pollster::block_on;
///
/// let config = Preset::Tiny.config();
/// let shape = ModelShape::new(&config.data, &config.model);
/// let start = TrainState::start(initial_weights(&shape, config.model.seed));
/// let mut engine = FoldedCpu::new(&config, &Dataset::new(&config.data), &start)?;
/// block_on(engine.train(3))?;
///
/// let file = StateFile { state: block_on(engine.state())?, engine: engine.info().clone() };
/// let bytes = file.to_bytes(&config);
/// let read = StateFile::from_bytes(&bytes, &shape)?;
/// assert_eq!(read, file);
/// assert_eq!(read.state.step, 3);
/// # Ok::<(), grokking_lab::error::LabError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StateFile {
    /// The state.
    pub state: TrainState,
    /// The engine. Continued with another one, the run has other roundings.
    pub engine: EngineInfo,
}

impl StateFile {
    /// Writes the state with its experiment and a checksum. The same state gives the same bytes.
    pub fn to_bytes(&self, config: &ExperimentConfig) -> Vec<u8> {
        let TrainState { step, sampler_place, weights, first_moment, second_moment } = &self.state;
        let tensors: Vec<_> = [("", weights), (FIRST_MOMENT, first_moment), (SECOND_MOMENT, second_moment)]
            .into_iter()
            .flat_map(|(prefix, values)| tensors_of(prefix, values))
            .collect();
        let json = |value: serde_json::Result<String>| value.expect("plain data with text keys");
        let mut metadata = BTreeMap::from([
            ("layout".to_owned(), "progress-measures".to_owned()),
            ("config".to_owned(), json(serde_json::to_string(config))),
            ("engine".to_owned(), json(serde_json::to_string(&self.engine))),
            ("step".to_owned(), step.to_string()),
        ]);
        if *sampler_place > 0 {
            metadata.insert(SAMPLER_PLACE.to_owned(), sampler_place.to_string());
        }
        let fits_f32 = [weights, first_moment, second_moment].into_iter().all(is_float32);
        container::write_with_checksum(&tensors, metadata, if fits_f32 { Element::F32 } else { Element::F64 })
    }

    /// Reads a state of a model of the given shape.
    ///
    /// # Errors
    /// [`LabError::Content`] if the bytes are no such file, are damaged or belong to another model.
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
        // States without fresh data, and those of before there was any, do not name it.
        let place = contents.metadata.get(SAMPLER_PLACE).map_or(Ok(0), |text| text.parse());
        let state = TrainState {
            step: step.ok_or_else(|| wrong("it does not say its step"))?,
            sampler_place: place.map_err(|_| wrong("the place of its sampler is no whole number"))?,
            weights,
            first_moment: moment(&contents.tensors, FIRST_MOMENT, shape)?,
            second_moment: moment(&contents.tensors, SECOND_MOMENT, shape)?,
        };
        Ok(Self { state, engine: engine.ok_or_else(|| wrong("it does not say its engine"))? })
    }
}

#[expect(clippy::float_cmp, reason = "the question is whether rounding changes anything")]
fn is_float32(values: &Weights) -> bool {
    values.flat().iter().all(|&value| f64::from(value as f32) == value)
}

fn tensors_of(prefix: &str, values: &Weights) -> Vec<NamedTensor> {
    let shape = values.shape();
    let tensor = |param: Param| NamedTensor {
        name: format!("{prefix}{}", param.name()),
        dims: shape.dims(param),
        values: values.get(param).to_vec(),
    };
    shape.params().into_iter().map(tensor).collect()
}

fn moment(tensors: &BTreeMap<String, NamedTensor>, prefix: &str, shape: &ModelShape) -> Result<Weights> {
    let mut values = Weights::zeros(shape.clone());
    for param in shape.params() {
        let name = format!("{prefix}{}", param.name());
        let tensor =
            tensors.get(&name).filter(|tensor| tensor.dims == shape.dims(param)).ok_or_else(|| {
                LabError::content(
                    "saved state",
                    format!("{name} of shape {:?} is missing", shape.dims(param)),
                )
            })?;
        values.get_mut(param).copy_from_slice(&tensor.values);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::StateFile;
    use super::container::{self, Element};
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
        let state = TrainState {
            step: 12,
            sampler_place: 1 << 40,
            weights: thirds(1),
            first_moment: thirds(2),
            second_moment: thirds(3),
        };
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
    fn a_state_in_float32_takes_half_the_bytes_and_loses_nothing() {
        let (wide, shape) = example();
        let config = Preset::Tiny.config();
        let start = StateFile { state: TrainState::start(initial_weights(&shape, 1)), ..wide.clone() };
        let (narrow, wide) = (start.to_bytes(&config), wide.to_bytes(&config));
        let bytes_per_value = |file: &[u8]| file.len() / (3 * shape.n_values());
        assert_eq!((bytes_per_value(&narrow), bytes_per_value(&wide)), (4, 8));
        assert_eq!(StateFile::from_bytes(&narrow, &shape), Ok(start));
    }

    #[test]
    fn every_flipped_bit_is_seen_or_changes_nothing() {
        let (file, shape) = example();
        let bytes = file.to_bytes(&Preset::Tiny.config());
        let header_len = 8 + u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        let mut seen = 0;
        for at in (0..header_len).chain((header_len..bytes.len()).step_by(97)) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            match StateFile::from_bytes(&damaged, &shape) {
                Ok(read) => assert_eq!(read, file, "the bit in byte {at}"),
                Err(_) => seen += 1,
            }
        }
        // White space and the name of the checksum's own entry may change without a loss.
        assert!(seen > header_len / 2, "{seen} flipped bits were seen");
        let value = bytes.len() - 6;
        let mut damaged = bytes.clone();
        damaged[value] ^= 1;
        let error = StateFile::from_bytes(&damaged, &shape).unwrap_err().to_string();
        assert!(error.contains("checksum") && error.contains("damaged"), "{error}");
        for len in [0, 7, header_len, bytes.len() - 1] {
            StateFile::from_bytes(&bytes[..len], &shape).expect_err("a part of the file");
        }
    }

    #[test]
    fn a_state_of_a_model_whose_form_its_tensors_do_not_tell_is_read() {
        let config = Preset::Induction.config();
        let shape = ModelShape::new(&config.data, &config.model);
        assert_ne!(shape.residual_scale, 1.0, "the published code doubles the residual stream");
        let (file, _) = example();
        let state = TrainState::start(initial_weights(&shape, 3));
        let file = StateFile { state, ..file };
        assert_eq!(StateFile::from_bytes(&file.to_bytes(&config), &shape), Ok(file));
    }

    #[test]
    fn a_state_written_without_a_checksum_is_read() {
        let (file, shape) = example();
        let bytes = file.to_bytes(&Preset::Tiny.config());
        let contents = container::read(&bytes, |_| true).unwrap();
        let mut metadata = contents.metadata;
        assert!(metadata.remove("checksum").is_some(), "a state has one");
        let tensors: Vec<_> = contents.tensors.into_values().collect();
        // In the order of their names, as other programs store them.
        let sorted = container::write(&tensors, &metadata, Element::F64);
        assert_eq!(StateFile::from_bytes(&sorted, &shape), Ok(file));
    }

    #[test]
    fn weights_alone_and_other_models_are_refused() {
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
