//! When the worker is asked for its speed: only while it has nothing else to do.

use crate::config::{ExperimentConfig, Preset};
use crate::protocol::{Command, Event};
use crate::ui::state::estimates::{of_preset, probe};
use crate::ui::state::run::{Phase, Run};
use crate::ui::state::verification::Verify;
use crate::ui::state::{State, Worker};
use crate::ui::update::Effect;

/// The worker is timed after so many seconds of rest, so that a reader who came to train is not kept waiting.
const REST_SECS: usize = 3;

/// A second has passed.
pub(super) fn tick(state: &mut State) -> Vec<Effect> {
    let rests = is_at_rest(state);
    let estimates = &mut state.estimates;
    estimates.rest_secs = if rests { estimates.rest_secs + 1 } else { 0 };
    if estimates.rest_secs >= REST_SECS { ask(state) } else { Vec::new() }
}

/// Asks for the speed of what is in the form, then for that of the presets.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    if !is_at_rest(state) {
        return Vec::new();
    }
    let Some(wanted) = wanted(state) else { return Vec::new() };
    state.estimates.measuring = Some(wanted.clone());
    vec![Effect::Post(Command::MeasureSpeed { config: Box::new(wanted) })]
}

fn is_at_rest(state: &State) -> bool {
    // A card played by the processor may take seconds for a step, and hold up whoever wants to train.
    let is_hardware = matches!(&state.worker, Worker::Ready(report) if !report.software);
    let has_its_device = is_hardware && state.draft.device() == state.connected_choice;
    let is_idle = !state.is_live() && state.queued.is_none();
    let is_measured =
        state.bench.running || state.verify == Verify::Running || state.estimates.measuring.is_some();
    has_its_device && is_idle && !is_measured
}

/// What to time next, if there is something.
fn wanted(state: &State) -> Option<ExperimentConfig> {
    let presets = of_preset(Preset::Quick, state.draft.device());
    let candidates = state.draft.config().ok().into_iter().chain([presets]);
    candidates.filter(|config| state.estimates.lacks(config)).map(|config| probe(&config)).next()
}

/// Takes from the worker's words what they tell of its speed.
pub(super) fn note_event(state: &mut State, event: &Event) {
    match event {
        // Another worker: it knows nothing of the probe of the last one.
        Event::Device(report) => state.estimates.connected(report.device),
        Event::SpeedMeasured { timing } => state.estimates.probed(timing.clone()),
        Event::Progress { run_id, steps_per_s: Some(speed), .. } => {
            let training = |run: &&Run| run.id == *run_id && run.phase == Phase::Training;
            if let Some(run) = state.run.as_ref().filter(training) {
                state.estimates.ran(&run.config, *speed);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::REST_SECS;
    use crate::config::{Precision, Preset, settings};
    use crate::engine::{DeviceKind, EngineInfo, EngineKind};
    use crate::error::{ErrorKind, ErrorReport};
    use crate::protocol::{Command, DeviceReport, Event, PROTOCOL_VERSION, RunState, Timing};
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::update::{Effect, Message, update};

    fn tell(state: &mut State, event: Event) -> Vec<Effect> {
        update(state, Message::FromWorker(event))
    }

    fn connect(state: &mut State) {
        tell(state, Event::Ready { version: PROTOCOL_VERSION });
        let report = DeviceReport {
            device: DeviceKind::Cpu,
            name: "CPU".into(),
            software: false,
            probe_checks: Vec::new(),
        };
        tell(state, Event::Device(report));
    }

    fn ready() -> State {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        connect(&mut state);
        state
    }

    /// The probes that so many seconds bring.
    fn probes(state: &mut State, secs: usize) -> usize {
        let is_probe = |effect: &Effect| matches!(effect, Effect::Post(Command::MeasureSpeed { .. }));
        (0..secs)
            .flat_map(|_| {
                let now_ms = state.now_ms + 1_000.0;
                update(state, Message::Clock(now_ms))
            })
            .filter(is_probe)
            .count()
    }

    fn timing() -> Timing {
        let engine = EngineInfo {
            engine: EngineKind::Folded,
            device: DeviceKind::Cpu,
            device_name: "CPU".into(),
            precision: Precision::F32,
            reason: None,
        };
        Timing { engine, steps_per_s: 24.0, p: 113, d_model: 128, n_train: 3_830 }
    }

    #[test]
    fn a_worker_at_rest_is_timed_once_for_each_device() {
        let mut state = ready();
        assert_eq!(probes(&mut state, REST_SECS - 1), 0, "the reader may have come to train");
        assert_eq!(probes(&mut state, 10), 1);
        assert!(state.estimates.measuring.is_some());
        tell(&mut state, Event::SpeedMeasured { timing: Some(timing()) });
        assert_eq!(probes(&mut state, 10), 0, "it is known");
        update(&mut state, Message::Edit(&settings::D_MLP, "64".into()));
        assert_eq!(probes(&mut state, 10), 0, "a width is arithmetic");
        update(&mut state, Message::Edit(&settings::THREADS, "1".into()));
        assert_eq!(probes(&mut state, 10), 1, "a number of workers is not");
        tell(&mut state, Event::SpeedMeasured { timing: Some(timing()) });
        update(&mut state, Message::Edit(&settings::DEVICE, "cpu".into()));
        assert_eq!(probes(&mut state, 10), 0, "the device is not there yet");
        connect(&mut state);
        assert_eq!(probes(&mut state, 10), 1);
    }

    #[test]
    fn who_opens_the_menu_need_not_wait() {
        let mut state = ready();
        let effects = update(&mut state, Message::WantEstimates);
        assert!(matches!(effects[..], [Effect::Post(Command::MeasureSpeed { .. })]), "{effects:?}");
        assert_eq!(update(&mut state, Message::WantEstimates), [], "one at a time");
    }

    #[test]
    fn a_card_that_is_software_is_left_alone() {
        let mut state = ready();
        let report = DeviceReport {
            device: DeviceKind::Gpu,
            name: "llvmpipe".into(),
            software: true,
            probe_checks: Vec::new(),
        };
        tell(&mut state, Event::Device(report));
        assert_eq!(probes(&mut state, 10), 0);
        assert_eq!(update(&mut state, Message::WantEstimates), []);
    }

    #[test]
    fn nothing_is_timed_beside_a_run_and_a_run_tells_its_own_speed() {
        let mut state = ready();
        update(&mut state, Message::Start);
        tell(&mut state, Event::State { run_id: 1, step: 0, state: RunState::Training });
        assert_eq!(probes(&mut state, 20), 0);
        assert_eq!(update(&mut state, Message::WantEstimates), []);
        tell(
            &mut state,
            Event::Progress { run_id: 1, step: 9, steps_per_s: Some(60.0), rows: vec![], n_rows_left_out: 0 },
        );
        assert_eq!(state.estimates.secs(&Preset::Tiny.config()), Some(5.0), "300 steps at 60 a second");
        tell(
            &mut state,
            Event::Progress { run_id: 9, step: 9, steps_per_s: Some(1.0), rows: vec![], n_rows_left_out: 0 },
        );
        assert_eq!(state.estimates.secs(&Preset::Tiny.config()), Some(5.0), "another run's word");
    }

    #[test]
    fn a_probe_goes_down_with_its_worker_and_with_a_start() {
        let mut state = ready();
        probes(&mut state, 5);
        update(&mut state, Message::Start);
        tell(&mut state, Event::SpeedMeasured { timing: None });
        assert_eq!(state.estimates.measuring, None, "a command ended it");
        update(&mut state, Message::Reset);
        assert_eq!(probes(&mut state, 5), 1, "it is made up for");
        update(&mut state, Message::WorkerDied(ErrorReport::new(ErrorKind::WorkerStopped, "gone")));
        update(&mut state, Message::Restart);
        connect(&mut state);
        assert_eq!(state.estimates.measuring, None);
    }
}
