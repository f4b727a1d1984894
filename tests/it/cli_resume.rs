//! What is damaged in a run's directory, and that nothing of the run is lost for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use grokking_lab::config::{ExperimentConfig, Preset};
use grokking_lab::engine::state_file::StateFile;
use grokking_lab::model::ModelShape;
use grokking_lab::model::safetensors::container::{self, Element};
use temp_dir::TempDir;

use crate::cli::{bytes_of, check_refused, grok, grok_ok, start_grok, text_of};

const STATE: &str = "state.safetensors";
const PREVIOUS: &str = "state.previous.safetensors";

/// A run of 60 steps: states of the steps 0, 20, 40 and 60, a row every 5.
const RUN: &str = "train --preset tiny --eval-every 5 --checkpoint-every 20 --epochs 60";

/// Every file below a directory but the lock, by its path there.
fn files_of(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            files.extend(
                files_of(&entry.path()).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)),
            );
        } else if name != ".lock" {
            files.insert(name, bytes_of(entry.path()));
        }
    }
    files
}

fn put(dir: &Path, files: &BTreeMap<String, Vec<u8>>) {
    let _ = fs::remove_dir_all(dir);
    for (name, bytes) in files {
        fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
        fs::write(dir.join(name), bytes).unwrap();
    }
}

/// The files that tell the run, without what depends on interruptions.
pub(crate) fn results_of(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files_of(dir);
    files.retain(|name, _| !name.starts_with("state.") || name == STATE);
    files
}

#[test]
fn a_refused_resume_changes_nothing() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out run"));
    let whole = files_of(&dir.child("run"));
    let csv = String::from_utf8(whole["metrics.csv"].clone()).unwrap();
    let config = String::from_utf8(whole["config.json"].clone()).unwrap();
    for (file, text, words) in [
        (
            "metrics.csv",
            csv.replacen("\n20,", "\n20;", 1),
            &["metrics.csv", "line 6", "`20;", "nothing was changed"][..],
        ),
        (
            "metrics.csv",
            csv.replacen("\n20,", "\n90,", 1),
            &["metrics.csv", "line 7", "step 25 after step 90"],
        ),
        ("metrics.csv", "step\n".to_owned(), &["metrics.csv", "the first line must be step,train_loss"]),
        ("config.json", config.replace("0.001", "0.002"), &["config.json", "optim.lr = 0.002", "with 0.001"]),
        ("config.json", config.replace("\"p\": 7", "\"p\": 8"), &["config.json", "odd prime"]),
    ] {
        assert!(text.as_bytes() != whole[file], "{file} is damaged");
        fs::write(dir.child("run").join(file), &text).unwrap();
        let before = files_of(&dir.child("run"));
        check_refused(dir.path(), "train --resume --epochs 90 --out run", words);
        assert!(files_of(&dir.child("run")) == before, "{words:?}: nothing was changed");
        put(&dir.child("run"), &whole);
    }
    // And the run goes on once the line is mended or taken out.
    let without: String =
        csv.lines().filter(|line| !line.starts_with("20,")).map(|line| format!("{line}\n")).collect();
    fs::write(dir.child("run/metrics.csv"), &without).unwrap();
    let resumed = grok_ok(dir.path(), "train --resume --out run");
    assert!(resumed.stderr.contains("the row of step 20 is missing"), "{resumed:?}");
    assert_eq!(text_of(dir.child("run/metrics.csv")), without);
}

#[test]
fn metrics_that_were_touched_but_not_damaged_end_as_an_unbroken_runs() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out run"));
    let stopped = files_of(&dir.child("run"));
    grok_ok(dir.path(), "train --resume --epochs 80 --out run");
    let unbroken = results_of(&dir.child("run"));
    let csv = String::from_utf8(stopped["metrics.csv"].clone()).unwrap();
    let last = csv.trim_end().rfind('\n').unwrap();
    for (what, text) in [
        ("line ends of Windows", csv.replace('\n', "\r\n")),
        ("no last line end", csv.trim_end().to_owned()),
        ("a last row whose last digits are missing", csv[..csv.len() - 3].to_owned()),
        ("a last row of which a part is there", csv[..last + 6].to_owned()),
        ("no last row", csv[..=last].to_owned()),
        ("a damaged last row", format!("{}60;0.1;0.2\n", &csv[..=last])),
        ("rows after the state", format!("{csv}65,1.0,1.0,0.5,0.5\n70,1.0,1.0,0.5,0.5\n")),
    ] {
        put(&dir.child("run"), &stopped);
        fs::write(dir.child("run/metrics.csv"), text).unwrap();
        let resumed = grok_ok(dir.path(), "train --resume --epochs 80 --out run");
        assert_eq!(resumed.stderr, "", "{what}: nothing is amiss");
        assert!(results_of(&dir.child("run")) == unbroken, "{what}: every file as in an unbroken run");
    }
}

#[test]
fn a_damaged_state_gives_way_to_the_one_before() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out run"));
    let stopped = files_of(&dir.child("run"));
    assert!(stopped.contains_key(PREVIOUS), "two states are kept: {:?}", stopped.keys());
    let unbroken = results_of(&dir.child("run"));

    let state = &stopped[STATE];
    let header_len = 8 + u64::from_le_bytes(*state.first_chunk().unwrap()) as usize;
    let flipped = |at: usize| {
        let mut state = state.clone();
        state[at] ^= 0x10;
        state
    };
    let step_of_header =
        state.windows(11).position(|text| text == b"\"step\":\"60\"").expect("the step is told");
    for (what, damaged) in [
        ("a bit of a weight", Some(flipped(header_len + 2))),
        ("a bit of the last moment", Some(flipped(state.len() - 3))),
        ("a bit of the step", Some(flipped(step_of_header + 8))),
        ("cut short", Some(state[..state.len() / 2].to_vec())),
        ("empty", Some(Vec::new())),
        ("missing, as between the two renames of a save", None),
    ] {
        put(&dir.child("run"), &stopped);
        let path = dir.child("run").join(STATE);
        match &damaged {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let resumed = grok_ok(dir.path(), "train --resume --out run");
        let said = &resumed.stderr;
        assert!(said.contains(STATE) && said.contains("the state before, of step 40"), "{what}: {resumed:?}");
        assert!(results_of(&dir.child("run")) == unbroken, "{what}: every file as in an unbroken run");
        let kept = fs::read(dir.child("run/state.damaged.safetensors")).ok();
        assert!(kept == damaged, "{what}: the damaged one is kept for whoever can read it");
    }
}

#[test]
fn without_a_whole_state_the_whole_checkpoints_are_named() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out run"));
    let cut = |file: &str| {
        let bytes = bytes_of(dir.child("run").join(file));
        fs::write(dir.child("run").join(file), &bytes[..bytes.len() - 4]).unwrap();
    };
    cut(STATE);
    fs::remove_file(dir.child("run").join(PREVIOUS)).unwrap();
    cut("checkpoints/step-000060.safetensors");
    let before = files_of(&dir.child("run"));
    let words = [
        "run/state.safetensors",
        "run/state.previous.safetensors is missing",
        "3 of 4 checkpoints, of steps 0, 20, 40",
        "--init run/checkpoints/step-000040.safetensors",
    ];
    check_refused(dir.path(), "train --resume --out run", &words);
    assert!(files_of(&dir.child("run")) == before, "nothing was changed");
    // The advice can be taken.
    grok_ok(dir.path(), &format!("{RUN} --init run/checkpoints/step-000040.safetensors --out other"));

    // And no refusal leads to the other: a plain start does not say that --resume goes on.
    fs::remove_file(dir.child("run").join(STATE)).unwrap();
    check_refused(dir.path(), &format!("{RUN} --out run"), &["no state", "another directory", "--force"]);
    fs::remove_dir_all(dir.child("run/checkpoints")).unwrap();
    check_refused(dir.path(), "train --resume --out run", &["no checkpoint is whole either", "--force"]);
}

#[test]
fn a_state_of_an_earlier_version_without_a_checksum_goes_on() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out run"));
    let path = dir.child("run").join(STATE);
    let mut contents = container::read(&bytes_of(&path), |_| true).unwrap();
    assert!(contents.metadata.remove("checksum").is_some(), "a new state has one");
    let tensors: Vec<_> = contents.tensors.into_values().collect();
    fs::write(&path, container::write(&tensors, &contents.metadata, Element::F32)).unwrap();
    let resumed = grok_ok(dir.path(), "train --resume --epochs 80 --out run");
    assert_eq!(resumed.stderr, "", "{resumed:?}");
    grok_ok(dir.path(), &format!("{RUN} --out whole"));
    grok_ok(dir.path(), "train --resume --epochs 80 --out whole");
    assert!(results_of(&dir.child("run")) == results_of(&dir.child("whole")), "as with the checksum");
}

#[test]
fn what_a_foreign_state_says_does_not_steer_the_terminal() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out run"));
    let config: ExperimentConfig = serde_json::from_str(&text_of(dir.child("run/config.json"))).unwrap();
    let path = dir.child("run").join(STATE);
    let shape = ModelShape::new(&config.data, &config.model);
    let mut state = StateFile::from_bytes(&bytes_of(&path), &shape).unwrap();
    state.engine.device_name = "\u{1b}]0;title\u{7}\u{1b}[2Ja processor".into();
    fs::write(&path, state.to_bytes(&config)).unwrap();
    let said = grok_ok(dir.path(), "train --resume --epochs 61 --out run").stderr;
    assert!(said.contains("a processor"), "the device is named: {said:?}");
    assert!(!said.contains('\u{1b}') && said.contains(r"\u001b[2J"), "{said:?}");
}

/// Every file that a start makes before its first state, one after the other, torn and whole.
#[test]
fn a_start_that_was_cut_off_anywhere_can_be_made_again() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out whole"));
    let unbroken = results_of(&dir.child("whole"));
    let csv = text_of(dir.child("whole/metrics.csv"));
    let lines: Vec<&str> = csv.split_inclusive('\n').collect();
    let rows = |n: usize| lines[..n].concat().into_bytes();
    let file = |name: &str| unbroken[name].clone();
    let half = |name: &str| file(name)[..file(name).len() / 2].to_vec();
    let first = "checkpoints/step-000000.safetensors";
    let steps: [(&str, Vec<u8>); 10] = [
        (".lock", Vec::new()),
        ("config.json.part", half("config.json")),
        ("config.json", file("config.json")),
        ("metrics.csv.part", b"step".to_vec()),
        ("metrics.csv", rows(1)),
        ("metrics.csv", lines[..2].concat().as_bytes()[..70].to_vec()),
        ("metrics.csv", rows(2)),
        ("checkpoints/step-000000.safetensors.part", half(first)),
        (first, file(first)),
        ("state.safetensors.part", half(STATE)),
    ];
    for n in 0..=steps.len() {
        let run = dir.child("run");
        let _ = fs::remove_dir_all(&run);
        fs::create_dir_all(run.join(if n > 2 { "checkpoints" } else { "" })).unwrap();
        for (name, bytes) in &steps[..n] {
            fs::write(run.join(name), bytes).unwrap();
            // A file that got its name is no longer a part.
            let _ = fs::remove_file(run.join(format!("{name}.part")));
        }
        let what = steps[..n].last().map_or("an empty directory", |(name, _)| name);
        check_refused(dir.path(), "train --resume --out run", &["without --resume"]);
        grok_ok(dir.path(), &format!("{RUN} --out run"));
        assert!(results_of(&run) == unbroken, "after {what}: every file as in an unbroken run");
    }
}

#[test]
fn a_run_killed_in_its_first_moments_goes_on_or_starts_again() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out whole"));
    let unbroken = results_of(&dir.child("whole"));
    for delay_ms in [0, 1, 2, 3, 4, 6, 8, 12, 16, 24] {
        let _ = fs::remove_dir_all(dir.child("run"));
        let mut child = start_grok(dir.path(), &format!("{RUN} --out run"));
        std::thread::sleep(Duration::from_millis(delay_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let resumed = grok(dir.path(), "train --resume --out run");
        if resumed.code != Some(0) {
            assert!(resumed.stderr.contains("without --resume"), "after {delay_ms} ms: {resumed:?}");
            grok_ok(dir.path(), &format!("{RUN} --out run"));
        }
        assert!(results_of(&dir.child("run")) == unbroken, "after {delay_ms} ms: as an unbroken run");
    }
}

#[test]
fn two_starts_in_one_directory_leave_one_whole_run() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out whole"));
    let unbroken = results_of(&dir.child("whole"));
    for i in 0..8 {
        let _ = fs::remove_dir_all(dir.child("run"));
        let starts = [(); 2].map(|()| start_grok(dir.path(), &format!("{RUN} --out run")));
        let codes = starts.map(|child| child.wait_with_output().unwrap().status.code());
        assert!(matches!(codes, [Some(0), Some(2)] | [Some(2), Some(0)]), "race {i}: {codes:?}");
        assert!(results_of(&dir.child("run")) == unbroken, "race {i}: the run of the first is whole");
    }
}

#[test]
fn a_run_of_the_page_goes_on_though_its_state_names_another_device() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("{RUN} --out run"));
    let mut config: ExperimentConfig = serde_json::from_str(&text_of(dir.child("run/config.json"))).unwrap();
    assert_eq!(config.data, Preset::Tiny.config().data);
    let path = dir.child("run").join(STATE);
    let state =
        StateFile::from_bytes(&bytes_of(&path), &ModelShape::new(&config.data, &config.model)).unwrap();
    config.run.threads = 3;
    fs::write(&path, state.to_bytes(&config)).unwrap();
    grok_ok(dir.path(), "train --resume --epochs 61 --out run");
}
