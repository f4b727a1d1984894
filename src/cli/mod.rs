//! The native program `grok`: train, look inside, measure.
//!
//! # Exit codes
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | the run failed, or a claim about runs that grok fails |
//! | 2 | bad input: one line on standard error says what was wrong and what is allowed |
//! | 130 | stopped by Ctrl-C; the run can be resumed |

mod analyse;
mod args;
mod bench;
mod convert;
mod disk_faults;
mod evidence;
mod file_io;
mod html_report;
mod interrupt;
mod judged_report;
mod lead_times;
mod metrics;
mod output;
mod pace;
mod patch;
mod presets;
mod progress;
mod record;
mod report_text;
mod reproduce;
mod resume;
mod run_dir;
mod saved_state;
mod session;
mod start;
mod sweep;
mod train;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::error::LabError;
use output::{print_error, print_result};

/// Runs the program on the arguments of this process.
pub fn main() -> ExitCode {
    run(std::env::args_os())
}

/// Trains the transformer of "Progress measures for grokking via mechanistic interpretability" and
/// takes it apart.
#[derive(Debug, Parser)]
#[command(
    name = "grok",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = false
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a model; leaves config, metrics, checkpoints and a report in a directory
    Train(train::TrainArgs),
    /// Print the report on a file of weights: every number of the paper
    Analyse(analyse::AnalyseArgs),
    /// Train, analyse every checkpoint, and say claim by claim whether the paper holds
    ///
    /// Takes the options of train, and keeps up to 400 checkpoints (360 MB for the paper's run) unless
    /// --checkpoint-every says otherwise. Writes report.html, verdict.json, progress.csv and figures/. Ends
    /// with code 1 if a claim about runs that grok fails.
    Reproduce(reproduce::ReproduceArgs),
    /// Put a run and its checkpoints into one small file, as the page opens on it
    Record(record::RecordArgs),
    /// Put what the verdict on a run is judged from into one small file
    Evidence(evidence::EvidenceArgs),
    /// Say which measure saw grokking coming: the steps from each measure's threshold to a test accuracy of 95 %
    LeadTimes(lead_times::LeadTimesArgs),
    /// Replace an activation of the last block in seven ways, controls among them, and say what the model then answers
    Patch(patch::PatchArgs),
    /// Plan, run and compare many runs that differ in some settings
    Sweep(sweep::SweepArgs),
    /// List the presets with what each shows, where it is from and what it costs
    Presets(presets::PresetsArgs),
    /// Measure the steps per second of every engine on every device there is
    Bench(bench::BenchArgs),
    /// Write weights in the layout of the paper's code or of TransformerLens
    Convert(convert::ConvertArgs),
}

/// How a command ended that did what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All of it.
    Done,
    /// All of it, and a claim about runs that grok fails.
    Refuted,
    /// The user stopped it.
    Interrupted,
}

/// How a command failed.
#[derive(Debug)]
enum Failure {
    /// It was asked for something that cannot be done.
    Input(LabError),
    /// It could have been done, but something went wrong on the way.
    Run(LabError),
}

impl Failure {
    /// A device that is missing or breaks is not the fault of the input; everything else found
    /// before the first step is.
    fn before_start(error: LabError) -> Self {
        match error {
            LabError::Device { .. } => Self::Run(error),
            _ => Self::Input(error),
        }
    }
}

fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return match print_result(error.render().to_string().trim_end()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    print_error(&error.to_string());
                    ExitCode::from(1)
                }
            };
        }
        Err(error) => {
            print_error(&clap_message(&error));
            return ExitCode::from(2);
        }
    };
    let result = match cli.command {
        Command::Train(args) => train::run(&args),
        Command::Analyse(args) => analyse::run(&args),
        Command::Reproduce(args) => reproduce::run(args),
        Command::Record(args) => record::run(&args),
        Command::Evidence(args) => evidence::run(&args),
        Command::LeadTimes(args) => lead_times::run(&args),
        Command::Patch(args) => patch::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Presets(args) => presets::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Convert(args) => convert::run(&args),
    };
    match result {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Refuted) => ExitCode::from(1),
        Ok(Outcome::Interrupted) => ExitCode::from(130),
        Err(Failure::Run(error)) => {
            print_error(&error.to_string());
            ExitCode::from(1)
        }
        Err(Failure::Input(error)) => {
            print_error(&error.to_string());
            ExitCode::from(2)
        }
    }
}

/// What clap found wrong, without the usage text that follows it.
fn clap_message(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines = text.lines().map(str::trim);
    let said: Vec<&str> = lines
        .take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"))
        .filter(|line| !line.is_empty())
        .collect();
    let hint = match error.kind() {
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => "; --help lists what there is",
        _ => "",
    };
    format!("{}{hint}", said.join(" ").trim_start_matches("error: "))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Cli, Command};
    use crate::analysis::verdict::claims;

    #[test]
    fn the_commands_that_the_verdict_names_make_the_runs_its_claims_need() {
        let recipes: Vec<_> = claims().into_iter().filter_map(|claim| claim.recipe).collect();
        assert_eq!(recipes.len(), 4, "claims about other runs that this lab can train");
        for recipe in recipes {
            let command = recipe.command();
            let cli = Cli::try_parse_from(command.split(' ')).expect("options that there are");
            let Command::Train(args) = cli.command else { panic!("{command} trains") };
            assert_eq!(args.settings.config().expect("valid settings"), recipe.config(), "{command}");
        }
    }
}
