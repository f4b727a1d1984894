//! The files of a reproduction, and that none of the user's is lost for them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Serialize;

use super::analysis::RunAnalysis;
use super::stored_run::StoredRun;
use crate::analysis::phases::Phases;
use crate::analysis::progress::ProgressMeasures;
use crate::analysis::verdict::{Claim, Outcome, Row, Standing, Verdict};
use crate::cli::html_report::{self, FIGURE_WIDTH};
use crate::cli::run_dir::{write_json, write_whole};
use crate::error::{LabError, Result};
use crate::plot::Theme;
use crate::plot::figures::{Cell, DataTable, Figure, svg};

/// The page, the verdict and the measures; the figures lie in a folder beside them.
const FILES: [&str; 3] = ["report.html", "verdict.json", "progress.csv"];
const FIGURES: &str = "figures";

/// Checks that the report may be written to a directory that holds no run of its own.
///
/// # Errors
/// [`LabError::Content`] if there is a report and `force` is not set.
pub(super) fn check_free(out: &Path, force: bool) -> Result<()> {
    let there = FILES.into_iter().chain([FIGURES]).find(|name| out.join(name).exists());
    match there {
        Some(name) if !force => Err(LabError::content(
            out.display().to_string(),
            format!("it already holds {name}: name another directory, or use --force to write over it"),
        )),
        _ if out.exists() && !out.is_dir() => Err(LabError::file("use as a directory", out, "it is a file")),
        _ => Ok(()),
    }
}

/// Removes the report of an earlier run; its figures are written over.
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
    Ok(())
}

/// Writes everything; the page last.
///
/// # Errors
/// [`LabError::File`] if the system refuses, [`LabError::Content`] if a figure cannot be drawn.
pub(super) fn write(out: &Path, run: &StoredRun, analysis: &RunAnalysis, verdict: &Verdict) -> Result<()> {
    let figures = out.join(FIGURES);
    fs::create_dir_all(&figures).map_err(|e| LabError::file("create", &figures, e))?;
    let data = analysis.figure_data(run);
    for figure in Figure::ALL.iter().filter(|figure| (figure.missing)(&data).is_none()) {
        let drawing = svg::svg(figure, &data, FIGURE_WIDTH, &Theme::light())?;
        write_whole(&figures.join(format!("{}.svg", figure.id)), drawing.as_bytes())?;
        for (name, csv) in figure.csv(&data) {
            write_whole(&figures.join(name), csv.as_bytes())?;
        }
    }
    write_whole(&out.join("progress.csv"), progress_table(&analysis.history).csv().as_bytes())?;
    write_json(&out.join("report.json"), &analysis.report)?;
    write_json(&out.join("verdict.json"), &VerdictFile::new(verdict, &analysis.phases))?;
    write_whole(&out.join("report.html"), html_report::page(run, analysis, verdict)?.as_bytes())
}

/// Every measure of every checkpoint.
fn progress_table(history: &[(usize, ProgressMeasures)]) -> DataTable {
    let Some((_, last)) = history.last() else { return DataTable::new("progress", ["step"]) };
    let names = named_measures(last).into_iter().map(|(name, _)| name);
    let mut table = DataTable::new("progress", std::iter::once("step".to_owned()).chain(names));
    for (step, measures) in history {
        let values = named_measures(measures).into_iter().map(|(_, value)| Cell::Number(value));
        table.push(std::iter::once(Cell::Count(*step)).chain(values));
    }
    table
}

fn named_measures(m: &ProgressMeasures) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    let mut add = |name: &str, value: f64| all.push((name.to_owned(), value));
    for (name, parts) in [
        ("loss", &m.loss),
        ("restricted_loss", &m.restricted_loss),
        ("restricted_accuracy", &m.restricted_accuracy),
    ] {
        add(&format!("{name}_train"), parts.train);
        add(&format!("{name}_test"), parts.test);
        add(&format!("{name}_all"), parts.all);
    }
    for (name, excluded) in [("excluded_loss", &m.excluded_loss), ("excluded_accuracy", &m.excluded_accuracy)]
    {
        add(&format!("{name}_train"), excluded.train);
        for (freq, value) in &excluded.per_freq {
            add(&format!("{name}_train_freq_{freq}"), *value);
        }
    }
    add("gini_w_e", m.gini.w_e);
    add("gini_w_l", m.gini.w_l);
    add("sum_sq_weights", m.sum_sq_weights.total);
    for (tensor, value) in &m.sum_sq_weights.tensors {
        add(&format!("sum_sq_{tensor}"), *value);
    }
    for (freq, value) in &m.cosine_coefficients {
        add(&format!("cosine_coefficient_freq_{freq}"), *value);
    }
    add("test_restricted_ratio", m.test_restricted_ratio);
    all
}

/// `verdict.json`.
#[derive(Debug, Serialize)]
struct VerdictFile<'a> {
    /// Whether no claim that must hold fails.
    holds: bool,
    phases: &'a Phases,
    claims: Vec<ClaimEntry<'a>>,
}

#[derive(Debug, Serialize)]
struct ClaimEntry<'a> {
    number: usize,
    claim: &'a str,
    paper: &'a str,
    accepted: &'a str,
    why: &'a str,
    source: &'a str,
    standing: Standing,
    must_hold: bool,
    outcome: Outcome,
    measured: &'a str,
    reason: &'a str,
}

impl<'a> VerdictFile<'a> {
    fn new(verdict: &'a Verdict, phases: &'a Phases) -> Self {
        let claims = verdict.rows.iter().map(ClaimEntry::new).collect();
        Self { holds: verdict.broken().is_empty(), phases, claims }
    }
}

impl<'a> ClaimEntry<'a> {
    fn new(row: &'a Row) -> Self {
        let claim = row.claim();
        let &Claim { number, text, paper, accepted, why, source, standing, .. } = claim;
        let Row { outcome, measured, reason, .. } = row;
        let (outcome, must_hold) = (*outcome, claim.must_hold());
        Self {
            number,
            claim: text,
            paper,
            accepted,
            why,
            source,
            standing,
            must_hold,
            outcome,
            measured,
            reason,
        }
    }
}
