//! The report on published weights equals the reference, key by key.
//!
//! The references (three fully grokked models of Chughtai, Chan and Nanda 2023, and reports on them made
//! with other code) are not part of this repository: GROK_REFERENCE_DIR names their folder.

use std::path::PathBuf;

use grokking_lab::analysis::checkpoint_measures::measure_all;
use grokking_lab::analysis::measure::{DISTANCE_IRRELEVANCE, GRADIENT_SYMMETRICITY, Measure};
use grokking_lab::analysis::modular::key_freqs::current_key_freqs;
use grokking_lab::analysis::modular::report::{Report, analyse};
use grokking_lab::config::{ModularConfig, SplitRule};
use grokking_lab::model::Weights;
use grokking_lab::model::safetensors::WeightsFile;
use grokking_lab::task::modular::ModularTask;
use serde_json::Value;

/// The folder of the references, or a loud word that there is none.
pub(crate) fn reference_dir(test: &str) -> Option<PathBuf> {
    let dir = std::env::var_os("GROK_REFERENCE_DIR").map(PathBuf::from);
    if dir.is_none() {
        eprintln!("SKIPPED {test}: GROK_REFERENCE_DIR is not set, nothing was compared");
    }
    dir
}

/// One of the three published models and the split it was trained on.
pub(crate) fn published(dir: &std::path::Path, seed: u32) -> (Weights, ModularTask) {
    let path = dir.join(format!("weights/c113_T_seed{seed}.safetensors"));
    let bytes = std::fs::read(&path).expect("GROK_REFERENCE_DIR holds weights/");
    let data = ModularConfig { p: 113, frac_train: 0.3, split: SplitRule::Torch(seed) };
    (WeightsFile::from_bytes(&bytes).unwrap().weights, ModularTask::new(&data))
}

/// How exactly a number of the report must be met, by where it stands.
fn relative_tolerance(path: &str) -> f64 {
    if path.starts_with("/ablations") { 1e-5 } else { 1e-6 }
}

fn compare(path: &str, ours: &Value, reference: &Value) {
    match reference {
        Value::Object(entries) => {
            for (key, reference) in entries {
                let below = format!("{path}/{key}");
                let ours = ours.get(key).unwrap_or_else(|| panic!("{below} is not in the report"));
                compare(&below, ours, reference);
            }
        }
        Value::Array(items) => {
            let ours = ours.as_array().unwrap_or_else(|| panic!("{path} is not a list"));
            assert_eq!(ours.len(), items.len(), "{path}: number of entries");
            for (i, (ours, reference)) in ours.iter().zip(items).enumerate() {
                compare(&format!("{path}/{i}"), ours, reference);
            }
        }
        Value::Number(number) if number.is_f64() => {
            let (ours, expected) = (ours.as_f64().unwrap_or(f64::NAN), number.as_f64().unwrap());
            let tolerance = relative_tolerance(path) * expected.abs();
            assert!((ours - expected).abs() <= tolerance, "{path}: {ours} instead of {expected}");
        }
        exact => assert_eq!(ours, exact, "{path}"),
    }
}

#[test]
fn every_key_equals_the_reference() {
    let Some(dir) = reference_dir("every_key_equals_the_reference") else { return };
    for seed in 1..=3 {
        let (weights, task) = published(&dir, seed);
        let report = analyse(&weights, &task).unwrap();
        let text = std::fs::read_to_string(dir.join(format!("c113_T_seed{seed}.report.json"))).unwrap();
        let ours = serde_json::to_value(&report).unwrap();
        compare("", &ours, &serde_json::from_str(&text).unwrap());
        let back: Report = serde_json::from_value(ours).unwrap();
        assert_eq!(back, report, "the report comes back from JSON");
    }
}

#[test]
fn two_measures_agree_that_the_published_models_add_by_a_clock() {
    let test = "two_measures_agree_that_the_published_models_add_by_a_clock";
    let Some(dir) = reference_dir(test) else { return };
    for (seed, symmetricity, irrelevance) in [(1, 0.385, 0.826), (2, 0.239, 0.873)] {
        let (weights, task) = published(&dir, seed);
        let measures = measure_all(&weights, &task, &current_key_freqs(&weights)).unwrap();
        let value = |measure: &Measure| measure.value(&measures).expect("it was asked for");
        let found = [value(&GRADIENT_SYMMETRICITY), value(&DISTANCE_IRRELEVANCE)];
        // The medians of Zhong et al. (2023) are 0.45 and 0.83 in clocks, 0.99 and 0.22 in pizzas.
        assert!(found[0] < 0.6 && found[1] > 0.7, "seed {seed}: {found:?} are no clock's");
        // As docs/measures.md has them.
        assert!((found[0] - symmetricity).abs() < 1e-3, "seed {seed}: {found:?}");
        assert!((found[1] - irrelevance).abs() < 1e-3, "seed {seed}: {found:?}");
    }
}
