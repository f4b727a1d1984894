//! `grok sweep status`: how far a sweep is.

use std::path::Path;

use super::sweep_dir::SweepDir;
use crate::cli::output::print_result;
use crate::cli::run_dir::RunDir;
use crate::cli::{Failure, Outcome};
use crate::error::Result;
use crate::format::{count, percent};

/// Prints how many runs are where.
///
/// # Errors
/// [`Failure::Input`] if there is no sweep in the directory.
pub(super) fn run(dir: &Path) -> Result<Outcome, Failure> {
    let text = text(&SweepDir::new(dir)).map_err(Failure::Input)?;
    print_result(&text).map_err(Failure::Run)?;
    Ok(Outcome::Done)
}

fn text(dir: &SweepDir) -> Result<String> {
    let plan = dir.read_plan()?;
    let (finished, begun) = (dir.finished()?, dir.begun()?);
    let n_finished = plan.iter().filter(|run| finished.contains(&run.id)).count();
    let open = plan.iter().filter(|run| !finished.contains(&run.id));
    let (begun, waiting): (Vec<_>, Vec<_>) = open.partition(|run| begun.contains(&run.id));
    let n_running = begun.iter().filter(|run| RunDir::is_in_use(&dir.run_path(&run.id))).count();
    let share = if plan.is_empty() { 1.0 } else { n_finished as f64 / plan.len() as f64 };
    Ok(format!(
        "{} runs: {} finished ({}), {} under way, {} stopped half done, {} not begun",
        count(plan.len()),
        count(n_finished),
        percent(share),
        count(n_running),
        count(begun.len() - n_running),
        count(waiting.len())
    ))
}
