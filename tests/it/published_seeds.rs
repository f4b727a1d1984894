//! Runs from the published initial weights end where the paper's did: kept records against the paper's numbers.

use std::fs;

use grokking_lab::analysis::modular::ablation::PaperAblation;
use grokking_lab::analysis::modular::report::Report;
use grokking_lab::analysis::verdict::Outcome;
use grokking_lab::analysis::verdict::kept_run::KeptRun;
use grokking_lab::config::{ExperimentConfig, Preset, SplitRule};
use grokking_lab::engine::folded::FoldedCpu;
use grokking_lab::engine::{Engine, Evaluation, TrainState};
use grokking_lab::model::init::initial_weights_of;
use grokking_lab::task::Dataset;
use pollster::block_on;

use crate::close::{Tolerance, assert_close};

/// The key frequencies that the paper names in section 4.1.
const KEY_FREQS: [(u32, &[usize]); 1] = [(0, &[14, 35, 41, 42, 52])];

fn kept(seed: u32) -> KeptRun {
    let path = format!("{}/tests/reference/published-seeds/seed-{seed}.json", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).expect("the record is part of the project");
    KeptRun::from_json(&text).expect("it was written by grok evidence")
}

fn config(seed: u32) -> ExperimentConfig {
    let mut config = Preset::Mainline.config();
    config.data.change_modular(|modular| modular.split = SplitRule::Python(seed));
    config.model.seed = seed;
    config
}

#[test]
fn the_networks_end_with_the_papers_key_frequencies() {
    for (seed, expected) in KEY_FREQS {
        let kept = kept(seed);
        let what =
            |config: &ExperimentConfig| (config.data.clone(), config.model.clone(), config.optim.clone());
        assert_eq!(what(&kept.config), what(&config(seed)), "seed {seed}");
        assert_eq!(kept.report.key_freqs, expected, "seed {seed}");
        let verdict = kept.verdict();
        println!("seed {seed}: {}", verdict.headline());
        for row in verdict.rows.iter().filter(|row| row.outcome == Outcome::Differs) {
            println!("seed {seed}, {}: {}", row.number, row.deviation);
        }
        let broken: Vec<usize> = verdict.broken().iter().map(|claim| claim.number).collect();
        assert_eq!(broken, [0; 0], "seed {seed}: no claim fails");
    }
}

/// The kept records are no fruit of another program: the first steps come out again.
#[test]
fn the_records_begin_as_the_runs_do() {
    for (seed, _) in KEY_FREQS {
        let (mut config, kept) = (config(seed), kept(seed));
        config.run.reproducible = true;
        let start = TrainState::start(initial_weights_of(&config));
        let mut engine =
            FoldedCpu::new(&config, &Dataset::new(&config.data), &start).expect("the model folds");
        let rows = kept.metrics();
        let first: Vec<_> = rows.iter().filter(|row| row.step <= 100).collect();
        assert!(first.len() > 5, "{} rows", first.len());
        for row in first {
            block_on(engine.train(row.step - engine.step())).expect("the CPU does not fail");
            let now = block_on(engine.evaluate()).expect("the CPU does not fail");
            let losses = |scores: Evaluation| [scores.train_loss, scores.test_loss];
            // Records keep six digits.
            let tolerance = Tolerance { absolute: 0.0, relative: 1e-5 };
            let what = format!("seed {seed}, step {}", row.step);
            assert_close(&what, &losses(now), &losses(row.evaluation), tolerance);
        }
    }
}

/// Table 1, section 4.4, figures 2 and 7, table 2 and appendix A.1 of the paper, beside the run from the same weights.
#[test]
fn the_main_run_has_the_numbers_of_the_paper() {
    let report: Report = kept(0).report;
    let within = |what: &str, ours: f64, paper: f64, relative: f64| {
        assert_close(what, &[ours], &[paper], Tolerance { absolute: 0.0, relative });
    };
    let fves: Vec<f64> = report.directions.iter().map(|direction| 100.0 * direction.fve).collect();
    let table_1 = [93.2, 93.5, 96.8, 96.5, 97.0, 97.0, 96.4, 96.4, 97.4, 98.2];
    assert_close("table 1, %", &fves, &table_1, Tolerance { absolute: 0.5, relative: 0.0 });
    let heads: Vec<usize> = report.attention.iter().map(|head| head.freq).collect();
    assert_eq!(heads, [35, 42, 52, 42], "table 2: the frequency of each head");
    within("cosine of k = 14", report.alpha[&14], 5.86, 0.02);
    within("final train loss", report.loss.train, 9.9e-8, 0.02);
    within("final test loss", report.loss.test, 3.0e-7, 0.1);
    within("sum of squared weights", report.sum_sq_weights.total, 955.0, 0.01);
    within("excluded loss", report.excluded_loss.train, 6.0, 0.05);
    within("restricted loss", report.restricted_loss.all, 5.55e-8, 0.05);
    within("loss of the cosines", report.cosine_fit_loss, 4.7e-8, 0.1);
    within("without the MLP's skip", report.ablations.losses[PaperAblation::ZeroMlpSkip], 9.12e-7, 0.05);
    within("with its mean", report.ablations.losses[PaperAblation::MeanMlpSkip], 7.25e-7, 0.05);
    within("without the heads", report.ablations.losses[PaperAblation::ZeroAttention], 24.3, 0.1);
    let n_clustered = report.neurons.clustered as f64;
    within("neurons of one frequency", n_clustered, 433.0, 0.1);
}
