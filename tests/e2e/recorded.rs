//! The recorded run that the page opens on, read here from the repository.

use std::path::PathBuf;

use grokking_lab::analysis::modular::ablation::{Ablation, Ablator, FreqSelection, GridEdit};
use grokking_lab::analysis::modular::grid::Scores;
use grokking_lab::analysis::modular::marginals::GridTerms;
use grokking_lab::protocol::recording::Recording;
use grokking_lab::task::modular::ModularTask;

use crate::lab::Lab;

/// The recorded run, as it lies in the repository.
pub fn recording() -> Recording {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../www/data/recorded-run.grok");
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Recording::from_bytes(&bytes).expect("the repository's recording is whole")
}

/// The recorded run's last weights, and the strongest of their key frequencies.
pub fn recorded_model(recording: &Recording) -> (Ablator, usize) {
    let ablator = Ablator::with_own_freqs(&recording.weights.weights);
    let freq = ablator.key_freqs()[0];
    (ablator, freq)
}

/// The cut of a frequency's waves in the logits.
pub fn of_freq(freq: usize) -> Ablation {
    let logits = GridEdit { freqs: FreqSelection::Without(vec![freq]), terms: GridTerms::AllProducts };
    Ablation { logits, ..Ablation::default() }
}

/// What an ablation leaves of the recorded run's last weights.
pub fn left(ablator: &Ablator, recording: &Recording, ablation: &Ablation) -> Scores {
    ablator
        .scores(&ModularTask::of(&recording.config.data).unwrap(), ablation)
        .expect("the ablation fits the model")
}

/// What is left of the recorded run's last weights without the waves of a frequency in the logits.
pub fn without(ablator: &Ablator, recording: &Recording, freq: usize) -> Scores {
    left(ablator, recording, &of_freq(freq))
}

/// Whether a number on the page, which has four digits, is this one.
pub fn is_shown(shown: f64, expected: f64) -> bool {
    (shown - expected).abs() <= 6e-4 * expected
}

/// Fails unless a hook shows a number.
pub fn assert_shown(hook: &str, shown: f64, expected: f64) {
    assert!(is_shown(shown, expected), "{hook}: shown {shown}, computed {expected}");
}

/// Waits until the page is on the last step of the recorded run.
pub async fn open_on_the_recorded_run(lab: &Lab, recording: &Recording) {
    lab.wait_for_text("exhibit", "Recorded run").await;
    let last = recording.weights.step.expect("a recording tells its last step").to_string();
    lab.wait_for("cursor-step", "was the last step", |text| text == last).await;
    let end = recording.rows.last().expect("a recording has rows").evaluation;
    assert_shown("read-loss-test", lab.wait_for_number("read-loss-test").await, end.test_loss);
}
