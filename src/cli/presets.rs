//! `grok presets`: the named experiments, with what each costs and where it is from.

use clap::Args;
use serde::Serialize;

use super::output::print_result;
use super::{Failure, Outcome};
use crate::config::{ExperimentConfig, Preset};
use crate::error::Result;
use crate::model::step_cost;

/// Options of `grok presets`.
#[derive(Debug, Args)]
pub(super) struct PresetsArgs {
    /// Print JSON: a list with every setting of each
    #[arg(long)]
    json: bool,
}

/// A preset as it is listed.
#[derive(Debug, Serialize)]
struct PresetOutput {
    name: String,
    summary: String,
    source: &'static str,
    /// `modular`, `addition`, …
    task: &'static str,
    /// Updates of the run.
    steps: usize,
    /// The run's multiplications over those of the `paper` preset.
    relative_cost: f64,
    config: ExperimentConfig,
}

/// Lists the presets.
///
/// # Errors
/// [`Failure::Run`] if the list cannot be written.
pub(super) fn run(args: &PresetsArgs) -> Result<Outcome, Failure> {
    let presets: Vec<PresetOutput> = Preset::ALL.into_iter().map(PresetOutput::new).collect();
    let text = if args.json {
        serde_json::to_string_pretty(&presets).expect("text and finite numbers")
    } else {
        presets.iter().map(PresetOutput::text).collect::<Vec<_>>().join("\n\n")
    };
    print_result(&text).map_err(Failure::Run)?;
    Ok(Outcome::Done)
}

impl PresetOutput {
    fn new(preset: Preset) -> Self {
        let info = preset.info();
        Self {
            name: info.name,
            summary: info.summary,
            source: info.source,
            task: info.config.data.kind().name(),
            steps: info.config.run.epochs,
            relative_cost: step_cost::run(&info.config) / step_cost::run(&Preset::Paper.config()),
            config: info.config,
        }
    }

    fn text(&self) -> String {
        let Self { name, summary, source, task, steps, relative_cost, .. } = self;
        let cost = share_text(*relative_cost);
        format!("{name}\n  {summary}\n  {source}\n  {task}, {steps} steps, {cost} of the arithmetic of paper")
    }
}

/// A share in per cent with two digits: `0.02 %`, `120 %`.
fn share_text(share: f64) -> String {
    let per_cent = 100.0 * share;
    let n_decimals = (1.0 - per_cent.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{per_cent:.n_decimals$} %")
}

#[cfg(test)]
mod tests {
    use super::{PresetOutput, share_text};
    use crate::config::Preset;

    #[test]
    fn shares_have_two_digits() {
        let texts = [1.0, 0.256, 0.0314, 0.000_204, 1.24].map(share_text);
        assert_eq!(texts, ["100 %", "26 %", "3.1 %", "0.020 %", "124 %"]);
    }

    #[test]
    fn every_preset_is_listed_with_its_source_and_cost() {
        for preset in Preset::ALL {
            let output = PresetOutput::new(preset);
            let text = output.text();
            assert!(text.starts_with(&preset.name()) && text.contains(output.source), "{text}");
            assert!(output.relative_cost > 0.0 && !output.source.is_empty(), "{text}");
        }
        assert_eq!(PresetOutput::new(Preset::Paper).relative_cost, 1.0);
    }
}
