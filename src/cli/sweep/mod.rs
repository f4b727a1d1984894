//! `grok sweep`: many runs that differ in some settings. A plan names them, any number of processes carry them out, and
//! tables and a page compare them.
//!
//! No scheduler is known: `grok sweep run DIR --task I --of N` carries out a part of the plan, and whoever can hand out
//! the numbers I from 0 to N - 1 can spread a sweep over machines that share a directory. See docs/clusters.md.

mod run_groups;
mod estimate;
mod merge;
mod parquet_table;
mod plan_command;
mod report;
mod result_table;
mod run_command;
mod run_result;
mod slurm;
mod status;
mod sweep_dir;
mod varied_settings;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Failure, Outcome};

/// Options of `grok sweep`.
#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    #[command(subcommand)]
    command: SweepCommand,
}

#[derive(Debug, Subcommand)]
enum SweepCommand {
    /// Read a plan, make a directory for its runs and say how long they will take
    Plan(plan_command::PlanArgs),
    /// Carry out the runs of a sweep, or a part of them; what is there is kept, and a stopped run goes on
    Run(run_command::RunArgs),
    /// Say how many runs are finished, half done and still to do
    Status(DirArgs),
    /// Write runs.parquet and curves.parquet from the finished runs
    Merge(merge::MergeArgs),
    /// Write report.html: what the sweep shows, in one page
    Report(DirArgs),
}

/// The directory of a sweep.
#[derive(Debug, Args)]
struct DirArgs {
    /// The directory of the sweep
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Carries out what was asked for.
///
/// # Errors
/// [`Failure::Input`] for a plan or a directory that cannot be used, else [`Failure::Run`].
pub(super) fn run(args: &SweepArgs) -> Result<Outcome, Failure> {
    match &args.command {
        SweepCommand::Plan(args) => plan_command::run(args),
        SweepCommand::Run(args) => run_command::run(args),
        SweepCommand::Status(args) => status::run(&args.dir),
        SweepCommand::Merge(args) => merge::run(args),
        SweepCommand::Report(args) => report::run(&args.dir),
    }
}
