//! `grok analyse` and `report.json`.

use std::path::{Path, PathBuf};

use grokking_lab::config::Preset;
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::safetensors::{WeightLayout, WeightsFile};
use serde_json::Value;
use temp_dir::TempDir;

use crate::cli::{analysis_in, grok, grok_ok, text_of};

/// Every key that other programs rely on.
const KEYS: [&str; 40] = [
    "/p",
    "/key_freqs",
    "/loss/train",
    "/loss/test",
    "/loss/all",
    "/accuracy/train",
    "/accuracy/test",
    "/restricted_loss/all",
    "/restricted_loss/train",
    "/restricted_loss/test",
    "/excluded_loss/train",
    "/excluded_loss/per_freq",
    "/gini/w_e",
    "/gini/w_l",
    "/sum_sq_weights/total",
    "/sum_sq_weights/embed.W_E",
    "/sum_sq_weights/pos_embed.W_pos",
    "/sum_sq_weights/blocks.0.attn.W_Q",
    "/sum_sq_weights/blocks.0.mlp.b_in",
    "/sum_sq_weights/unembed.W_U",
    "/logit_fve",
    "/alpha",
    "/cosine_fit_loss",
    "/w_l_residual/norm_ratio",
    "/w_l_residual/squared_ratio",
    "/neurons/clustered",
    "/neurons/per_freq",
    "/directions/0/freq",
    "/directions/0/part",
    "/directions/0/fve",
    "/ablations/keep_key_components",
    "/ablations/polynomial_neurons",
    "/ablations/project_w_l",
    "/ablations/complement_w_l",
    "/ablations/zero_mlp_skip",
    "/ablations/mean_mlp_skip",
    "/ablations/zero_attention",
    "/ablations/zero_attention_skip",
    "/ablations/no_attention_to_eq",
    "/min_margin",
];

#[test]
fn a_runs_report_is_the_analysis_of_its_last_weights() {
    let dir = TempDir::new().unwrap();
    for precision in ["f32", "f64"] {
        let line = format!("train --preset tiny --split torch:3:0.6 --epochs 30 --precision {precision}");
        grok_ok(dir.path(), &format!("{line} --out {precision}"));
        let report = text_of(dir.child(precision).join("report.json"));
        let parsed: Value = serde_json::from_str(&report).unwrap();
        for key in KEYS {
            assert!(parsed.pointer(key).is_some_and(|value| !value.is_null()), "{key} in {report}");
        }
        // The split comes with the file.
        let again = grok_ok(dir.path(), &format!("analyse {precision}/state.safetensors --json"));
        let same = analysis_in(&again.stdout) == analysis_in(&report);
        assert!(same, "the saved state gives another report than {precision}/report.json");
        let other =
            grok_ok(dir.path(), &format!("analyse {precision}/state.safetensors --json --split torch:4"));
        let same = analysis_in(&other.stdout) == analysis_in(&report);
        assert!(!same, "another split has other train and test losses");
    }
    let checkpoint = "f32/checkpoints/step-000030.safetensors";
    let again = grok_ok(dir.path(), &format!("analyse {checkpoint} --json"));
    let is_same = analysis_in(&again.stdout) == analysis_in(&text_of(dir.child("f32/report.json")));
    assert!(is_same, "a 32-bit checkpoint of a 32-bit run loses nothing");
    let text = grok_ok(dir.path(), &format!("analyse {checkpoint}")).stdout;
    for words in
        [checkpoint, "torch:3:0.6", "restricted loss", "key frequency", "Block '=' attending to itself"]
    {
        assert!(text.contains(words), "{words:?} in {text}");
    }
}

#[test]
fn published_weights_give_the_published_losses() {
    let Some(reference) = std::env::var_os("GROK_REFERENCE_DIR").map(PathBuf::from) else {
        eprintln!("skipped: GROK_REFERENCE_DIR names no directory with published weights");
        return;
    };
    let name = "c113_T_seed2";
    let file = reference.join(format!("weights/{name}.safetensors"));
    let line = format!("analyse {} --split torch:2 --json", file.display());
    let got: Value = serde_json::from_str(&grok_ok(&reference, &line).stdout).unwrap();
    let expected: Value =
        serde_json::from_str(&text_of(reference.join(format!("{name}.report.json")))).unwrap();
    assert_eq!(got["key_freqs"], expected["key_freqs"], "frequencies");
    for key in ["/loss/train", "/loss/test", "/restricted_loss/all", "/excluded_loss/train"] {
        let number = |report: &Value| report.pointer(key).and_then(Value::as_f64).unwrap();
        let (got, expected) = (number(&got), number(&expected));
        assert!((got - expected).abs() < 1e-6 * expected, "{key}: {got}, published {expected}");
    }
}

fn check_refused(dir: &Path, line: &str, words: &[&str]) {
    let finished = grok(dir, line);
    assert_eq!(finished.code, Some(2), "grok {line}: {finished:?}");
    assert_eq!((finished.stdout.as_str(), finished.stderr.lines().count()), ("", 1), "{finished:?}");
    for word in words {
        assert!(finished.stderr.contains(word), "grok {line}: {finished:?} should contain {word:?}");
    }
}

#[test]
fn what_cannot_be_analysed_is_refused_with_the_reason() {
    let dir = TempDir::new().unwrap();
    check_refused(dir.path(), "analyse", &["FILE"]);
    check_refused(dir.path(), "analyse gone.safetensors", &["gone.safetensors", "read"]);
    check_refused(dir.path(), "analyse .", &["read"]);
    std::fs::write(dir.child("text.safetensors"), "step,train_loss\n").unwrap();
    check_refused(dir.path(), "analyse text.safetensors", &["text.safetensors", "safetensors"]);

    let mut config = Preset::Tiny.config();
    for (p, words) in [(7, "perl:0"), (9, "odd prime")] {
        config.data.change_modular(|modular| modular.p = p);
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 0);
        let bytes = WeightsFile { weights, config: None, step: None }.to_bytes(WeightLayout::TransformerLens);
        std::fs::write(dir.child("weights.safetensors"), bytes).unwrap();
        let split = if p == 7 { "--split perl:0" } else { "" };
        check_refused(dir.path(), &format!("analyse weights.safetensors {split}"), &[words]);
    }
}
