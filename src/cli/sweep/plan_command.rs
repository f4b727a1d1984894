//! `grok sweep plan`: from a plan to the directory of a sweep.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::Args;

use super::sweep_dir::SweepDir;
use super::{estimate, slurm};
use crate::cli::file_io::{read_bytes, write_whole};
use crate::cli::output::{duration_text, print_line, quoted};
use crate::cli::{Failure, Outcome};
use crate::config::sweep_plan::{PlannedRun, expand};
use crate::error::{LabError, Result};
use crate::format::count;

/// Options of `grok sweep plan`.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    /// The plan
    #[arg(value_name = "FILE.toml")]
    file: PathBuf,
    /// The directory for the runs and their results
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Into how many tasks slurm.sbatch divides the runs, at most one a run
    #[arg(long, value_name = "N", default_value = "8")]
    tasks: NonZero<usize>,
}

/// Plans.
///
/// # Errors
/// [`Failure::Input`] if the plan is refused or the directory holds another one.
pub(super) fn run(args: &PlanArgs) -> Result<Outcome, Failure> {
    plan(args).map_err(Failure::before_start)
}

fn plan(args: &PlanArgs) -> Result<Outcome> {
    let runs = read(&args.file)?;
    let n_tasks = args.tasks.get().min(runs.len()).max(1);
    let secs = estimate::secs_per_run(&runs)?;
    let dir = SweepDir::new(&args.out);
    dir.write_plan(&runs)?;
    let root = std::path::absolute(dir.root()).map_err(|e| LabError::file("find", dir.root(), e))?;
    let program = std::env::current_exe().map_err(|e| LabError::file("find", "this program", e))?;
    // Runs differ in length, a machine in its speed: twice the longest part, and half an hour for small ones.
    let longest = (0..n_tasks).map(|task| secs.iter().skip(task).step_by(n_tasks).sum::<f64>());
    let longest = longest.fold(0.0, f64::max);
    let script = slurm::script(&root, &program, n_tasks, 2.0 * longest + 1800.0);
    write_whole(&dir.file("slurm.sbatch"), script.as_bytes())?;

    let total: f64 = secs.iter().sum();
    let n_cores = std::thread::available_parallelism().map_or(1, NonZero::get).min(runs.len()).max(1);
    let at_once = |n: usize| if n == 1 { "one at a time".to_owned() } else { format!("{n} at once") };
    print_line(&format!(
        "{} runs, about {} each",
        count(runs.len()),
        duration_text(total / runs.len() as f64)
    ));
    print_line(&format!(
        "on this machine, {}: about {}",
        at_once(n_cores),
        duration_text(total / n_cores as f64)
    ));
    print_line(&format!(
        "as {n_tasks} tasks on machines like this one: about {} a task",
        duration_text(longest)
    ));
    print_line(&format!("to run: grok sweep run {}", quoted(&args.out)));
    print_line(&format!("to run on a cluster: sbatch {}", quoted(&dir.file("slurm.sbatch"))));
    Ok(Outcome::Done)
}

/// The most bytes of a plan that are read.
const MAX_PLAN_BYTES: u64 = 1 << 20;

/// Reads a plan.
///
/// # Errors
/// [`LabError::File`] if the file cannot be read, [`LabError::Content`] with its name if it is no plan.
fn read(path: &Path) -> Result<Vec<PlannedRun>> {
    let bytes = read_bytes(path, MAX_PLAN_BYTES)?;
    let wrong = |reason: String| LabError::content(path.display().to_string(), reason);
    let text = std::str::from_utf8(&bytes).map_err(|error| wrong(error.to_string()))?;
    expand(text).map_err(|error| match error {
        LabError::Content { reason, .. } => wrong(reason),
        other => wrong(other.to_string()),
    })
}
