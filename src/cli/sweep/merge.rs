//! `grok sweep merge`: the results of all finished runs as two Parquet files.

use clap::Args;
use rayon::prelude::*;
use std::path::PathBuf;

use super::parquet_table::ParquetTable;
use super::result_table::{curve_columns, curve_rows, run_columns, run_row};
use super::run_result::RunResult;
use super::sweep_dir::SweepDir;
use crate::cli::output::{print_line, print_note};
use crate::cli::{Failure, Outcome, interrupt};
use crate::error::{LabError, Result};
use crate::format::count;

/// So many runs are read at once and make one group of rows: about 100 MB.
const RUNS_PER_GROUP: usize = 500;

/// Options of `grok sweep merge`.
#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// The directory of the sweep
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Leave out what may differ between two results of one run: build, machine and seconds
    #[arg(long)]
    no_provenance: bool,
}

/// Merges. The rows are in the order of the plan, so the files are the same whatever processes made the results.
///
/// # Errors
/// [`Failure::Input`] if there is no sweep or no result, [`Failure::Run`] if a file cannot be written.
pub(super) fn run(args: &MergeArgs) -> Result<Outcome, Failure> {
    let dir = SweepDir::new(&args.dir);
    let plan = dir.read_plan().map_err(Failure::Input)?;
    let finished = dir.finished().map_err(Failure::Input)?;
    let ids: Vec<&str> = plan.iter().map(|run| run.id.as_str()).filter(|id| finished.contains(*id)).collect();
    if ids.is_empty() {
        let reason = "no run is finished; grok sweep run carries them out";
        return Err(Failure::Input(LabError::content(args.dir.display().to_string(), reason)));
    }
    if ids.len() < plan.len() {
        print_note(&format!(
            "{} of {} runs have no result yet",
            count(plan.len() - ids.len()),
            count(plan.len())
        ));
    }
    interrupt::listen().map_err(Failure::Run)?;
    let outcome = write(&dir, &ids, !args.no_provenance).map_err(Failure::Run)?;
    if outcome == Outcome::Done {
        print_line(&format!("{} runs in {}", count(ids.len()), dir.file(RUNS).display()));
        print_line(&format!("their curves in {}", dir.file(CURVES).display()));
    }
    Ok(outcome)
}

const RUNS: &str = "runs.parquet";
const CURVES: &str = "curves.parquet";

fn write(dir: &SweepDir, ids: &[&str], with_provenance: bool) -> Result<Outcome> {
    let mut runs = ParquetTable::create(&dir.file(RUNS), run_columns(with_provenance))?;
    let mut curves = ParquetTable::create(&dir.file(CURVES), curve_columns())?;
    for ids in ids.chunks(RUNS_PER_GROUP) {
        if interrupt::is_asked() {
            return Ok(Outcome::Interrupted);
        }
        let results = ids.par_iter().map(|id| dir.read_result(id)).collect::<Result<Vec<RunResult>>>()?;
        let rows: Vec<_> = results.iter().map(|result| run_row(result, with_provenance)).collect();
        runs.write_group(&rows)?;
        let rows: Vec<_> = results.iter().flat_map(curve_rows).collect();
        curves.write_group(&rows)?;
    }
    runs.finish()?;
    curves.finish()?;
    Ok(Outcome::Done)
}
