//! The examples of the paper's sequence tasks against the golden runs: the first sequences, and the losses before the
//! first update, which need all examples, the model and the mean over what counts.

use std::path::{Path, PathBuf};

use grokking_lab::analysis::general::GeneralAnalysis;
use grokking_lab::config::Preset;
use grokking_lab::model::safetensors::WeightsFile;
use grokking_lab::model::{ModelShape, Weights};
use grokking_lab::task::Dataset;

use crate::analysis_reference::reference_dir;
use crate::close::{Tolerance, assert_close};

/// The golden runs and the presets that have their settings.
const GOLDENS: [(&str, Preset); 4] = [
    ("addition", Preset::AdditionSmall),
    ("skip", Preset::SkipTrigram),
    ("skip_finite", Preset::SkipTrigramFinite),
    ("induction", Preset::Induction),
];

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn golden_dir(test: &str) -> Option<PathBuf> {
    reference_dir(test).map(|dir| dir.join("tasks"))
}

#[test]
fn the_first_sequences_are_those_of_the_published_generators() {
    let Some(dir) = golden_dir("task_batches: first sequences") else { return };
    for (name, preset) in GOLDENS {
        let golden: serde_json::Value =
            serde_json::from_slice(&read(&dir.join(format!("{name}.json")))).expect("a golden file is JSON");
        let rows: Vec<Vec<u32>> = serde_json::from_value(golden["first_two_rows"].clone()).expect("two rows");
        let train = Dataset::new(&preset.config().data).train;
        for (i, row) in rows.iter().enumerate() {
            assert_eq!(train.tokens(i), row, "row {i} of {name}");
        }
        assert_eq!(rows.len(), 2, "{name}");
    }
}

/// The first row of a golden file, without the step.
fn first_row(dir: &Path, name: &str) -> Vec<f64> {
    let text = String::from_utf8(read(&dir.join(format!("{name}.csv")))).expect("text");
    let row = text.lines().nth(1).expect("a row");
    row.split(',').skip(1).map(|cell| cell.parse().expect("a number")).collect()
}

#[test]
fn losses_before_the_first_update_are_those_of_the_golden_runs() {
    let Some(dir) = golden_dir("task_batches: losses before the first update") else { return };
    for (name, preset) in GOLDENS {
        let config = preset.config();
        let file = WeightsFile::from_bytes(&read(&dir.join(format!("{name}.init.safetensors"))));
        let values = file.expect("initial weights").weights.flat().to_vec();
        let weights = Weights::from_flat(ModelShape::new(&config.data, &config.model), values);
        let mut dataset = Dataset::new(&config.data);
        // The test sets of the other golden runs are not known.
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
        // The goldens have twelve digits.
        let tolerance = Tolerance { absolute: 0.0, relative: 1e-10 };
        assert_close(name, &losses, &first_row(&dir, name), tolerance);
    }
}
