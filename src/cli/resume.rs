//! What `--resume` goes on with: the run that is in the directory, and nothing else.

use std::path::Path;

use serde_json::Value;

use super::args::SettingArgs;
use super::metrics::RowsToKeep;
use super::run_dir::RunDir;
use super::saved_state::SavedState;
use super::start::read_fitting;
use crate::config::{ExperimentConfig, Preset, settings};
use crate::error::{LabError, Result};
use crate::model::{ModelShape, Weights};

/// A run as it was left. Nothing in its directory has been changed yet.
#[derive(Debug)]
pub(super) struct Interrupted {
    /// Its directory.
    pub(super) dir: RunDir,
    /// Its experiment; `epochs` may have been raised.
    pub(super) config: ExperimentConfig,
    /// Whether they have been.
    pub(super) is_config_changed: bool,
    /// Where it stopped.
    pub(super) saved: SavedState,
    /// Its metrics up to there.
    pub(super) rows: RowsToKeep,
}

/// Reads the run in a directory and checks that it is whole and that the options given ask for that run.
///
/// # Errors
/// [`LabError::File`] or [`LabError::Content`] if there is no whole run, [`LabError::Setting`] or
/// [`LabError::Content`] if an option asks for something else than the run has.
pub(super) fn open(root: &Path, args: &SettingArgs, init: Option<&Path>) -> Result<Interrupted> {
    let (dir, stored) = RunDir::open(root)?;
    let asked = args.change(args.preset.map_or(stored.clone(), Preset::config))?;
    let mut config = stored.clone();
    if args.gives(&settings::EPOCHS) {
        let epochs = asked.run.epochs;
        if epochs < config.run.epochs {
            let allowed = format!("the run was started with {}; it can only be raised", config.run.epochs);
            return Err(LabError::setting("epochs", epochs, allowed));
        }
        config.run.epochs = epochs;
    }
    check_same(&dir, &config, asked)?;
    config.validate()?;

    let saved = SavedState::read(&dir, &config)?;
    let of_state = saved.config.as_ref().unwrap_or(&stored);
    check_same_experiment(&dir, &config, of_state)?;
    if let Some(init) = init {
        check_same_start(&dir, init, &ModelShape::new(&config.data, &config.model))?;
    }
    let rows =
        RowsToKeep::read(&dir.metrics_path(), &config.run, saved.file.state.step, of_state.run.epochs)?;
    Ok(Interrupted { is_config_changed: config != stored, dir, config, saved, rows })
}

/// The state must be one of the experiment in `config.json`, or the run would go on as another one. How it is
/// carried out may differ: the page writes another device into its states.
fn check_same_experiment(dir: &RunDir, config: &ExperimentConfig, of_state: &ExperimentConfig) -> Result<()> {
    let state = ExperimentConfig { run: config.run.clone(), ..of_state.clone() };
    match first_difference("", &tree(config), &tree(&state)) {
        None => Ok(()),
        Some((field, now, then)) => Err(LabError::content(
            dir.config_path().display().to_string(),
            format!("{field} = {now}, but the saved state is of a run with {then}; put the old value back"),
        )),
    }
}

fn tree(config: &ExperimentConfig) -> Value {
    serde_json::to_value(config).expect("plain data with text keys")
}

/// Nothing but the number of epochs may change: the rest would make it another run.
fn check_same(dir: &RunDir, config: &ExperimentConfig, mut asked: ExperimentConfig) -> Result<()> {
    asked.run.epochs = config.run.epochs;
    match first_difference("", &tree(config), &tree(&asked)) {
        None => Ok(()),
        Some((field, started_with, asked)) => Err(LabError::content(
            dir.root().display().to_string(),
            format!(
                "the run was started with {field} = {started_with}, not {asked}; only epochs may change on \
                 --resume: leave the option out, or start a new run in another directory"
            ),
        )),
    }
}

fn first_difference(path: &str, left: &Value, right: &Value) -> Option<(String, String, String)> {
    if let (Value::Object(left), Value::Object(right)) = (left, right) {
        let mut differences = left.iter().filter_map(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            first_difference(&path, value, &right[key])
        });
        return differences.next();
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (left != right).then(|| (path.to_owned(), text(left), text(right)))
}

/// `--init` may be repeated on `--resume`, if it names the weights that the run began with.
fn check_same_start(dir: &RunDir, init: &Path, shape: &ModelShape) -> Result<()> {
    let first = dir.checkpoint_path(0);
    // Checkpoints hold 32-bit floats.
    let rounded = |weights: Weights| weights.flat().iter().map(|&w| w as f32).collect::<Vec<_>>();
    if rounded(read_fitting(init, shape)?) == rounded(read_fitting(&first, shape)?) {
        return Ok(());
    }
    Err(LabError::content(
        init.display().to_string(),
        format!("the run began with other weights ({}); leave --init out", first.display()),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::first_difference;

    #[test]
    fn the_differing_field_is_named_by_its_path() {
        let left = json!({"data": {"p": 7, "split": "python:0"}, "run": {"threads": 0}});
        let mut right = left.clone();
        assert_eq!(first_difference("", &left, &right), None);
        right["data"]["split"] = json!("torch:1");
        let found = first_difference("", &left, &right);
        assert_eq!(found, Some(("data.split".into(), "python:0".into(), "torch:1".into())));
    }
}
