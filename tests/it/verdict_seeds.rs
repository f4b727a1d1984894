//! The seeds of the paper's run that the project keeps: ten for reference, and ten for nothing but the check. Those that
//! have no record yet are not checked, and the tests say so.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use grokking_lab::analysis::verdict::kept_run::KeptRun;
use grokking_lab::analysis::verdict::{Outcome, Verdict, claims};

use crate::verdict_controls::check_part;

/// Seeds for reference, and held-out ones.
const REFERENCE: std::ops::Range<usize> = 0..10;
const HELD_OUT: std::ops::Range<usize> = 10..20;

/// The verdicts on the seeds that are there.
fn verdicts(seeds: std::ops::Range<usize>) -> Vec<(usize, Verdict)> {
    let read = |seed: usize| {
        let path = format!("{}/tests/reference/seed-records/seed-{seed}.json", env!("CARGO_MANIFEST_DIR"));
        let text = fs::read_to_string(path).ok()?;
        Some((
            seed,
            KeptRun::from_json(&text).unwrap_or_else(|error| panic!("seed {seed}: {error}")).verdict(),
        ))
    };
    seeds.filter_map(read).collect()
}

fn outcomes(verdicts: &[(usize, Verdict)], number: usize) -> Vec<Outcome> {
    verdicts.iter().map(|(_, verdict)| verdict.rows[number - 1].outcome).collect()
}

fn count(outcomes: &[Outcome], wanted: Outcome) -> usize {
    outcomes.iter().filter(|outcome| **outcome == wanted).count()
}

/// Writes to the terminal even where the output of a test that passes is kept back.
fn warn(text: &str) {
    writeln!(std::io::stderr(), "WARNING: {text}").expect("there is an error stream");
}

/// What the page on the verdict says until every held-out seed has a record.
const TO_BE_DONE: &str = "The held-out check is still to be done";

/// The rates of the claims, as a table.
fn rates_table(held_out: &[(usize, Verdict)], reference: &[(usize, Verdict)]) -> String {
    let mut text = String::from(
        "| # | claim | held-out: holds | differs | fails | reference: holds | differs | fails |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for claim in claims().iter().filter(|claim| claim.must_hold()) {
        let rates = [held_out, reference].map(|verdicts| {
            let outcomes = outcomes(verdicts, claim.number);
            [Outcome::Holds, Outcome::Differs, Outcome::Fails]
                .map(|wanted| count(&outcomes, wanted).to_string())
                .join(" | ")
        });
        let _ = writeln!(text, "| {} | {} | {} |", claim.number, claim.text, rates.join(" | "));
    }
    text
}

/// How many runs end with exit code 0.
fn passing(verdicts: &[(usize, Verdict)]) -> usize {
    verdicts.iter().filter(|(_, verdict)| verdict.broken().is_empty()).count()
}

#[test]
fn the_kept_seeds_are_judged_as_the_page_on_the_verdict_says() {
    let (reference, held_out) = (verdicts(REFERENCE), verdicts(HELD_OUT));
    for (seed, verdict) in reference.iter().chain(&held_out) {
        let broken: Vec<usize> = verdict.broken().iter().map(|claim| claim.number).collect();
        println!("seed {seed}: {} {broken:?}", verdict.headline());
        for row in verdict.rows.iter().filter(|row| matches!(row.outcome, Outcome::Fails | Outcome::Differs))
        {
            println!("seed {seed}, {}: {}", row.number, row.deviation);
        }
    }
    for claim in claims().iter().filter(|claim| claim.must_hold()) {
        let failing = count(&outcomes(&held_out, claim.number), Outcome::Fails);
        assert!(failing <= 1, "claim {} fails for {failing} held-out seeds", claim.number);
    }
    let passing = passing(&held_out);
    assert!(held_out.len() - passing <= 2, "{passing} of {} held-out runs pass", held_out.len());
    let mut text =
        format!("Reference seeds kept: {}; held-out seeds kept: {}.\n", reference.len(), held_out.len());
    if !reference.is_empty() || !held_out.is_empty() {
        text += &format!("\n{}", rates_table(&held_out, &reference));
    }
    let is_done = held_out.len() == HELD_OUT.len();
    if is_done {
        let _ = writeln!(text, "\n{passing} of {} held-out runs end with exit code 0.", held_out.len());
    } else {
        let open = format!("{TO_BE_DONE}: {} of {} held-out seeds are kept", held_out.len(), HELD_OUT.len());
        let _ = writeln!(
            text,
            "\n**{open}.** Until then nothing is known of how often the claims hold for new seeds."
        );
        warn(&format!(
            "{open}, so this test checks no claim against new seeds (cargo xtask seed-runs makes them)"
        ));
    }
    check_part("seeds", &text);
    let history = history();
    assert_eq!(history.contains(TO_BE_DONE), !is_done, "docs/verdict.md, how the tests came to be");
}

/// The part of docs/verdict.md that tells how the tests came to be, on one line.
fn history() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verdict.md");
    let whole = fs::read_to_string(path).expect("docs/verdict.md is there");
    let (before, _) = whole.split_once("## Seeds").expect("a part on the seeds");
    before.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_values_that_the_page_compares_with_are_those_of_the_seeds() {
    let all: Vec<_> = verdicts(REFERENCE).into_iter().chain(verdicts(HELD_OUT)).collect();
    if all.is_empty() {
        warn("no seed of the paper's run is kept, so the page compares a run with none");
    }
    let mut text = String::from(
        "//! The values of every criterion over the kept seeds of the paper's run, ascending, three digits. Written by\n\
         //! `UPDATE_SNAPSHOTS=1 cargo test --release --test it verdict_seeds`.\n\n\
         /// A claim's number, the place of the quantity among its criteria, and its values over the seeds.\n\
         #[rustfmt::skip]\n\
         pub(super) const SEED_VALUES: &[(usize, usize, &[f32])] = &[\n",
    );
    for claim in claims().iter().filter(|claim| claim.must_hold()) {
        for place in 0..claim.criteria.len() {
            let value = |(_, verdict): &(usize, Verdict)| {
                verdict.rows[claim.number - 1].values.get(place).copied()?
            };
            let mut values: Vec<f64> =
                all.iter().filter_map(value).filter(|value| value.is_finite()).collect();
            values.sort_by(f64::total_cmp);
            if !values.is_empty() {
                let list: Vec<String> = values.iter().map(|value| format!("{value:.2e}")).collect();
                let _ = writeln!(text, "    ({}, {place}, &[{}]),", claim.number, list.join(", "));
            }
        }
    }
    text += "];\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/analysis/verdict/seed_values.rs");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &text).expect("the source can be written");
    }
    let kept = fs::read_to_string(&path).expect("the table is there");
    assert!(
        kept == text,
        "to write it anew: UPDATE_SNAPSHOTS=1 cargo test --release --test it verdict_seeds"
    );
}
