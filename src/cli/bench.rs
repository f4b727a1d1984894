//! `grok bench`: steps per second of each engine on each device there is.

use std::ops::Bound::{Excluded, Included};
use std::time::{Duration, Instant};

use clap::Args;
use pollster::block_on;
use serde::Serialize;

use super::args::SettingArgs;
use super::output::{print_note, print_result};
use super::start::initial_state;
use super::{Failure, Outcome};
use crate::config::settings::DecimalRange;
use crate::config::{DeviceChoice, EngineChoice, ExperimentConfig, Precision};
use crate::engine::{self, DeviceKind, Engine, EngineInfo, EngineKind, TrainState};
use crate::error::{LabError, Result};
use crate::task::Dataset;

/// Options of `grok bench`.
#[derive(Debug, Args)]
pub(super) struct BenchArgs {
    /// How long each engine is timed, after its warm-up
    #[arg(long, value_name = "N", default_value = "5", value_parser = seconds, allow_negative_numbers = true)]
    seconds: f64,
    /// Print a JSON array instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingArgs,
}

/// The measured speed of one engine on one device.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Timing {
    engine: EngineKind,
    device: DeviceKind,
    device_name: String,
    precision: Precision,
    /// Threads of the processor that do the arithmetic; on a GPU the one that feeds it.
    threads: usize,
    steps_per_s: f64,
    p: usize,
    d_model: usize,
}

/// How long one engine may be timed, in seconds: at most an hour.
const SECONDS: DecimalRange = DecimalRange { low: Excluded(0.0), high: Included(3600.0) };

fn seconds(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|&secs| SECONDS.contains(secs)).ok_or_else(|| format!("allowed is {SECONDS}"))
}

/// Measures.
///
/// # Errors
/// [`Failure::Input`] for settings that no engine can run, [`Failure::Run`] if an engine breaks.
pub(super) fn run(args: &BenchArgs) -> Result<Outcome, Failure> {
    let config = args.settings.config().map_err(Failure::Input)?;
    let start = initial_state(&config, None).map_err(Failure::Input)?;
    let dataset = Dataset::new(&config.data);
    let mut timings = Vec::new();
    let mut refusals = Vec::new();
    for (engine, device) in candidates(&config) {
        match build(&config, engine, device, &dataset, &start) {
            Ok(engine) => {
                timings.push(time(engine, &config, args.seconds).map_err(Failure::Run)?);
                if !args.json {
                    print_result(&row_text(&timings[timings.len() - 1])).map_err(Failure::Run)?;
                }
            }
            Err(error) => refusals.push(error),
        }
    }
    if timings.is_empty() {
        let last = refusals.pop().expect("without an engine there is a refusal");
        return Err(Failure::before_start(last));
    }
    for reason in distinct(&refusals) {
        print_note(&format!("not measured: {reason}"));
    }
    if args.json {
        let text = serde_json::to_string(&timings).expect("plain data with text keys");
        print_result(&text).map_err(Failure::Run)?;
    }
    Ok(Outcome::Done)
}

/// Every engine on every device, or those the options name.
fn candidates(config: &ExperimentConfig) -> Vec<(EngineChoice, DeviceChoice)> {
    let engines =
        [EngineChoice::Folded, EngineChoice::General, EngineChoice::Autodiff, EngineChoice::Literal];
    let asked = config.run.engine;
    let engines = engines.into_iter().filter(|&engine| asked == EngineChoice::Auto || asked == engine);
    let devices = |engine| [DeviceChoice::Cpu, DeviceChoice::Gpu].map(|device| (engine, device));
    let asked = config.run.device;
    engines.flat_map(devices).filter(|&(_, device)| asked == DeviceChoice::Auto || asked == device).collect()
}

/// The engine asked for and no other.
fn build(
    config: &ExperimentConfig,
    engine: EngineChoice,
    device: DeviceChoice,
    dataset: &Dataset,
    start: &TrainState,
) -> Result<Box<dyn Engine>> {
    let mut config = config.clone();
    (config.run.engine, config.run.device) = (engine, device);
    config.validate()?;
    let built = block_on(engine::build(&config, dataset, start))?;
    let asked_engine = match engine {
        EngineChoice::Folded => EngineKind::Folded,
        EngineChoice::General => EngineKind::General,
        EngineChoice::Literal => EngineKind::Literal,
        EngineChoice::Autodiff | EngineChoice::Auto => EngineKind::Autodiff,
    };
    let asked_device = match device {
        DeviceChoice::Gpu => DeviceKind::Gpu,
        DeviceChoice::Cpu | DeviceChoice::Auto => DeviceKind::Cpu,
    };
    let EngineInfo { engine, device, reason, .. } = built.info();
    if (*engine, *device) == (asked_engine, asked_device) {
        return Ok(built);
    }
    let reason = reason.as_deref().unwrap_or("it is the fastest");
    let allowed = format!("for these settings there is {engine} on the {device} instead: {reason}");
    Err(LabError::setting("engine", asked_engine, allowed))
}

/// Warms an engine up and counts its steps for about `seconds`.
fn time(mut engine: Box<dyn Engine>, config: &ExperimentConfig, seconds: f64) -> Result<Timing> {
    let warm_up = Duration::from_secs_f64(seconds.min(1.0));
    let mut rate = steps_for(engine.as_mut(), warm_up, 1)?;
    let chunk = (0.05 * rate).max(1.0) as usize;
    rate = steps_for(engine.as_mut(), Duration::from_secs_f64(seconds), chunk)?;
    let info = engine.info().clone();
    let threads = match (info.device, config.run.threads) {
        (DeviceKind::Cpu, 0) => std::thread::available_parallelism().map_or(1, usize::from),
        (DeviceKind::Cpu, threads) => threads,
        (DeviceKind::Gpu, _) => 1,
    };
    Ok(Timing {
        engine: info.engine,
        device: info.device,
        device_name: info.device_name,
        precision: info.precision,
        threads,
        steps_per_s: rate,
        p: config.data.modular().map_or(0, |modular| modular.p),
        d_model: config.model.d_model,
    })
}

/// Steps per second over at least two chunks and `duration`.
fn steps_for(engine: &mut dyn Engine, duration: Duration, chunk: usize) -> Result<f64> {
    // A GPU may still be at work when `train` returns; reading the state waits for it.
    block_on(engine.state())?;
    let (start, first_step) = (Instant::now(), engine.step());
    let mut n_chunks = 0;
    while n_chunks < 2 || start.elapsed() < duration {
        block_on(engine.train(chunk))?;
        n_chunks += 1;
    }
    block_on(engine.state())?;
    Ok((engine.step() - first_step) as f64 / start.elapsed().as_secs_f64())
}

fn row_text(timing: &Timing) -> String {
    let Timing { engine, device, device_name, precision, threads, steps_per_s, p, d_model } = timing;
    let threads = format!("{threads} thread{}", if *threads == 1 { "" } else { "s" });
    format!(
        "{engine:<9} {device}  {threads:<10}  {precision}  p = {p}, d_model = {d_model}  \
         {steps_per_s:>9.1} steps/s  ({device_name})"
    )
}

fn distinct(errors: &[LabError]) -> Vec<String> {
    let mut texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.dedup();
    texts
}
