//! The verdict on the run that the page opens on, from the recording alone.

use grokking_lab::analysis::modular::report::analyse;
use grokking_lab::analysis::verdict::{Evidence, Outcome, RunRecord, Verdict};
use grokking_lab::protocol::recording::Recording;
use grokking_lab::task::modular::ModularTask;

#[test]
fn the_run_of_the_page_shows_what_the_paper_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/www/data/recorded-run.grok");
    let recording = Recording::from_bytes(&std::fs::read(path).unwrap()).unwrap();
    let report =
        analyse(&recording.weights.weights, &ModularTask::of(&recording.config.data).unwrap()).unwrap();
    let run = RunRecord {
        config: &recording.config,
        metrics: &recording.rows,
        progress: &recording.progress,
        report: Some(&report),
    };
    let verdict = Verdict::new(&Evidence { run, others: Vec::new() });
    for row in &verdict.rows {
        println!("seed 0, {}: {:?} {} | {}", row.number, row.outcome, row.measured, row.deviation);
    }
    let of = |outcome: Outcome| -> Vec<usize> {
        verdict.rows.iter().filter(|row| row.outcome == outcome).map(|row| row.number).collect()
    };
    assert_eq!(of(Outcome::Fails), [0; 0]);
    assert_eq!(of(Outcome::NotApplicable), [21, 29, 30, 31, 32, 33, 34]);
}
