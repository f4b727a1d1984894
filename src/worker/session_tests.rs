//! A run that is saved, dropped and gone on with, against one that never stopped.

use pollster::block_on;

use super::Session;
use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig, Precision, Preset};
use crate::engine::MetricsRow;
use crate::error::ErrorKind;
use crate::model::safetensors::WeightsFile;
use crate::protocol::{Command, Event, RunState};

fn tiny(engine: EngineChoice, precision: Precision) -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    (config.run.epochs, config.run.eval_every, config.run.checkpoint_every) = (40, 5, 15);
    (config.run.engine, config.run.precision) = (engine, precision);
    config
}

fn start(config: &ExperimentConfig, paused: bool, saved: Vec<u8>) -> Command {
    Command::Start { run_id: 1, config: Box::new(config.clone()), paused, saved }
}

/// What a page would have heard of a run.
#[derive(Default)]
struct Heard {
    rows: Vec<MetricsRow>,
    checkpoints: Vec<(usize, Vec<u8>)>,
    saved: Vec<(usize, Vec<u8>)>,
    states: Vec<RunState>,
    /// Messages that the page has not acknowledged.
    n_open: usize,
}

impl Heard {
    fn note(&mut self, events: Vec<Event>) {
        for event in events {
            self.n_open += usize::from(matches!(event, Event::Progress { .. } | Event::Checkpoint { .. }));
            match event {
                Event::Progress { rows, .. } => self.rows.extend(rows),
                Event::Checkpoint { step, weights, .. } => self.checkpoints.push((step, weights)),
                Event::Saved { step, state, .. } => self.saved.push((step, state)),
                Event::State { state, .. } => self.states.push(state),
                Event::Failed { error, .. } => panic!("{error}"),
                _ => {}
            }
        }
    }
}

/// Acknowledges all that was heard, as a page does.
fn acknowledge(session: &mut Session, heard: &mut Heard, now_secs: f64) {
    for _ in 0..std::mem::take(&mut heard.n_open) {
        assert_eq!(block_on(session.handle(Command::Acknowledge { run_id: 1 }, now_secs)), []);
    }
}

/// Trains until `stop_at` or the end, half a second a step.
fn train(session: &mut Session, heard: &mut Heard, mut now_secs: f64, stop_at: usize) -> f64 {
    let mut step = heard.saved.last().map_or(0, |(step, _)| *step);
    while session.is_training() && step < stop_at {
        acknowledge(session, heard, now_secs);
        now_secs += 0.5;
        heard.note(block_on(session.advance(now_secs)));
        step += 1;
    }
    now_secs
}

fn unbroken(config: &ExperimentConfig) -> Heard {
    let mut session = Session::new(DeviceChoice::Cpu);
    let mut heard = Heard::default();
    heard.note(block_on(session.handle(start(config, false, Vec::new()), 0.0)));
    train(&mut session, &mut heard, 0.0, usize::MAX);
    heard
}

#[test]
fn a_run_that_goes_on_from_its_saved_state_gives_the_numbers_of_an_unbroken_one() {
    for (engine, precision) in [
        (EngineChoice::Auto, Precision::F32),
        (EngineChoice::Autodiff, Precision::F32),
        (EngineChoice::Literal, Precision::F64),
    ] {
        let config = tiny(engine, precision);
        let whole = unbroken(&config);
        // Between two rows, at a row, and at a checkpoint.
        for stop_at in [13, 20, 30] {
            let mut heard = Heard::default();
            let mut session = Session::new(DeviceChoice::Cpu);
            heard.note(block_on(session.handle(start(&config, false, Vec::new()), 0.0)));
            let now = train(&mut session, &mut heard, 0.0, stop_at);
            heard.note(block_on(session.handle(Command::Pause { run_id: 1 }, now)));
            drop(session);

            let (step, saved) = heard.saved.last().cloned().expect("a pause saves");
            assert_eq!(step, stop_at, "{engine:?}: the state is that of the pause");
            let mut session = Session::new(DeviceChoice::Cpu);
            heard.note(block_on(session.handle(start(&config, false, saved), 0.0)));
            train(&mut session, &mut heard, 0.0, usize::MAX);

            // A row that is due where the run stopped comes twice, the same.
            heard.rows.dedup();
            assert_eq!(heard.rows, whole.rows, "{engine:?} stopped at {stop_at}");
            heard.checkpoints.dedup();
            assert_eq!(heard.checkpoints, whole.checkpoints, "{engine:?} stopped at {stop_at}");
            assert_eq!(heard.saved.last(), whole.saved.last(), "{engine:?} stopped at {stop_at}: last state");
        }
    }
}

#[test]
fn a_page_that_falls_silent_is_not_flooded_and_the_bits_stay() {
    let mut config = tiny(EngineChoice::Auto, Precision::F32);
    (config.run.epochs, config.run.eval_every, config.run.checkpoint_every) = (6_000, 1, 10);
    // A millisecond a step; the most messages of a step before the last, and all that was heard.
    let train = |is_prompt: bool| {
        let mut session = Session::new(DeviceChoice::Cpu);
        let mut heard = Heard::default();
        heard.note(block_on(session.handle(start(&config, false, Vec::new()), 0.0)));
        let (mut step, mut most) = (0, 0);
        while session.is_training() {
            step += 1;
            let now_secs = 0.001 * step as f64;
            if is_prompt {
                acknowledge(&mut session, &mut heard, now_secs);
            }
            let events = block_on(session.advance(now_secs));
            if session.is_training() {
                most = most.max(events.len());
            }
            heard.note(events);
        }
        (heard, most)
    };
    let (prompt, most) = train(true);
    assert!(most <= 40, "{most} messages at once");
    let (silent, most) = train(false);
    assert_eq!(most, 0, "nothing more is sent before the page has taken in the first");
    assert!(silent.rows.len() < 300 && silent.checkpoints.len() <= 601, "{} rows", silent.rows.len());

    for heard in [&prompt, &silent] {
        assert_eq!((heard.rows[0].step, heard.rows.last().map(|row| row.step)), (0, Some(6_000)));
        assert!(heard.rows.is_sorted_by(|a, b| a.step < b.step));
    }
    let row = |heard: &Heard, step: usize| heard.rows.iter().find(|row| row.step == step).copied();
    for step in silent.rows.iter().map(|row| row.step) {
        let both = row(&prompt, step).is_none_or(|row_of_prompt| Some(row_of_prompt) == row(&silent, step));
        assert!(both, "a row of step {step} is the same wherever it is told");
    }
    assert_eq!(prompt.rows.last(), silent.rows.last());
    assert_eq!(prompt.checkpoints.last(), silent.checkpoints.last());
    assert!(prompt.saved.last() == silent.saved.last() && !silent.saved.is_empty(), "the same bits");
}

#[test]
fn checkpoints_come_log_spaced_and_regularly_and_tell_their_step() {
    let config = tiny(EngineChoice::Auto, Precision::F32);
    let heard = unbroken(&config);
    let steps: Vec<usize> = heard.checkpoints.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 16, 20, 24, 28, 30, 32, 40]);
    for (step, file) in &heard.checkpoints {
        let file = WeightsFile::from_bytes(file).expect("it is a file of weights");
        let told = file.config.expect("it tells its experiment");
        assert_eq!(
            (file.step, told.data, told.optim),
            (Some(*step), config.data.clone(), config.optim.clone())
        );
    }
}

#[test]
fn the_state_is_saved_early_then_every_half_minute_at_a_pause_and_at_the_end() {
    let mut config = tiny(EngineChoice::Auto, Precision::F32);
    config.run.epochs = 200;
    let mut session = Session::new(DeviceChoice::Cpu);
    let mut heard = Heard::default();
    heard.note(block_on(session.handle(start(&config, false, Vec::new()), 0.0)));
    let now = train(&mut session, &mut heard, 0.0, 70);
    heard.note(block_on(session.handle(Command::Pause { run_id: 1 }, now)));
    heard.note(block_on(session.handle(Command::Save { run_id: 1 }, now)));
    heard.note(block_on(session.handle(Command::Resume { run_id: 1 }, now)));
    train(&mut session, &mut heard, now, usize::MAX);
    let steps: Vec<usize> = heard.saved.iter().map(|(step, _)| *step).collect();
    // Two steps a second: after 3, 6, 12 and 24 s, at the pause, then every 30 s, and at the end.
    assert_eq!(steps, [6, 12, 24, 48, 70, 70, 130, 190, 200]);
    for (step, _) in &heard.saved {
        assert!(heard.rows.iter().any(|row| row.step == step / 5 * 5), "the rows up to {step} were told");
    }
}

#[test]
fn a_finished_run_that_is_taken_up_again_is_finished() {
    let config = tiny(EngineChoice::Auto, Precision::F32);
    let (_, saved) = unbroken(&config).saved.pop().expect("the end saves");
    let mut session = Session::new(DeviceChoice::Cpu);
    let mut heard = Heard::default();
    heard.note(block_on(session.handle(start(&config, false, saved.clone()), 0.0)));
    assert!(!session.is_training() && heard.states == [RunState::Finished]);

    let mut longer = config;
    longer.run.epochs += 10;
    heard.note(block_on(session.handle(start(&longer, false, saved), 0.0)));
    train(&mut session, &mut heard, 0.0, usize::MAX);
    assert_eq!(heard.rows.last().map(|row| row.step), Some(50), "with more epochs it goes on");
}

#[test]
fn a_state_of_another_model_or_a_broken_one_ends_in_words() {
    let config = tiny(EngineChoice::Auto, Precision::F32);
    let (_, saved) = unbroken(&config).saved.pop().expect("the end saves");
    let mut other = config.clone();
    other.model.d_mlp = 64;
    for (config, saved) in [(&other, saved.clone()), (&config, saved[..saved.len() / 2].to_vec())] {
        let mut session = Session::new(DeviceChoice::Cpu);
        let events = block_on(session.handle(start(config, false, saved), 0.0));
        let [Event::Failed { run_id: Some(1), error, .. }] = &events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(error.kind, ErrorKind::Content, "{error}");
        assert!(error.message.contains("saved state") || error.message.contains("safetensors"), "{error}");
    }
}

#[test]
fn sixty_four_bits_stay_on_the_processor_unless_the_card_is_asked_for() {
    let session = Session::new(DeviceChoice::Gpu);
    let mut run = tiny(EngineChoice::Auto, Precision::F64).run;
    assert_eq!(session.device_for(&run), DeviceChoice::Cpu);
    run.precision = Precision::F32;
    assert_eq!(session.device_for(&run), DeviceChoice::Gpu);
    run.device = DeviceChoice::Cpu;
    assert_eq!(session.device_for(&run), DeviceChoice::Cpu);
}
