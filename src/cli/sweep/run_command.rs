//! `grok sweep run`: carries out the runs of a plan, several at once, each on one thread.

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use clap::Args;

use super::run_result::{Provenance, RunResult};
use super::sweep_dir::SweepDir;
use super::varied_settings::VariedSettings;
use crate::cli::args::SettingArgs;
use crate::cli::html_report::build_name;
use crate::cli::output::{duration_text, print_line, print_note};
use crate::cli::progress::Progress;
use crate::cli::run_dir::RunDir;
use crate::cli::session::{Session, StateSaves};
use crate::cli::start::initial_state;
use crate::cli::{Failure, Outcome, interrupt, resume};
use crate::config::sweep_plan::PlannedRun;
use crate::error::{LabError, Result};
use crate::format::count;

/// Options of `grok sweep run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The directory of the sweep
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Which part of the runs, from 0
    #[arg(long, value_name = "I", requires = "of")]
    task: Option<usize>,
    /// How many parts there are
    #[arg(long, value_name = "N", requires = "task")]
    of: Option<NonZero<usize>>,
    /// How many runs at once, each on one thread [default: as many as this process may use processors]
    #[arg(long, value_name = "J")]
    jobs: Option<NonZero<usize>>,
    /// Keep the folders runs/ID with all checkpoints
    #[arg(long)]
    keep: bool,
}

/// Carries them out.
///
/// # Errors
/// [`Failure::Input`] if there is no plan or no such part, [`Failure::Run`] with the first error that is not a run's own.
pub(super) fn run(args: &RunArgs) -> Result<Outcome, Failure> {
    let dir = SweepDir::new(&args.dir);
    let plan = dir.read_plan().map_err(Failure::Input)?;
    let part = part(&plan, args).map_err(Failure::Input)?;
    interrupt::listen().map_err(Failure::Run)?;
    let n_jobs = args.jobs.or(std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let queue = JobQueue {
        dir: &dir,
        varied: VariedSettings::of(&plan),
        part: &part,
        next: AtomicUsize::new(0),
        n_done: AtomicUsize::new(0),
        n_elsewhere: AtomicUsize::new(0),
        has_failed: AtomicBool::new(false),
        keep: args.keep,
    };
    let n_jobs = n_jobs.min(part.len()).max(1);
    print_line(&format!("{} runs, {n_jobs} at once; results in {}", count(part.len()), args.dir.display()));
    let start = Instant::now();
    let error = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..n_jobs {
            scope.spawn(|| {
                if let Err(failed) = queue.carry_out_all() {
                    queue.has_failed.store(true, Ordering::SeqCst);
                    error.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(failed);
                }
            });
        }
    });
    if let Some(error) = error.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(Failure::Run(error));
    }
    let (n_done, n_elsewhere) = (queue.n_done.into_inner(), queue.n_elsewhere.into_inner());
    let secs = duration_text(start.elapsed().as_secs_f64());
    print_line(&format!("{} of {} runs have results, after {secs}", count(n_done), count(part.len())));
    if n_elsewhere > 0 {
        let reason = format!(
            "{n_elsewhere} runs are being carried out by another process; call this again when it is done"
        );
        return Err(Failure::Run(LabError::content(args.dir.display().to_string(), reason)));
    }
    Ok(if n_done == part.len() { Outcome::Done } else { Outcome::Interrupted })
}

/// The runs of a part: every N-th of the plan, so that parts take about equally long.
fn part<'a>(plan: &'a [PlannedRun], args: &RunArgs) -> Result<Vec<&'a PlannedRun>> {
    let (task, of) = (args.task.unwrap_or(0), args.of.map_or(1, NonZero::get));
    if task >= of {
        return Err(LabError::setting("task", task, format!("allowed is 0 to {}, for --of {of}", of - 1)));
    }
    Ok(plan.iter().skip(task).step_by(of).collect())
}

/// What the threads share.
struct JobQueue<'a> {
    dir: &'a SweepDir,
    varied: VariedSettings,
    part: &'a [&'a PlannedRun],
    /// The next run that nobody has taken.
    next: AtomicUsize,
    n_done: AtomicUsize,
    /// Runs that another process is at.
    n_elsewhere: AtomicUsize,
    has_failed: AtomicBool,
    keep: bool,
}

/// How a run ended here.
enum RunEnd {
    /// Its result is there.
    Finished(Box<RunResult>),
    /// It stopped on the way, resumable.
    Stopped,
    /// Another process is at it.
    Elsewhere,
}

impl JobQueue<'_> {
    fn is_asked_to_stop(&self) -> bool {
        interrupt::is_asked() || self.has_failed.load(Ordering::SeqCst)
    }

    /// Takes runs until there are none.
    fn carry_out_all(&self) -> Result<()> {
        while let Some(run) = self.part.get(self.next.fetch_add(1, Ordering::SeqCst)) {
            if self.is_asked_to_stop() {
                return Ok(());
            }
            if self.dir.is_finished(&run.id) {
                // What a process left that was killed between the result and its tidying.
                if !self.keep && !RunDir::is_in_use(&self.dir.run_path(&run.id)) {
                    self.dir.remove_run(&run.id)?;
                }
                self.n_done.fetch_add(1, Ordering::SeqCst);
                continue;
            }
            match self.carry_out(run)? {
                RunEnd::Finished(result) => {
                    let n_done = self.n_done.fetch_add(1, Ordering::SeqCst) + 1;
                    let of = count(self.part.len());
                    print_line(&format!(
                        "{n_done} of {of}: {}: {}",
                        self.varied.words(&run.config),
                        end_text(&result)
                    ));
                }
                RunEnd::Stopped => return Ok(()),
                RunEnd::Elsewhere => {
                    self.n_elsewhere.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
        Ok(())
    }

    /// Trains a run to its end, from its start or from where it was left, analyses it and keeps its result.
    fn carry_out(&self, run: &PlannedRun) -> Result<RunEnd> {
        let folder = self.dir.run_path(&run.id);
        std::fs::create_dir_all(&folder).map_err(|e| LabError::file("create", &folder, e))?;
        if RunDir::is_in_use(&folder) {
            return Ok(RunEnd::Elsewhere);
        }
        let start = Instant::now();
        let mut session = match self.session(run) {
            // It came first, after the look above.
            Err(_) if RunDir::is_in_use(&folder) => return Ok(RunEnd::Elsewhere),
            session => session?,
        };
        session.saves = StateSaves::ByTime;
        // Another process may have finished it since it was taken: it lets go of the folder after its result is there.
        if self.dir.is_finished(&run.id) {
            drop(session);
            self.dir.remove_run(&run.id)?;
            return Ok(RunEnd::Finished(Box::new(self.dir.read_result(&run.id)?)));
        }
        let failure = match session.train(&mut Progress::Silent, || self.is_asked_to_stop()) {
            Ok(Outcome::Done) => None,
            Ok(_) => return Ok(RunEnd::Stopped),
            // The settings lead there, on every machine: that is what the run shows.
            Err(error @ LabError::Training { .. }) => Some(error.to_string()),
            Err(error) => return Err(error),
        };
        let provenance = Provenance { build: build_name(), machine: machine_name(), elapsed_secs: 0.0 };
        let mut result = RunResult::of_run(run, &folder, failure, provenance)?;
        result.provenance.elapsed_secs = start.elapsed().as_secs_f64();
        if let (None, Some((_, last))) = (&result.failure, session.dir.checkpoints().last()) {
            self.dir.keep_weights(&run.id, last)?;
        }
        self.dir.write_result(&result)?;
        drop(session);
        if !self.keep {
            self.dir.remove_run(&run.id)?;
        }
        Ok(RunEnd::Finished(Box::new(result)))
    }

    /// The run as it was left, if that can be gone on with, or else from its start.
    fn session(&self, run: &PlannedRun) -> Result<Session> {
        let folder = self.dir.run_path(&run.id);
        if folder.join("config.json").exists() {
            let left = resume::open(&folder, &SettingArgs::default(), None);
            match left.and_then(|left| {
                if left.config == run.config { Session::go_on(left) } else { Err(other(&run.id)) }
            }) {
                Ok(session) => return Ok(session),
                Err(error @ (LabError::Device { .. } | LabError::Training { .. })) => return Err(error),
                Err(error) => print_note(&format!("run {} begins anew: {error}", run.id)),
            }
        }
        let start = initial_state(&run.config, None)?;
        Session::begin(run.config.clone(), &start, &folder, true)
    }
}

fn other(id: &str) -> LabError {
    LabError::content(format!("runs/{id}"), "it is a run with other settings")
}

/// How a run ended, in a few words.
fn end_text(result: &RunResult) -> String {
    let secs = duration_text(result.provenance.elapsed_secs);
    let step = |step: Option<usize>| step.map(count);
    match (&result.failure, step(result.memorised_at), step(result.generalised_at)) {
        (Some(failure), _, _) => format!("{failure} ({secs})"),
        (None, _, Some(generalised)) => format!("test loss below 1 from step {generalised} on ({secs})"),
        (None, Some(memorised), None) => {
            format!(
                "memorised at step {memorised}, not generalised by step {} ({secs})",
                count(result.last_step)
            )
        }
        (None, None, None) => format!("not memorised by step {} ({secs})", count(result.last_step)),
    }
}

/// The machine's name, if the system tells it.
fn machine_name() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let told = told.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    told.map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
}
