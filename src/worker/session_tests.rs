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
}

impl Heard {
    fn note(&mut self, events: Vec<Event>) {
        for event in events {
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

/// Trains until `stop_at` or the end, half a second a step.
fn train(session: &mut Session, heard: &mut Heard, mut now_secs: f64, stop_at: usize) -> f64 {
    let mut step = heard.saved.last().map_or(0, |(step, _)| *step);
    while session.is_training() && step < stop_at {
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
