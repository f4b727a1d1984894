//! The numbers in the text that are the run's on show: what each is, how it is computed, and the paper's. Pure.

use crate::analysis::measure::SUM_SQ_WEIGHTS;
use crate::analysis::modular::ablation::{PAPER_LOSS_UNABLATED, PaperAblation};
use crate::analysis::modular::report::Report;
use crate::config::ModularConfig;
use crate::engine::{Evaluation, MetricsRow};
use crate::maths::fourier::n_freqs;
use crate::model::ModelShape;
use crate::ui::state::format::{count, number, percent};
use crate::ui::state::run_view::RunView;
use crate::ui::state::story::{grok_moment, memorised};

/// A number of the run on show.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunNumber {
    read: Read,
    /// What the sentence says instead, and why.
    missing: &'static str,
    /// The paper's; empty where there is nothing to compare.
    pub(super) paper: &'static str,
}

/// How it is read off a run: in words, or none while the run does not have it.
#[derive(Debug, Clone, Copy)]
enum Read {
    /// By a function.
    With(fn(&RunView) -> Option<String>),
    /// It is the loss that an ablation of the last weights leaves.
    Ablation(PaperAblation),
}

impl RunNumber {
    /// The run's number, or what stands in its place.
    pub(super) fn words(&self, run: Option<&RunView>) -> std::result::Result<String, &'static str> {
        let read = |run| match self.read {
            Read::With(read) => read(run),
            Read::Ablation(ablation) => ablated(run, ablation),
        };
        run.and_then(read).ok_or(self.missing)
    }
}

/// A loss below this counts as nothing.
const MILLIONTH: f64 = 1e-6;
/// A loss below this is far better than a guess, in nats.
const LOW_LOSS: f64 = 1.0;

const NO_STEP: &str = "a step that this run has not reached";
const NO_REPORT: &str = "a number that this run does not have, for no weights of it were analysed";
const NO_MEASURES: &str = "a number that this run does not have, for it is too short or was not analysed";
const NO_ROWS: &str = "a number that this run does not have yet";
const OTHER_TASK: &str = "a number that this run does not have, for it learns another task";

const fn of_run(
    read: fn(&RunView) -> Option<String>,
    missing: &'static str,
    paper: &'static str,
) -> RunNumber {
    RunNumber { read: Read::With(read), missing, paper }
}

fn modular(run: &RunView) -> Option<&ModularConfig> {
    run.config.data.modular()
}

/// The report on the run's last weights.
fn report(run: &RunView) -> Option<&Report> {
    let analysed = run.snapshots.last_key_value().and_then(|(_, snapshot)| snapshot.report());
    analysed.or_else(|| run.reports.last_key_value().map(|(_, report)| &**report))
}

fn step(step: usize) -> String {
    format!("step {}", count(step))
}

/// The step of the first row that is as asked for.
fn first_step(run: &RunView, is_met: impl Fn(&MetricsRow) -> bool) -> Option<String> {
    run.rows.iter().find(|row| is_met(row)).map(|row| step(row.step))
}

fn last(run: &RunView, of: fn(&Evaluation) -> f64) -> Option<f64> {
    run.rows.last().map(|row| of(&row.evaluation))
}

fn ablated(run: &RunView, ablation: PaperAblation) -> Option<String> {
    report(run).map(|report| number(report.ablations.losses[ablation])).filter(|words| words != "NaN")
}

/// The sum of squared weights at the analysed step nearest to one.
fn sum_sq_at(run: &RunView, step: usize) -> Option<String> {
    run.measures_near(step).and_then(|(_, measures)| SUM_SQ_WEIGHTS.value(measures)).map(number)
}

/// The smallest excluded loss and its step.
fn least_excluded(run: &RunView) -> Option<(usize, f64)> {
    let losses = run.progress.iter().map(|(step, measures)| (*step, measures.excluded_loss.train));
    let found = losses.filter(|(_, loss)| loss.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1));
    // Before the end of memorisation the least so far is no minimum.
    found.filter(|_| run.phases.memorisation_end.is_some())
}

pub(super) const P: RunNumber = of_run(|run| modular(run).map(|m| m.p.to_string()), OTHER_TASK, "113");
pub(super) const N_PAIRS: RunNumber =
    of_run(|run| modular(run).map(|m| count(m.n_pairs())), OTHER_TASK, "12,769");
pub(super) const N_TRAIN: RunNumber =
    of_run(|run| modular(run).map(|m| count(m.n_train())), OTHER_TASK, "3,830");
pub(super) const N_TEST: RunNumber =
    of_run(|run| modular(run).map(|m| count(m.n_pairs() - m.n_train())), OTHER_TASK, "8,939");
pub(super) const TRAIN_PART: RunNumber =
    of_run(|run| modular(run).map(|m| percent(m.frac_train)), OTHER_TASK, "30 %");
pub(super) const GUESS_LOSS: RunNumber =
    of_run(|run| modular(run).map(|m| number((m.p as f64).ln())), OTHER_TASK, "4.73");
pub(super) const N_FREQS: RunNumber =
    of_run(|run| modular(run).map(|m| n_freqs(m.p).to_string()), OTHER_TASK, "56");

pub(super) const D_MODEL: RunNumber =
    of_run(|run| Some(run.config.model.d_model.to_string()), NO_ROWS, "128");
pub(super) const N_HEADS: RunNumber = of_run(|run| Some(run.config.model.n_heads.to_string()), NO_ROWS, "4");
pub(super) const D_HEAD: RunNumber = of_run(
    |run| run.config.model.d_model.checked_div(run.config.model.n_heads).map(|width| width.to_string()),
    NO_ROWS,
    "32",
);
pub(super) const D_MLP: RunNumber = of_run(|run| Some(run.config.model.d_mlp.to_string()), NO_ROWS, "512");
pub(super) const N_PARAMS: RunNumber = of_run(
    |run| ModelShape::new(&run.config.data, &run.config.model).checked_n_values().map(count),
    NO_ROWS,
    "226,816",
);
pub(super) const LR: RunNumber = of_run(|run| Some(run.config.optim.lr.to_string()), NO_ROWS, "0.001");
pub(super) const WEIGHT_DECAY: RunNumber =
    of_run(|run| Some(run.config.optim.weight_decay.to_string()), NO_ROWS, "1");

pub(super) const MEMORISED: RunNumber = of_run(
    |run| memorised(run).map(|row| step(row.step)),
    "a step that this run has not reached: it has not memorised",
    "step 200",
);
pub(super) const TEST_ACCURACY_THEN: RunNumber = of_run(
    |run| memorised(run).map(|row| percent(row.evaluation.test_accuracy)),
    "a part that is not known yet, for this run has not memorised,",
    "",
);
pub(super) const UNMIRRORED_THEN: RunNumber = of_run(
    |run| {
        let from = memorised(run)?.step;
        let (_, snapshot) = run.snapshots.range(from..).next()?;
        let scores = snapshot.report()?.held_out?.unmirrored;
        Some(format!("{} of them at {}", percent(scores.accuracy), step(snapshot.step)))
    },
    "a part that is not known of this run",
    "",
);
pub(super) const GROKS: RunNumber = of_run(
    |run| grok_moment(run).map(|row| step(row.step)),
    "a step that this run has not reached: it has not grokked",
    "step 10,000",
);
pub(super) const TEST_LOSS_BEFORE: RunNumber = of_run(
    |run| {
        let start = run.phases.cleanup_start?;
        Some(format!("{} at {}", number(start.test_loss), step(start.step)))
    },
    "a number that this run does not have, for its cleanup has not begun",
    "4 at step 9,400",
);
pub(super) const TEST_LOSS_LAST: RunNumber = of_run(
    |run| Some(format!("{} at {}", number(last(run, |e| e.test_loss)?), step(run.rows.last()?.step))),
    NO_ROWS,
    "less than a millionth at step 14,000",
);
pub(super) const TRAIN_LOSS_GONE: RunNumber =
    of_run(|run| first_step(run, |row| row.evaluation.train_loss < MILLIONTH), NO_STEP, "step 1,200");
pub(super) const TEST_LOSS_LARGEST: RunNumber = of_run(
    |run| {
        let losses = run.rows.iter().map(|row| row.evaluation.test_loss).filter(|loss| loss.is_finite());
        losses.reduce(f64::max).map(number)
    },
    NO_ROWS,
    "25.8",
);
pub(super) const TEST_LOSS_LOW: RunNumber = of_run(
    |run| {
        // Weights that predict nothing may be below it, too.
        let from = memorised(run)?.step;
        first_step(run, |row| row.step > from && row.evaluation.test_loss < LOW_LOSS)
    },
    NO_STEP,
    "step 9,900",
);
pub(super) const SUM_SQ_FIRST: RunNumber = of_run(|run| sum_sq_at(run, 0), NO_MEASURES, "1,783");
pub(super) const SUM_SQ_MEMORISED: RunNumber =
    of_run(|run| sum_sq_at(run, memorised(run)?.step), NO_MEASURES, "3,650");

pub(super) const MEMORISATION_END: RunNumber =
    of_run(|run| run.phases.memorisation_end.map(|end| step(end.step)), NO_STEP, "step 1,400");
pub(super) const CLEANUP_START: RunNumber =
    of_run(|run| run.phases.cleanup_start.map(|end| step(end.step)), NO_STEP, "step 9,400");
pub(super) const CLEANUP_END: RunNumber =
    of_run(|run| run.phases.cleanup_end.map(|end| step(end.step)), NO_STEP, "step 14,000");
pub(super) const EXCLUDED_FORMED: RunNumber = of_run(
    |run| {
        let (from, to) = (run.phases.memorisation_end?, run.phases.cleanup_start?);
        Some(format!("from {} to {}", number(from.excluded_loss), number(to.excluded_loss)))
    },
    "by an amount that this run has not reached",
    "from 0.3 to 11.6",
);
pub(super) const RESTRICTED_FORMED: RunNumber = of_run(
    |run| {
        let (from, to) = (run.phases.memorisation_end?, run.phases.cleanup_start?);
        Some(format!("from {} to {}", number(from.restricted_loss), number(to.restricted_loss)))
    },
    "by an amount that this run has not reached",
    "from 3 to less than 0.01",
);
pub(super) const SUM_SQ_CLEANED: RunNumber = of_run(
    |run| {
        let (from, to) = (run.phases.cleanup_start?, run.phases.cleanup_end?);
        Some(format!("from {} to {}", number(from.sum_sq_weights), number(to.sum_sq_weights)))
    },
    "by an amount that this run has not reached",
    "from 2,001 to 995",
);

pub(super) const RESTRICTED_LOW: RunNumber = of_run(
    |run| {
        let low = run.progress.iter().find(|(_, measures)| measures.restricted_loss.all < LOW_LOSS);
        low.map(|(at, _)| step(*at))
    },
    NO_STEP,
    "step 6,000",
);
pub(super) const EXCLUDED_LEAST: RunNumber = of_run(
    |run| least_excluded(run).map(|(at, loss)| format!("{} at its lowest, at {}", number(loss), step(at))),
    NO_MEASURES,
    "0.31 near step 1,330",
);
pub(super) const EXCLUDED_LARGEST: RunNumber = of_run(
    |run| {
        let (from, _) = least_excluded(run)?;
        let after = run.progress.iter().filter(|(at, _)| *at >= from);
        after.map(|(_, measures)| measures.excluded_loss.train).reduce(f64::max).map(number)
    },
    NO_MEASURES,
    "13.4",
);

pub(super) const KEY_FREQS: RunNumber = of_run(
    |run| {
        let freqs: Vec<String> = report(run)?.key_freqs.iter().map(usize::to_string).collect();
        // More than this are no few that stand out.
        (freqs.len() <= 12).then(|| freqs.join(", "))
    },
    "too many to name, or not known, for this run has not grokked or was not analysed",
    "14, 35, 41, 42 and 52",
);
pub(super) const N_KEY_FREQS: RunNumber =
    of_run(|run| report(run).map(|report| report.key_freqs.len().to_string()), NO_REPORT, "5");
pub(super) const N_COMPONENTS: RunNumber = of_run(
    // Cosine or sine of a with cosine or sine of b, for each key frequency.
    |run| report(run).map(|report| (4 * report.key_freqs.len()).to_string()),
    NO_REPORT,
    "20",
);
pub(super) const LOGIT_FVE: RunNumber =
    of_run(|run| report(run).map(|report| percent(report.logit_fve)), NO_REPORT, "95 %");
pub(super) const LOSS_ALL: RunNumber =
    of_run(|run| report(run).map(|report| number(report.loss.all)), NO_REPORT, PAPER_LOSS_UNABLATED);
pub(super) const COSINE_FIT_LOSS: RunNumber =
    of_run(|run| report(run).map(|report| number(report.cosine_fit_loss)), NO_REPORT, "4.7e-8");
pub(super) const N_CLUSTERED: RunNumber =
    of_run(|run| report(run).map(|report| report.neurons.clustered.to_string()), NO_REPORT, "433");
pub(super) const TRAIN_LOSS_LAST: RunNumber =
    of_run(|run| report(run).map(|report| number(report.loss.train)), NO_REPORT, "1e-7");
pub(super) const WITHOUT_ONE_FREQ: RunNumber = of_run(
    |run| {
        let losses = report(run)?.excluded_loss.per_freq.values().copied();
        let (least, most) = losses.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), v| (l.min(v), m.max(v)));
        (least <= most).then(|| format!("between {} and {}", number(least), number(most)))
    },
    NO_REPORT,
    "between 2.8e-4 and 7.2e-2",
);

/// The loss that an ablation leaves, over all pairs.
pub(super) fn ablation_loss(ablation: PaperAblation) -> RunNumber {
    RunNumber { read: Read::Ablation(ablation), missing: NO_REPORT, paper: ablation.paper_loss() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::Preset;
    use crate::ui::state::run_view_sample::{measures, run_view, snapshot};

    /// A run that memorises at step 10 and groks at step 30.
    fn run() -> RunView {
        let mut run = run_view(5);
        for (i, (train, test)) in
            [(0.1, 0.1), (1.0, 0.2), (1.0, 0.3), (1.0, 0.96), (1.0, 1.0)].iter().enumerate()
        {
            let evaluation = &mut run.rows[i].evaluation;
            (evaluation.train_accuracy, evaluation.test_accuracy) = (*train, *test);
            evaluation.test_loss = [2.0, 9.0, 7.0, 0.5, 0.25][i];
        }
        run.progress = vec![(0, measures(5.0)), (20, measures(0.75))];
        run.snapshots.insert(40, Arc::new(snapshot(40)));
        run
    }

    #[test]
    fn the_numbers_are_those_of_the_run_on_show() {
        let run = run();
        let says = |number: RunNumber| number.words(Some(&run)).unwrap_or_else(str::to_owned);
        assert_eq!(
            (says(P), says(N_PAIRS), says(N_TRAIN), says(N_TEST)),
            ("7".into(), "49".into(), "34".into(), "15".into())
        );
        assert_eq!((says(MEMORISED), says(TEST_ACCURACY_THEN)), ("step 10".into(), "20.00 %".into()));
        assert_eq!((says(GROKS), says(TEST_LOSS_LOW)), ("step 30".into(), "step 30".into()));
        assert_eq!(
            (says(TEST_LOSS_LARGEST), says(TEST_LOSS_LAST)),
            ("9.000".into(), "0.2500 at step 40".into())
        );
        assert_eq!((says(SUM_SQ_FIRST), says(RESTRICTED_LOW)), ("5.000".into(), "step 20".into()));
        assert_eq!(says(GUESS_LOSS), "1.946", "ln 7");
        let report = run.snapshots[&40].report().expect("a model that adds");
        assert_eq!(says(LOSS_ALL), number(report.loss.all));
        let kept = says(ablation_loss(PaperAblation::KeepKeyComponents));
        assert_eq!(kept, number(report.ablations.losses[PaperAblation::KeepKeyComponents]));
        assert_eq!(says(N_COMPONENTS), (4 * report.key_freqs.len()).to_string());
    }

    #[test]
    fn what_the_run_does_not_have_is_said() {
        let short = RunView::own(Preset::Tiny.config());
        for number in
            [MEMORISED, GROKS, TEST_LOSS_BEFORE, TRAIN_LOSS_GONE, CLEANUP_END, EXCLUDED_LEAST, LOGIT_FVE]
        {
            let missing = number.words(Some(&short)).expect_err("the run has only begun");
            assert!(missing.contains("this run"), "{missing}");
            assert_eq!(number.words(None), Err(missing), "nor without a run");
        }
        assert_eq!(N_TRAIN.words(Some(&short)).as_deref(), Ok("34"), "its settings are known");
        let missing = GROKS.words(Some(&run_view(4))).expect_err("it only memorised");
        assert!(missing.contains("not grokked"), "{missing}");
    }
}
