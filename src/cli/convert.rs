//! `grok convert`: weights from one layout to the other.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::file_io::write_whole;
use super::output::{print_line, print_note};
use super::start::read_weights_and_note;
use super::{Failure, Outcome};
use crate::error::{LabError, Result};
use crate::model::safetensors::WeightLayout;

/// Options of `grok convert`.
#[derive(Debug, Args)]
pub(super) struct ConvertArgs {
    /// Weights in either layout
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The layout to write
    #[arg(long, value_name = "NAME")]
    layout: LayoutName,
    /// The file to write, in 32-bit floats
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file if there is one
    #[arg(long)]
    force: bool,
}

/// The layouts' names on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LayoutName {
    /// That of the paper's code
    ProgressMeasures,
    /// That of the TransformerLens library
    TransformerLens,
}

/// Converts.
///
/// # Errors
/// [`Failure::Input`] if the file holds no weights or the other one is there already.
pub(super) fn run(args: &ConvertArgs) -> Result<Outcome, Failure> {
    let (weights, note) = read_weights_and_note(&args.file).map_err(Failure::Input)?;
    if args.out.exists() && !args.force {
        let reason = "the file exists; --force replaces it";
        return Err(Failure::Input(LabError::content(args.out.display().to_string(), reason)));
    }
    let layout = match args.layout {
        LayoutName::ProgressMeasures => WeightLayout::PaperCode,
        LayoutName::TransformerLens => WeightLayout::TransformerLens,
    };
    write_whole(&args.out, &weights.to_bytes(layout)).map_err(Failure::Input)?;
    if let Some(note) = note {
        print_note(&note);
    }
    print_line(&format!("{} written", args.out.display()));
    Ok(Outcome::Done)
}
