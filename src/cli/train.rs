//! `grok train`: from options to a directory with a run.

use std::path::PathBuf;

use clap::Args;

use super::args::SettingArgs;
use super::output::{duration_text, print_line, print_note, quoted};
use super::progress::{Progress, scores_text};
use super::session::{Session, engine_text};
use super::start::initial_state;
use super::{Failure, Outcome, interrupt, resume};
use crate::config::{ExperimentConfig, TaskConfig};
use crate::error::{LabError, Result};

/// Options of `grok train`.
#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    #[command(flatten)]
    pub(super) settings: SettingArgs,
    /// Start from the weights in this safetensors file instead of drawing them
    #[arg(long, value_name = "FILE")]
    pub(super) init: Option<PathBuf>,
    /// The directory for the run's files
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Go on with the run in DIR; only --epochs may differ from before, and only upwards
    #[arg(long, conflicts_with = "force")]
    pub(super) resume: bool,
    /// Start anew in a DIR that is not empty, in place of the run that is there
    #[arg(long)]
    pub(super) force: bool,
}

/// Trains.
///
/// # Errors
/// [`Failure::Input`] for whatever can be known before the first step, else [`Failure::Run`].
pub(super) fn run(args: &TrainArgs) -> Result<Outcome, Failure> {
    let session = if args.resume { resumed(args) } else { fresh(args) };
    let mut session = session.map_err(Failure::before_start)?;
    interrupt::listen().map_err(Failure::Run)?;

    let first_step = session.engine.step();
    let epochs = session.config.run.epochs;
    print_line(&start_text(&session, first_step));
    let mut progress = Progress::new(first_step, epochs);
    let start = std::time::Instant::now();
    let result = session.train(&mut progress, interrupt::is_asked);
    progress.close();
    let result = result.and_then(|outcome| {
        if outcome == Outcome::Done {
            session.write_report()?;
        }
        Ok(outcome)
    });

    let root = session.dir.root();
    let again = format!("grok train --resume --out {}", quoted(root));
    match result {
        Ok(Outcome::Done) => {
            let secs = start.elapsed().as_secs_f64();
            print_line(&end_text(&session, secs));
            Ok(Outcome::Done)
        }
        Ok(outcome) => {
            print_line(&format!("stopped at step {} of {epochs}; to go on: {again}", session.engine.step()));
            Ok(outcome)
        }
        Err(error) => {
            if let Some(step) = session.saved_step {
                print_note(&format!(
                    "the state of step {step} is saved in {}",
                    session.dir.state_path().display()
                ));
                if !matches!(error, LabError::Training { .. }) {
                    print_note(&format!("to go on from there: {again}"));
                }
            }
            Err(Failure::Run(error))
        }
    }
}

/// A new run. Everything is checked before anything is written.
fn fresh(args: &TrainArgs) -> Result<Session> {
    let config = args.settings.config()?;
    let start = initial_state(&config, args.init.as_deref())?;
    Session::begin(config, &start, &args.out, args.force)
}

/// The run in the directory, as it was left. Everything is checked before anything is changed.
fn resumed(args: &TrainArgs) -> Result<Session> {
    Session::go_on(resume::open(&args.out, &args.settings, args.init.as_deref())?)
}

fn start_text(session: &Session, step: usize) -> String {
    let ExperimentConfig { data, run, .. } = &session.config;
    let examples = match data {
        TaskConfig::Modular(data) => {
            format!("p = {}, {} of {} pairs in the train set", data.p, data.n_train(), data.n_pairs())
        }
        other => other.words(),
    };
    format!(
        "{examples}; {}; steps {step} to {}; files in {}",
        engine_text(session.engine.info()),
        run.epochs,
        session.dir.root().display()
    )
}

fn end_text(session: &Session, secs: f64) -> String {
    let speed = session.pace.steps_per_s().map(|speed| format!(", {speed:.1} steps/s")).unwrap_or_default();
    let scores = session.last_row.as_ref().map(scores_text).unwrap_or_default();
    format!("done at step {} in {}{speed}: {scores}", session.engine.step(), duration_text(secs))
}
