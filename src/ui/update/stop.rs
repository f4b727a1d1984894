//! Stop: the run ends where it stands. The worker lets it go; the page and the browser's storage keep it.

use crate::protocol::Command;
use crate::ui::state::run::{Asked, Phase};
use crate::ui::state::{State, Worker};
use crate::ui::update::{Effect, run};

/// Ends the run after the step in hand, if it is under way.
pub(super) fn stop(state: &mut State) -> Vec<Effect> {
    if !state.can_stop() {
        return Vec::new();
    }
    match state.phase() {
        // At a pause the worker sends all that the run can go on from.
        Some(Phase::Training) => run::ask(state, Asked::Stop),
        _ => detach(state),
    }
}

/// The run makes no more steps in the worker, which drops it. What it measured stays, and what it can go on
/// from.
pub(super) fn detach(state: &mut State) -> Vec<Effect> {
    let Some(run) = &mut state.run else { return Vec::new() };
    // The worker's later words on this run are for nobody.
    let run_id = std::mem::take(&mut run.id);
    run.phase = Phase::Detached;
    run.asked = None;
    run.steps_per_s = None;
    run.step_when_paused = false;
    state.queued = None;
    match state.worker {
        Worker::Ready(_) if run_id != 0 => vec![Effect::Post(Command::Reset { run_id })],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Preset;
    use crate::engine::DeviceKind;
    use crate::protocol::{Command, DeviceReport, Event, PROTOCOL_VERSION, RunState};
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run::Phase;
    use crate::ui::state::run_view::Origin;
    use crate::ui::state::run_view_sample::row;
    use crate::ui::state::stored_runs::StorageCommand;
    use crate::ui::update::{Effect, Message, update};

    fn tell(state: &mut State, event: Event) -> Vec<Effect> {
        update(state, Message::FromWorker(event))
    }

    fn run_state(step: usize, state: RunState) -> Event {
        Event::State { run_id: 1, step, state }
    }

    /// A page whose run number 1 trains.
    fn training() -> State {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
        let report = DeviceReport {
            device: DeviceKind::Cpu,
            name: "CPU".into(),
            software: false,
            probe_checks: Vec::new(),
        };
        tell(&mut state, Event::Device(report));
        update(&mut state, Message::Start);
        tell(&mut state, run_state(0, RunState::Training));
        state
    }

    /// What the worker says when it is told to pause at step 40.
    fn pause(state: &mut State) -> Vec<Effect> {
        tell(
            state,
            Event::Progress {
                run_id: 1,
                step: 40,
                steps_per_s: None,
                rows: vec![row(40)],
                n_rows_left_out: 0,
            },
        );
        let kept = tell(state, Event::Saved { run_id: 1, step: 40, state: vec![1] });
        assert!(matches!(kept[..], [Effect::Store(StorageCommand::Save(_))]), "{kept:?}");
        tell(state, run_state(40, RunState::Paused))
    }

    #[test]
    fn a_stopped_run_leaves_the_worker_and_stays_on_the_page() {
        let mut state = training();
        assert!(state.can_stop());
        assert_eq!(update(&mut state, Message::Stop), [Effect::Post(Command::Pause { run_id: 1 })]);
        assert!(!state.can_stop(), "it was asked for");
        assert_eq!(update(&mut state, Message::Stop), []);
        assert_eq!(pause(&mut state), [Effect::Post(Command::Reset { run_id: 1 })]);
        assert_eq!(state.phase(), Some(Phase::Detached));
        tell(&mut state, run_state(40, RunState::Dropped));
        let own = state.run_views().find(|run_view| run_view.origin == Origin::Own).expect("it is on show");
        assert_eq!(own.rows.last(), Some(&row(40)), "its curves stay");
        assert!(state.can_resume_from_saved() && state.can_start() && state.can_reset() && !state.can_stop());
    }

    #[test]
    fn it_goes_on_from_where_it_stopped() {
        let mut state = training();
        update(&mut state, Message::Stop);
        pause(&mut state);
        let effects = update(&mut state, Message::ResumeFromSaved(None));
        let [Effect::Post(Command::Start { run_id: 2, saved, paused: false, .. })] = &effects[..] else {
            panic!("{effects:?}");
        };
        assert_eq!(saved, &[1]);
    }

    #[test]
    fn a_paused_run_is_stopped_at_once_and_a_finished_one_is_over() {
        let mut state = training();
        update(&mut state, Message::Pause);
        pause(&mut state);
        assert_eq!(update(&mut state, Message::Stop), [Effect::Post(Command::Reset { run_id: 1 })]);
        assert_eq!(state.phase(), Some(Phase::Detached));

        let mut state = training();
        tell(&mut state, run_state(300, RunState::Finished));
        assert!(!state.can_stop());
        assert_eq!(update(&mut state, Message::Stop), []);
    }

    #[test]
    fn a_run_that_ends_while_it_is_stopped_is_finished() {
        let mut state = training();
        update(&mut state, Message::Stop);
        tell(&mut state, run_state(300, RunState::Finished));
        assert_eq!(state.phase(), Some(Phase::Finished));
    }

    #[test]
    fn a_run_that_is_only_being_prepared_can_be_stopped() {
        let mut state = training();
        update(&mut state, Message::Reset);
        update(&mut state, Message::Start);
        assert_eq!(state.phase(), Some(Phase::Preparing));
        assert_eq!(update(&mut state, Message::Stop), [Effect::Post(Command::Reset { run_id: 2 })]);
        tell(&mut state, Event::State { run_id: 2, step: 0, state: RunState::Training });
        assert_eq!(state.phase(), Some(Phase::Detached), "the worker's late word");
        assert!(!state.can_resume_from_saved(), "there is nothing to go on from");
    }
}
