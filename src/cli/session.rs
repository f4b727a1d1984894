//! The training loop: step, evaluate, save, until the end or until the user stops it.

use std::time::{Duration, Instant};

use pollster::block_on;
use serde::Serialize;

use super::Outcome;
use super::file_io::{write_json, write_whole};
use super::metrics::MetricsFile;
use super::pace::Pace;
use super::progress::Progress;
use super::run_dir::RunDir;
use super::saved_state;
use crate::analysis::report::{self, Report};
use crate::config::ExperimentConfig;
use crate::config::cadence::{is_evaluated, is_saved, next_stop};
use crate::engine::state_file::StateFile;
use crate::engine::{Engine, Evaluation, MetricsRow};
use crate::error::{LabError, Result};
use crate::model::safetensors::{WeightLayout, WeightsFile};
use crate::task::Task;

/// The state is saved at least this often, so that a crash costs no more than this.
const SAVE_EVERY: Duration = Duration::from_secs(60);

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
    /// What does the work.
    pub(super) engine: Box<dyn Engine>,
    /// How fast it does.
    pub(super) pace: Pace,
}

impl Session {
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
            if is_due || is_stopped || last_save.elapsed() >= SAVE_EVERY {
                self.save(is_due)?;
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

    /// Writes `report.json`: the analysis of the weights as they are.
    ///
    /// # Errors
    /// [`LabError::Device`] and [`LabError::File`] as they come.
    pub(super) fn write_report(&mut self) -> Result<()> {
        let weights = block_on(self.engine.weights())?;
        let report = report::analyse(&weights, &Task::new(&self.config.data))?;
        let collapsed = block_on(self.engine.evaluate())?.softmax_collapse_fraction;
        write_json(&self.dir.report_path(), &RunReport { report, collapsed })
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

    /// Saves what `--resume` needs, and the weights as a checkpoint if one is due. The state comes
    /// last: when it says a step, the rows and checkpoints up to there are on the disk.
    fn save(&mut self, with_checkpoint: bool) -> Result<()> {
        let step = self.engine.step();
        if self.saved_step == Some(step) {
            // Its row may have been missing, and been made again.
            return self.metrics.sync();
        }
        let state = block_on(self.engine.state())?;
        if let Some((what, value)) = state.not_finite() {
            return Err(diverged(step, format!("a {what} is {value}")));
        }
        self.metrics.sync()?;
        if with_checkpoint {
            let weights = WeightsFile {
                weights: state.weights.clone(),
                config: Some(self.config.clone()),
                step: Some(step),
            };
            write_whole(&self.dir.checkpoint_path(step), &weights.to_bytes(WeightLayout::PaperCode))?;
        }
        let file = StateFile { state, engine: self.engine.info().clone() };
        saved_state::write(&self.dir, &file, &self.config)?;
        self.saved_step = Some(step);
        Ok(())
    }
}

/// `report.json`: what is in the weights, and beside it what only the engine knows.
#[derive(Serialize)]
struct RunReport {
    #[serde(flatten)]
    report: Report,
    /// Fraction of the train set whose answer has probability 1 in float32.
    collapsed: Option<f64>,
}

fn diverged(step: usize, what: String) -> LabError {
    let reason = format!("{what}; a lower --lr or --weight-decay keeps the numbers finite");
    LabError::Training { step, reason }
}
