//! Whatever is wrong with the input: exit code 2, one line that says what is wrong and what is
//! allowed, and not a file touched.

use std::fs;
use temp_dir::TempDir;

use crate::cli::{bytes_of, check_refused, grok_ok};

#[test]
fn settings_out_of_range_are_named_with_what_is_allowed() {
    let dir = TempDir::new().unwrap();
    let cases: [(&str, &[&str]); 41] = [
        ("--preset tinny", &["tinny", "quick, paper, mainline, seed-1", "tiny"]),
        ("--p 12", &["'12'", "--p", "odd prime from 3 to 499"]),
        ("--p 2", &["'2'", "--p", "odd prime"]),
        ("--p 503", &["'503'", "--p", "499"]),
        ("--p many", &["'many'", "--p", "odd prime"]),
        ("--p -7", &["'-7'", "--p", "odd prime"]),
        ("--frac 0", &["'0'", "--frac", "between 0 and 1"]),
        ("--frac 1", &["'1'", "--frac", "between 0 and 1"]),
        ("--frac 1e-9", &["frac_train", "12769 pairs"]),
        ("--frac nan", &["'nan'", "--frac", "between 0 and 1"]),
        ("--epochs 0", &["'0'", "--epochs", "1 to 10000000"]),
        ("--epochs 1.5", &["'1.5'", "--epochs", "whole number"]),
        ("--seed 4294967296", &["'4294967296'", "0 to 4294967295"]),
        ("--split perl:3", &["perl:3", "python:SEED or torch:SEED"]),
        ("--split python:-1", &["python:-1", "0 to 4294967295"]),
        ("--split python:0:1.5", &["frac_train = 1.5", "between 0 and 1"]),
        ("--split python:0:0.2 --frac 0.3", &["frac = 0.3", "0.2", "one place"]),
        ("--lr 0", &["'0'", "--lr", "above 0 and up to 1"]),
        ("--weight-decay -1", &["'-1'", "--weight-decay", "from 0 to 1000"]),
        ("--engine warp", &["'warp'", "auto", "folded", "autodiff"]),
        ("--device tpu", &["'tpu'", "auto", "cpu", "gpu"]),
        ("--precision f16", &["'f16'", "f32", "f64"]),
        ("--precision f64 --device gpu", &["f64", "CPU"]),
        ("--precision f64 --engine folded", &["f64", "autodiff"]),
        ("--loss hinge", &["'hinge'", "exact", "textbook"]),
        ("--threads 5000", &["'5000'", "--threads", "0 to 1024"]),
        ("--eval-every 0", &["'0'", "--eval-every", "1 to"]),
        ("--checkpoint-every 0", &["'0'", "--checkpoint-every", "1 to"]),
        ("--d-model 0", &["'0'", "--d-model", "1 to 2048"]),
        ("--n_layers 9", &["'9'", "--n-layers", "1 to 8"]),
        ("--d-mlp 0", &["d_mlp = 0", "at least one neuron"]),
        ("--task chess", &["'chess'", "--task", "skip-trigram"]),
        ("--digits 3", &["digits = 3", "the task addition"]),
        ("--task induction --sub-len 29", &["sub_len = 29", "at most 28 tokens"]),
        ("--beta2 1", &["'1'", "--beta2", "at least 0 and below 1"]),
        ("--reproducible=maybe", &["'maybe'", "--reproducible", "true or false"]),
        ("--n-heads 3", &["n_heads = 3", "d_model = 128"]),
        ("--dropout 1", &["'1'", "--dropout", "at least 0 and below 1"]),
        ("--l1 2", &["'2'", "--l1", "from 0 to 1"]),
        ("--dropout 0.1 --engine autodiff", &["engine = autodiff", "the general engine alone"]),
        ("--init-draw numpy", &["'numpy'", "lab", "torch"]),
    ];
    for (options, words) in cases {
        check_refused(dir.path(), &format!("train --out run {options}"), words);
    }
    check_refused(dir.path(), "bench --seconds 0", &["'0'", "--seconds", "above 0"]);
    check_refused(dir.path(), "bench --seconds soon", &["'soon'", "--seconds"]);
    let left = fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(left, 0, "nothing was written");
}

#[test]
fn commands_and_options_that_do_not_exist_are_named() {
    let dir = TempDir::new().unwrap();
    check_refused(dir.path(), "", &["train", "bench"]);
    check_refused(dir.path(), "tarin", &["'tarin'", "train"]);
    check_refused(dir.path(), "train", &["--out"]);
    check_refused(dir.path(), "train --out run --epoch 3", &["'--epoch'", "--epochs"]);
    check_refused(dir.path(), "train --out run --resume --force", &["--resume", "--force"]);
    check_refused(dir.path(), "train --out run --p", &["--p"]);
}

#[test]
fn weights_that_cannot_be_used_are_refused_with_the_reason() {
    let dir = TempDir::new().unwrap();
    let line = |file: &str| format!("train --preset tiny --out run --init {file}");
    check_refused(dir.path(), &line("gone.safetensors"), &["gone.safetensors", "read"]);

    fs::write(dir.child("text.safetensors"), "not weights at all").unwrap();
    check_refused(dir.path(), &line("text.safetensors"), &["text.safetensors", "not a safetensors file"]);

    grok_ok(dir.path(), "train --preset tiny --p 11 --epochs 1 --out other");
    let checkpoint = "other/checkpoints/step-000000.safetensors";
    check_refused(dir.path(), &line(checkpoint), &[checkpoint, "W_E", "[16, 12]", "[16, 8]"]);

    let bytes = bytes_of(dir.child(checkpoint));
    fs::write(dir.child("half.safetensors"), &bytes[..bytes.len() / 2]).unwrap();
    check_refused(dir.path(), &line("half.safetensors"), &["half.safetensors", "cut short"]);
    assert!(!dir.child("run").exists(), "nothing was written");
}

#[test]
fn a_directory_in_use_is_left_alone_unless_forced() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), "train --preset tiny --epochs 10 --out run");
    let before = bytes_of(dir.child("run/metrics.csv"));
    let again = "train --preset tiny --epochs 4 --seed 1 --out run";
    check_refused(dir.path(), again, &["run", "--resume", "--force"]);
    assert_eq!(bytes_of(dir.child("run/metrics.csv")), before, "the run is as it was");

    fs::write(dir.child("run/notes.txt"), "mine").unwrap();
    grok_ok(dir.path(), &format!("{again} --force"));
    assert_ne!(bytes_of(dir.child("run/metrics.csv")), before, "another seed, another run");
    assert_eq!(fs::read_to_string(dir.child("run/notes.txt")).unwrap(), "mine", "a stranger's file");
    assert!(!dir.child("run/checkpoints/step-000010.safetensors").exists(), "no checkpoint of the old run");

    fs::write(dir.child("file"), "").unwrap();
    check_refused(dir.path(), "train --preset tiny --out file", &["file", "directory"]);
    fs::create_dir(dir.child("full")).unwrap();
    fs::write(dir.child("full/notes.txt"), "mine").unwrap();
    check_refused(dir.path(), "train --preset tiny --out full", &["full", "not empty", "--force"]);
}

#[test]
fn a_run_is_only_resumed_as_itself() {
    let dir = TempDir::new().unwrap();
    check_refused(dir.path(), "train --resume --out run", &["run", "without --resume"]);
    grok_ok(dir.path(), "train --preset tiny --epochs 10 --out run");
    let resume = "train --resume --out run";
    let before = bytes_of(dir.child("run/metrics.csv"));
    let cases: [(&str, &[&str]); 6] = [
        ("--p 11", &["data.p = 7", "11", "epochs"]),
        ("--lr 0.5", &["optim.lr = 0.001", "0.5"]),
        ("--precision f64", &["run.precision = f32", "f64"]),
        ("--preset quick", &["data.", "7"]),
        ("--epochs 9", &["epochs = 9", "10", "raised"]),
        ("--split torch:1", &["data.split = python:0", "torch:1"]),
    ];
    for (options, words) in cases {
        check_refused(dir.path(), &format!("{resume} {options}"), words);
    }
    assert_eq!(bytes_of(dir.child("run/metrics.csv")), before, "the run is as it was");

    let other = "train --preset tiny --seed 5 --epochs 1 --out other";
    grok_ok(dir.path(), other);
    let init = "other/checkpoints/step-000000.safetensors";
    check_refused(dir.path(), &format!("{resume} --init {init}"), &[init, "other weights"]);
    let own = "run/checkpoints/step-000000.safetensors";
    grok_ok(dir.path(), &format!("{resume} --init {own}"));

    fs::remove_file(dir.child("run/state.previous.safetensors")).unwrap();
    for (file, reason) in [("state.safetensors", "safetensors"), ("config.json", "config.json")] {
        let path = dir.child(format!("run/{file}"));
        let good = bytes_of(&path);
        fs::write(&path, "{").unwrap();
        check_refused(dir.path(), resume, &[file, reason]);
        fs::write(&path, good).unwrap();
    }
    fs::write(dir.child("run/metrics.csv"), "").unwrap();
    check_refused(dir.path(), resume, &["metrics.csv", "step,train_loss"]);
}
