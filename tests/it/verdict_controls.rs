//! Models that do not do what the paper describes must fail the claims that speak of what they lack, and runs of other
//! moduli that grok must hold them.

use std::fs;
use std::path::Path;

use grokking_lab::analysis::verdict::{Outcome, Verdict, claims};

use crate::verdict_models::{
    grokked, kept, of_weights, one_frequency_removed, other_embedding, pizza, random, shuffled_labels,
};

/// Claims that the weights alone decide; 21 is told.
const OF_WEIGHTS: [usize; 18] = [4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23];

/// A control: its column in the table, and the claims that speak of what it lacks, all of which it must fail.
struct Control {
    name: &'static str,
    verdict: Verdict,
    fails: &'static [usize],
}

fn controls() -> Vec<Control> {
    let of = |(weights, config): (_, _)| of_weights(&weights, &config);
    let control = |name, verdict, fails| Control { name, verdict, fails };
    vec![
        control("random", of(random()), &OF_WEIGHTS),
        control("600 steps", kept("controls/short-600").verdict(), UNGROKKED),
        control("memorised", kept("controls/memorised").verdict(), UNGROKKED),
        control("no decay", kept("controls/no-decay").verdict(), UNGROKKED),
        control("slingshot", kept("controls/slingshot").verdict(), BROKEN),
        control("shuffled labels", of(shuffled_labels()), &OF_WEIGHTS),
        control("wrong split", kept("controls/wrong-split").verdict(), &[1, 3, 4, 25, 28]),
        control("one frequency less", of(one_frequency_removed()), BROKEN),
        control("other embedding", of(other_embedding()), BROKEN),
        control("averaging", of(pizza()), &[4, 9, 11, 12, 13, 20]),
    ]
}

/// What a run lacks that has not grokked.
const UNGROKKED: &[usize] =
    &[3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26, 27, 28];

/// What presupposes a model that does the task.
const BROKEN: &[usize] = &[4, 13, 14, 15, 16, 17, 18, 19, 22, 23];

fn of(verdict: &Verdict, number: usize) -> Outcome {
    verdict.rows.iter().find(|row| row.number == number).expect("a row for each claim").outcome
}

fn sign(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Holds => "holds",
        Outcome::Differs => "differs",
        Outcome::Fails => "fails",
        Outcome::NotApplicable => "",
    }
}

fn print(what: &str, verdict: &Verdict) {
    println!("{what}: {}", verdict.headline());
    for row in &verdict.rows {
        println!("{what}, {}: {:?} {} | {}", row.number, row.outcome, row.measured, row.deviation);
    }
}

/// Puts text between two marks of docs/verdict.md, or compares it with what is there.
pub(crate) fn check_part(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verdict.md");
    let whole = fs::read_to_string(&path).expect("docs/verdict.md is there");
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let (before, rest) = whole.split_once(&begin).unwrap_or_else(|| panic!("no mark {begin}"));
    let (kept, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no mark {end}"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, format!("{before}{begin}{text}{end}{after}")).expect("docs can be written");
        return;
    }
    let hint = "to write it anew: UPDATE_SNAPSHOTS=1 cargo test --release --test it verdict_";
    assert_eq!(kept, text, "docs/verdict.md, {name}; {hint}");
}

#[test]
fn every_control_fails_what_it_lacks_and_no_claim_holds_for_all() {
    let controls = controls();
    let mut table = format!(
        "| # | claim | {} |\n|---|---|{}\n",
        controls.iter().map(|control| control.name).collect::<Vec<_>>().join(" | "),
        "---|".repeat(controls.len())
    );
    for claim in claims().iter().filter(|claim| claim.must_hold()) {
        let outcomes: Vec<Outcome> =
            controls.iter().map(|control| of(&control.verdict, claim.number)).collect();
        let signs: Vec<&str> = outcomes.iter().map(|outcome| sign(*outcome)).collect();
        table += &format!("| {} | {} | {} |\n", claim.number, claim.text, signs.join(" | "));
        let never_fails = outcomes.iter().all(|outcome| *outcome != Outcome::Fails);
        // Memorising is what the controls that were trained do best.
        assert!(!never_fails || [1, 2, 21].contains(&claim.number), "claim {} fails for none", claim.number);
    }
    let mut wrong = Vec::new();
    for control in &controls {
        print(control.name, &control.verdict);
        let passed = control.fails.iter().filter(|&&number| of(&control.verdict, number) != Outcome::Fails);
        wrong.extend(passed.map(|number| format!("{}: claim {number} does not fail", control.name)));
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    check_part("controls", &table);
}

#[test]
fn a_grokked_model_fails_none_of_them() {
    let (weights, config) = grokked();
    let verdict = of_weights(&weights, &config);
    print("grokked", &verdict);
    for number in OF_WEIGHTS {
        assert_ne!(of(&verdict, number), Outcome::Fails, "claim {number}");
    }
}

#[test]
fn other_moduli_hold_the_claims_once_they_have_grokked_and_not_before() {
    let mut wrong = Vec::new();
    for name in ["p53", "p59", "p97", "quick"] {
        let verdict = kept(&format!("scales/{name}")).verdict();
        print(name, &verdict);
        wrong.extend(verdict.broken().iter().map(|claim| format!("{name}: claim {} fails", claim.number)));
        let judged = verdict.rows.len() - verdict.count(Outcome::NotApplicable);
        assert!(judged >= 14, "{name}: {judged} claims are judged");
    }
    for name in ["p53", "p59", "p97", "p199", "quick"] {
        let early = kept(&format!("scales/{name}-memorised")).verdict();
        print(&format!("{name} memorised"), &early);
        let failing = early.count(Outcome::Fails);
        assert!(failing >= 10, "{name}, memorised: {failing} claims fail");
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}
