//! Where a run starts: drawn weights, or those of a file.

use std::path::Path;

use super::file_io::{MAX_INPUT_BYTES, read_bytes};
use crate::config::ExperimentConfig;
use crate::engine::TrainState;
use crate::error::{LabError, Result};
use crate::model::init::initial_weights_of;
use crate::model::safetensors::WeightsFile;
use crate::model::{ModelShape, Weights};
use crate::protocol::capsule::{Capsule, archive};

/// The state before the first update: weights from `init`, or drawn from the seed.
///
/// # Errors
/// As [`read_fitting`].
pub(super) fn initial_state(config: &ExperimentConfig, init: Option<&Path>) -> Result<TrainState> {
    let shape = ModelShape::new(&config.data, &config.model);
    let weights = match init {
        Some(path) => read_fitting(path, &shape)?,
        None => initial_weights_of(config),
    };
    Ok(TrainState::start(weights))
}

/// Reads weights of any shape: of a safetensors file, or the newest of a capsule.
///
/// # Errors
/// [`LabError::File`] if the file cannot be read, [`LabError::Content`] if it holds no weights.
pub(super) fn read_weights(path: &Path) -> Result<WeightsFile> {
    read_weights_and_note(path).map(|(file, _)| file)
}

/// Reads weights as [`read_weights`] does; with a sentence for the user if the file's configuration cannot be used.
///
/// # Errors
/// As [`read_weights`].
pub(super) fn read_weights_and_note(path: &Path) -> Result<(WeightsFile, Option<String>)> {
    let bytes = read_bytes(path, MAX_INPUT_BYTES)?;
    let read = || {
        if bytes.starts_with(archive::SIGNATURE) {
            return Ok((Capsule::from_bytes(&bytes)?.last_weights()?, None));
        }
        Ok((WeightsFile::from_bytes(&bytes)?, WeightsFile::unused_config(&bytes)?))
    };
    let (file, reason) = read().map_err(|error| named(path, &error))?;
    let note = reason.map(|reason| {
        let path = path.display();
        format!("{path}: its configuration is damaged or another program's, and is not used: {reason}")
    });
    Ok((file, note))
}

/// Reads weights of the given shape; the activation is the model's, whatever the file says.
///
/// # Errors
/// As [`read_weights`]; [`LabError::Content`] also for another shape, with both.
pub(super) fn read_fitting(path: &Path, shape: &ModelShape) -> Result<Weights> {
    let weights = read_weights(path)?.weights;
    match difference(weights.shape(), shape) {
        Some(reason) => Err(LabError::content(path.display().to_string(), reason)),
        None => Ok(Weights::from_flat(shape.clone(), weights.flat().to_vec())),
    }
}

/// An error about a file's content, with the file's name.
pub(super) fn named(path: &Path, error: &LabError) -> LabError {
    LabError::content(path.display().to_string(), error)
}

/// The first tensor whose shape is not the one that is needed.
fn difference(found: &ModelShape, needed: &ModelShape) -> Option<String> {
    if found.n_layers != needed.n_layers {
        return Some(format!(
            "the file's model has n_layers = {}, the settings ask for {}",
            found.n_layers, needed.n_layers
        ));
    }
    let param = needed.params().into_iter().find(|&param| found.dims(param) != needed.dims(param))?;
    let ModelShape { n_ctx, d_vocab, d_model, n_heads, d_mlp, .. } = needed;
    Some(format!(
        "{} has shape {:?}, but n_ctx = {n_ctx}, d_vocab = {d_vocab}, d_model = {d_model}, n_heads = {n_heads}, d_mlp = {d_mlp} ask \
         for {:?}",
        param.name(),
        found.dims(param),
        needed.dims(param)
    ))
}

#[cfg(test)]
mod tests {
    use super::initial_state;
    use crate::config::{Activation, Preset};
    use crate::model::safetensors::{WeightLayout, WeightsFile};

    #[test]
    fn weights_of_another_shape_are_refused_with_both_shapes() {
        let dir = temp_dir::TempDir::new().unwrap();
        let path = dir.path().join("init.safetensors");
        let config = Preset::Tiny.config();
        let weights = initial_state(&config, None).unwrap().weights;
        let file = WeightsFile { weights: weights.clone(), config: None, step: None };
        std::fs::write(&path, file.to_bytes(WeightLayout::TransformerLens)).unwrap();
        assert_eq!(initial_state(&config, Some(&path)).unwrap().weights, weights, "read as written");

        let mut wider = config.clone();
        wider.model.d_mlp = 48;
        let error = initial_state(&wider, Some(&path)).unwrap_err().to_string();
        assert!(error.contains("W_in has shape [32, 16]") && error.contains("[48, 16]"), "{error}");
        let mut deeper = config.clone();
        deeper.model.n_layers = 2;
        let error = initial_state(&deeper, Some(&path)).unwrap_err().to_string();
        assert!(error.contains("has n_layers = 1, the settings ask for 2"), "{error}");

        let mut gelu = config;
        gelu.model.activation = Activation::Gelu;
        let shape = initial_state(&gelu, Some(&path)).unwrap().weights.shape().clone();
        assert_eq!(shape.activation, Activation::Gelu, "the settings' activation");
    }
}
