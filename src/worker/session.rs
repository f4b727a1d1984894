//! The run as a state machine: commands in, events out; no browser, no clock of its own.

use crate::analysis::embedding;
use crate::config::{DeviceChoice, ExperimentConfig};
use crate::engine::{self, Engine, MetricsRow, TrainState};
use crate::error::{LabError, Result};
use crate::model::init::initial_weights;
use crate::model::shape::ModelShape;
use crate::protocol::{Command, Event, RunId, RunState};
use crate::task::Task;

use super::speedometer::Speedometer;

/// The page hears of progress about this often, whatever the speed.
const PROGRESS_EVERY_SECS: f64 = 0.1;
/// A spectrum needs the weights read back: seldom enough not to slow the run.
const SPECTRUM_EVERY_SECS: f64 = 1.0;

/// The run a worker owns, if there is one.
#[derive(Debug)]
pub struct Session {
    /// What `auto` means here: the device the ladder found.
    device: DeviceChoice,
    run: Option<Run>,
}

struct Run {
    id: RunId,
    config: ExperimentConfig,
    engine: Box<dyn Engine>,
    state: RunState,
    rows: Vec<MetricsRow>,
    speed: Speedometer,
    progress_at_secs: f64,
    spectrum_at_secs: f64,
}

impl Session {
    /// A session whose `auto` device is `device`.
    pub fn new(device: DeviceChoice) -> Self {
        Self { device, run: None }
    }

    /// Whether [`Self::advance`] would do a step.
    pub fn is_training(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.state == RunState::Training)
    }

    /// Carries out a command. Commands for a run that is no longer there are dropped.
    pub async fn handle(&mut self, command: Command, now_secs: f64) -> Vec<Event> {
        match command {
            Command::Connect { .. } => Vec::new(),
            Command::Start { run_id, config, paused } => {
                self.run = None;
                match self.start(run_id, *config, paused, now_secs).await {
                    Ok(events) => events,
                    Err(error) => vec![self.fail(run_id, &error)],
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
        }
    }

    /// Does one update of a training run, with the evaluation that is due after it.
    pub async fn advance(&mut self, now_secs: f64) -> Vec<Event> {
        let Some(run) = self.run.as_mut().filter(|run| run.state == RunState::Training) else {
            return Vec::new();
        };
        let id = run.id;
        match run.advance(now_secs).await {
            Ok(events) => events,
            Err(error) => vec![self.fail(id, &error)],
        }
    }

    async fn start(
        &mut self,
        run_id: RunId,
        mut config: ExperimentConfig,
        paused: bool,
        now_secs: f64,
    ) -> Result<Vec<Event>> {
        config.validate()?;
        if config.run.device == DeviceChoice::Auto {
            config.run.device = self.device;
        }
        let task = Task::new(&config.data);
        let shape = ModelShape::new(&config.data, &config.model);
        let start = TrainState::start(initial_weights(&shape, config.model.seed));
        let engine = engine::build(&config, &task, &start).await?;
        let started = Event::Started { run_id, engine: engine.info().clone(), n_train: task.train.len() };
        let state = if paused { RunState::Paused } else { RunState::Training };
        let run = self.run.insert(Run {
            id: run_id,
            config,
            engine,
            state,
            rows: Vec::new(),
            speed: Speedometer::default(),
            progress_at_secs: now_secs,
            spectrum_at_secs: now_secs,
        });
        run.evaluate().await?;
        let mut events = vec![started, Event::State { run_id, step: 0, state }];
        events.push(run.progress(now_secs));
        events.push(run.spectrum(now_secs).await?);
        Ok(events)
    }

    async fn change(&mut self, run_id: RunId, now_secs: f64, from: RunState, to: RunState) -> Vec<Event> {
        let Some(run) = self.run.as_mut().filter(|run| run.id == run_id && run.state == from) else {
            return Vec::new();
        };
        run.state = to;
        run.speed.restart();
        match run.report(now_secs).await {
            Ok(events) => events,
            Err(error) => vec![self.fail(run_id, &error)],
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
            run.report(now_secs).await
        };
        match outcome.await {
            Ok(events) => events,
            Err(error) => vec![self.fail(run_id, &error)],
        }
    }

    fn fail(&mut self, run_id: RunId, error: &LabError) -> Event {
        self.run = None;
        Event::Failed { run_id: Some(run_id), message: error.to_string(), ladder: Vec::new() }
    }
}

impl Run {
    async fn advance(&mut self, now_secs: f64) -> Result<Vec<Event>> {
        self.engine.train(1).await?;
        let step = self.engine.step();
        let finished = step >= self.config.run.epochs;
        if finished || step.is_multiple_of(self.config.run.eval_every) {
            self.evaluate().await?;
        }
        self.speed.note(now_secs, step);
        if finished {
            self.state = RunState::Finished;
            return self.report(now_secs).await;
        }
        let mut events = Vec::new();
        if now_secs - self.progress_at_secs >= PROGRESS_EVERY_SECS {
            events.push(self.progress(now_secs));
        }
        if now_secs - self.spectrum_at_secs >= SPECTRUM_EVERY_SECS {
            events.push(self.spectrum(now_secs).await?);
        }
        Ok(events)
    }

    /// Everything there is to say, whatever the cadence: at a change of state.
    async fn report(&mut self, now_secs: f64) -> Result<Vec<Event>> {
        let state = Event::State { run_id: self.id, step: self.engine.step(), state: self.state };
        Ok(vec![self.progress(now_secs), self.spectrum(now_secs).await?, state])
    }

    async fn evaluate(&mut self) -> Result<()> {
        let (step, evaluation) = (self.engine.step(), self.engine.evaluate().await?);
        if !evaluation.train_loss.is_finite() {
            let reason = format!("the train loss is {}; try a smaller lr", evaluation.train_loss);
            return Err(LabError::Training { step, reason });
        }
        self.rows.push(MetricsRow { step, evaluation });
        Ok(())
    }

    fn progress(&mut self, now_secs: f64) -> Event {
        self.progress_at_secs = now_secs;
        Event::Progress {
            run_id: self.id,
            step: self.engine.step(),
            steps_per_s: self.speed.steps_per_s(),
            rows: std::mem::take(&mut self.rows),
        }
    }

    async fn spectrum(&mut self, now_secs: f64) -> Result<Event> {
        self.spectrum_at_secs = now_secs;
        let norms = embedding::spectrum(&self.engine.weights().await?);
        let norms = norms.into_iter().map(|norm| norm as f32).collect();
        Ok(Event::Spectrum { run_id: self.id, step: self.engine.step(), norms })
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}
