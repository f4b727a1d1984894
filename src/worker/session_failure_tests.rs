//! A run whose device or worker fails on the way: it goes on, and the reason is told.

use pollster::block_on;

use super::Session;
use crate::config::{DeviceChoice, ExperimentConfig, Preset};
use crate::engine::folded::{
    Collective, Exchange, FoldedCpu, PackedState, Request, Score, SequentialCollective,
};
use crate::engine::{
    DeviceKind, Engine, EngineInfo, EngineKind, Evaluation, LocalFuture, MetricsRow, TrainState,
};
use crate::error::{ErrorKind, ErrorReport, FailedDevice, LabError, Result};
use crate::model::ModelShape;
use crate::model::init::initial_weights;
use crate::protocol::{Command, Event, RunState};
use crate::task::Dataset;

/// A graphics card that is lost at a step: from then on nothing can be had of it.
#[derive(Debug)]
struct LostCard {
    inner: FoldedCpu,
    info: EngineInfo,
    lost_at: usize,
}

impl LostCard {
    fn checked<T>(&self, value: T) -> Result<T> {
        if self.inner.step() >= self.lost_at {
            return Err(LabError::device(FailedDevice::Gpu, "the device was lost"));
        }
        Ok(value)
    }
}

impl Engine for LostCard {
    fn info(&self) -> &EngineInfo {
        &self.info
    }

    fn step(&self) -> usize {
        self.inner.step()
    }

    fn train(&mut self, n_steps: usize) -> LocalFuture<'_, Result<()>> {
        Box::pin(async move {
            self.inner.train(n_steps).await?;
            self.checked(())
        })
    }

    fn evaluate(&mut self) -> LocalFuture<'_, Result<Evaluation>> {
        Box::pin(async move {
            let evaluation = self.inner.evaluate().await?;
            self.checked(evaluation)
        })
    }

    fn state(&mut self) -> LocalFuture<'_, Result<TrainState>> {
        Box::pin(async move {
            let state = self.inner.state().await?;
            self.checked(state)
        })
    }

    fn load(&mut self, state: &TrainState) -> Result<()> {
        self.inner.load(state)
    }
}

/// Workers of which one falls silent when they have been heard some times: at every step twice.
#[derive(Debug)]
struct Silent {
    inner: SequentialCollective,
    left: usize,
}

impl Collective for Silent {
    fn n_followers(&self) -> usize {
        self.inner.n_followers()
    }

    fn broadcast_state(&mut self, state: PackedState) -> LocalFuture<'_, Result<()>> {
        self.inner.broadcast_state(state)
    }

    fn request(&mut self, request: Request) -> Result<()> {
        self.inner.request(request)
    }

    fn gather(&mut self) -> LocalFuture<'_, Result<Vec<Vec<f32>>>> {
        Box::pin(async {
            if self.left == 0 {
                return Err(LabError::device(FailedDevice::PeerWorker, "it has said nothing for a minute"));
            }
            self.left -= 1;
            self.inner.gather().await
        })
    }

    fn broadcast(&mut self, what: Exchange, told: Vec<f32>) -> Result<()> {
        self.inner.broadcast(what, told)
    }

    fn gather_scores(&mut self) -> LocalFuture<'_, Result<Vec<[Score; 2]>>> {
        self.inner.gather_scores()
    }
}

fn tiny() -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    (config.run.epochs, config.run.eval_every, config.run.checkpoint_every) = (40, 5, 20);
    config.run.reproducible = true;
    config
}

/// What was said of a run from its start to its end.
struct Story {
    rows: Vec<MetricsRow>,
    engines: Vec<EngineInfo>,
    threads: usize,
    states: Vec<RunState>,
    failures: Vec<ErrorReport>,
}

/// Starts a run, puts an engine in the place of its own, and trains half a second a step to the end.
fn run(config: &ExperimentConfig, engine: Option<Box<dyn Engine>>) -> Story {
    let mut session = Session::new(DeviceChoice::Cpu);
    let start =
        Command::Start { run_id: 1, config: Box::new(config.clone()), paused: false, saved: Vec::new() };
    let mut events = block_on(session.handle(start, 0.0));
    if let (Some(run), Some(engine)) = (session.run.as_mut(), engine) {
        run.info = engine.info().clone();
        run.engine = engine;
    }
    let mut now_secs = 0.0;
    let mut n_acknowledged = 0;
    while session.is_training() {
        // As a page does.
        let is_bulk = |event: &&Event| matches!(event, Event::Progress { .. } | Event::Checkpoint { .. });
        let n_bulk = events.iter().filter(is_bulk).count();
        for _ in n_acknowledged..n_bulk {
            block_on(session.handle(Command::Acknowledge { run_id: 1 }, now_secs));
        }
        n_acknowledged = n_bulk;
        now_secs += 0.5;
        events.extend(block_on(session.advance(now_secs)));
    }
    let mut story =
        Story { rows: Vec::new(), engines: Vec::new(), threads: 0, states: Vec::new(), failures: Vec::new() };
    for event in events {
        match event {
            Event::Started { engine, threads, .. } => {
                story.engines.push(engine);
                story.threads = threads;
            }
            // As the page does: what it knows already is not taken twice.
            Event::Progress { rows, .. } => {
                for row in rows {
                    if story.rows.last().is_none_or(|last| last.step < row.step) {
                        story.rows.push(row);
                    }
                }
            }
            Event::State { state, .. } => story.states.push(state),
            Event::Failed { error, .. } => story.failures.push(error),
            _ => {}
        }
    }
    story
}

fn parts(config: &ExperimentConfig) -> (Dataset, TrainState) {
    let shape = ModelShape::new(&config.data, &config.model);
    (Dataset::new(&config.data), TrainState::start(initial_weights(&shape, config.model.seed)))
}

fn lost_card(config: &ExperimentConfig, lost_at: usize) -> Box<dyn Engine> {
    let (dataset, start) = parts(config);
    let inner = FoldedCpu::new(config, &dataset, &start).expect("the model folds");
    let info = EngineInfo { device: DeviceKind::Gpu, ..inner.info().clone() };
    Box::new(LostCard { inner, info, lost_at })
}

fn shared_out(config: &ExperimentConfig, left: usize) -> Box<dyn Engine> {
    let (dataset, start) = parts(config);
    let inner =
        SequentialCollective::new(config, &dataset, start.weights.shape(), 2).expect("the model folds");
    let peers = Box::new(Silent { inner, left });
    Box::new(FoldedCpu::with_collective(config, &dataset, &start, peers).expect("the model folds"))
}

#[test]
fn a_lost_card_costs_two_seconds_and_not_the_run() {
    let config = tiny();
    let whole = run(&config, None);
    assert_eq!(whole.rows.len(), 9, "0, 5, … 40");
    // At the first step, at a row, between two, and at the last step.
    for lost_at in [1, 10, 23, 40] {
        let story = run(&config, Some(lost_card(&config, lost_at)));
        assert!(story.failures.is_empty(), "lost at {lost_at}: {:?}", story.failures);
        assert_eq!(story.rows, whole.rows, "lost at {lost_at}: the card and the processor do the same here");
        assert_eq!(story.states.last(), Some(&RunState::Finished), "lost at {lost_at}");
        let info = &story.engines[story.engines.len() - 1];
        assert_eq!((info.engine, info.device), (EngineKind::Folded, DeviceKind::Cpu));
        let kept = format!("failed at step {lost_at}, on from step ");
        let reason = info.reason.as_deref().expect("it is not the card");
        let from = reason.split_once(&kept).map(|(_, rest)| rest);
        let from: usize =
            from.and_then(|rest| rest.split(':').next()?.parse().ok()).unwrap_or_else(|| panic!("{reason}"));
        assert!(from <= lost_at && lost_at - from <= 5, "lost at {lost_at}, on from {from}");
        assert!(reason.contains("the device was lost"), "{reason}");
    }
}

#[test]
fn a_worker_that_falls_silent_leaves_the_bits_as_they_are() {
    let mut config = tiny();
    config.run.threads = 3;
    let whole = run(&config, None);
    assert!(whole.engines[0].device_name.contains("3 shares in turn"), "{:?}", whole.engines);
    assert_eq!(whole.threads, 3);
    let mut alone = tiny();
    alone.run.threads = 1;
    assert_ne!(run(&alone, None).rows, whole.rows, "another number of shares gives other bits");
    for left in [0, 7, 25] {
        let story = run(&config, Some(shared_out(&config, left)));
        assert!(story.failures.is_empty(), "{:?}", story.failures);
        assert_eq!(story.rows, whole.rows, "heard {left} times, then one worker does the three shares");
        let reason = story.engines[story.engines.len() - 1].reason.as_deref().expect("a worker is missing");
        // Between the two the update has been done.
        let step = left.div_ceil(2);
        assert!(reason.starts_with(&format!("one worker only, from step {step} on")), "{reason}");
        assert!(reason.contains("nothing for a minute"), "{reason}");
        assert_eq!(story.states.last(), Some(&RunState::Finished));
    }
}

#[test]
fn numbers_that_are_none_are_no_devices_fault() {
    let mut config = tiny();
    (config.optim.lr, config.optim.weight_decay, config.optim.warmup_steps) = (1.0, 1000.0, 0);
    let story = run(&config, Some(lost_card(&config, usize::MAX)));
    let [error] = &story.failures[..] else { panic!("{:?}", story.failures) };
    assert!(error.kind == ErrorKind::Training && error.message.contains("try a smaller lr"), "{error:?}");
    assert_eq!(story.engines.len(), 1, "no other engine is tried");
}

#[test]
fn a_run_is_fixed_to_the_workers_it_has() {
    let mut config = tiny();
    config.run.threads = 12;
    let story = run(&config, None);
    assert_eq!(story.threads, 8, "the most there are");
    let reason = story.engines[0].reason.as_deref();
    assert!(reason.is_some_and(|reason| reason.contains("8 workers instead of 12")), "{:?}", story.engines);
    config.run.threads = 0;
    assert_eq!(run(&config, None).threads, 1);
}
