//! `grok analyse`: the report on a file of weights.

use std::path::PathBuf;

use clap::Args;

use super::judged_report::{JudgedReport, verdict_on};
use super::output::{print_note, print_result};
use super::report_text::report_text;
use super::start::{named, read_weights_and_note};
use super::{Failure, Outcome};
use crate::analysis::modular::paper_experiment::paper_experiment_for;
use crate::analysis::modular::report::{self, Report};
use crate::config::{ExperimentConfig, ModularConfig, Preset, SplitRule, TaskConfig};
use crate::error::{LabError, Result};
use crate::task::modular::ModularTask;

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
    let (config, report) = analyse(args).map_err(Failure::Input)?;
    let text = if args.json {
        let judged = JudgedReport::judge(&report, &config, &[]);
        serde_json::to_string_pretty(&judged).expect("plain data with text keys")
    } else {
        let split = config.data.modular().map(|sums| format!(", split {}:{}", sums.split, sums.frac_train));
        let head = format!("{}{}", args.file.display(), split.unwrap_or_default());
        let verdict = verdict_on(&report, &config, &[]);
        format!("{head}\n{}\n{}", report_text(&report), verdict.headline())
    };
    print_result(&text).map_err(Failure::Run)?;
    Ok(Outcome::Done)
}

fn analyse(args: &AnalyseArgs) -> Result<(ExperimentConfig, Report)> {
    let (file, note) = read_weights_and_note(&args.file)?;
    let config = match file.config {
        Some(config) => config,
        None => paper_experiment_for(file.weights.shape()).map_err(|error| named(&args.file, &error))?,
    };
    let Some(mut data) = config.data.modular().cloned() else {
        let reason = format!(
            "the file is of a run of {}; the report is on models that learned sums a + b mod p",
            config.data.words()
        );
        return Err(LabError::content(args.file.display().to_string(), reason));
    };
    if let Some(text) = &args.split {
        let (rule, frac) = SplitRule::parse_with_frac(text)?;
        data.split = rule;
        data.frac_train = frac.unwrap_or(data.frac_train);
    }
    // The task alone: another program's model may have sizes that this one cannot train.
    ExperimentConfig { data: TaskConfig::Modular(data.clone()), ..Preset::Paper.config() }.validate()?;
    let report = report::analyse(&file.weights, &ModularTask::new(&data))
        .map_err(|error| named(&args.file, &error))?;
    if let Some(note) = note {
        let ModularConfig { split, frac_train, .. } = &data;
        print_note(&format!(
            "{note}; the pairs of the train set are taken to be {split}:{frac_train} (see --split)"
        ));
    }
    Ok((ExperimentConfig { data: TaskConfig::Modular(data), ..config }, report))
}
