//! `grok sweep`: the same results whatever carries them out, and nothing lost when it is killed.

use std::fs;
use std::path::Path;

use temp_dir::TempDir;

use crate::cli::{bytes_of, check_refused, grok, grok_ok, start_grok, text_of};

/// Nine runs of a moment each.
const SMALL: &str = "preset = \"tiny\"\nseeds = [0, 1, 2]\n[cross]\nweight_decay = [0.3, 1.0, 3.0]\n";

pub(crate) fn planned(dir: &Path, plan: &str, name: &str) {
    fs::write(dir.join("plan.toml"), plan).unwrap();
    grok_ok(dir, &format!("sweep plan plan.toml --out {name}"));
}

/// The merged files without provenance.
pub(crate) fn merged(dir: &Path, name: &str) -> [Vec<u8>; 2] {
    grok_ok(dir, &format!("sweep merge {name} --no-provenance"));
    ["runs", "curves"].map(|table| bytes_of(dir.join(name).join(format!("{table}.parquet"))))
}

#[test]
fn three_commands_sweep_and_report() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.child("plan.toml"), SMALL).unwrap();
    let plan = grok_ok(dir.path(), "sweep plan plan.toml --out s").stdout;
    assert!(plan.contains("9 runs") && plan.contains("sbatch s/slurm.sbatch"), "{plan}");
    assert_eq!(text_of(dir.child("s/plan.jsonl")).lines().count(), 9);
    let status = |words: &str| {
        let said = grok_ok(dir.path(), "sweep status s").stdout;
        assert!(said.contains(words), "{said:?} should contain {words:?}");
    };
    status("9 runs: 0 finished (0.00 %), 0 under way, 0 stopped half done, 9 not begun");
    let run = grok_ok(dir.path(), "sweep run s --jobs 2").stdout;
    assert!(run.contains("9 of 9: ") && run.contains("seed = 0, weight_decay = 0.3: "), "{run}");
    status("9 finished (100 %)");
    assert_eq!(
        fs::read_dir(dir.child("s/runs")).unwrap().count(),
        0,
        "the folders of finished runs are removed"
    );
    let again = grok_ok(dir.path(), "sweep run s").stdout;
    assert!(again.contains("9 of 9 runs have results") && !again.contains("weight_decay"), "{again}");

    grok_ok(dir.path(), "sweep report s");
    let html = text_of(dir.child("s/report.html"));
    assert!(
        html.contains("9 of 9 planned runs are finished") && html.contains("<svg role=\"img\""),
        "it has figures"
    );
    assert!(
        !html.contains("http://") || html.matches("http://").all(|_| html.contains("www.w3.org")),
        "no request"
    );
    assert!(!html.contains("NaN"), "every number is one");

    // The weights of a run can be taken away and looked at.
    let id = text_of(dir.child("s/plan.jsonl")).split('"').nth(3).unwrap().to_owned();
    grok_ok(dir.path(), &format!("analyse s/weights/{}/{id}.safetensors", &id[..2]));
}

#[test]
fn the_merged_tables_are_the_same_however_the_runs_are_divided() {
    let dir = TempDir::new().unwrap();
    planned(dir.path(), SMALL, "one");
    grok_ok(dir.path(), "sweep run one --jobs 1");
    let expected = merged(dir.path(), "one");

    planned(dir.path(), SMALL, "parts");
    let parts: Vec<_> = [2, 0, 1]
        .map(|task| start_grok(dir.path(), &format!("sweep run parts --task {task} --of 3 --jobs 2")))
        .into_iter()
        .map(|part| part.wait_with_output().unwrap())
        .collect();
    assert!(parts.iter().all(|part| part.status.success()), "{parts:?}");
    assert!(merged(dir.path(), "parts") == expected, "three processes at once, in another order");

    grok_ok(dir.path(), "sweep merge parts");
    let with_provenance = bytes_of(dir.child("parts/runs.parquet"));
    assert!(with_provenance.len() > expected[0].len(), "build, machine and seconds come on top");
}

#[test]
fn a_run_that_diverges_has_a_result_that_says_so() {
    let dir = TempDir::new().unwrap();
    // Every update of the second run multiplies the weights by about -999.
    let plan = "preset = \"tiny\"\n[set]\nlr = 1.0\nwarmup_steps = 0\nepochs = 100\neval_every = 1\n[cross]\nweight_decay = [0, 1000]\n";
    planned(dir.path(), plan, "s");
    let said = grok_ok(dir.path(), "sweep run s").stdout;
    assert!(said.contains("training stopped at step") && said.contains("2 of 2 runs have results"), "{said}");
    grok_ok(dir.path(), "sweep merge s");
    grok_ok(dir.path(), "sweep report s");
    assert!(text_of(dir.child("s/report.html")).contains("1 stopped because a number was no longer finite"));
}

#[test]
fn what_cannot_be_swept_is_refused() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.child("bad.toml"), "preset = \"tiny\"\n[cross]\np = [11, 12]\n").unwrap();
    check_refused(dir.path(), "sweep plan bad.toml --out s", &["bad.toml", "p = 12", "prime"]);
    assert!(!dir.child("s").exists(), "nothing was made");
    check_refused(dir.path(), "sweep plan none.toml --out s", &["none.toml"]);
    check_refused(dir.path(), "sweep run s", &["plan.jsonl"]);
    planned(dir.path(), SMALL, "s");
    check_refused(dir.path(), "sweep run s --task 3 --of 3", &["task = 3", "0 to 2"]);
    check_refused(dir.path(), "sweep run s --task 1", &["--of"]);
    check_refused(dir.path(), "sweep merge s", &["no run is finished"]);
    check_refused(dir.path(), "sweep report s", &["no run is finished"]);
    fs::write(dir.child("other.toml"), "preset = \"tiny\"\n").unwrap();
    check_refused(dir.path(), "sweep plan other.toml --out s", &["another sweep"]);
    assert_eq!(grok(dir.path(), "sweep").code, Some(2));
}
