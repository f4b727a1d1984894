//! What can be done on the page as it is.

use crate::ui::state::run::Phase;
use crate::ui::state::stored_runs::StoredRun;
use crate::ui::state::verification::Verify;
use crate::ui::state::{State, Worker};

impl State {
    /// Whether the engines can be timed: while no run is being trained.
    pub fn can_bench(&self) -> bool {
        let at_rest = !matches!(self.phase(), Some(Phase::Training | Phase::Preparing));
        at_rest && self.answers() && !self.bench.running && self.draft.config().is_ok()
    }

    /// Whether a run can be started.
    pub fn can_start(&self) -> bool {
        self.idle() && self.answers() && self.draft.config().is_ok()
    }

    /// Whether the run can be paused.
    pub fn can_pause(&self) -> bool {
        self.in_phase(Phase::Training)
    }

    /// Whether the run can go on.
    pub fn can_resume(&self) -> bool {
        self.in_phase(Phase::Paused)
    }

    /// Whether a single update can be made: of a paused run, or as the first of a new one.
    pub fn can_step(&self) -> bool {
        self.in_phase(Phase::Paused) || self.can_start()
    }

    /// Whether a run is under way that another one must not push aside.
    pub fn is_live(&self) -> bool {
        matches!(self.phase(), Some(Phase::Preparing | Phase::Training | Phase::Paused))
    }

    /// Whether the run can go on from a saved state: the worker has lost it, or never had it.
    pub fn can_resume_from_saved(&self) -> bool {
        self.run.as_ref().is_some_and(|run| {
            matches!(run.phase, Phase::Detached | Phase::Broken)
                && !self.is_trained_elsewhere(&run.key)
                && run.saved.as_ref().is_some_and(|saved| saved.step < run.config.run.epochs)
        })
    }

    /// Whether another tab trains the run of a key, as far as is known.
    pub fn is_trained_elsewhere(&self, key: &str) -> bool {
        self.stored_runs.locked.contains(key) && self.own_lock.key.as_deref() != Some(key)
    }

    /// Whether the newest saved state of the run exists in this tab only.
    pub fn is_at_risk(&self) -> bool {
        self.run.as_ref().is_some_and(|run| {
            let saved = run.saved.as_ref().map(|saved| saved.step);
            let is_as_read = run.phase == Phase::Detached && run.is_in_file;
            saved.is_some() && run.stored_step != saved && !is_as_read
        })
    }

    /// Whether closing the tab would lose training: the browser keeps nothing, and there is something.
    pub fn would_lose_work(&self) -> bool {
        let refused = self.stored_runs.failure.is_some() || self.stored_runs.left_out.is_some();
        refused && (self.is_live() || self.is_at_risk() || self.unsaved_run.is_some())
    }

    /// Whether the device can be checked: the worker must be at rest.
    pub fn can_verify(&self) -> bool {
        let at_rest = !matches!(self.phase(), Some(Phase::Preparing | Phase::Training));
        self.answers() && at_rest && self.verify != Verify::Running && !self.bench.running
    }

    /// Whether the run can be ended where it stands.
    pub fn can_stop(&self) -> bool {
        self.is_live() && self.run.as_ref().is_some_and(|run| run.asked.is_none())
    }

    /// Whether there is a run to drop.
    pub fn can_reset(&self) -> bool {
        self.run.is_some()
    }

    /// Whether the form was changed since the run began, so that only a new run follows it.
    pub fn form_left_run(&self) -> bool {
        match (&self.run, self.draft.config()) {
            (Some(run), Ok(config)) => run.config != config,
            _ => false,
        }
    }

    fn idle(&self) -> bool {
        self.queued.is_none()
            && matches!(self.phase(), None | Some(Phase::Finished | Phase::Broken | Phase::Detached))
    }

    fn answers(&self) -> bool {
        matches!(self.worker, Worker::Ready(_))
    }

    fn in_phase(&self, phase: Phase) -> bool {
        self.answers() && self.run.as_ref().is_some_and(|run| run.phase == phase && run.asked.is_none())
    }
}

/// The run that was left off last, if it has steps left and no other tab trains it.
pub fn newest_unfinished(state: &State) -> Option<StoredRun> {
    let is_free = |run: &&StoredRun| run.is_unfinished() && !state.is_trained_elsewhere(&run.key);
    state.stored_runs.runs.iter().find(is_free).cloned()
}
