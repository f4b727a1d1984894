//! `grok evidence`: a run thinned to what the verdict is judged from.

use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;

use super::file_io::write_whole;
use super::output::print_line;
use super::reproduce::stored_run::StoredRun;
use super::start::named;
use super::{Failure, Outcome};
use crate::analysis::modular::report::analyse;
use crate::analysis::progress::ProgressMeasures;
use crate::analysis::verdict::kept_run::{KeptRun, kept_checkpoints};
use crate::config::SplitRule;
use crate::engine::{Evaluation, MetricsRow};
use crate::error::{LabError, Result};
use crate::task::modular::ModularTask;

/// Options of `grok evidence`.
#[derive(Debug, Args)]
pub(super) struct EvidenceArgs {
    /// The directory of a run, with its checkpoints
    #[arg(value_name = "RUN_DIR")]
    run_dir: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The run as it stood at this step, which must have a checkpoint [default: the last]
    #[arg(long, value_name = "STEP")]
    until: Option<usize>,
    /// Judge it as if it had been trained on the train set of this split; losses and accuracies are then those of the
    /// checkpoints
    #[arg(long, value_name = "SPLIT")]
    split: Option<SplitRule>,
    /// Replace the file if there is one
    #[arg(long)]
    force: bool,
}

/// Thins.
///
/// # Errors
/// [`Failure::Input`] if the directory holds no run, or the file is there already.
pub(super) fn run(args: &EvidenceArgs) -> Result<Outcome, Failure> {
    if args.out.exists() && !args.force {
        let reason = "the file exists; --force replaces it";
        return Err(Failure::Input(LabError::content(args.out.display().to_string(), reason)));
    }
    let kept = evidence(args).map_err(Failure::Input)?;
    let text = kept.to_json().map_err(Failure::Run)?;
    write_whole(&args.out, text.as_bytes()).map_err(Failure::Run)?;
    print_line(&format!("{} written, {} bytes", args.out.display(), text.len()));
    Ok(Outcome::Done)
}

fn evidence(args: &EvidenceArgs) -> Result<KeptRun> {
    let mut run = StoredRun::read(&args.run_dir)?;
    if let Some(until) = args.until {
        run.stop_at(until)?;
    }
    if let Some(split) = args.split {
        run.config.data.change_modular(|modular| modular.split = split);
    }
    let (task, last) = (ModularTask::of(&run.config.data)?, run.last_checkpoint()?);
    let report = analyse(&run.last_weights()?, &task).map_err(|error| named(last, &error))?;
    let steps: Vec<usize> = run.checkpoints.iter().map(|(step, _)| *step).collect();
    let kept = kept_checkpoints(&steps);
    let chosen = run.checkpoints.par_iter().filter(|(step, _)| kept.contains(step));
    let measures = chosen.map(|checkpoint| run.measures_of(checkpoint, &task, &report.key_freqs));
    let progress = measures.collect::<Result<Vec<_>>>()?;
    if args.split.is_some() {
        run.metrics = progress.iter().map(metrics_row).collect();
    }
    Ok(KeptRun::new(&run.config, &run.metrics, &progress, &report))
}

/// What a run writes down at a step, from the measures of its checkpoint.
fn metrics_row((step, measures): &(usize, ProgressMeasures)) -> MetricsRow {
    let (loss, accuracy) = (&measures.loss, measures.accuracy);
    let evaluation = Evaluation {
        train_loss: loss.train,
        test_loss: loss.test,
        train_accuracy: accuracy.map_or(f64::NAN, |accuracy| accuracy.train),
        test_accuracy: accuracy.map_or(f64::NAN, |accuracy| accuracy.test),
        softmax_collapse_fraction: None,
    };
    MetricsRow { step: *step, evaluation }
}
