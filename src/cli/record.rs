//! `grok record`: a finished run in one small file, as the page opens on it.

use std::path::PathBuf;

use clap::Args;

use super::file_io::write_whole;
use super::output::say;
use super::reproduce::analysis::RunAnalysis;
use super::reproduce::stored_run::StoredRun;
use super::start::named;
use super::{Failure, Outcome, interrupt};
use crate::analysis::ablation::Ablator;
use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::engine::MetricsRow;
use crate::error::{LabError, Result};
use crate::model::safetensors::WeightsFile;
use crate::protocol::recording::{Recording, RecordingWriter};
use crate::task::Task;

/// Options of `grok record`.
#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    /// The directory of a run, with its checkpoints
    #[arg(value_name = "RUN_DIR")]
    run_dir: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Checkpoints to take apart, spaced logarithmically
    #[arg(long, value_name = "N", default_value_t = 80)]
    snapshots: usize,
    /// Replace the file if there is one
    #[arg(long)]
    force: bool,
}

/// Rows of metrics in the file: more than a screen has columns.
const MOST_ROWS: usize = 1600;

/// Records.
///
/// # Errors
/// [`Failure::Input`] if the directory holds no run, or the file is there already.
pub(super) fn run(args: &RecordArgs) -> Result<Outcome, Failure> {
    if args.out.exists() && !args.force {
        let reason = "the file exists; --force replaces it";
        return Err(Failure::Input(LabError::content(args.out.display().to_string(), reason)));
    }
    let run = StoredRun::read(&args.run_dir).map_err(Failure::Input)?;
    run.last_checkpoint().map_err(Failure::Input)?;
    interrupt::listen().map_err(Failure::Run)?;
    let Some(file) = record(&run, args.snapshots).map_err(Failure::Input)? else {
        say("stopped before the file was written");
        return Ok(Outcome::Interrupted);
    };
    write_whole(&args.out, &file).map_err(Failure::Run)?;
    say(&format!("{} written, {} bytes", args.out.display(), file.len()));
    Ok(Outcome::Done)
}

/// The file; none if the user stopped it.
fn record(run: &StoredRun, n_snapshots: usize) -> Result<Option<Vec<u8>>> {
    let Some(analysis) = RunAnalysis::new(run, interrupt::is_asked)? else { return Ok(None) };
    let task = Task::new(&run.config.data);
    for ((_, measures), (_, path)) in analysis.history.iter().zip(&run.checkpoints) {
        RecordingWriter::check(measures).map_err(|error| named(path, &error))?;
    }
    let rows = thinned(&run.metrics, MOST_ROWS);
    let build = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
    let mut writer = RecordingWriter::new(build, &run.config, &rows, &analysis.history, analysis.phases)?;
    let followed = &analysis.report.key_freqs;
    let chosen = log_spaced(run.checkpoints.len(), n_snapshots);
    for (step, path) in chosen.into_iter().map(|i| &run.checkpoints[i]) {
        if interrupt::is_asked() {
            return Ok(None);
        }
        let ablator = Ablator::with_own_freqs(&run.weights(path)?);
        let snapshot = CheckpointAnalysis::from_ablator(&ablator, &task, *step, Some(followed))?;
        let neurons: Vec<usize> = snapshot.maps.neurons.iter().map(|field| field.neuron).collect();
        let tables = ablator.unablated().model.neuron_tables(&neurons).unwrap_or_default();
        writer.push(&snapshot, &tables).map_err(|error| named(path, &error))?;
    }
    let weights = run.weights(run.last_checkpoint()?)?;
    let file = writer.finish(&WeightsFile {
        weights,
        config: Some(run.config.clone()),
        step: Some(run.last_step()),
    })?;
    // What was written must read: better now than in a browser.
    let recording = Recording::from_bytes(&file)?;
    (0..recording.steps().len()).try_for_each(|i| recording.snapshot(i).map(|_| ()))?;
    Ok(Some(file))
}

/// `wanted` of the numbers below `n`, or all: 0, then even steps of the logarithm, as far as there are numbers
/// between them, to the last.
fn log_spaced(n: usize, wanted: usize) -> Vec<usize> {
    let last = n.saturating_sub(1);
    if n <= wanted || wanted < 2 {
        return (0..n).filter(|&i| n <= wanted || i == last).collect();
    }
    let with_points = |points: usize| {
        let power = |i: usize| libm::exp(libm::log(last as f64) * i as f64 / points as f64).round() as usize;
        let mut chosen: Vec<usize> = std::iter::once(0).chain((0..=points).map(power)).collect();
        chosen.dedup();
        chosen
    };
    // Small numbers coincide, so that more points are needed than numbers; one more point adds one at most.
    (1..).map(with_points).find(|chosen| chosen.len() >= wanted).unwrap_or_default()
}

/// At most about `most` rows: all early ones, which a logarithmic axis shows, then every so many.
fn thinned(rows: &[MetricsRow], most: usize) -> Vec<MetricsRow> {
    let every = rows.len().div_ceil((most / 2).max(1)).max(1);
    let keep = |&(i, _): &(usize, &MetricsRow)| i < most / 2 || i % every == 0 || i + 1 == rows.len();
    rows.iter().enumerate().filter(keep).map(|(_, row)| *row).collect()
}
