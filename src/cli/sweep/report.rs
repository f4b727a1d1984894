//! `grok sweep report`: what a sweep shows, as one page that asks for nothing else.

use std::path::Path;

use super::run_groups::{RunGroup, groups};
use super::run_result::RunResult;
use super::sweep_dir::SweepDir;
use super::varied_settings::VariedSettings;
use crate::analysis::measure::{LOSS_TEST, LOSS_TRAIN, Measure};
use crate::analysis::verdict::Outcome as ClaimOutcome;
use crate::analysis::verdict::claims;
use crate::cli::file_io::write_whole;
use crate::cli::html_report::{FIGURE_WIDTH, document, escaped, table, versions_sentence};
use crate::cli::output::print_line;
use crate::cli::{Failure, Outcome};
use crate::config::settings::{Kind, Setting};
use crate::error::{LabError, Result};
use crate::format::{count, number};
use crate::maths::stats::median;
use crate::plot::figures::sheet::{Chart, Panel, Row, Shape, Sheet};
use crate::plot::figures::{Cell, DataTable, svg};
use crate::plot::{Axis, Line, LineChart, Scale, Theme};

/// Writes the page.
///
/// # Errors
/// [`Failure::Input`] if there is no sweep or no result, [`Failure::Run`] if the page cannot be written.
pub(super) fn run(dir: &Path) -> Result<Outcome, Failure> {
    let sweep = SweepDir::new(dir);
    let (varied, n_planned, runs) = read(&sweep).map_err(Failure::Input)?;
    let path = sweep.file("report.html");
    let html = page(&varied, n_planned, &runs).map_err(Failure::Run)?;
    write_whole(&path, html.as_bytes()).map_err(Failure::Run)?;
    print_line(&format!("report: {}", path.display()));
    Ok(Outcome::Done)
}

fn read(sweep: &SweepDir) -> Result<(VariedSettings, usize, Vec<RunResult>)> {
    let plan = sweep.read_plan()?;
    let finished = sweep.finished()?;
    let runs = plan.iter().filter(|run| finished.contains(&run.id)).map(|run| sweep.read_result(&run.id));
    let runs = runs.collect::<Result<Vec<_>>>()?;
    if runs.is_empty() {
        let reason = "no run is finished; grok sweep run carries them out";
        return Err(LabError::content(sweep.root().display().to_string(), reason));
    }
    Ok((VariedSettings::of(&plan), plan.len(), runs))
}

fn page(varied: &VariedSettings, n_planned: usize, runs: &[RunResult]) -> Result<String> {
    let settings = varied.group_settings();
    let groups = groups(varied, runs);
    let title = match settings.iter().map(|setting| setting.label).collect::<Vec<_>>()[..] {
        [] => "Sweep: seeds".to_owned(),
        ref labels => format!("Sweep: {}", labels.join(", ")),
    };
    let mut body = format!("<h1>{}</h1>\n<p>{}</p>\n", escaped(&title), escaped(&summary(n_planned, runs)));
    body.push_str(
        "<h2>Groups</h2>\n<p>Runs that differ in their seeds alone are one group. Steps are medians over its \
                   runs, with the first and the third quartile.</p>\n",
    );
    body.push_str(&table(&group_table(&settings, &groups)));
    body.push_str("<h2>Losses</h2>\n");
    body.push_str(&picture("losses", "Loss by step", &losses(&settings, &groups))?);
    body.push_str(
        "<p class=\"quiet\">Medians over the runs of each group; the pale lines are the quartiles. With more \
                   groups than colours the others are grey.</p>\n",
    );
    let against: Vec<Panel> =
        settings.iter().filter_map(|setting| generalised_against(setting, &groups)).collect();
    if !against.is_empty() {
        let sheet = Sheet { rows: vec![Row { panels: against, shape: Shape::Wide }] };
        body.push_str("<h2>When the model generalises</h2>\n");
        body.push_str(&picture(
            "generalised",
            "Step from which the test loss stays below 1, by setting",
            &sheet,
        )?);
        body.push_str(
            "<p class=\"quiet\">A point a run; the line joins the medians. Runs that did not generalise have \
                       none.</p>\n",
        );
    }
    let claims = claim_table(runs);
    if !claims.rows.is_empty() {
        body.push_str("<h2>The paper\u{2019}s claims</h2>\n<p>How many runs each claim was judged on, and how it fared.</p>\n");
        body.push_str(&table(&claims));
    }
    body.push_str(&format!("<h2>Versions</h2>\n<p>{}</p>", escaped(&versions_sentence())));
    Ok(document(&title, &body))
}

fn summary(n_planned: usize, runs: &[RunResult]) -> String {
    let n_generalised = runs.iter().filter(|run| run.generalised_at.is_some()).count();
    let n_memorised = runs.iter().filter(|run| run.memorised_at.is_some()).count();
    let n_failed = runs.iter().filter(|run| run.failure.is_some()).count();
    let failed = match n_failed {
        0 => String::new(),
        n => format!(" {} stopped because a number was no longer finite.", count(n)),
    };
    format!(
        "{} of {} planned runs are finished. {} memorised their train set; {} generalised: their test loss stays below \
         1 nat.{failed}",
        count(runs.len()),
        count(n_planned),
        count(n_memorised),
        count(n_generalised)
    )
}

/// A row a group.
fn group_table(settings: &[&'static Setting], groups: &[RunGroup<'_>]) -> DataTable {
    let names = settings.iter().map(|setting| setting.label.to_owned());
    let columns =
        ["runs", "generalised", "memorised at step", "generalised at step", "last test loss (nats)"];
    let mut table = DataTable::new("groups", names.chain(columns.map(str::to_owned)));
    for group in groups {
        let n_generalised = group.runs.iter().filter(|run| run.generalised_at.is_some()).count();
        let steps = |of: fn(&RunResult) -> Option<usize>| {
            let quartiles = group.quartiles(|run| of(run).map(|step| step as f64));
            Cell::text(quartiles.map_or_else(String::new, |[low, median, high]| {
                let [low, median, high] = [low, median, high].map(|step| count(step.round() as usize));
                format!("{median} ({low} to {high})")
            }))
        };
        let loss = group.quartiles(|run| run.measures.get(LOSS_TEST.id).copied());
        let values = group.values.iter().map(Cell::text);
        table.push(values.chain([
            Cell::Count(group.runs.len()),
            Cell::Count(n_generalised),
            steps(|run| run.memorised_at),
            steps(|run| run.generalised_at),
            Cell::text(loss.map_or_else(String::new, |[low, median, high]| {
                format!("{} ({} to {})", number(median), number(low), number(high))
            })),
        ]));
    }
    table
}

/// Train and test loss by step: a median a group, with its quartiles.
fn losses(settings: &[&'static Setting], groups: &[RunGroup<'_>]) -> Sheet {
    let theme = Theme::light();
    let panel = |title: &str, measure: &Measure| {
        let (mut bands, mut medians, mut legend) = (Vec::new(), Vec::new(), Vec::new());
        for (i, group) in groups.iter().enumerate() {
            let color = if i < theme.series.len() { theme.member(i) } else { theme.muted };
            let curve = group.curve(measure);
            let line = |which: usize| -> Vec<(f64, f64)> {
                curve.points.iter().map(|(step, values)| (*step as f64, values[which])).collect()
            };
            if group.runs.len() > 1 {
                bands.extend([0, 2].map(|which| Line { color: theme.muted(color), points: line(which) }));
            }
            medians.push(Line { color, points: line(1) });
            if i < theme.series.len() && !settings.is_empty() {
                legend.push((group_name(settings, group), color));
            }
        }
        let lines: Vec<Line> = bands.into_iter().chain(medians).collect();
        let all = || lines.iter().flat_map(|line| &line.points);
        let chart = LineChart {
            x: Axis::fit(Scale::Log, all().map(|point| point.0.max(1.0)), 0.0),
            y: Axis::fit(Scale::Log, all().map(|point| point.1), 0.03),
            lines: lines.clone(),
        };
        let mut panel = Panel::new(title, "step (full-batch update)", &measure.axis(), Chart::Lines(chart));
        panel.legend = legend;
        panel
    };
    let panels = vec![panel("Train loss", &LOSS_TRAIN), panel("Test loss", &LOSS_TEST)];
    Sheet { rows: vec![Row { panels, shape: Shape::Wide }] }
}

fn group_name(settings: &[&'static Setting], group: &RunGroup<'_>) -> String {
    let parts =
        settings.iter().zip(&group.values).map(|(setting, value)| format!("{} = {value}", setting.name));
    parts.collect::<Vec<_>>().join(", ")
}

/// The step of generalisation against a setting that is a number; none if it is not, or if no run generalised.
fn generalised_against(setting: &'static Setting, groups: &[RunGroup<'_>]) -> Option<Panel> {
    let theme = Theme::light();
    let value = |run: &RunResult| match setting.kind {
        Kind::Integer { get, .. } => Some(get(&run.config) as f64),
        Kind::Decimal { get, .. } => Some(get(&run.config)),
        _ => None,
    };
    let runs = || groups.iter().flat_map(|group| &group.runs);
    let points: Vec<(f64, f64)> =
        runs().filter_map(|run| Some((value(run)?, run.generalised_at? as f64))).collect();
    if points.is_empty() {
        return None;
    }
    let mut values: Vec<f64> = points.iter().map(|point| point.0).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let medians = values.iter().map(|&at| {
        let steps: Vec<f64> = points.iter().filter(|point| point.0 == at).map(|point| point.1).collect();
        (at, median(&steps))
    });
    let (least, most) = (values[0], values[values.len() - 1]);
    // A range over more than a decade was meant to be read by its ratios.
    let scale = if least > 0.0 && most / least > 10.0 { Scale::Log } else { Scale::Linear };
    let mut lines = vec![Line { color: theme.muted(theme.test), points: medians.collect() }];
    // A line of one point is drawn as a dot.
    lines.extend(points.iter().map(|&point| Line { color: theme.test, points: vec![point] }));
    let chart = LineChart {
        x: Axis::fit(scale, values.iter().copied(), 0.05),
        y: Axis::fit(Scale::Log, points.iter().map(|point| point.1), 0.1),
        lines,
    };
    Some(Panel::new(setting.label, setting.name, "step", Chart::Lines(chart)))
}

/// A row a claim: how it fared over the runs.
fn claim_table(runs: &[RunResult]) -> DataTable {
    let words = ClaimOutcome::ALL.map(ClaimOutcome::words);
    let columns = ["claim", "of the paper"].into_iter().chain(words);
    let mut table = DataTable::new("claims", columns);
    for claim in claims() {
        let n = |outcome| runs.iter().filter(|run| run.claims.get(&claim.number) == Some(&outcome)).count();
        let counts = ClaimOutcome::ALL.map(n);
        let [judged @ .., _] = counts;
        if judged.iter().sum::<usize>() > 0 {
            let head = [Cell::Count(claim.number), Cell::text(claim.text)];
            table.push(head.into_iter().chain(counts.map(Cell::Count)));
        }
    }
    table
}

fn picture(name: &str, words: &str, sheet: &Sheet) -> Result<String> {
    let drawing = svg::themed_svg_of_sheet(name, sheet, FIGURE_WIDTH)?;
    let labelled = format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(words));
    Ok(format!("<figure><div class=\"wide\">{}</div></figure>\n", drawing.replacen("<svg ", &labelled, 1)))
}
