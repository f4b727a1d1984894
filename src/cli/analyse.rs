//! `grok analyse`: the report on a file of weights.

use std::path::PathBuf;

use clap::Args;

use super::output::{print_result, remark};
use super::report_text::report_text;
use super::start::{named, read_weights_and_note};
use super::{Failure, Outcome};
use crate::analysis::paper_experiment::paper_experiment_for;
use crate::analysis::report::{self, Report};
use crate::config::{DataConfig, ExperimentConfig, Preset, SplitRule};
use crate::error::Result;
use crate::task::Task;

/// Options of `grok analyse`.
#[derive(Debug, Args)]
pub(super) struct AnalyseArgs {
    /// Weights in either layout: a checkpoint, a saved state, a capsule of the page, or another program's file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which pairs were trained on [default: what the file says, else python:0:0.3]
    #[arg(long)]
    split: Option<String>,
    /// Print the report as JSON, with everything in it
    #[arg(long)]
    json: bool,
}

/// Analyses.
///
/// # Errors
/// [`Failure::Input`] if the file holds no weights of this task or the split is malformed, [`Failure::Run`] if
/// the report cannot be printed.
pub(super) fn run(args: &AnalyseArgs) -> Result<Outcome, Failure> {
    let (data, report) = analyse(args).map_err(Failure::Input)?;
    let text = if args.json {
        serde_json::to_string_pretty(&report).expect("plain data with text keys")
    } else {
        let head = format!("{}, split {}:{}", args.file.display(), data.split, data.frac_train);
        format!("{head}\n{}", report_text(&report))
    };
    print_result(&text).map_err(Failure::Run)?;
    Ok(Outcome::Done)
}

fn analyse(args: &AnalyseArgs) -> Result<(DataConfig, Report)> {
    let (file, note) = read_weights_and_note(&args.file)?;
    let config = file.config.unwrap_or_else(|| paper_experiment_for(file.weights.shape()));
    let mut data = config.data;
    if let Some(text) = &args.split {
        let (rule, frac) = SplitRule::parse_with_frac(text)?;
        data.split = rule;
        data.frac_train = frac.unwrap_or(data.frac_train);
    }
    // The task alone: another program's model may have sizes that this one cannot train.
    ExperimentConfig { data: data.clone(), ..Preset::Paper.config() }.validate()?;
    let report =
        report::analyse(&file.weights, &Task::new(&data)).map_err(|error| named(&args.file, &error))?;
    if let Some(note) = note {
        let DataConfig { split, frac_train, .. } = data;
        remark(&format!(
            "{note}; the pairs of the train set are taken to be {split}:{frac_train} (see --split)"
        ));
    }
    Ok((data, report))
}
