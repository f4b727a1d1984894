//! Files that `grok` reads and writes: damaged, endless, too large, or where they cannot be written.

use std::fs;
use std::path::Path;

use grokking_lab::model::Weights;
use grokking_lab::model::safetensors::{WeightLayout, WeightsFile};
use temp_dir::TempDir;

use crate::cli::{bytes_of, check_refused, grok, grok_ok, text_of};

const RUN: &str = "train --preset tiny --eval-every 5 --checkpoint-every 20 --epochs 40 --out run";
const CHECKPOINT: &str = "run/checkpoints/step-000020.safetensors";

#[test]
fn a_damaged_row_is_refused_where_rows_are_shown() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), RUN);
    let csv = text_of(dir.child("run/metrics.csv"));
    let damaged = csv.replacen("\n15,", "\n15;", 1);
    fs::write(dir.child("run/metrics.csv"), damaged).unwrap();
    let words = ["run/metrics.csv", "line 5", "`15;"];
    check_refused(dir.path(), "reproduce --from run --out report", &words);
    check_refused(dir.path(), "record run --out run.grok", &words);
    check_refused(dir.path(), "reproduce --from run --with run --out report", &words);
    assert!(!dir.child("report").exists() && !dir.child("run.grok").exists(), "nothing is written");
    // A row that is being written is no damage.
    fs::write(dir.child("run/metrics.csv"), format!("{csv}45,0.1")).unwrap();
    grok_ok(dir.path(), "record run --out run.grok");
}

/// The weights of a checkpoint, each times a factor, in its place.
fn scale(path: &Path, factor: f64) {
    let file = WeightsFile::from_bytes(&bytes_of(path)).unwrap();
    let values = file.weights.flat().iter().map(|w| w * factor).collect();
    let weights = Weights::from_flat(file.weights.shape().clone(), values);
    fs::write(path, WeightsFile { weights, ..file }.to_bytes(WeightLayout::PaperCode)).unwrap();
}

#[test]
fn weights_that_have_run_away_cannot_be_recorded_and_the_message_says_so() {
    let dir = TempDir::new().unwrap();
    for factor in [1e8, 1e15, 1e30] {
        for step in [20, 40] {
            grok_ok(dir.path(), &format!("{RUN} --force"));
            scale(&dir.child(format!("run/checkpoints/step-0000{step}.safetensors")), factor);
            let finished = grok(dir.path(), "record run --out run.grok");
            let said = format!("{factor} times, step {step}: {finished:?}");
            if finished.code == Some(0) {
                assert!(factor < 1e15, "no number overflows: {said}");
                fs::remove_file(dir.child("run.grok")).unwrap();
                continue;
            }
            assert_eq!((finished.code, finished.stderr.lines().count()), (Some(2), 1), "{said}");
            assert!(finished.stderr.contains("weights are too large"), "{said}");
            assert!(finished.stderr.contains(&format!("step-0000{step}")), "{said}");
            assert!(!dir.child("run.grok").exists(), "nothing is written");
        }
        let analysed = grok(dir.path(), "analyse run/checkpoints/step-000040.safetensors");
        assert!(analysed.code == Some(0) && !analysed.stderr.contains("panicked"), "{analysed:?}");
    }
}

#[test]
fn a_damaged_configuration_of_a_checkpoint_is_told() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --split torch:3:0.6"));
    let said = grok_ok(dir.path(), &format!("analyse {CHECKPOINT}"));
    assert!(said.stderr.is_empty() && said.stdout.contains("split torch:3:0.6"), "{said:?}");
    let bytes = bytes_of(dir.child(CHECKPOINT));
    let at = bytes.windows(7).position(|text| text == b"torch:3").unwrap();
    let mut damaged = bytes.clone();
    damaged[at] ^= 1;
    fs::write(dir.child("damaged.safetensors"), damaged).unwrap();
    let said = grok_ok(dir.path(), "analyse damaged.safetensors");
    assert!(said.stdout.contains("split python:0:0.3"), "{said:?}");
    for words in ["damaged.safetensors", "configuration is damaged", "python:0:0.3", "--split"] {
        assert!(said.stderr.contains(words), "{words:?} in {said:?}");
    }
    let said =
        grok_ok(dir.path(), "convert damaged.safetensors --layout transformer-lens --out lens.safetensors");
    assert!(said.stderr.contains("configuration is damaged"), "{said:?}");
}

#[test]
fn a_file_without_an_end_or_of_absurd_size_is_refused() {
    let dir = TempDir::new().unwrap();
    // Takes no room on the disk, and would take as much memory as it says.
    fs::File::create(dir.child("huge")).unwrap().set_len(8 << 30).unwrap();
    for line in [
        "analyse huge",
        "convert huge --layout transformer-lens --out x",
        "train --preset tiny --init huge --out x",
    ] {
        check_refused(dir.path(), line, &["huge", "8589934592 bytes", "allowed are 1073741824"]);
    }
    grok_ok(dir.path(), RUN);
    for file in ["metrics.csv", "config.json", "state.safetensors"] {
        let path = dir.child("run").join(file);
        let good = bytes_of(&path);
        fs::File::create(&path).unwrap().set_len(8 << 30).unwrap();
        check_refused(dir.path(), "train --resume --out run", &[file, "8589934592 bytes; allowed are"]);
        fs::write(&path, good).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), RUN);
    let make_pipe = |path: &Path| {
        let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
        assert!(made.success(), "{} is made", path.display());
    };
    make_pipe(&dir.child("pipe"));
    check_refused(dir.path(), "analyse pipe", &["pipe", "not a regular file"]);
    check_refused(dir.path(), "train --preset tiny --init pipe --out x", &["pipe", "not a regular file"]);
    for file in ["metrics.csv", "config.json", "state.safetensors", ".lock"] {
        let path = dir.child("run").join(file);
        let good = bytes_of(&path);
        fs::remove_file(&path).unwrap();
        make_pipe(&path);
        check_refused(dir.path(), "train --resume --out run", &[file, "not a regular file"]);
        fs::remove_file(&path).unwrap();
        fs::write(&path, good).unwrap();
    }
    grok_ok(dir.path(), "train --resume --out run");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_printed_is_a_failure() {
    use std::process::{Command, Stdio};

    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), RUN);
    for line in [format!("analyse {CHECKPOINT}"), format!("analyse {CHECKPOINT} --json"), "--help".into()] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_grok"));
        command.current_dir(dir.path()).args(line.split_whitespace()).stdout(full).stderr(Stdio::piped());
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "grok {line}: {said}");
        assert!(said.contains("cannot write standard output"), "grok {line}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn links_in_the_place_of_temporary_files_are_not_followed() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.child("mine"), "mine").unwrap();
    fs::create_dir(dir.child("run")).unwrap();
    let link =
        |name: &str| std::os::unix::fs::symlink(dir.child("mine"), dir.child("run").join(name)).unwrap();
    link(".lock");
    grok_ok(dir.path(), RUN);
    for name in ["state.safetensors.part", "config.json.part", "report.json.part", "metrics.csv.part"] {
        link(name);
    }
    grok_ok(dir.path(), "train --resume --epochs 60 --out run");
    assert_eq!(text_of(dir.child("mine")), "mine");
}
