//! Runs that claims are about and that are not the judged one: how to make them.

use crate::config::{ExperimentConfig, Preset};

/// How to make the run that a claim needs.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// What is special about it, in a few words.
    pub label: &'static str,
    /// The preset it starts from.
    pub preset: Preset,
    /// What `grok train` is told beside the preset; empty if nothing.
    pub options: &'static str,
    /// The same as a change of the preset's configuration.
    change: fn(&mut ExperimentConfig),
}

impl Recipe {
    /// The experiment.
    pub fn config(&self) -> ExperimentConfig {
        let mut config = self.preset.config();
        (self.change)(&mut config);
        config
    }

    /// The command that makes the run.
    pub fn command(&self) -> String {
        let words = ["grok train --preset", &self.preset.name(), self.options, "--out DIR"];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// For the claim that nothing groks without decay.
pub(super) const NO_DECAY: Recipe =
    Recipe { label: "no weight decay", preset: Preset::NoDecay, options: "", change: |_| {} };

/// For the claim about the train fraction.
pub(super) const MORE_DATA: Recipe =
    Recipe { label: "60 % of the pairs", preset: Preset::Data60, options: "", change: |_| {} };

/// For the claim about other moduli.
pub(super) const SMALL_MODULUS: Recipe = Recipe {
    label: "p = 53, weight decay 5",
    preset: Preset::Paper,
    options: "--p 53 --weight-decay 5",
    change: |config| {
        config.data.change_modular(|modular| modular.p = 53);
        config.optim.weight_decay = 5.0;
    },
};

/// For the claim about slingshots.
pub(super) const TEXTBOOK_LOSS: Recipe =
    Recipe { label: "the textbook loss", preset: Preset::Slingshot, options: "", change: |_| {} };
