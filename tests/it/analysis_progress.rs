//! Progress measures and phases.

use grokking_lab::analysis::checkpoint_measures::measure;
use grokking_lab::analysis::measure::{MEASURES, Need};
use grokking_lab::analysis::modular::key_freqs::current_key_freqs;
use grokking_lab::analysis::modular::report::analyse;
use grokking_lab::analysis::phases::{Boundary, Phases};
use grokking_lab::config::Activation;

use crate::analysis_models::{planted, random, shape, task};
use crate::analysis_reference::{published, reference_dir};

#[test]
fn measures_are_those_of_the_report() {
    let planted = planted(17, &[2, 5]);
    let random = random(&shape(13, 2, Activation::Gelu));
    let mut models = vec![(planted, task(17)), (random, task(13))];
    if let Some(dir) = reference_dir("measures_are_those_of_the_report on published weights") {
        models.push(published(&dir, 2));
    }
    for (weights, task) in models {
        let report = analyse(&weights, &task).unwrap();
        assert_eq!(current_key_freqs(&weights), report.key_freqs, "the current frequencies");
        let mut measures = measure(&weights, &task, &report.key_freqs).unwrap();
        let mut of_report = report.measures();
        // A report has besides what is measured when it is asked for, a checkpoint what only a run in time has.
        let is_asked = |id: &str| MEASURES.iter().any(|m| m.id == id && m.needs == Need::Asked);
        of_report.further.retain(|id, _| !is_asked(id));
        assert!(measures.further.remove("restricted_loss_moment").is_some());
        assert_eq!(measures, of_report, "the same numbers");
    }
}

#[test]
fn a_frequency_that_is_not_there_is_refused() {
    let refused = measure(&planted(17, &[3]), &task(17), &[9]).unwrap_err().to_string();
    assert!(refused.contains("for p = 17 there are 1 to 8"), "{refused}");
}

/// Reads two columns of a curve.
pub(crate) fn curve(dir: &std::path::Path, file: &str, column: &str) -> Vec<(usize, f64)> {
    let text =
        std::fs::read_to_string(dir.join("curves").join(file)).expect("GROK_REFERENCE_DIR holds curves/");
    let mut lines = text.lines();
    let place =
        lines.next().unwrap().split(',').position(|name| name == column).expect("a column of that name");
    let read = |line: &str| {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        (cells[0] as usize, cells[place])
    };
    lines.map(read).collect()
}

#[test]
fn the_papers_run_has_the_papers_phases() {
    let Some(dir) = reference_dir("the_papers_run_has_the_papers_phases") else { return };
    let excluded = curve(&dir, "mainline_excluded2D_full.csv", "excluded_full");
    let restricted = curve(&dir, "mainline_restricted.csv", "restricted_all");
    let test = curve(&dir, "mainline_restricted.csv", "test_loss");
    let sum_sq = curve(&dir, "mainline_sumsq_total.csv", "sum_sq_total");
    let points: Vec<Boundary> = (0..excluded.len())
        .map(|i| {
            assert!(
                [restricted[i].0, test[i].0, sum_sq[i].0] == [excluded[i].0; 3],
                "same steps in each file"
            );
            Boundary {
                step: excluded[i].0,
                excluded_loss: excluded[i].1,
                restricted_loss: restricted[i].1,
                test_loss: test[i].1,
                sum_sq_weights: sum_sq[i].1,
            }
        })
        .collect();
    let phases = Phases::of_points(&points);
    let steps = [phases.memorisation_end, phases.cleanup_start, phases.cleanup_end].map(|b| b.unwrap().step);
    // The paper's lines were drawn by eye, at 1.4k, 9.4k and 14k.
    for (step, (low, high)) in steps.into_iter().zip([(1_200, 1_600), (8_500, 10_000), (13_000, 15_000)]) {
        assert!((low..=high).contains(&step), "boundaries {steps:?}; this one belongs in {low} to {high}");
    }
}
