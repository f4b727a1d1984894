//! A run in one file, to be kept, sent and taken up again: the capsule.
//!
//! A zip archive of the files that `grok train` leaves in its directory, so that an unpacked capsule is such
//! a directory and a packed directory is a capsule:
//!
//! | file | holds |
//! |---|---|
//! | `config.json` | the experiment with its seeds; the only one that must be there |
//! | `capsule.json` | [`Head`]: format, build, browser, engine and device, name, date |
//! | `metrics.csv` | losses and accuracies by step |
//! | `measures.json` | the progress measures by step |
//! | `report.json` | every number of the last weights that were analysed |
//! | `reports/step-000120.json` | the same of every checkpoint that was analysed |
//! | `state.safetensors` | the last full state, from which the run goes on |
//! | `checkpoints/step-000120.safetensors` | weights |

pub mod archive;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::archive::{Files, Packing};
use crate::analysis::modular::report::Report;
use crate::analysis::progress::ProgressMeasures;
use crate::config::ExperimentConfig;
use crate::engine::state_file::StateFile;
use crate::engine::{EngineInfo, MetricsRow, metrics_csv};
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::model::safetensors::WeightsFile;

/// The version of the format that is written; older ones are read, newer ones refused.
const FORMAT: u32 = 1;

/// The most rows of metrics that are read: a run of ten million steps that was evaluated at every tenth. They take
/// 70 MB of memory, which a tab has.
pub const MAX_ROWS_READ: usize = 1_000_000;

/// The most steps with progress measures that are read: as many as an archive may have checkpoints.
const MAX_MEASURES: usize = 5_000;

/// What [`MAX_MEASURES`] may take as text, each with some hundred numbers.
const MAX_MEASURES_BYTES: usize = 64 << 20;

const CONFIG: &str = "config.json";
const HEAD: &str = "capsule.json";
const METRICS: &str = "metrics.csv";
const MEASURES: &str = "measures.json";
const REPORT: &str = "report.json";
const REPORTS: &str = "reports/step-";
const STATE: &str = "state.safetensors";
const CHECKPOINTS: &str = "checkpoints/step-";

/// A run.
#[derive(Debug, Clone, PartialEq)]
pub struct Capsule {
    /// Where it comes from.
    pub head: Head,
    /// The experiment.
    pub config: ExperimentConfig,
    /// Losses and accuracies by step, ascending.
    pub rows: Vec<MetricsRow>,
    /// The progress measures by step, ascending.
    pub measures: Vec<(usize, ProgressMeasures)>,
    /// Reports on weights that were analysed, by step.
    pub reports: BTreeMap<usize, Arc<Report>>,
    /// The state to go on from.
    pub state: Option<Saved>,
    /// Weights by step, as safetensors files.
    pub checkpoints: BTreeMap<usize, Arc<Vec<u8>>>,
}

/// What is known of a run besides its numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The version of the format.
    pub format: u32,
    /// The program that wrote it, for example `grokking-lab 0.1.0`, with the name of the build if it was a
    /// published page.
    pub build: String,
    /// How the browser calls itself, if it was a page.
    #[serde(default)]
    pub user_agent: Option<String>,
    /// What the run was called, if it was given a name.
    pub name: Option<String>,
    /// When it began, in milliseconds since 1970, UTC.
    pub began_ms: Option<f64>,
    /// What made the last numbers.
    pub engine: Option<EngineInfo>,
    /// How many rows were left out of `metrics.csv`, because there were more than a page holds: of each stretch of
    /// steps it has the rows with the extremes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub n_rows_left_out: usize,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// A full state and its step.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// Updates done.
    pub step: usize,
    /// A file of [`StateFile`], which can be read as weights too.
    pub state: Arc<Vec<u8>>,
}

impl Default for Head {
    fn default() -> Self {
        let build = concat!("grokking-lab ", env!("CARGO_PKG_VERSION")).into();
        let (user_agent, name, began_ms, engine) = (None, None, None, None);
        Self { format: FORMAT, build, user_agent, name, began_ms, engine, n_rows_left_out: 0 }
    }
}

impl Capsule {
    /// A run of which only its experiment is known.
    pub fn new(config: ExperimentConfig) -> Self {
        Self {
            head: Head::default(),
            config,
            rows: Vec::new(),
            measures: Vec::new(),
            reports: BTreeMap::new(),
            state: None,
            checkpoints: BTreeMap::new(),
        }
    }

    /// The file.
    pub fn to_bytes(&self, packing: Packing) -> Vec<u8> {
        let mut files = Files::new();
        let mut add = |name: &str, bytes: Vec<u8>| drop(files.insert(name.into(), bytes));
        add(HEAD, json(&self.head));
        add(CONFIG, json(&self.config));
        if !self.rows.is_empty() {
            add(METRICS, metrics_csv::write(&self.rows).into_bytes());
        }
        let measures: Vec<_> = self.measures.iter().filter(|(_, measures)| is_readable(measures)).collect();
        if !measures.is_empty() {
            add(MEASURES, json(&measures));
        }
        let reports = self.reports.iter().filter(|(_, report)| is_readable(report.as_ref()));
        for (step, report) in reports {
            add(&report_name(*step), json(report.as_ref()));
            // The last one comes last.
            add(REPORT, json(report.as_ref()));
        }
        let names: BTreeMap<String, &Vec<u8>> =
            self.checkpoints.iter().map(|(step, file)| (checkpoint_name(*step), file.as_ref())).collect();
        let texts = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        let weights = names.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
        let state = self.state.iter().map(|saved| (STATE, saved.state.as_slice()));
        archive::write(texts.chain(state).chain(weights), packing)
    }

    /// Reads a file, and checks that all its parts belong to one run.
    ///
    /// # Errors
    /// [`LabError::Content`] with the part that is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut files = in_one_folder(archive::read(bytes)?)?;
        let config: ExperimentConfig = match files.remove(CONFIG) {
            Some(bytes) => parse(CONFIG, &bytes)?,
            None => {
                let reason = "it holds no config.json, so it is neither a capsule nor a run of `grok train`";
                return Err(LabError::content("capsule", reason));
            }
        };
        config.validate().map_err(|e| wrong(CONFIG, e))?;
        let shape = ModelShape::new(&config.data, &config.model);
        let mut capsule = Self::new(config);
        if let Some(bytes) = files.remove(HEAD) {
            capsule.head = read_head(&bytes)?;
        }
        if let Some(bytes) = files.remove(METRICS) {
            let text = std::str::from_utf8(&bytes).map_err(|e| wrong(METRICS, e))?;
            capsule.rows = read_metrics(text).map_err(|e| wrong(METRICS, e))?;
        }
        if let Some(bytes) = files.remove(MEASURES) {
            capsule.measures = read_measures(&bytes)?;
        }
        let last_report = files.remove(REPORT);
        if let Some(bytes) = files.remove(STATE) {
            let file = StateFile::from_bytes(&bytes, &shape).map_err(|e| wrong(STATE, e))?;
            capsule.head.engine.get_or_insert(file.engine);
            capsule.state = Some(Saved { step: file.state.step, state: Arc::new(bytes) });
        }
        for (name, bytes) in files {
            if let Some(step) = checkpoint_step(&name) {
                check_checkpoint(&bytes, step, &shape).map_err(|e| wrong(&name, e))?;
                capsule.checkpoints.insert(step, Arc::new(bytes));
            } else if let Some(step) = report_step(&name) {
                capsule.reports.insert(step, Arc::new(parse(&name, &bytes)?));
            }
        }
        if let Some(bytes) = last_report.filter(|_| capsule.reports.is_empty()) {
            // A directory of `grok train` has this one only, on its last weights.
            capsule.reports.insert(capsule.step(), Arc::new(parse(REPORT, &bytes)?));
        }
        Ok(capsule)
    }

    /// The newest weights there are.
    ///
    /// # Errors
    /// [`LabError::Content`] if there are none, or if they cannot be read.
    pub fn last_weights(&self) -> Result<WeightsFile> {
        let checkpoint = self.checkpoints.last_key_value();
        let bytes = match (&self.state, checkpoint) {
            (Some(saved), Some((step, file))) if *step > saved.step => file,
            (Some(saved), _) => &saved.state,
            (None, Some((_, file))) => file,
            (None, None) => return Err(LabError::content("capsule", "it holds no weights")),
        };
        WeightsFile::from_bytes(bytes)
    }

    /// The last step that anything is known of.
    pub fn step(&self) -> usize {
        let row = self.rows.last().map(|row| row.step);
        let checkpoint = self.checkpoints.keys().next_back().copied();
        [row, checkpoint, self.state.as_ref().map(|saved| saved.step)]
            .into_iter()
            .flatten()
            .max()
            .unwrap_or(0)
    }
}

/// A packed directory may lie in a folder of its own name, beside whatever else was packed with it.
fn in_one_folder(files: Files) -> Result<Files> {
    let is_config = |name: &&String| name.as_str() == CONFIG || name.ends_with("/config.json");
    let configs: Vec<&String> = files.keys().filter(is_config).collect();
    let folder = match configs[..] {
        [] => return Ok(files),
        [name] => name[..name.len() - CONFIG.len()].to_owned(),
        [first, second, ..] => {
            let reason = format!("it holds more than one run ({first}, {second}); pack one at a time");
            return Err(LabError::content("capsule", reason));
        }
    };
    let inside =
        files.into_iter().filter_map(|(name, bytes)| Some((name.strip_prefix(&folder)?.to_owned(), bytes)));
    Ok(inside.collect())
}

fn read_head(bytes: &[u8]) -> Result<Head> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }
    // First the version: a newer head may have other fields.
    let Format { format } = parse(HEAD, bytes)?;
    if !(1..=FORMAT).contains(&format) {
        return Err(wrong(HEAD, format!("format {format}; this program reads up to {FORMAT}")));
    }
    parse(HEAD, bytes)
}

/// Reads `metrics.csv` if it is not too long; its lines are counted before memory is taken for them.
///
/// # Errors
/// [`LabError::Content`] if it has more than [`MAX_ROWS_READ`] rows, or as [`metrics_csv::read`].
pub fn read_metrics(text: &str) -> Result<Vec<MetricsRow>> {
    let n_rows = text.lines().count().saturating_sub(1);
    if n_rows > MAX_ROWS_READ {
        let reason = format!("it has {n_rows} rows; at most {MAX_ROWS_READ} are read: leave some out");
        return Err(LabError::content(METRICS, reason));
    }
    metrics_csv::read(text)
}

fn read_measures(bytes: &[u8]) -> Result<Vec<(usize, ProgressMeasures)>> {
    let too_long = |found: String| wrong(MEASURES, format!("{found}; at most {MAX_MEASURES} steps are read"));
    if bytes.len() > MAX_MEASURES_BYTES {
        return Err(too_long(format!("it has {} bytes", bytes.len())));
    }
    let measures: Vec<(usize, ProgressMeasures)> = parse(MEASURES, bytes)?;
    if measures.len() > MAX_MEASURES {
        return Err(too_long(format!("it has {} steps", measures.len())));
    }
    if measures.is_sorted_by(|a, b| a.0 < b.0) {
        return Ok(measures);
    }
    Err(wrong(MEASURES, "its steps do not rise"))
}

/// Checks that a file holds weights of this shape and step.
///
/// # Errors
/// [`LabError::Content`] if it does not.
pub(crate) fn check_checkpoint(bytes: &[u8], step: usize, shape: &ModelShape) -> Result<()> {
    let file = WeightsFile::from_bytes(bytes)?;
    let wrong = |reason: String| LabError::content("weights", reason);
    if file.weights.shape() != shape {
        return Err(wrong(format!(
            "they belong to another model than config.json ({:?})",
            file.weights.shape()
        )));
    }
    match file.step {
        Some(told) if told != step => Err(wrong(format!("they are of step {told}"))),
        _ => Ok(()),
    }
}

fn checkpoint_name(step: usize) -> String {
    format!("{CHECKPOINTS}{step:06}.safetensors")
}

fn checkpoint_step(name: &str) -> Option<usize> {
    name.strip_prefix(CHECKPOINTS)?.strip_suffix(".safetensors")?.parse().ok()
}

fn report_name(step: usize) -> String {
    format!("{REPORTS}{step:06}.json")
}

fn report_step(name: &str) -> Option<usize> {
    name.strip_prefix(REPORTS)?.strip_suffix(".json")?.parse().ok()
}

fn json(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("plain data with text keys");
    bytes.push(b'\n');
    bytes
}

/// JSON has no infinities: measures of weights that have run away would not be read again.
fn is_readable<T: Serialize + DeserializeOwned>(value: &T) -> bool {
    serde_json::to_vec(value).is_ok_and(|text| serde_json::from_slice::<T>(&text).is_ok())
}

fn parse<'a, T: Deserialize<'a>>(name: &str, bytes: &'a [u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|e| wrong(name, e))
}

fn wrong(name: &str, reason: impl ToString) -> LabError {
    LabError::content(format!("capsule, {name}"), reason)
}

#[cfg(test)]
mod tests;
