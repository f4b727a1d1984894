//! `grok patch`: what a replaced activation does to the answers, beside its controls.

use std::path::PathBuf;

use clap::Args;

use super::output::{print_note, print_result};
use super::start::{named, read_weights_and_note};
use super::{Failure, Outcome};
use crate::analysis::modular::paper_experiment::paper_experiment_for;
use crate::analysis::modular::patching::{PatchReport, hooks, patch};
use crate::config::{ExperimentConfig, Preset};
use crate::error::{LabError, Result};
use crate::format::{number, percent};
use crate::task::modular::ModularTask;

/// Options of `grok patch`.
#[derive(Debug, Args)]
pub(super) struct PatchArgs {
    /// Weights in either layout: a checkpoint, a saved state, a capsule of the page, or another program's file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The activation to replace, as TransformerLens names it [default: blocks.L.hook_resid_post of the last block]
    #[arg(long, value_name = "NAME")]
    hook: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Patches.
///
/// # Errors
/// [`Failure::Input`] if the file holds no weights of this task or there is no such activation, [`Failure::Run`] if the
/// result cannot be printed.
pub(super) fn run(args: &PatchArgs) -> Result<Outcome, Failure> {
    let report = patched(args).map_err(Failure::Input)?;
    let text = if args.json {
        serde_json::to_string_pretty(&report).expect("plain data with text keys")
    } else {
        text_of(&report)
    };
    print_result(&text).map_err(Failure::Run)?;
    Ok(Outcome::Done)
}

fn patched(args: &PatchArgs) -> Result<PatchReport> {
    let (file, note) = read_weights_and_note(&args.file)?;
    let config = match file.config {
        Some(config) => config,
        None => paper_experiment_for(file.weights.shape()).map_err(|error| named(&args.file, &error))?,
    };
    // The task alone: another program's model may have sizes that this one cannot train.
    ExperimentConfig { data: config.data.clone(), ..Preset::Paper.config() }.validate()?;
    let task = ModularTask::of(&config.data)?;
    let allowed = hooks(file.weights.shape().n_layers);
    let hook = match &args.hook {
        None => allowed[allowed.len() - 1],
        Some(name) => {
            let found = allowed.iter().find(|hook| hook.to_string() == *name);
            let names = || allowed.map(|hook| hook.to_string()).join(", ");
            *found.ok_or_else(|| LabError::setting("hook", name, format!("allowed are {}", names())))?
        }
    };
    if let Some(note) = note {
        print_note(&note);
    }
    patch(&file.weights, &task, hook).map_err(|error| named(&args.file, &error))
}

fn text_of(report: &PatchReport) -> String {
    let PatchReport { hook, n_pairs, accuracy, effects } = report;
    let mut lines = vec![
        format!(
            "{hook} at \"=\" on {n_pairs} held-out pairs, accuracy without a patch {}",
            percent(*accuracy)
        ),
        format!("{:<30} {:>12} {:>10} {:>20}", "replaced by", "KL (nats)", "accuracy", "answers the donor's"),
    ];
    lines.extend(effects.iter().map(|effect| {
        let donor = effect.donor_accuracy.map_or("-".to_owned(), percent);
        let words = effect.replacement.words();
        format!("{words:<30} {:>12} {:>10} {donor:>20}", number(effect.kl_nats), percent(effect.accuracy))
    }));
    lines.join("\n")
}
