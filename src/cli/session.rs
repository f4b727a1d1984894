//! The training loop: step, evaluate, save, until the end or until the user stops it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pollster::block_on;
use serde::Serialize;

use super::Outcome;
use super::file_io::{sync_files, write_json, write_unsynced};
use super::judged_report::JudgedReport;
use super::metrics::MetricsFile;
use super::metrics::read_rows;
use super::output::print_note;
use super::pace::Pace;
use super::progress::Progress;
use super::resume::Interrupted;
use super::run_dir::RunDir;
use super::saved_state;
use crate::analysis::general::GeneralAnalysis;
use crate::analysis::modular::report;
use crate::config::ExperimentConfig;
use crate::config::cadence::{is_evaluated, is_saved, next_stop};
use crate::engine::state_file::StateFile;
use crate::engine::{self, Engine, EngineInfo, Evaluation, MetricsRow, TrainState};
use crate::error::{LabError, Result};
use crate::model::safetensors::{WeightLayout, WeightsFile};
use crate::task::Dataset;
use crate::task::modular::ModularTask;

/// The state is saved at least this often, so that a crash costs no more than this.
const SAVE_EVERY: Duration = Duration::from_secs(60);

/// When the state is saved that a run goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateSaves {
    /// With every checkpoint, and every [`SAVE_EVERY`].
    WithCheckpoints,
    /// Every [`SAVE_EVERY`] and when the run is stopped: for one of many runs, whose files are removed when it is over.
    /// Its checkpoints reach the disk with the next state.
    ByTime,
}

/// A run in progress.
pub(super) struct Session {
    /// Where its files go.
    pub(super) dir: RunDir,
    /// The experiment.
    pub(super) config: ExperimentConfig,
    /// The rows so far.
    pub(super) metrics: MetricsFile,
    /// The last of them.
    pub(super) last_row: Option<MetricsRow>,
    /// The step of the state on the disk, if there is one.
    pub(super) saved_step: Option<usize>,
    /// When the state is saved.
    pub(super) saves: StateSaves,
    /// Checkpoints that may not have reached the disk yet.
    pub(super) unsynced: Vec<PathBuf>,
    /// What does the work.
    pub(super) engine: Box<dyn Engine>,
    /// How fast it does.
    pub(super) pace: Pace,
}

impl Session {
    /// A new run in a directory. Everything is checked before anything is written.
    ///
    /// # Errors
    /// What [`engine::build`] and [`RunDir::create`] return.
    pub(super) fn begin(
        config: ExperimentConfig,
        start: &TrainState,
        root: &Path,
        force: bool,
    ) -> Result<Self> {
        RunDir::check_free(root, force)?;
        let engine = block_on(engine::build(&config, &Dataset::new(&config.data), start))?;
        let dir = RunDir::create(root, force)?;
        write_json(&dir.config_path(), &config)?;
        let metrics = MetricsFile::create(&dir.metrics_path())?;
        Ok(Self::new(dir, config, metrics, engine))
    }

    /// A run as it was left. Everything is checked before anything is changed.
    ///
    /// # Errors
    /// What [`engine::build`] returns, and [`LabError::File`] as it comes.
    pub(super) fn go_on(interrupted: Interrupted) -> Result<Self> {
        let Interrupted { dir, config, saved, rows, is_config_changed } = interrupted;
        let step = saved.file.state.step;
        let engine = block_on(engine::build(&config, &Dataset::new(&config.data), &saved.file.state))?;
        if *engine.info() != saved.file.engine {
            print_note(&format!(
                "the run was made by {}, and goes on with {}: its last digits may differ from an unbroken run",
                engine_text(&saved.file.engine),
                engine_text(engine.info())
            ));
        }
        saved.note.iter().chain(&rows.notes).for_each(|note| print_note(note));
        if is_config_changed {
            write_json(&dir.config_path(), &config)?;
        }
        saved.make_newest(&dir)?;
        let (metrics, last_row) = rows.apply()?;
        Ok(Self { last_row, saved_step: Some(step), ..Self::new(dir, config, metrics, engine) })
    }

    fn new(dir: RunDir, config: ExperimentConfig, metrics: MetricsFile, engine: Box<dyn Engine>) -> Self {
        Self {
            dir,
            config,
            metrics,
            last_row: None,
            saved_step: None,
            saves: StateSaves::WithCheckpoints,
            unsynced: Vec::new(),
            engine,
            pace: Pace::default(),
        }
    }

    /// Trains to the last epoch, or until `is_asked_to_stop`; the directory is resumable either way.
    ///
    /// # Errors
    /// [`LabError::Training`] when a loss or a weight is no longer finite, [`LabError::Device`] and
    /// [`LabError::File`] as they come. The last state saved stays.
    pub(super) fn train(
        &mut self,
        progress: &mut Progress,
        is_asked_to_stop: impl Fn() -> bool,
    ) -> Result<Outcome> {
        let mut last_save = Instant::now();
        loop {
            let step = self.engine.step();
            self.evaluate_if_due(progress)?;
            let is_over = step >= self.config.run.epochs;
            let is_stopped = !is_over && is_asked_to_stop();
            let is_due = is_saved(&self.config.run, step);
            let with_state = match self.saves {
                _ if is_stopped || last_save.elapsed() >= SAVE_EVERY => true,
                StateSaves::WithCheckpoints => is_due,
                StateSaves::ByTime => false,
            };
            if is_due || with_state {
                self.save(is_due, with_state)?;
            }
            if with_state {
                last_save = Instant::now();
            }
            if is_over || is_stopped {
                return Ok(if is_over { Outcome::Done } else { Outcome::Interrupted });
            }
            let n_steps = self.pace.chunk(next_stop(&self.config.run, step) - step);
            let start = Instant::now();
            // One submit for both on a GPU; a processor's speed is that of its steps alone.
            if self.engine.prefers_batches() && is_evaluated(&self.config.run, step + n_steps) {
                let evaluation = block_on(self.engine.train_and_evaluate(n_steps))?;
                self.pace.note(n_steps, start);
                progress.at(self.engine.step());
                self.note(evaluation, progress)?;
                continue;
            }
            block_on(self.engine.train(n_steps))?;
            self.pace.note(n_steps, start);
            progress.at(self.engine.step());
        }
    }

    /// Writes `report.json`: the analysis of the weights as they are; of another task than sums what any model has.
    ///
    /// # Errors
    /// [`LabError::Device`] and [`LabError::File`] as they come.
    pub(super) fn write_report(&mut self) -> Result<()> {
        let weights = block_on(self.engine.weights())?;
        if self.config.data.modular().is_none() {
            let report = GeneralAnalysis::new(&weights, &Dataset::new(&self.config.data))?;
            self.metrics.sync()?;
            return write_json(&self.dir.report_path(), &report);
        }
        let report = report::analyse(&weights, &ModularTask::of(&self.config.data)?)?;
        let collapsed = block_on(self.engine.evaluate())?.softmax_collapse_fraction;
        self.metrics.sync()?;
        let metrics = read_rows(&self.dir.metrics_path())?;
        let judged = JudgedReport::judge(&report, &self.config, &metrics);
        write_json(&self.dir.report_path(), &RunReport { judged, collapsed })
    }

    fn evaluate_if_due(&mut self, progress: &mut Progress) -> Result<()> {
        let step = self.engine.step();
        let is_known = self.last_row.is_some_and(|row| row.step == step);
        if is_known || !is_evaluated(&self.config.run, step) {
            return Ok(());
        }
        let evaluation = block_on(self.engine.evaluate())?;
        self.note(evaluation, progress)
    }

    /// Writes the row of the weights as they are.
    fn note(&mut self, evaluation: Evaluation, progress: &mut Progress) -> Result<()> {
        let step = self.engine.step();
        let row = MetricsRow { step, evaluation };
        self.metrics.append(&row)?;
        self.last_row = Some(row);
        progress.show(&row, self.pace.steps_per_s());
        for (name, loss) in [("train", row.evaluation.train_loss), ("test", row.evaluation.test_loss)] {
            if !loss.is_finite() {
                return Err(diverged(step, format!("the {name} loss is {loss}")));
            }
        }
        Ok(())
    }

    /// Saves the weights as a checkpoint, and what `--resume` needs, as far as they are due. The state comes last: when it
    /// says a step, the rows and checkpoints up to there are on the disk.
    fn save(&mut self, with_checkpoint: bool, with_state: bool) -> Result<()> {
        let step = self.engine.step();
        if self.saved_step == Some(step) {
            // Its row may have been missing, and been made again.
            return self.metrics.sync();
        }
        let state = block_on(self.engine.state())?;
        if let Some((what, value)) = state.not_finite() {
            return Err(diverged(step, format!("a {what} is {value}")));
        }
        if with_checkpoint {
            let weights = WeightsFile {
                weights: state.weights.clone(),
                config: Some(self.config.clone()),
                step: Some(step),
            };
            let path = self.dir.checkpoint_path(step);
            write_unsynced(&path, &weights.to_bytes(WeightLayout::PaperCode))?;
            self.unsynced.push(path);
        }
        if with_state {
            self.metrics.sync()?;
            sync_files(&self.unsynced)?;
            self.unsynced.clear();
            let file = StateFile { state, engine: self.engine.info().clone() };
            saved_state::write(&self.dir, &file, &self.config)?;
            self.saved_step = Some(step);
        }
        Ok(())
    }
}

/// `report.json`: what is in the weights, and beside it what only the engine knows.
#[derive(Serialize)]
struct RunReport<'a> {
    #[serde(flatten)]
    judged: JudgedReport<'a>,
    /// Fraction of the train set whose answer has probability 1 in float32.
    collapsed: Option<f64>,
}

/// What makes the steps, in words.
pub(super) fn engine_text(info: &EngineInfo) -> String {
    let EngineInfo { engine, device, device_name, precision, reason } = info;
    let reason = reason.as_ref().map_or_else(String::new, |reason| format!(" because {reason}"));
    format!("the {engine} engine on the {device} ({device_name}) in {precision}{reason}")
}

fn diverged(step: usize, what: String) -> LabError {
    let reason = format!("{what}; a lower --lr or --weight-decay keeps the numbers finite");
    LabError::Training { step, reason }
}
