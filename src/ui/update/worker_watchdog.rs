//! The clock's ticks: whether the worker is still there. A browser that is short of memory ends a worker
//! without an event, and then nothing would ever be said.

use crate::protocol::Command;
use crate::ui::state::State;
use crate::ui::state::advice::FailureKind;
use crate::ui::state::run::Phase;
use crate::ui::update::{Effect, analyst_watchdog, run};

/// A run that trains says something several times a second; after so much silence it is asked,
const PATIENCE_SECS: f64 = 20.0;
/// and while programs for the graphics card are compiled and the first steps made, after so much.
const PATIENCE_AT_FIRST_SECS: f64 = 120.0;
/// A worker that answers does so between two steps.
const ANSWER_WITHIN_SECS: f64 = 20.0;
/// What a single tick counts for at most: clocks stand still in a computer that sleeps, and are slow in a tab
/// that is out of sight.
const MAX_TICK_SECS: f64 = 5.0;

/// A second has passed, or more.
pub(super) fn tick(state: &mut State, now_ms: f64) -> Vec<Effect> {
    let secs = ((now_ms - state.now_ms) / 1000.0).clamp(0.0, MAX_TICK_SECS);
    state.now_ms = now_ms;
    analyst_watchdog::tick(state, secs);
    let Some(patience_secs) = patience_secs(state) else {
        state.watchdog = Default::default();
        return Vec::new();
    };
    let watchdog = &mut state.watchdog;
    watchdog.secs += secs;
    if let Some(since_secs) = &mut watchdog.since_ping_secs {
        *since_secs += secs;
        if *since_secs < ANSWER_WITHIN_SECS {
            return Vec::new();
        }
        let message = format!(
            "The training worker has not answered for {:.0} s: the browser has ended it, or it hangs.",
            watchdog.secs
        );
        run::fail(state, FailureKind::DeadWorker, message, Vec::new());
        return vec![Effect::End];
    }
    if watchdog.secs < patience_secs {
        return Vec::new();
    }
    watchdog.since_ping_secs = Some(0.0);
    vec![Effect::Post(Command::Ping)]
}

/// How long the worker may be silent now; none while it has nothing to say.
fn patience_secs(state: &State) -> Option<f64> {
    let run = state.run.as_ref().filter(|_| state.device().is_some())?;
    match run.phase {
        Phase::Training if run.steps_per_s.is_some() => Some(PATIENCE_SECS),
        // Without a speed the first steps are still under way.
        Phase::Preparing | Phase::Training => Some(PATIENCE_AT_FIRST_SECS),
        Phase::Paused | Phase::Finished | Phase::Broken | Phase::Detached => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Preset;
    use crate::engine::DeviceKind;
    use crate::protocol::{Command, DeviceReport, Event, PROTOCOL_VERSION, RunState};
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run::Phase;
    use crate::ui::state::{State, Worker};
    use crate::ui::update::{Effect, Message, update};

    fn tell(state: &mut State, event: Event) {
        update(state, Message::FromWorker(event));
    }

    /// A run that has been asked for, and trains at a known speed if `is_warm`.
    fn begun(is_warm: bool) -> State {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
        let report = DeviceReport {
            device: DeviceKind::Cpu,
            name: "CPU".into(),
            software: false,
            probe_checks: vec![],
        };
        tell(&mut state, Event::Device(report));
        update(&mut state, Message::Start);
        if is_warm {
            tell(&mut state, Event::State { run_id: 1, step: 0, state: RunState::Training });
            tell(&mut state, progress(5));
        }
        state
    }

    fn progress(step: usize) -> Event {
        Event::Progress { run_id: 1, step, steps_per_s: Some(9.0), rows: vec![], n_rows_left_out: 0 }
    }

    /// Lets seconds pass one by one; the effects, each with its second.
    fn wait(state: &mut State, n_secs: usize) -> Vec<(usize, Effect)> {
        let mut told = Vec::new();
        for second in 1..=n_secs {
            let now_ms = state.now_ms + 1_000.0;
            told.extend(update(state, Message::Clock(now_ms)).into_iter().map(|effect| (second, effect)));
        }
        told
    }

    #[test]
    fn a_worker_that_died_in_silence_is_noticed_within_a_minute() {
        let mut state = begun(true);
        let told = wait(&mut state, 60);
        assert_eq!(told, [(20, Effect::Post(Command::Ping)), (40, Effect::End)]);
        assert_eq!((state.phase(), state.worker.clone()), (Some(Phase::Broken), Worker::Failed));
        let failure = state.failure.expect("it is told");
        assert!(failure.message.contains("not answered for 40 s"), "{}", failure.message);
    }

    #[test]
    fn any_word_of_the_worker_is_an_answer() {
        for answer in [Event::Pong, progress(6)] {
            let mut state = begun(true);
            assert_eq!(wait(&mut state, 39).len(), 1, "it was asked");
            tell(&mut state, answer);
            assert_eq!(wait(&mut state, 19), [], "all is well");
            assert_eq!(state.failure, None);
        }
    }

    #[test]
    fn a_run_that_is_prepared_may_take_two_minutes() {
        let mut state = begun(false);
        assert_eq!(wait(&mut state, 119), [], "kernels take their time");
        assert_eq!(wait(&mut state, 21).len(), 2, "asked, and given up on");
        assert!(state.failure.is_some());
    }

    #[test]
    fn a_worker_at_rest_owes_no_word() {
        let mut state = begun(true);
        tell(&mut state, Event::State { run_id: 1, step: 5, state: RunState::Paused });
        assert_eq!(wait(&mut state, 600), []);
        assert_eq!(state.failure, None);
    }

    #[test]
    fn a_computer_that_slept_blames_no_one() {
        let mut state = begun(true);
        wait(&mut state, 25);
        let morning_ms = state.now_ms + 8.0 * 3600.0 * 1000.0;
        assert_eq!(update(&mut state, Message::Clock(morning_ms)), [], "the worker slept, too");
        assert_eq!(state.now_ms, morning_ms);
        tell(&mut state, Event::Pong);
        assert_eq!(wait(&mut state, 15), []);
        assert_eq!(state.failure, None);
    }
}
