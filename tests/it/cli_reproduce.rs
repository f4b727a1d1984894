//! `grok reproduce`: the files it leaves, and how it ends.

use std::path::Path;

use grokking_lab::plot::figures::Figure;
use serde_json::Value;
use temp_dir::TempDir;

use crate::cli::{analysis_in, bytes_of, grok, grok_ok, rows_by_step, text_of};

const TINY: &str = "--preset tiny --epochs 40 --eval-every 5";

fn verdict(dir: &Path) -> Value {
    serde_json::from_str(&text_of(dir.join("verdict.json"))).expect("verdict.json is JSON")
}

/// A report without what only the training knew.
fn report(dir: &Path) -> Value {
    analysis_in(&text_of(dir.join("report.json")))
}

/// Everything but the run's own files, by name.
fn report_files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let figures = std::fs::read_dir(dir.join("figures")).expect("figures/ is there");
    let names = figures.map(|entry| format!("figures/{}", entry.unwrap().file_name().to_str().unwrap()));
    let own = ["report.html", "verdict.json", "progress.csv"].map(str::to_owned);
    let mut files: Vec<_> = names.chain(own).map(|name| (name.clone(), bytes_of(dir.join(&name)))).collect();
    files.sort();
    files
}

#[test]
fn a_reproduction_leaves_a_report_that_asks_for_nothing_else() {
    let dir = TempDir::new().unwrap();
    let finished = grok_ok(dir.path(), &format!("reproduce {TINY} --out run"));
    assert!(
        finished.stdout.contains("claims of the paper") && finished.stdout.contains("report.html"),
        "{finished:?}"
    );
    let run = dir.child("run");

    let html = text_of(run.join("report.html"));
    for foreign in ["http:", "https:", "<script", "<link", "@import", "url(", "<iframe", "<img"] {
        let found = html.replace("http://www.w3.org/2000/svg", "").contains(foreign);
        assert!(!found, "report.html has {foreign}");
    }
    assert!(html.contains("prefers-color-scheme: dark"), "it follows the reader's colours");
    assert!(html.contains(env!("CARGO_PKG_VERSION")), "it says what wrote it");
    for link in html.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let is_there = match link.strip_prefix('#') {
            Some(id) => html.contains(&format!("id=\"{id}\"")),
            None if link.starts_with("data:image/png;base64,") => true,
            None => run.join(link).is_file(),
        };
        assert!(is_there, "the link {link} leads nowhere");
    }
    for figure in Figure::ALL {
        assert!(html.contains(&format!("<figure id=\"{}\"", figure.id)), "{} is on the page", figure.id);
        assert!(!html.contains("Not drawn"), "nothing is missing in a whole run");
        let drawing = text_of(run.join(format!("figures/{}.svg", figure.id)));
        assert!(drawing.starts_with("<svg ") && drawing.trim_end().ends_with("</svg>"), "{}", figure.id);
    }
    assert_eq!(html.matches("<tr id=\"claim-").count(), 34, "every claim has a row");

    // Every checkpoint is measured: the default cadence keeps steps that have metrics.
    let progress = rows_by_step(&text_of(run.join("progress.csv")));
    let metrics = rows_by_step(&text_of(run.join("metrics.csv")));
    assert_eq!(progress.keys().collect::<Vec<_>>(), metrics.keys().collect::<Vec<_>>());
    // The engine's loss runs over all outputs of the model, the measure over the numbers alone.
    for (step, row) in &progress {
        assert!(
            (row[0] - metrics[step][0]).abs() < 0.5,
            "train loss at {step}: {} and {}",
            row[0],
            metrics[step][0]
        );
    }
    let verdict = verdict(&run);
    assert_eq!(verdict["holds"], Value::Bool(true), "none of the claims is about so small a model");
    let claims = verdict["claims"].as_array().unwrap();
    assert_eq!(claims.len(), 34);
    for claim in claims {
        assert!(claim["outcome"] == "not applicable" && claim["reason"] != "", "{claim}");
    }
}

#[test]
fn the_report_of_a_finished_run_is_the_same_wherever_it_is_written() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), &format!("reproduce {TINY} --out run"));
    grok_ok(dir.path(), "reproduce --from run --out elsewhere");
    let (first, second) = (report_files(&dir.child("run")), report_files(&dir.child("elsewhere")));
    for ((name, one), (other_name, other)) in first.iter().zip(&second) {
        assert_eq!(name, other_name, "the same files");
        assert!(one == other, "{name} differs");
    }
    assert_eq!(first.len(), second.len(), "and no more");
    assert_eq!(report(&dir.child("run")), report(&dir.child("elsewhere")), "report.json");

    // The run directory itself may take the report, once.
    let again = grok(dir.path(), "reproduce --from run --out run");
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.stderr.contains("--force") && again.stderr.lines().count() == 1, "{again:?}");
    // Figures of an earlier report that cannot be drawn any more would be taken for this run's.
    let [stale, mine] =
        ["figure-02-of-another-run.csv", "notes.txt"].map(|n| dir.child("run/figures").join(n));
    std::fs::write(&stale, "").unwrap();
    std::fs::write(&mine, "").unwrap();
    grok_ok(dir.path(), "reproduce --from run --out run --force");
    assert!(!stale.exists() && mine.exists(), "figures are replaced, other files stay");
    std::fs::remove_file(mine).unwrap();
    assert!(report_files(&dir.child("run")) == first, "and the same again");
}

#[test]
fn the_report_of_another_run_is_kept() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), "train --preset tiny --epochs 10 --out a");
    grok_ok(dir.path(), "train --preset tiny --epochs 10 --seed 7 --out b");
    let before = bytes_of(dir.child("b/report.json"));
    let refused = grok(dir.path(), "reproduce --from a --out b");
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("report.json") && refused.stderr.contains("--force"), "{refused:?}");
    assert!(bytes_of(dir.child("b/report.json")) == before, "nothing was lost");
    grok_ok(dir.path(), "reproduce --from a --out b --force");
    assert_eq!(report(&dir.child("b")), report(&dir.child("a")), "as asked");
}

#[test]
fn a_run_in_64_bits_is_reported_on_in_64_bits() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), "train --preset tiny --epochs 10 --engine literal --precision f64 --out run");
    let trained = bytes_of(dir.child("run/report.json"));
    grok_ok(dir.path(), "reproduce --from run --out elsewhere");
    assert_eq!(report(&dir.child("elsewhere")), report(&dir.child("run")), "not of rounded weights");
    grok_ok(dir.path(), "reproduce --from run --out run");
    assert!(bytes_of(dir.child("run/report.json")) == trained, "the run keeps its report");
}

#[test]
fn a_reproduction_can_be_continued_like_a_run() {
    let dir = TempDir::new().unwrap();
    grok_ok(dir.path(), "train --preset tiny --epochs 20 --eval-every 5 --checkpoint-every 5 --out part");
    grok_ok(dir.path(), "reproduce --resume --epochs 40 --out part");
    grok_ok(dir.path(), &format!("reproduce {TINY} --out whole"));
    // The cadence is part of the settings, and that of the first run was its own.
    let same = |name: &str| text_of(dir.child("part").join(name)) == text_of(dir.child("whole").join(name));
    assert!(same("metrics.csv") && same("progress.csv") && same("verdict.json"), "as if never stopped");
}

#[test]
fn a_run_that_fails_a_claim_ends_with_code_1_and_says_which() {
    let dir = TempDir::new().unwrap();
    let line = "reproduce --preset paper --epochs 3 --eval-every 1 --checkpoint-every 1 --out run";
    let finished = grok(dir.path(), line);
    assert_eq!(finished.code, Some(1), "three steps do not grok: {finished:?}");
    assert!(finished.stdout.contains("claim 3 fails"), "{finished:?}");
    let verdict = verdict(&dir.child("run"));
    assert_eq!(verdict["holds"], Value::Bool(false));
    assert_eq!(verdict["claims"][2]["outcome"], "fails");
    let html = text_of(dir.child("run").join("report.html"));
    assert!(html.contains("Claims about every run that groks which fail here"), "the page says so");

    // Other runs give their claims something to say: here that two steps are too few.
    let other = "train --preset paper --p 53 --weight-decay 5 --epochs 2 --out other";
    grok_ok(dir.path(), other);
    let with = grok(dir.path(), "reproduce --from run --with other --out with");
    assert_eq!(with.code, Some(1), "{with:?}");
    let claim = &self::verdict(&dir.child("with"))["claims"][31];
    assert_eq!(claim["outcome"], "not applicable", "{claim}");
    assert!(claim["reason"].as_str().unwrap().contains("p = 53, decay 5 (too short to tell)"), "{claim}");
}

#[test]
fn bad_input_ends_with_code_2_and_one_line() {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.child("empty")).unwrap();
    grok_ok(dir.path(), "train --preset tiny --epochs 5 --out run");
    std::fs::create_dir(dir.child("bare")).unwrap();
    for name in ["config.json", "metrics.csv"] {
        std::fs::copy(dir.child("run").join(name), dir.child("bare").join(name)).unwrap();
    }
    for (line, words) in [
        ("reproduce --from nowhere --out x", "nowhere"),
        ("reproduce --from empty --out x", "config.json"),
        ("reproduce --from bare --out x", "no checkpoints/step-"),
        ("reproduce --from run --seed 3 --out x", "--from"),
        ("reproduce --from run --resume --out x", "--resume"),
        ("reproduce --from run --with nowhere --out x", "nowhere"),
        ("reproduce --from run --out run/config.json", "config.json"),
        ("reproduce --preset papr --out x", "paper"),
        ("reproduce --preset tiny --frac 1.5 --out x", "frac"),
        ("reproduce --preset tiny --out run", "--resume"),
        ("reproduce --preset tiny", "--out"),
    ] {
        let finished = grok(dir.path(), line);
        assert_eq!(finished.code, Some(2), "grok {line}: {finished:?}");
        assert!(finished.stderr.lines().count() == 1, "grok {line}: {finished:?}");
        assert!(finished.stderr.contains(words), "grok {line}: no {words:?} in {finished:?}");
        assert!(!dir.child("x").join("report.html").exists(), "grok {line} wrote a report");
    }
}
