//! `grok lead-times`: which measure saw grokking coming, in one run or over several.

use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use super::output::print_result;
use super::reproduce::stored_run::StoredRun;
use super::start::named;
use super::{Failure, Outcome};
use crate::analysis::checkpoint_measures::measure_all;
use crate::analysis::lead_times::{LeadSummary, RunLeads, summaries};
use crate::analysis::modular::attention::refinement::{Refinement, RunEnd, Settled};
use crate::analysis::modular::key_freqs::current_key_freqs;
use crate::analysis::progress::ProgressMeasures;
use crate::analysis::signals::{SIGNALS, SignalKind};
use crate::error::Result;
use crate::task::modular::ModularTask;

/// Options of `grok lead-times`.
#[derive(Debug, Args)]
pub(super) struct LeadTimesArgs {
    /// Directories of runs, with their checkpoints; a lead is as fine as these are
    #[arg(value_name = "RUN_DIR", required = true)]
    run_dirs: Vec<PathBuf>,
    /// Print everything as JSON, the distances to the last checkpoint among it
    #[arg(long)]
    json: bool,
}

/// What is said of one run.
#[derive(Debug, Serialize)]
struct RunTimes {
    /// Its directory, as it was given.
    run: String,
    /// When it generalised, and when each signal fired.
    #[serde(flatten)]
    leads: RunLeads,
    /// When the attention and the logits came near to where they end.
    settled: Settled,
    /// How far they were at each checkpoint.
    refinement: Vec<Refinement>,
}

/// What is said of all.
#[derive(Debug, Serialize)]
struct LeadTimesOutput {
    runs: Vec<RunTimes>,
    summary: Vec<LeadSummary>,
}

/// Compares.
///
/// # Errors
/// [`Failure::Input`] if a directory holds no run with checkpoints of this task, [`Failure::Run`] if the result cannot be
/// printed.
pub(super) fn run(args: &LeadTimesArgs) -> Result<Outcome, Failure> {
    let runs = args.run_dirs.iter().map(|dir| times_of(dir)).collect::<Result<Vec<_>>>();
    let runs = runs.map_err(Failure::Input)?;
    let leads: Vec<RunLeads> = runs.iter().map(|run| run.leads.clone()).collect();
    let all = LeadTimesOutput { summary: summaries(&leads), runs };
    let text = if args.json {
        serde_json::to_string_pretty(&all).expect("plain data with text keys")
    } else {
        text_of(&all)
    };
    print_result(&text).map_err(Failure::Run)?;
    Ok(Outcome::Done)
}

fn times_of(dir: &Path) -> Result<RunTimes> {
    let run = StoredRun::read(dir)?;
    let task = ModularTask::of(&run.config.data)?;
    let last = run.last_checkpoint()?;
    let last_weights = run.last_weights()?;
    let freqs = current_key_freqs(&last_weights);
    let end = RunEnd::new(&last_weights);
    let of_checkpoint = |(step, path): &(usize, PathBuf)| -> Result<((usize, ProgressMeasures), Refinement)> {
        let weights = run.weights(path)?;
        let measures = measure_all(&weights, &task, &freqs).map_err(|error| named(path, &error))?;
        let distance = end.distance(*step, &weights).map_err(|error| named(last, &error))?;
        Ok(((*step, measures), distance))
    };
    let taken = run.checkpoints.par_iter().map(of_checkpoint).collect::<Result<Vec<_>>>()?;
    let (history, refinement): (Vec<(usize, ProgressMeasures)>, Vec<Refinement>) = taken.into_iter().unzip();
    Ok(RunTimes {
        run: dir.display().to_string(),
        leads: RunLeads::new(&history, task.p),
        settled: Settled::of(&refinement),
        refinement,
    })
}

fn text_of(all: &LeadTimesOutput) -> String {
    let mut lines = Vec::new();
    for run in &all.runs {
        let step = |step: Option<usize>| step.map_or("never".to_owned(), |step| step.to_string());
        lines.push(run.run.clone());
        lines.push(format!("  test accuracy of 95 % at step {}", step(run.leads.reached_at)));
        let heads: Vec<String> = run.settled.attention.iter().map(|at| step(*at)).collect();
        let logits = step(run.settled.logits);
        lines.push(format!("  settled: attention of the heads {}; logits {logits}", heads.join(", ")));
    }
    lines.push(String::new());
    lines.push("Steps from test accuracy of 95 % to each signal's threshold; negative is before.".to_owned());
    lines.push(format!(
        "{:<26} {:<10} {:>8} {:>8} {:>8} {:>9} {:>12}",
        "signal", "kind", "median", "least", "most", "before", "false alarms"
    ));
    for (signal, summary) in SIGNALS.iter().zip(&all.summary) {
        let kind = match signal.kind {
            SignalKind::Live => "live",
            SignalKind::Hindsight => "hindsight",
            SignalKind::Null => "null",
        };
        let [median, least, most] = match summary.leads {
            Some(spread) => [spread.median, spread.least, spread.greatest].map(|steps| format!("{steps:+}")),
            None => ["-", "-", "-"].map(str::to_owned),
        };
        let before = format!("{} of {}", summary.n_before, summary.n_runs);
        lines.push(format!(
            "{:<26} {kind:<10} {median:>8} {least:>8} {most:>8} {before:>9} {:>12}",
            signal.id, summary.n_false_alarms
        ));
    }
    lines.join("\n")
}
