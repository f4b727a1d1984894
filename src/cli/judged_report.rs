//! A report with the verdict on it, as `report.json` and `grok analyse --json` have it.

use serde::Serialize;

use crate::analysis::modular::report::Report;
use crate::analysis::verdict::{Evidence, RunRecord, Verdict, VerdictEntry};
use crate::config::ExperimentConfig;
use crate::engine::MetricsRow;

/// A report, and what it says of the paper's claims.
#[derive(Debug, Serialize)]
pub(super) struct JudgedReport<'a> {
    #[serde(flatten)]
    report: &'a Report,
    /// A row a claim.
    verdict: Vec<VerdictEntry>,
}

impl<'a> JudgedReport<'a> {
    /// With a verdict that is there.
    pub(super) fn new(report: &'a Report, verdict: &Verdict) -> Self {
        Self { report, verdict: verdict.entries() }
    }

    /// With the verdict on the report itself, and on the run's metrics where they are known.
    pub(super) fn judge(report: &'a Report, config: &ExperimentConfig, metrics: &[MetricsRow]) -> Self {
        Self::new(report, &verdict_on(report, config, metrics))
    }
}

/// The verdict on a report, and on the metrics of its run where they are known.
pub(super) fn verdict_on(report: &Report, config: &ExperimentConfig, metrics: &[MetricsRow]) -> Verdict {
    let run = RunRecord { config, metrics, progress: &[], report: Some(report) };
    Verdict::new(&Evidence { run, others: Vec::new() })
}
