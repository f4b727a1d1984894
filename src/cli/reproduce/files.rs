//! The files of a reproduction, and that none of the user's is lost for them.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Serialize;

use super::analysis::RunAnalysis;
use super::stored_run::StoredRun;
use crate::analysis::phases::Phases;
use crate::analysis::verdict::{Claim, NotApplicableReason, Outcome, Requirement, Row, Verdict};
use crate::cli::file_io::{write_json, write_whole};
use crate::cli::html_report::{self, FIGURE_WIDTH};
use crate::cli::judged_report::JudgedReport;
use crate::error::{LabError, Result};
use crate::plot::Theme;
use crate::plot::figures::measure_table::progress_table;
use crate::plot::figures::{Figure, svg};

/// The page, the verdict and the measures; the figures lie in a folder beside them.
const FILES: [&str; 3] = ["report.html", "verdict.json", "progress.csv"];
const FIGURES: &str = "figures";

const REPORT: &str = "report.json";

/// Checks that the report on the run in `from` may be written to a directory: that run's own, which has its
/// `report.json` already, or one without a report.
///
/// # Errors
/// [`LabError::Content`] if there is a report and `force` is not set.
pub(super) fn check_free(out: &Path, from: &Path, force: bool) -> Result<()> {
    let report = (!is_same(out, from)).then_some(REPORT);
    let there = FILES.into_iter().chain([FIGURES]).chain(report).find(|name| out.join(name).exists());
    match there {
        Some(name) if !force => Err(LabError::content(
            out.display().to_string(),
            format!("it already holds {name}: name another directory, or use --force to write over it"),
        )),
        _ if out.exists() && !out.is_dir() => Err(LabError::file("use as a directory", out, "it is a file")),
        _ => Ok(()),
    }
}

/// Whether two paths lead to one directory.
fn is_same(one: &Path, other: &Path) -> bool {
    matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}

/// Removes the report of an earlier run, with its figures.
///
/// # Errors
/// [`LabError::File`] if the system refuses.
pub(super) fn remove(out: &Path) -> Result<()> {
    for path in FILES.map(|name| out.join(name)) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(LabError::file("remove", &path, error));
            }
            _ => {}
        }
    }
    remove_figures(&out.join(FIGURES), &BTreeSet::new())
}

/// Removes the files of figures that are not among those to keep. Other files stay.
fn remove_figures(folder: &Path, keep: &BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_of_a_figure(&name) && !keep.contains(&name) {
            fs::remove_file(entry.path()).map_err(|e| LabError::file("remove", entry.path(), e))?;
        }
    }
    Ok(())
}

/// Whether a file is a figure's drawing or one of its tables.
fn is_of_a_figure(name: &str) -> bool {
    Figure::ALL
        .iter()
        .filter_map(|figure| name.strip_prefix(figure.id))
        .any(|rest| rest == ".svg" || (rest.starts_with('-') && rest.ends_with(".csv")))
}

/// Writes everything; the page last. The `report.json` of the run's own directory stays: what trained it knew more
/// than the checkpoints tell.
///
/// # Errors
/// [`LabError::File`] if the system refuses, [`LabError::Content`] if a figure cannot be drawn.
pub(super) fn write(out: &Path, run: &StoredRun, analysis: &RunAnalysis, verdict: &Verdict) -> Result<()> {
    let figures = out.join(FIGURES);
    fs::create_dir_all(&figures).map_err(|e| LabError::file("create", &figures, e))?;
    let data = analysis.figure_data(run);
    let mut written = BTreeSet::new();
    for figure in Figure::ALL.iter().filter(|figure| figure.missing(&data).is_none()) {
        let drawing = svg::svg(figure, &data, FIGURE_WIDTH, &Theme::light())?;
        for (name, text) in figure.csv(&data).into_iter().chain([(format!("{}.svg", figure.id), drawing)]) {
            write_whole(&figures.join(&name), text.as_bytes())?;
            written.insert(name);
        }
    }
    remove_figures(&figures, &written)?;
    write_whole(&out.join("progress.csv"), progress_table("progress", &analysis.history).csv().as_bytes())?;
    if !(is_same(out, run.root()) && out.join(REPORT).exists()) {
        write_json(&out.join(REPORT), &JudgedReport::new(&analysis.report, verdict))?;
    }
    write_json(&out.join("verdict.json"), &VerdictFile::new(verdict, &analysis.phases))?;
    write_whole(&out.join("report.html"), html_report::page(run, analysis, verdict)?.as_bytes())
}

/// `verdict.json`.
#[derive(Debug, Serialize)]
struct VerdictFile<'a> {
    /// Whether no claim about runs that grok fails.
    holds: bool,
    /// How many claims fared how, in a sentence.
    headline: String,
    phases: &'a Phases,
    claims: Vec<ClaimEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct ClaimEntry<'a> {
    number: usize,
    claim: &'a str,
    paper: &'a str,
    /// The test.
    expected: String,
    /// What the paper and published models show; a value outside differs and does not fail.
    published: String,
    why: &'a str,
    source: &'a str,
    standing: Requirement,
    must_hold: bool,
    /// Where the claim does not hold in general.
    not_robust: Option<&'a str>,
    outcome: Outcome,
    measured: &'a str,
    /// What decided against the claim, where it fails or differs.
    deviation: &'a str,
    reason: &'a str,
}

impl<'a> VerdictFile<'a> {
    fn new(verdict: &'a Verdict, phases: &'a Phases) -> Self {
        let claims = verdict.rows.iter().map(ClaimEntry::new).collect();
        Self { holds: verdict.broken().is_empty(), headline: verdict.headline(), phases, claims }
    }
}

impl<'a> ClaimEntry<'a> {
    fn new(row: &'a Row) -> Self {
        let claim = row.claim();
        let &Claim { number, text, paper, why, source, requirement: standing, not_robust, .. } = claim;
        Self {
            number,
            claim: text,
            paper,
            expected: claim.expected(),
            published: claim.published(),
            why,
            source,
            standing,
            must_hold: claim.must_hold(),
            not_robust,
            outcome: row.outcome,
            measured: &row.measured,
            deviation: &row.deviation,
            reason: row.reason.as_ref().map_or("", NotApplicableReason::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::{check_free, remove_figures};

    #[test]
    fn the_report_of_another_run_is_not_written_over() {
        let dir = temp_dir::TempDir::new().unwrap();
        let [from, out] = ["from", "out"].map(|name| dir.child(name));
        for folder in [&from, &out] {
            fs::create_dir(folder).unwrap();
        }
        check_free(&out, &from, false).unwrap();
        fs::write(out.join("report.json"), "another run's").unwrap();
        let error = check_free(&out, &from, false).unwrap_err().to_string();
        assert!(error.contains("report.json") && error.contains("--force"), "{error}");
        check_free(&out, &from, true).unwrap();
        check_free(&out, &out.join("."), false).expect("its own run's, under another spelling");
        fs::write(out.join("report.html"), "").unwrap();
        check_free(&out, &out, false).expect_err("a report is there already");
    }

    #[test]
    fn figures_that_are_no_longer_drawn_are_removed_and_nothing_else() {
        let dir = temp_dir::TempDir::new().unwrap();
        let stale = ["figure-02.svg", "figure-02-losses.csv", "table-1-directions.csv"];
        let others = ["figure-02.png", "figure-020.svg", "notes.csv", "figure-07.svg"];
        for name in stale.iter().chain(&others) {
            fs::write(dir.child(name), "").unwrap();
        }
        remove_figures(dir.path(), &BTreeSet::from(["figure-07.svg".to_owned()])).unwrap();
        assert!(stale.iter().all(|name| !dir.child(name).exists()), "stale figures are gone");
        assert!(others.iter().all(|name| dir.child(name).exists()), "the rest is there");
        remove_figures(&dir.child("nowhere"), &BTreeSet::new()).expect("no folder, nothing to remove");
    }
}
