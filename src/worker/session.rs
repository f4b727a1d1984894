//! The run as a state machine: commands in, events out; no browser, no clock of its own.

use crate::analysis::modular::embedding;
use crate::config::cadence::{is_evaluated, is_shown};
use crate::config::{DeviceChoice, ExperimentConfig, Precision, RunConfig};
use crate::engine::state_file::StateFile;
use crate::engine::{DeviceKind, Engine, EngineInfo, Evaluation, MetricsRow, TrainState};
use crate::error::{LabError, Result};
use crate::model::init::initial_weights_of;
use crate::model::safetensors::{WeightLayout, WeightsFile};
use crate::model::shape::ModelShape;
use crate::protocol::{Command, Event, RunId, RunState};
use crate::task::Dataset;

use super::batch::Batch;
use super::engine_selection;
use super::pending::Pending;
use super::step_rate::StepRate;
#[cfg(feature = "engine")]
use super::verify::verify;

/// A spectrum needs the weights read back: seldom enough not to slow the run.
const SPECTRUM_EVERY_SECS: f64 = 1.0;
/// A GPU that fails takes the run back no further than this.
const KEEP_EVERY_SECS: f64 = 2.0;
/// A crash costs no more than this,
const SAVE_EVERY_SECS: f64 = 30.0;
/// and of a run that has only just begun no more than about half: the first state is saved after this, the
/// next ones after as long again.
const FIRST_SAVE_SECS: f64 = 3.0;

/// The run a worker owns, if there is one.
#[derive(Debug)]
pub struct Session {
    /// What `auto` means here: the device that the probe found.
    device: DeviceChoice,
    /// Seconds from any beginning: what a batch of steps takes.
    clock: fn() -> f64,
    run: Option<Run>,
}

struct Run {
    id: RunId,
    config: ExperimentConfig,
    dataset: Dataset,
    engine: Box<dyn Engine>,
    /// Of the engine, with the reasons for it.
    info: EngineInfo,
    /// Where the run goes on from if its device fails.
    kept: TrainState,
    kept_at_secs: f64,
    /// There is no other engine left to turn to.
    is_last: bool,
    state: RunState,
    /// Rows and checkpoints on their way to the page.
    pending: Pending,
    speed: StepRate,
    batch: Batch,
    spectrum_at_secs: f64,
    began_at_secs: f64,
    saved_at_secs: f64,
}

impl Session {
    /// A session whose `auto` device is `device`.
    pub fn new(device: DeviceChoice) -> Self {
        Self { device, clock: || 0.0, run: None }
    }

    /// With a clock, by which the batches of a GPU find their size.
    #[must_use]
    pub fn with_clock(self, clock: fn() -> f64) -> Self {
        Self { clock, ..self }
    }

    /// What `auto` means here.
    pub fn device(&self) -> DeviceChoice {
        self.device
    }

    /// The device of a run: 64 bits are computed on the processor only.
    pub fn device_for(&self, run: &RunConfig) -> DeviceChoice {
        match (run.device, run.precision) {
            (DeviceChoice::Auto, Precision::F64) => DeviceChoice::Cpu,
            (DeviceChoice::Auto, Precision::F32) => self.device,
            (device, _) => device,
        }
    }

    /// Lets the run go, if there is one.
    pub fn drop_run(&mut self) {
        self.run = None;
    }

    /// Whether [`Self::advance`] would do a step.
    pub fn is_training(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.state == RunState::Training)
    }

    /// Carries out a command. Commands for a run that is no longer there are dropped.
    pub async fn handle(&mut self, command: Command, now_secs: f64) -> Vec<Event> {
        match command {
            // Others do these.
            Command::Connect { .. }
            | Command::Bench { .. }
            | Command::StopBench
            | Command::MeasureSpeed { .. }
            | Command::Ping => Vec::new(),
            Command::Acknowledge { run_id } => {
                if let Some(run) = self.run.as_mut().filter(|run| run.id == run_id) {
                    run.pending.acknowledge(now_secs);
                }
                Vec::new()
            }
            Command::Start { run_id, config, paused, saved } => {
                self.run = None;
                match self.start(run_id, *config, paused, &saved, now_secs).await {
                    Ok(events) => events,
                    Err(error) => self.recover(run_id, &error, now_secs).await,
                }
            }
            Command::Reset { run_id } => match self.run.take_if(|run| run.id == run_id) {
                Some(run) => {
                    vec![Event::State { run_id, step: run.engine.step(), state: RunState::Dropped }]
                }
                None => Vec::new(),
            },
            Command::Pause { run_id } => {
                self.change(run_id, now_secs, RunState::Training, RunState::Paused).await
            }
            Command::Resume { run_id } => {
                self.change(run_id, now_secs, RunState::Paused, RunState::Training).await
            }
            Command::Step { run_id } => self.single_step(run_id, now_secs).await,
            // A check between two steps would hold up the run: it is for a worker at rest.
            Command::Verify if self.is_training() => {
                vec![Event::VerifyFailed { message: "a run is under way: pause it first".into() }]
            }
            // The worker that has Burn does it.
            #[cfg(not(feature = "engine"))]
            Command::Verify => Vec::new(),
            #[cfg(feature = "engine")]
            Command::Verify => match verify(self.device == DeviceChoice::Gpu).await {
                Ok(verification) => vec![Event::Verified(verification)],
                Err(error) => vec![Event::VerifyFailed { message: error.to_string() }],
            },
            Command::Save { run_id } => {
                let Some(run) = self.run.as_mut().filter(|run| run.id == run_id) else {
                    return Vec::new();
                };
                match run.flush_and_save(now_secs).await {
                    Ok(events) => events,
                    Err(error) => self.recover(run_id, &error, now_secs).await,
                }
            }
        }
    }

    /// Does one update of a training run, or as many as the engine does at once in a twentieth of a
    /// second, with the evaluation that is due after it.
    pub async fn advance(&mut self, now_secs: f64) -> Vec<Event> {
        let Some(run) = self.run.as_mut().filter(|run| run.state == RunState::Training) else {
            return Vec::new();
        };
        let id = run.id;
        match run.advance(now_secs, self.clock).await {
            Ok(events) => events,
            Err(error) => self.recover(id, &error, now_secs).await,
        }
    }

    async fn start(
        &mut self,
        run_id: RunId,
        mut config: ExperimentConfig,
        paused: bool,
        saved: &[u8],
        now_secs: f64,
    ) -> Result<Vec<Event>> {
        config.validate()?;
        config.run.device = self.device_for(&config.run);
        let dataset = Dataset::new(&config.data);
        let shape = ModelShape::new(&config.data, &config.model);
        let start = match saved {
            [] => TrainState::start(initial_weights_of(&config)),
            bytes => StateFile::from_bytes(bytes, &shape)?.state,
        };
        let engine = engine_selection::build(&config, &dataset, &start).await?;
        let info = engine.info().clone();
        engine_selection::fix_threads(&mut config, engine.as_ref());
        let step = start.step;
        let state = match paused {
            _ if step >= config.run.epochs => RunState::Finished,
            true => RunState::Paused,
            false => RunState::Training,
        };
        let pending = Pending::new(&config.run, now_secs);
        let run = self.run.insert(Run {
            id: run_id,
            config,
            dataset,
            engine,
            info,
            kept: start,
            kept_at_secs: now_secs,
            is_last: false,
            state,
            pending,
            speed: StepRate::default(),
            batch: Batch::default(),
            spectrum_at_secs: now_secs,
            began_at_secs: now_secs,
            saved_at_secs: now_secs,
        });
        if is_evaluated(&run.config.run, step) {
            run.evaluate().await?;
        }
        run.checkpoint_if_due().await?;
        let mut events = vec![run.started(), Event::State { run_id, step, state }];
        events.extend(run.flush(true, now_secs));
        events.push(run.spectrum(now_secs).await?);
        Ok(events)
    }

    async fn change(&mut self, run_id: RunId, now_secs: f64, from: RunState, to: RunState) -> Vec<Event> {
        let Some(run) = self.run.as_mut().filter(|run| run.id == run_id && run.state == from) else {
            return Vec::new();
        };
        run.state = to;
        run.speed.restart();
        run.batch.restart();
        match run.report(now_secs).await {
            Ok(events) => events,
            Err(error) => self.recover(run_id, &error, now_secs).await,
        }
    }

    async fn single_step(&mut self, run_id: RunId, now_secs: f64) -> Vec<Event> {
        let paused = |run: &&mut Run| run.id == run_id && run.state == RunState::Paused;
        let Some(run) = self.run.as_mut().filter(paused) else {
            return Vec::new();
        };
        let outcome = async {
            run.engine.train(1).await?;
            run.evaluate().await?;
            if run.engine.step() >= run.config.run.epochs {
                run.state = RunState::Finished;
            }
            run.checkpoint_if_due().await?;
            run.report(now_secs).await
        };
        match outcome.await {
            Ok(events) => events,
            Err(error) => self.recover(run_id, &error, now_secs).await,
        }
    }

    /// After an error: the run goes on with the next engine, or it is over.
    async fn recover(&mut self, run_id: RunId, error: &LabError, now_secs: f64) -> Vec<Event> {
        let Some(run) = self.run.as_mut().filter(|run| run.id == run_id) else {
            return vec![self.fail(run_id, error)];
        };
        let was_on_gpu = run.info.device == DeviceKind::Gpu;
        match run.fall_back(error, now_secs).await {
            Ok(events) => {
                if was_on_gpu {
                    self.device = DeviceChoice::Cpu;
                }
                events
            }
            // The next engine failed as well.
            Err(later @ LabError::Device { .. }) if later != *error => {
                Box::pin(self.recover(run_id, &later, now_secs)).await
            }
            Err(error) => vec![self.fail(run_id, &error)],
        }
    }

    fn fail(&mut self, run_id: RunId, error: &LabError) -> Event {
        self.run = None;
        Event::Failed { run_id: Some(run_id), error: error.into(), probe_checks: Vec::new() }
    }
}

impl Run {
    async fn advance(&mut self, now_secs: f64, clock: fn() -> f64) -> Result<Vec<Event>> {
        let n_steps = self.n_steps();
        let begun_secs = clock();
        let is_due = is_evaluated(&self.config.run, self.engine.step() + n_steps);
        // One submit for both; a processor's speed is that of its steps alone.
        if is_due && self.engine.prefers_batches() {
            let evaluation = self.engine.train_and_evaluate(n_steps).await?;
            self.batch.note(n_steps, clock() - begun_secs);
            self.note(evaluation)?;
        } else {
            self.engine.train(n_steps).await?;
            self.batch.note(n_steps, clock() - begun_secs);
            if is_due {
                self.evaluate().await?;
            }
        }
        let step = self.engine.step();
        let finished = step >= self.config.run.epochs;
        self.checkpoint_if_due().await?;
        self.speed.note(now_secs, step);
        if finished {
            self.state = RunState::Finished;
            return self.report(now_secs).await;
        }
        let mut events = Vec::new();
        // A page that has not taken in what it was sent is sent nothing more, and cannot keep a state either.
        if self.pending.is_acknowledged() {
            if self.pending.is_due(now_secs) {
                events.extend(self.flush(false, now_secs));
            }
            if now_secs - self.spectrum_at_secs >= SPECTRUM_EVERY_SECS {
                events.push(self.spectrum(now_secs).await?);
            }
            let wait_secs = (self.saved_at_secs - self.began_at_secs).clamp(FIRST_SAVE_SECS, SAVE_EVERY_SECS);
            if now_secs - self.saved_at_secs >= wait_secs {
                events.extend(self.flush_and_save(now_secs).await?);
            }
        }
        // What is on the processor is still there if a worker fails.
        if self.info.device == DeviceKind::Gpu && now_secs - self.kept_at_secs >= KEEP_EVERY_SECS {
            let state = self.engine.state().await?;
            self.keep(&state, now_secs);
        }
        Ok(events)
    }

    /// How many updates come next: never past one after which there is something to do.
    fn n_steps(&mut self) -> usize {
        let (run, step) = (&self.config.run, self.engine.step());
        if !self.engine.prefers_batches() {
            return 1;
        }
        let is_due = |step: &usize| is_evaluated(run, *step) || is_shown(run, *step);
        let limit = (step + 1..=run.epochs).find(is_due).map_or(1, |due| due - step);
        self.batch.next(limit)
    }

    /// Everything there is to say, whatever the cadence: at a change of state.
    async fn report(&mut self, now_secs: f64) -> Result<Vec<Event>> {
        let state = Event::State { run_id: self.id, step: self.engine.step(), state: self.state };
        let mut events = self.flush(true, now_secs);
        events.push(self.spectrum(now_secs).await?);
        if self.state != RunState::Training {
            events.push(self.save(now_secs).await?);
        }
        events.push(state);
        Ok(events)
    }

    /// The run goes on from here if its device fails; not from numbers that are none.
    fn keep(&mut self, state: &TrainState, now_secs: f64) {
        self.kept_at_secs = now_secs;
        if state.not_finite().is_none() {
            self.kept.clone_from(state);
        }
    }

    fn started(&self) -> Event {
        Event::Started {
            run_id: self.id,
            engine: self.info.clone(),
            n_train: self.dataset.train.len(),
            threads: self.config.run.threads,
        }
    }

    /// Goes on with the next engine after a device or a worker failed, and says why.
    ///
    /// # Errors
    /// The error itself if no device is to blame, or if there is no other engine.
    async fn fall_back(&mut self, error: &LabError, now_secs: f64) -> Result<Vec<Event>> {
        if self.is_last {
            return Err(error.clone());
        }
        let (engine, reason) =
            engine_selection::next(&mut self.config, &self.dataset, self.engine.as_mut(), &self.kept, error)
                .await?;
        self.is_last = self.info.device != DeviceKind::Gpu;
        self.info = engine.info().clone();
        self.info.reason = Some(match self.info.reason.take() {
            Some(of_engine) => format!("{reason}; {of_engine}"),
            None => reason,
        });
        self.engine = engine;
        if self.state == RunState::Finished && self.engine.step() < self.config.run.epochs {
            self.state = RunState::Training;
        }
        self.speed.restart();
        self.batch.restart();
        let mut events = vec![self.started()];
        // If the very first look at the weights failed, this makes up for it; the page knows a row or a
        // checkpoint that it has already.
        if is_evaluated(&self.config.run, self.engine.step()) {
            self.evaluate().await?;
        }
        self.checkpoint_if_due().await?;
        events.extend(self.report(now_secs).await?);
        Ok(events)
    }

    async fn evaluate(&mut self) -> Result<()> {
        let evaluation = self.engine.evaluate().await?;
        self.note(evaluation)
    }

    /// Adds a row for the weights as they are.
    fn note(&mut self, evaluation: Evaluation) -> Result<()> {
        let step = self.engine.step();
        for (name, loss) in [("train", evaluation.train_loss), ("test", evaluation.test_loss)] {
            if !loss.is_finite() {
                let reason = format!("the {name} loss is {loss}; try a smaller lr");
                return Err(LabError::Training { step, reason });
            }
        }
        self.pending.add_row(MetricsRow { step, evaluation });
        Ok(())
    }

    /// What waits for the page: all of it, or as much as it can be given at once.
    fn flush(&mut self, all: bool, now_secs: f64) -> Vec<Event> {
        let run_id = self.id;
        let batch = self.pending.take(all, now_secs);
        let progress = Event::Progress {
            run_id,
            step: self.engine.step(),
            steps_per_s: self.speed.steps_per_s(),
            rows: batch.rows,
            n_rows_left_out: batch.n_rows_left_out,
        };
        let checkpoint = |(step, weights)| Event::Checkpoint { run_id, step, weights };
        std::iter::once(progress).chain(batch.checkpoints.into_iter().map(checkpoint)).collect()
    }

    async fn checkpoint_if_due(&mut self) -> Result<()> {
        let step = self.engine.step();
        if is_shown(&self.config.run, step) {
            let weights = self.engine.weights().await?;
            let file = WeightsFile { weights, config: Some(self.config.clone()), step: Some(step) };
            self.pending.add_checkpoint(step, file.to_bytes(WeightLayout::PaperCode));
        }
        Ok(())
    }

    /// The rows and checkpoints come first: a saved state is never ahead of them.
    async fn flush_and_save(&mut self, now_secs: f64) -> Result<Vec<Event>> {
        let mut events = self.flush(true, now_secs);
        events.push(self.save(now_secs).await?);
        Ok(events)
    }

    async fn save(&mut self, now_secs: f64) -> Result<Event> {
        self.saved_at_secs = now_secs;
        let state = self.engine.state().await?;
        let step = state.step;
        if let Some((what, value)) = state.not_finite() {
            let reason = format!("a {what} is {value}; try a smaller lr");
            return Err(LabError::Training { step, reason });
        }
        self.keep(&state, now_secs);
        let file = StateFile { state, engine: self.info.clone() };
        Ok(Event::Saved { run_id: self.id, step, state: file.to_bytes(&self.config) })
    }

    async fn spectrum(&mut self, now_secs: f64) -> Result<Event> {
        self.spectrum_at_secs = now_secs;
        // Of other tasks' tokens no order is known.
        let norms = match self.config.data.modular() {
            Some(_) => embedding::spectrum_by_products(&self.engine.weights().await?),
            None => Vec::new(),
        };
        let norms = norms.into_iter().map(|norm| norm as f32).collect();
        Ok(Event::Spectrum { run_id: self.id, step: self.engine.step(), norms })
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "session_failure_tests.rs"]
mod failure_tests;
