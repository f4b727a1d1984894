//! `grok train` follows PyTorch's float64 trajectory of the paper's training.

use std::collections::BTreeMap;
use std::path::Path;

use grokking_lab::model::safetensors::WeightsFile;
use temp_dir::TempDir;

use crate::analysis_reference::reference_dir;
use crate::cli::{bytes_of, grok_ok, rows_by_step, text_of};
use crate::close::{Tolerance, assert_close};

fn golden_file(name: &str) -> String {
    format!("{}/tests/reference/golden/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Train and test losses of 300 steps at every tenth, ours and the golden ones; and what `grok` said.
fn follow_by_tens(dir: &Path, options: &str) -> ([BTreeMap<usize, Vec<f64>>; 2], String) {
    let line = format!(
        "train --preset paper --epochs 300 --split python:0 --init {} --eval-every 10 --out run {options}",
        golden_file("golden_a.init.safetensors")
    );
    let said = grok_ok(dir, &line).stdout;
    let got = rows_by_step(&text_of(dir.join("run/metrics.csv")));
    let mut golden = rows_by_step(&text_of(golden_file("golden_a.csv")));
    golden.retain(|step, _| step % 10 == 0);
    assert_eq!(golden.len(), 31, "steps 0 to 300 by tens");
    assert_eq!(got.keys().collect::<Vec<_>>(), golden.keys().collect::<Vec<_>>(), "the same steps");
    ([got, golden], said)
}

/// Column `column` of the rows whose step lies in `steps`.
fn column(rows: &BTreeMap<usize, Vec<f64>>, column: usize, steps: std::ops::Range<usize>) -> Vec<f64> {
    rows.range(steps).map(|(_, row)| row[column]).collect()
}

fn relative(relative: f64) -> Tolerance {
    Tolerance { absolute: 0.0, relative }
}

#[test]
fn float64_follows_to_nine_digits() {
    let dir = TempDir::new().unwrap();
    let ([got, golden], _) = follow_by_tens(dir.path(), "--precision f64");
    for (i, name) in ["train loss", "test loss"].into_iter().enumerate() {
        assert_close(name, &column(&got, i, 0..301), &column(&golden, i, 0..301), relative(1e-9));
    }
    let Some(reference) = reference_dir("float64_follows_to_nine_digits, the last weights") else { return };
    let weights = |path: &Path| WeightsFile::from_bytes(&bytes_of(path)).unwrap().weights;
    let got = weights(&dir.child("run/checkpoints/step-000300.safetensors"));
    let golden = weights(&reference.join("golden/golden_a.final.safetensors"));
    // Both files hold float32.
    assert_close("last weights", got.flat(), golden.flat(), Tolerance { absolute: 1e-6, relative: 1e-6 });
}

#[test]
fn float32_follows_as_closely_as_pytorchs_own() {
    let dir = TempDir::new().unwrap();
    let ([got, golden], said) = follow_by_tens(dir.path(), "");
    // Rounding grows a thousandfold on the way: how far a float32 run strays is chance, and the sums
    // of a processor without fused multiply-add come out otherwise (see `folded_cpu`).
    let is_fused = !said.contains("without fused");
    let to_the_end = if is_fused { [0.03, 0.005] } else { [0.15, 0.02] };
    for (i, (name, to_the_end)) in ["train loss", "test loss"].into_iter().zip(to_the_end).enumerate() {
        assert_close(name, &column(&got, i, 0..41), &column(&golden, i, 0..41), relative(1e-4));
        assert_close(name, &column(&got, i, 0..301), &column(&golden, i, 0..301), relative(to_the_end));
    }
}
