//! The verdict, claim by claim.

use super::element::{escaped, table};
use crate::analysis::phases::Phases;
use crate::analysis::verdict::{Outcome, Row, Verdict};
use crate::format::count;
use crate::plot::figures::{Cell, DataTable};

/// The outcome in a paragraph.
pub(super) fn summary(verdict: &Verdict, phases: &Phases) -> String {
    let broken: Vec<_> = verdict.broken().iter().map(|claim| claim.number.to_string()).collect();
    let fails = match broken.as_slice() {
        [] => String::new(),
        numbers => format!(" Claims about every run that groks which fail here: {}.", numbers.join(", ")),
    };
    format!(
        "<p><strong>{}</strong>{fails} (<a href=\"#verdict\">Claim by claim</a>.) {}</p>{}",
        escaped(&verdict.headline()),
        escaped(&phase_text(phases)),
        phase_table(phases)
    )
}

/// The measures at the boundaries that were found.
fn phase_table(phases: &Phases) -> String {
    let columns = [
        "phase",
        "ends at step",
        "excluded loss (train, nats)",
        "restricted loss (all pairs, nats)",
        "test loss (nats)",
        "sum of squared weights",
    ];
    let mut cells = DataTable::new("phases", columns);
    for (name, end) in [
        ("memorisation", &phases.memorisation_end),
        ("circuit formation", &phases.cleanup_start),
        ("cleanup", &phases.cleanup_end),
    ] {
        if let Some(end) = end {
            let values = [end.excluded_loss, end.restricted_loss, end.test_loss, end.sum_sq_weights];
            cells.push([Cell::text(name), Cell::Count(end.step)].into_iter().chain(values.map(Cell::Number)));
        }
    }
    if cells.rows.is_empty() { String::new() } else { format!("\n{}", table(&cells)) }
}

/// The section with a row for each claim.
pub(super) fn section(verdict: &Verdict) -> String {
    let rows: String = verdict.rows.iter().map(|row| table_row(row, verdict)).collect();
    format!(
        "<h2 id=\"verdict\">Verdict, claim by claim</h2>\n\
         <div class=\"wide\"><table class=\"verdict\">\n<colgroup><col style=\"width:4%\"><col style=\"width:21%\">\
         <col style=\"width:16%\"><col style=\"width:26%\"><col><col style=\"width:11%\"></colgroup>\n\
         <thead><tr><th scope=\"col\" class=\"number\">#</th>\
         <th scope=\"col\">Claim</th><th scope=\"col\">In the paper</th><th scope=\"col\">Test, and why</th>\
         <th scope=\"col\">This run</th><th scope=\"col\">Outcome</th></tr></thead>\n<tbody>\n{rows}</tbody></table></div>"
    )
}

/// The boundaries between the phases in a sentence.
fn phase_text(phases: &Phases) -> String {
    let ends: Vec<_> = phases
        .ends()
        .into_iter()
        .map(|(name, step)| format!("{name} ends at step {}", count(step)))
        .collect();
    if ends.is_empty() {
        return "No phases are named: no circuit has formed.".to_owned();
    }
    format!("By the progress measures, {}.", ends.join(", "))
}

fn table_row(row: &Row, verdict: &Verdict) -> String {
    let claim = row.claim();
    let (class, sign) = match row.outcome {
        Outcome::Holds => ("passed", "\u{2713} "),
        Outcome::Differs => ("differs", "\u{2248} "),
        Outcome::Fails => ("failed", "\u{2717} "),
        Outcome::NotApplicable => ("quiet", ""),
    };
    let quiet = |label: &str, words: &str| match words {
        "" => String::new(),
        words => format!("<br><span class=\"quiet\">{label}{}</span>", escaped(words)),
    };
    // A run of another kind has the same reason many times.
    let same = verdict.rows.iter().find(|other| row.reason.is_some() && other.reason == row.reason);
    let found = match same {
        Some(first) if first.number < row.number => format!("as claim {}", first.number),
        _ => row.finding_or_reason().to_owned(),
    };
    let expected = claim.expected();
    let [text, paper, expected, found] = [claim.text, claim.paper, &expected, &found].map(escaped);
    format!(
        "<tr id=\"claim-{number}\"><td class=\"number\">{number}</td><td>{text}{source}{caveat}</td><td>{paper}</td>\
         <td>{expected}{published}{why}</td><td>{found}{deviation}</td><td class=\"outcome {class}\">{sign}{outcome}</td></tr>\n",
        number = row.number,
        source = quiet("", &format!("{}; {}", claim.source, claim.requirement.words())),
        caveat = quiet("", &claim.caveat()),
        published = quiet("paper and published models: ", &claim.published()),
        why = quiet("", claim.why),
        deviation =
            quiet(if row.outcome == Outcome::Fails { "fails: " } else { "differs: " }, &row.deviation),
        outcome = row.outcome.words(),
    )
}

#[cfg(test)]
mod tests {
    use super::{section, summary};
    use crate::analysis::phases::{Boundary, Phases};
    use crate::analysis::verdict::{NotApplicableReason, Outcome, Row, Verdict, claims};

    fn verdict(outcome: impl Fn(usize) -> Outcome) -> Verdict {
        let row = |number| Row {
            number,
            outcome: outcome(number),
            measured: format!("measured & {number}"),
            deviation: if number == 5 { "800 < 830".into() } else { String::new() },
            values: Vec::new(),
            reason: None,
        };
        Verdict { rows: claims().into_iter().map(|claim| row(claim.number)).collect() }
    }

    #[test]
    fn every_claim_has_a_row_with_its_outcome() {
        let verdict = verdict(|n| match n {
            3 => Outcome::Fails,
            5 => Outcome::Differs,
            _ => Outcome::Holds,
        });
        let html = section(&verdict);
        assert_eq!(html.matches("<tr id=\"claim-").count(), claims().len(), "a row for each claim");
        let counts = ['\u{2713}', '\u{2717}', '\u{2248}'].map(|sign| html.matches(sign).count());
        // The sign for "about" stands in one claim's words, too.
        assert_eq!((counts[0], counts[1]), (claims().len() - 2, 1), "outcomes");
        assert!(html.contains("measured &amp; 34"), "words are escaped");
        let differs =
            "differs: 800 &lt; 830</span></td><td class=\"outcome differs\">\u{2248} differs from the paper";
        assert!(html.contains(differs), "a row says what differs");
        assert!(html.contains("not robust: table 5: 71 to 89 %"), "and what the paper itself takes back");
        for claim in claims() {
            assert!(html.contains(&super::escaped(claim.why)), "claim {} says why", claim.number);
        }
        let words = summary(&verdict, &Phases::default());
        assert!(words.contains("fail here: 3.") && words.contains("No phases are named"), "{words}");
        assert!(!words.contains("<table"), "{words}");
        let end = Boundary {
            step: 1_400,
            excluded_loss: 0.316,
            restricted_loss: 3.02,
            test_loss: 25.7,
            sum_sq_weights: 3385.0,
        };
        let words = summary(&verdict, &Phases { memorisation_end: Some(end), ..Phases::default() });
        for text in ["<td>memorisation</td>", ">1,400<", ">0.3160<", ">3.020<", ">25.70<", ">3385<"] {
            assert!(words.contains(text), "the boundary's values: no {text} in {words}");
        }
    }

    #[test]
    fn nothing_judged_is_not_called_success() {
        let mut verdict = verdict(|_| Outcome::NotApplicable);
        for row in &mut verdict.rows {
            (row.measured, row.reason) =
                (String::new(), Some(NotApplicableReason::Other("another model".to_owned())));
        }
        let words = summary(&verdict, &Phases::default());
        assert!(words.contains("None of the 34 claims"), "{words}");
        let html = section(&verdict);
        assert!(!html.contains('\u{2713}'), "{html}");
        assert_eq!(html.matches("another model").count(), 1, "the reason is said once");
        assert_eq!(html.matches("as claim 1<").count(), claims().len() - 1, "and then referred to");
    }
}
