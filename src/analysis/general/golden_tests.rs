//! The losses of the golden runs of sequence tasks before their first update: batches, model and mean are PyTorch's.

use std::path::Path;

use super::GeneralAnalysis;
use crate::config::Preset;
use crate::model::safetensors::WeightsFile;
use crate::model::{ModelShape, Weights};
use crate::task::Dataset;

/// A golden run's first numbers: those of its first row in the file's order, without the step.
fn first_row(dir: &Path, name: &str) -> Vec<f64> {
    let text =
        std::fs::read_to_string(dir.join(format!("{name}.csv"))).expect("GROK_REFERENCE_DIR holds tasks/");
    let row = text.lines().nth(1).expect("a row");
    row.split(',').skip(1).map(|cell| cell.parse().expect("a number")).collect()
}

#[test]
fn first_losses_are_those_of_the_golden_runs() {
    let Some(dir) = std::env::var_os("GROK_REFERENCE_DIR") else {
        eprintln!("SKIPPED first_losses_are_those_of_the_golden_runs: GROK_REFERENCE_DIR is not set");
        return;
    };
    let dir = Path::new(&dir).join("tasks");
    for (name, preset) in [
        ("addition", Preset::AdditionSmall),
        ("skip", Preset::SkipTrigram),
        ("skip_finite", Preset::SkipTrigramFinite),
        ("induction", Preset::Induction),
    ] {
        let config = preset.config();
        let bytes = std::fs::read(dir.join(format!("{name}.init.safetensors"))).expect("initial weights");
        let values = WeightsFile::from_bytes(&bytes).expect("weights").weights.flat().to_vec();
        let weights = Weights::from_flat(ModelShape::new(&config.data, &config.model), values);
        let mut dataset = Dataset::new(&config.data);
        if name != "skip_finite" {
            dataset.test.truncate(2);
        }
        let found = GeneralAnalysis::new(&weights, &dataset).expect("the model fits");
        let mut losses = vec![found.loss.train];
        match name {
            // The loss of each digit of the sum.
            "addition" => losses.extend(found.positions.iter().map(|position| position.loss.train)),
            "skip_finite" => losses.push(found.loss.test),
            _ => {}
        }
        let expected = first_row(&dir, name);
        assert_eq!(losses.len(), expected.len(), "{name}");
        for (i, (loss, expected)) in losses.iter().zip(&expected).enumerate() {
            // The goldens have twelve digits.
            assert!(
                (loss - expected).abs() <= 1e-10 * expected,
                "{name}, number {i}: {loss}, not {expected}"
            );
        }
    }
}
