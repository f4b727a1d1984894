//! `grok reproduce`: train, analyse every checkpoint, say claim by claim whether the paper holds.

pub(super) mod analysis;
mod files;
pub(super) mod stored_run;

use std::path::PathBuf;

use clap::Args;

use super::args::SETTINGS_GROUP;
use super::output::{remark, say};
use super::train::{self, TrainArgs};
use super::{Failure, Outcome, interrupt};
use crate::analysis::verdict::{self, Evidence, RunRecord, Verdict};
use crate::config::{RunConfig, settings};
use crate::error::Result;
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

/// Checkpoints of a run that is made for its figures, unless the options say otherwise.
const N_CHECKPOINTS: usize = 400;

/// Trains unless the run is there, analyses it and writes the report.
///
/// # Errors
/// [`Failure::Input`] for whatever can be known before the first step, else [`Failure::Run`].
pub(super) fn run(mut args: ReproduceArgs) -> Result<Outcome, Failure> {
    let others = args.with.iter().map(|dir| StoredRun::read(dir)).collect::<Result<Vec<_>>>();
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
                say("the report is written when the run is complete; grok reproduce takes --resume too");
                return Ok(outcome);
            }
            (out.clone(), Failure::Run)
        }
    };
    let run = StoredRun::read(&run_dir).map_err(at_fault)?;
    run.last_checkpoint().map_err(at_fault)?;
    if run.last_step() < run.config.run.epochs {
        let (step, epochs) = (run.last_step(), run.config.run.epochs);
        remark(&format!("the last checkpoint is of step {step}, the run was to have {epochs}"));
    }
    say(&format!("analysing {} checkpoints", run.checkpoints.len()));
    let Some(mut analysis) = RunAnalysis::new(&run, interrupt::is_asked).map_err(at_fault)? else {
        say("stopped before the report was written");
        return Ok(Outcome::Interrupted);
    };
    analysis.other_seeds =
        others.iter().filter(|other| run.is_like(other)).map(|o| o.metrics.clone()).collect();
    let verdict = judge(&run, &analysis, &others);
    files::write(&out, &run, &analysis, &verdict).map_err(Failure::Run)?;
    say(&summary(&verdict));
    say(&format!("report: {}", out.join("report.html").display()));
    Ok(if verdict.broken().is_empty() { Outcome::Done } else { Outcome::Refuted })
}

/// Trains as `grok train` does, with checkpoints close enough for the figures.
fn train(args: &mut TrainArgs) -> Result<Outcome, Failure> {
    // A run that goes on keeps the cadence it was started with.
    if !args.resume && !args.settings.gives(&settings::CHECKPOINT_EVERY) {
        let run = args.settings.config().map_err(Failure::Input)?.run;
        args.settings.give(&settings::CHECKPOINT_EVERY, cadence(&run).to_string());
    }
    let outcome = train::run(args)?;
    if !args.resume {
        files::remove(&args.out).map_err(Failure::Run)?;
    }
    Ok(outcome)
}

/// A checkpoint for every so many steps: [`N_CHECKPOINTS`] in all, at steps that have metrics, and never
/// fewer than the run would have had.
fn cadence(run: &RunConfig) -> usize {
    let wanted = run.epochs.div_ceil(N_CHECKPOINTS).next_multiple_of(run.eval_every.max(1));
    wanted.min(run.checkpoint_every)
}

fn judge(run: &StoredRun, analysis: &RunAnalysis, others: &[StoredRun]) -> Verdict {
    Verdict::new(&Evidence {
        run: RunRecord { progress: &analysis.history, report: Some(&analysis.report), ..scores_of(run) },
        others: others.iter().map(scores_of).collect(),
    })
}

/// What a run says without its checkpoints.
fn scores_of(run: &StoredRun) -> RunRecord<'_> {
    RunRecord { config: &run.config, metrics: &run.metrics, progress: &[], report: None }
}

/// The verdict in a few lines.
fn summary(verdict: &Verdict) -> String {
    let count = |outcome| verdict.rows.iter().filter(|row| row.outcome == outcome).count();
    let (passed, failed) = (count(verdict::Outcome::Pass), count(verdict::Outcome::Fail));
    let mut lines = vec![format!(
        "claims: {passed} hold, {failed} do not, {} could not be judged",
        count(verdict::Outcome::NotApplicable)
    )];
    for row in verdict.rows.iter().filter(|row| row.outcome == verdict::Outcome::Fail) {
        let claim = row.claim();
        let weight = if claim.must_hold() { "fails" } else { "fails, and need not hold" };
        lines.push(format!("claim {} {weight}: {} {}", row.number, claim.text, cut(&row.measured)));
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

#[cfg(test)]
mod tests {
    use super::cadence;
    use crate::config::Preset;

    #[test]
    fn checkpoints_are_close_enough_for_the_figures_and_have_metrics() {
        let run = Preset::Paper.config().run;
        assert_eq!(cadence(&run), 100, "the published cadence");
        for preset in Preset::ALL {
            let run = preset.config().run;
            let every = cadence(&run);
            assert!(
                every <= run.checkpoint_every && run.epochs / every <= super::N_CHECKPOINTS,
                "{preset:?}"
            );
            assert!(every.is_multiple_of(run.eval_every), "{preset:?}: {every}");
        }
        let short = crate::config::RunConfig { epochs: 3, ..run };
        assert_eq!(cadence(&short), 10, "never 0");
    }
}
