//! `grok reproduce`: train, analyse every checkpoint, say claim by claim whether the paper holds.

pub(super) mod analysis;
mod files;
pub(super) mod stored_run;

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::SETTINGS_GROUP;
use super::output::{print_line, print_note};
use super::train::{self, TrainArgs};
use super::{Failure, Outcome, interrupt};
use crate::analysis::checkpoint_measures::measure;
use crate::analysis::modular::key_freqs::current_key_freqs;
use crate::analysis::progress::ProgressMeasures;
use crate::analysis::verdict::Outcome::{Differs, Fails};
use crate::analysis::verdict::{Evidence, RunRecord, Verdict};
use crate::cli::start::named;
use crate::config::cadence::checkpoint_every_for_figures;
use crate::config::settings;
use crate::error::Result;
use crate::task::modular::ModularTask;
use analysis::RunAnalysis;
use stored_run::StoredRun;

/// Options of `grok reproduce`.
#[derive(Debug, Args)]
pub(super) struct ReproduceArgs {
    #[command(flatten)]
    train: TrainArgs,
    /// Analyse the run in this directory instead of training one; --out is then for the report alone
    #[arg(long, value_name = "RUN_DIR", conflicts_with_all = [SETTINGS_GROUP, "init", "resume"])]
    from: Option<PathBuf>,
    /// A further run: some claims are about others, for example one without weight decay, and figure 2 shows those
    /// with other seeds; may be repeated
    #[arg(long, value_name = "RUN_DIR")]
    with: Vec<PathBuf>,
}

/// Trains unless the run is there, analyses it and writes the report.
///
/// # Errors
/// [`Failure::Input`] for whatever can be known before the first step, else [`Failure::Run`].
pub(super) fn run(mut args: ReproduceArgs) -> Result<Outcome, Failure> {
    let others = args.with.iter().map(|dir| OtherRun::read(dir)).collect::<Result<Vec<_>>>();
    let others = others.map_err(Failure::Input)?;
    let out = args.train.out.clone();
    let (run_dir, at_fault): (_, fn(_) -> _) = match args.from.take() {
        Some(from) => {
            files::check_free(&out, &from, args.train.force).map_err(Failure::Input)?;
            interrupt::listen().map_err(Failure::Run)?;
            (from, Failure::Input)
        }
        None => {
            let outcome = train(&mut args.train)?;
            if outcome != Outcome::Done {
                print_line(
                    "the report is written when the run is complete; grok reproduce takes --resume too",
                );
                return Ok(outcome);
            }
            (out.clone(), Failure::Run)
        }
    };
    let run = StoredRun::read(&run_dir).map_err(at_fault)?;
    run.last_checkpoint().map_err(at_fault)?;
    if run.last_step() < run.config.run.epochs {
        let (step, epochs) = (run.last_step(), run.config.run.epochs);
        print_note(&format!("the last checkpoint is of step {step}, the run was to have {epochs}"));
    }
    print_line(&format!("analysing {} checkpoints", run.checkpoints.len()));
    let Some(mut analysis) = RunAnalysis::new(&run, interrupt::is_asked).map_err(at_fault)? else {
        print_line("stopped before the report was written");
        return Ok(Outcome::Interrupted);
    };
    analysis.other_seeds =
        others.iter().map(|other| &other.run).filter(|o| run.is_like(o)).map(|o| o.metrics.clone()).collect();
    let verdict = judge(&run, &analysis, &others);
    files::write(&out, &run, &analysis, &verdict).map_err(Failure::Run)?;
    print_line(&summary(&verdict));
    print_line(&format!("report: {}", out.join("report.html").display()));
    Ok(if verdict.broken().is_empty() { Outcome::Done } else { Outcome::Refuted })
}

/// Trains as `grok train` does, with checkpoints close enough for the figures.
fn train(args: &mut TrainArgs) -> Result<Outcome, Failure> {
    // A run that goes on keeps the cadence it was started with.
    if !args.resume && !args.settings.gives(&settings::CHECKPOINT_EVERY) {
        let run = args.settings.config().map_err(Failure::Input)?.run;
        args.settings.give(&settings::CHECKPOINT_EVERY, checkpoint_every_for_figures(&run).to_string());
    }
    let outcome = train::run(args)?;
    if !args.resume {
        files::remove(&args.out).map_err(Failure::Run)?;
    }
    Ok(outcome)
}

fn judge(run: &StoredRun, analysis: &RunAnalysis, others: &[OtherRun]) -> Verdict {
    Verdict::new(&Evidence {
        run: RunRecord { progress: &analysis.history, report: Some(&analysis.report), ..scores_of(run) },
        others: others
            .iter()
            .map(|other| RunRecord { progress: &other.last, ..scores_of(&other.run) })
            .collect(),
    })
}

/// What a run says without its checkpoints.
fn scores_of(run: &StoredRun) -> RunRecord<'_> {
    RunRecord { config: &run.config, metrics: &run.metrics, progress: &[], report: None }
}

/// A further run, and the measures of its last checkpoint if it has one.
struct OtherRun {
    run: StoredRun,
    last: Vec<(usize, ProgressMeasures)>,
}

impl OtherRun {
    fn read(dir: &Path) -> Result<Self> {
        let run = StoredRun::read(dir)?;
        let last = match run.last_checkpoint() {
            Err(_) => Vec::new(),
            Ok(path) => {
                let weights = run.weights(path)?;
                let task = ModularTask::of(&run.config.data)?;
                let measures = measure(&weights, &task, &current_key_freqs(&weights));
                vec![(run.last_step(), measures.map_err(|error| named(path, &error))?)]
            }
        };
        Ok(Self { run, last })
    }
}

/// The verdict in a few lines.
fn summary(verdict: &Verdict) -> String {
    let mut lines = vec![verdict.headline()];
    for row in verdict.rows.iter().filter(|row| matches!(row.outcome, Fails | Differs)) {
        let claim = row.claim();
        lines.push(format!(
            "claim {} {}: {} {}",
            row.number,
            row.outcome.words(),
            claim.text,
            cut(&row.deviation)
        ));
    }
    lines.join("\n")
}

/// The beginning of a long text.
fn cut(text: &str) -> String {
    const MOST: usize = 100;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}\u{2026}", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
