//! `grok record`: a finished run in one small file, as the page opens on it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::file_io::write_whole;
use super::output::print_line;
use super::reproduce::analysis::RunAnalysis;
use super::reproduce::stored_run::StoredRun;
use super::start::named;
use super::{Failure, Outcome, interrupt};
use crate::analysis::checkpoint::ModularAnalysis;
use crate::analysis::modular::ablation::Ablator;
use crate::engine::MetricsRow;
use crate::error::{LabError, Result};
use crate::model::safetensors::{WeightLayout, WeightsFile};
use crate::protocol::recording::published_weights::{PUBLISHED_STEPS, file_name};
use crate::protocol::recording::{Recording, RecordingWriter};
use crate::task::modular::ModularTask;

/// Options of `grok record`.
#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    /// The directory of a run, with its checkpoints
    #[arg(value_name = "RUN_DIR")]
    run_dir: PathBuf,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A directory for the weights of some steps, as 16-bit floats: the page asks sums and ablates there too
    #[arg(long, value_name = "DIR")]
    weights: Option<PathBuf>,
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
    let published = match args.weights {
        Some(_) => published_checkpoints(&run).map_err(Failure::Input)?,
        None => Vec::new(),
    };
    let Some(file) = record(&run, args.snapshots, &published).map_err(Failure::Input)? else {
        print_line("stopped before the file was written");
        return Ok(Outcome::Interrupted);
    };
    if let Some(dir) = &args.weights {
        publish_weights(&run, &published, dir).map_err(Failure::Run)?;
    }
    write_whole(&args.out, &file).map_err(Failure::Run)?;
    print_line(&format!("{} written, {} bytes", args.out.display(), file.len()));
    Ok(Outcome::Done)
}

/// The places of the checkpoints whose weights are published beside the recording.
///
/// # Errors
/// [`LabError::Content`] if the run lacks one.
fn published_checkpoints(run: &StoredRun) -> Result<Vec<usize>> {
    let place = |step: usize| {
        run.checkpoints.iter().position(|(of, _)| *of == step).ok_or_else(|| {
            let reason = format!("it holds no checkpoint of step {step}, whose weights are to be published");
            LabError::content(run.root().display().to_string(), reason)
        })
    };
    PUBLISHED_STEPS.into_iter().map(place).collect()
}

/// Writes the weights of some checkpoints into a directory, as 16-bit floats.
///
/// # Errors
/// [`LabError::File`] if it cannot be written, or what reading a checkpoint returns.
fn publish_weights(run: &StoredRun, published: &[usize], dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).map_err(|error| LabError::file("create", dir, error))?;
    for (step, path) in published.iter().map(|&i| &run.checkpoints[i]) {
        let file =
            WeightsFile { weights: run.weights(path)?, config: Some(run.config.clone()), step: Some(*step) };
        write_whole(&dir.join(file_name(*step)), &file.to_half_bytes(WeightLayout::PaperCode))?;
    }
    Ok(())
}

/// The file, with snapshots of the `published` checkpoints among others; none if the user stopped it.
fn record(run: &StoredRun, n_snapshots: usize, published: &[usize]) -> Result<Option<Vec<u8>>> {
    let Some(analysis) = RunAnalysis::new(run, interrupt::is_asked)? else { return Ok(None) };
    let task = ModularTask::of(&run.config.data)?;
    for ((_, measures), (_, path)) in analysis.history.iter().zip(&run.checkpoints) {
        RecordingWriter::check(measures).map_err(|error| named(path, &error))?;
    }
    let rows = thinned(&run.metrics, MOST_ROWS);
    let build = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
    let mut writer = RecordingWriter::new(build, &run.config, &rows, &analysis.history, analysis.phases)?;
    let followed = &analysis.report.key_freqs;
    let chosen: BTreeSet<usize> =
        log_spaced(run.checkpoints.len(), n_snapshots).into_iter().chain(published.iter().copied()).collect();
    for (step, path) in chosen.into_iter().map(|i| &run.checkpoints[i]) {
        if interrupt::is_asked() {
            return Ok(None);
        }
        let ablator = Ablator::with_own_freqs(&run.weights(path)?);
        let snapshot = ModularAnalysis::from_ablator(&ablator, &task, Some(followed))?;
        let neurons: Vec<usize> = snapshot.maps.neurons.iter().map(|field| field.neuron).collect();
        let tables = ablator.unablated().model.neuron_tables(&neurons).unwrap_or_default();
        writer.push(*step, &snapshot, &tables).map_err(|error| named(path, &error))?;
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
