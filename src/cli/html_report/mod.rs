//! `report.html`: the run, the verdict and every figure in one file that asks for nothing else.
//!
//! Pictures are SVG in the page itself, colours follow the reader's system, and the same run gives the same
//! bytes.

mod element;
mod figures;
mod run_summary;
mod verdict_table;
mod versions;

use super::reproduce::analysis::RunAnalysis;
use super::reproduce::stored_run::StoredRun;
use crate::analysis::verdict::Verdict;
use crate::error::Result;
use crate::plot::Theme;
use crate::plot::figures::svg::color_variables;

pub(super) use element::{escaped, table};
pub(super) use figures::WIDTH as FIGURE_WIDTH;
pub(super) use versions::{build_name, sentence as versions_sentence};

const STYLE: &str = include_str!("style.css");

/// Colours that no figure has: words, and the verdict's outcomes. Light, then dark.
const LIGHT: &str = "--ink:#1c2430;--passed:#0a6e3f;--failed:#b3261e;--differs:#8a5a00;";
const DARK: &str = "--ink:#e6ebf2;--passed:#5fd39a;--failed:#ff8f85;--differs:#e8b45a;";

/// The whole page.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) if a figure cannot be drawn.
pub(super) fn page(run: &StoredRun, analysis: &RunAnalysis, verdict: &Verdict) -> Result<String> {
    let data = analysis.figure_data(run);
    let title = format!("Grokking p = {}: the paper\u{2019}s figures and claims", analysis.report.p);
    let body = [
        format!("<h1>{}</h1>", escaped(&title)),
        run_summary::opening(run, analysis),
        verdict_table::summary(verdict, &analysis.phases),
        figures::contents(&data),
        figures::sections(&data)?,
        verdict_table::section(verdict),
        run_summary::closing(run),
    ]
    .join("\n");
    Ok(document(&title, &body))
}

/// A page that asks for nothing else, with the report's style.
pub(super) fn document(title: &str, body: &str) -> String {
    let colors = format!(
        ":root{{{}{LIGHT}}}@media (prefers-color-scheme: dark){{:root{{{}{DARK}}}}}",
        color_variables(&Theme::light()),
        color_variables(&Theme::dark())
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{}</title>\n<style>\n{colors}\n{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n",
        escaped(title)
    )
}
