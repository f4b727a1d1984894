//! The line that says what the lab does, on what, and how fast: nothing that is not so.

use leptos::prelude::*;

use crate::engine::DeviceKind;
use crate::engine::row_thinning::MAX_ROWS;
use crate::ui::state::checkpoints::BUDGET_BYTES;
use crate::ui::state::format;
use crate::ui::state::run::{Asked, Phase};
use crate::ui::state::{LoadState, State, Worker};
use crate::ui::store::Store;
use crate::ui::views::device_probe::DeviceProbe;

/// The parts of the status line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Status {
    /// What the lab does now.
    pub(in crate::ui) state: &'static str,
    /// Its kind, which the style sheet gives a colour.
    pub(in crate::ui) tone: &'static str,
    /// Device, engine, precision, speed and time left, each if it is known.
    pub(in crate::ui) facts: Vec<String>,
    /// What the reader should know besides.
    pub(in crate::ui) remarks: Vec<String>,
}

impl Status {
    /// What is true of a state.
    pub(in crate::ui) fn of(state: &State) -> Self {
        let (words, tone) = describe(state);
        Self { state: words, tone, facts: facts(state), remarks: remarks(state) }
    }
}

fn describe(state: &State) -> (&'static str, &'static str) {
    match &state.worker {
        Worker::Loading => ("loading the training engine", "busy"),
        Worker::Connecting => ("looking for a device", "busy"),
        Worker::Failed => ("stopped by an error", "failed"),
        Worker::Ready(_) => match state.run.as_ref().map(|run| (run.phase, run.asked)) {
            None => ("ready", "idle"),
            Some((Phase::Training, Some(Asked::Pause))) => ("pausing", "busy"),
            Some((Phase::Training, Some(Asked::Stop))) => ("stopping", "busy"),
            Some((Phase::Paused, Some(Asked::Resume))) => ("resuming", "busy"),
            Some((Phase::Paused, Some(Asked::Step))) => ("stepping", "busy"),
            Some((Phase::Preparing, _)) => ("preparing", "busy"),
            Some((Phase::Training, _)) => ("training", "training"),
            Some((Phase::Paused, _)) => ("paused", "paused"),
            Some((Phase::Finished, _)) => ("finished", "done"),
            Some((Phase::Detached, _)) => ("ready; a kept run is on show", "idle"),
            Some((Phase::Broken, _)) => ("ready; the last run broke off", "failed"),
        },
    }
}

fn facts(state: &State) -> Vec<String> {
    let mut facts = Vec::new();
    facts.extend(worker_words(state));
    let engine = state.run.as_ref().and_then(|run| run.engine.as_ref());
    match (engine, state.device()) {
        (Some(engine), _) => {
            facts.push(device_words(engine.device, &engine.device_name));
            facts.push(format!("{} engine", engine.engine));
            facts.push(engine.precision.to_string());
        }
        (None, Some(report)) => facts.push(device_words(report.device, &report.name)),
        (None, None) => {}
    }
    if let Some(run) = &state.run {
        if let Some(n_train) = run.n_train {
            facts.push(format!("full batch of {}", format::count(n_train)));
        }
        match (run.steps_per_s, run.phase) {
            (Some(speed), _) => facts.push(format::rate(speed)),
            (None, Phase::Training) => facts.push("warming up".into()),
            (None, _) => {}
        }
        if let Some(secs) = run.secs_left() {
            facts.push(format!("{} left", format::duration(secs)));
        }
        if let (Some(saved), Some(at_ms)) = (&run.saved, run.saved_at_ms) {
            let age = format::duration((state.now_ms - at_ms).max(0.0) / 1000.0);
            let place = if run.stored_step == Some(saved.step) { "kept" } else { "held in memory" };
            facts.push(format!("step {} {place} {age} ago", format::count(saved.step)));
        }
    }
    facts
}

/// Why the newest saved state is in this tab's memory only; none if it is kept, or is just being written.
fn unkept_words(state: &State) -> Option<String> {
    let run = state.run.as_ref()?;
    let saved = run.saved.as_ref().filter(|saved| run.stored_step != Some(saved.step))?;
    let why = match (&state.stored_runs.failure, &state.lazy_bundle) {
        (Some(kind), _) => kind.message.trim_end_matches('.').to_owned(),
        (None, LoadState::Failed(_)) => "the part of the page that keeps runs could not be fetched".into(),
        (None, _) => return None,
    };
    Some(format!("Step {} is held in the memory of this tab only: {why}.", format::count(saved.step)))
}

/// How much of the worker's program has come, while it is fetched.
fn worker_words(state: &State) -> Option<String> {
    let (came, all) = state.worker_bytes.filter(|_| state.worker == Worker::Loading)?;
    let mega = |n_bytes: usize| n_bytes as f64 / 1e6;
    Some(match all {
        Some(all) => format!("worker: {:.1} of {:.1} MB", mega(came.min(all)), mega(all)),
        None => format!("worker: {:.1} MB", mega(came)),
    })
}

/// What the checkpoints and rows of the run take of the page's memory, and of how much.
fn memory_words(state: &State) -> Option<String> {
    let checkpoints = &state.run.as_ref()?.checkpoints;
    let own = state.own()?;
    let rows = match own.n_rows_left_out {
        0 => format!("{} of at most {} rows", format::count(own.rows.len()), format::count(MAX_ROWS)),
        n => format!(
            "{} of at most {} rows, {} left out between them",
            format::count(own.rows.len()),
            format::count(MAX_ROWS),
            format::count(n)
        ),
    };
    let is_empty = checkpoints.files().is_empty() && own.rows.is_empty();
    (!is_empty).then(|| format!("{}; {rows}", checkpoints.words(BUDGET_BYTES)))
}

fn device_words(device: DeviceKind, name: &str) -> String {
    let kind = match device {
        DeviceKind::Gpu => "WebGPU",
        DeviceKind::Cpu => "CPU",
    };
    if name.is_empty() || name.eq_ignore_ascii_case(kind) { kind.into() } else { format!("{kind}: {name}") }
}

fn remarks(state: &State) -> Vec<String> {
    let mut remarks = Vec::new();
    remarks.extend(unkept_words(state));
    if state.device().is_some_and(|report| report.software) {
        remarks.push(
            "This WebGPU adapter is software: the processor computes what a graphics card should, and slowly. \
             The CPU device is faster here."
                .into(),
        );
    }
    let engine = state.run.as_ref().and_then(|run| run.engine.as_ref());
    if let Some(reason) = engine.and_then(|engine| engine.reason.as_deref()) {
        remarks.push(format!("Why this engine: {reason}"));
    }
    remarks
}

/// The status line.
#[component]
pub(in crate::ui) fn StatusLine() -> impl IntoView {
    let store = Store::get();
    let status = store.memo(Status::of);
    view! {
        <p class="status" data-testid="status" data-tone=move || status.with(|s| s.tone)>
            <span class="status-state" role="status">{move || status.with(|s| s.state)}</span>
            {move || {
                status.with(|s| {
                    s.facts.iter().map(|fact| view! { " " <span class="fact">{fact.clone()}</span> }).collect_view()
                })
            }}
        </p>
    }
}

/// What else there is to know of the run and its device: memory, remarks, the checks of the device probe.
#[component]
pub(in crate::ui) fn StatusNotes() -> impl IntoView {
    let store = Store::get();
    let status = store.memo(Status::of);
    let memory = store.memo(memory_words);
    let probe_checks =
        store.memo(|state| state.device().map(|report| report.probe_checks.clone()).unwrap_or_default());
    view! {
        <div class="status-block">
            {move || {
                memory.get().map(|words| view! { <p class="remark" data-testid="memory">"In memory: " {words}</p> })
            }}
            <div data-testid="status-remarks">
                {move || {
                    status.with(|s| {
                        s.remarks.iter().map(|text| view! { <p class="remark">{text.clone()}</p> }).collect_view()
                    })
                }}
            </div>
            <Show when=move || probe_checks.with(|checks| !checks.is_empty())>
                <details class="fold">
                    <summary>"How this device was chosen"</summary>
                    {move || view! { <DeviceProbe checks=probe_checks.get() /> }}
                </details>
            </Show>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::{Status, memory_words};
    use crate::config::Preset;
    use crate::engine::DeviceKind;
    use crate::error::{ErrorKind, ErrorReport, StorageFault};
    use crate::protocol::{DeviceReport, Event, PROTOCOL_VERSION, RunState};
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run_view_sample::row;
    use crate::ui::state::stored_runs::StorageEvent;
    use crate::ui::update::{Message, update};

    fn tell(state: &mut State, event: Event) {
        update(state, Message::FromWorker(event));
    }

    #[test]
    fn the_line_names_each_stage_and_only_what_is_known() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        assert_eq!(Status::of(&state).state, "loading the training engine");
        tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
        assert_eq!(Status::of(&state).state, "looking for a device");
        let report = DeviceReport {
            device: DeviceKind::Gpu,
            name: "SwiftShader".into(),
            software: true,
            probe_checks: vec![],
        };
        tell(&mut state, Event::Device(report));
        let status = Status::of(&state);
        assert_eq!((status.state, status.facts), ("ready", vec!["WebGPU: SwiftShader".to_owned()]));
        assert!(status.remarks[0].contains("software"), "a software adapter is named as one");

        update(&mut state, Message::Start);
        tell(&mut state, Event::State { run_id: 1, step: 0, state: RunState::Training });
        assert!(Status::of(&state).facts.contains(&"warming up".to_owned()), "no speed before there is one");
        tell(
            &mut state,
            Event::Progress {
                run_id: 1,
                step: 100,
                steps_per_s: Some(10.0),
                rows: vec![],
                n_rows_left_out: 0,
            },
        );
        let status = Status::of(&state);
        assert!(status.facts.contains(&"10.0 steps/s".to_owned()), "{:?}", status.facts);
        assert!(
            status.facts.contains(&"20 s left".to_owned()),
            "200 steps at 10 a second: {:?}",
            status.facts
        );
        update(&mut state, Message::Pause);
        assert_eq!(Status::of(&state).state, "pausing", "not paused before the worker says so");
    }

    /// A page whose worker computes on the CPU, with a run that has been started.
    fn started() -> State {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
        let report = DeviceReport {
            device: DeviceKind::Cpu,
            name: String::new(),
            software: false,
            probe_checks: vec![],
        };
        tell(&mut state, Event::Device(report));
        update(&mut state, Message::Start);
        state
    }

    #[test]
    fn a_state_that_is_only_in_memory_says_why_until_it_is_kept() {
        let mut state = started();
        tell(&mut state, Event::Saved { run_id: 1, step: 7, state: vec![1] });
        assert_eq!(Status::of(&state).remarks, [""; 0], "it is being written");
        let silent = ErrorKind::Storage(StorageFault::Silent);
        let error = ErrorReport::new(silent, "the browser has not answered for 10 s");
        update(&mut state, Message::FromStorage(StorageEvent::Failed(error)));
        let told = |state: &State| Status::of(state).remarks.join(" ");
        let words = told(&state);
        assert!(words.contains("Step 7 is held in the memory") && words.contains("not answered"), "{words}");
        update(&mut state, Message::DismissStorageNotice);
        assert_eq!(told(&state), words, "what was dismissed elsewhere is still so");
        let key = state.run.as_ref().map(|run| run.key.clone()).unwrap_or_default();
        update(&mut state, Message::FromStorage(StorageEvent::Saved { key, step: 7, remark: None }));
        assert_eq!(told(&state), "", "it is kept");
    }

    #[test]
    fn the_workers_program_is_counted_only_while_it_comes() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        update(&mut state, Message::WorkerBytes(Some((1_234_000, Some(3_000_000)))));
        assert_eq!(Status::of(&state).facts, ["worker: 1.2 of 3.0 MB"]);
        update(&mut state, Message::WorkerBytes(Some((1_234_000, None))));
        assert_eq!(Status::of(&state).facts, ["worker: 1.2 MB"], "of a size nobody told");
        tell(&mut state, Event::Ready { version: PROTOCOL_VERSION });
        assert!(Status::of(&state).facts.is_empty(), "it is there");
    }

    #[test]
    fn the_memory_of_the_run_is_told_with_its_bounds_once_there_is_something() {
        let mut state = started();
        assert_eq!(memory_words(&state), None);
        tell(&mut state, Event::Checkpoint { run_id: 1, step: 0, weights: vec![0; 2_000_000] });
        assert_eq!(
            memory_words(&state).as_deref(),
            Some("1 checkpoint, 2.0 of 100 MB; 0 of at most 4,096 rows")
        );
        tell(
            &mut state,
            Event::Progress {
                run_id: 1,
                step: 9,
                steps_per_s: None,
                rows: vec![row(9)],
                n_rows_left_out: 5_000,
            },
        );
        let words = memory_words(&state).unwrap_or_default();
        assert!(words.ends_with("1 of at most 4,096 rows, 5,000 left out between them"), "{words}");
    }
}
