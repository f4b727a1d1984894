//! Named experiments, each with the source of its numbers.

use super::{
    Activation, DataConfig, DeviceChoice, EngineChoice, ExperimentConfig, LossForm, ModelConfig, OptimConfig,
    Precision, RunConfig, SplitRule,
};
use crate::error::LabError;

/// A named experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// The main run of Nanda et al. (2023), section 3: p = 113, 30 % of the pairs, λ = 1,
    /// 40,000 epochs. Split, betas and warm-up from the published code.
    Paper,
    /// Half the pairs of p = 59, half the paper's widths: memorised by step 300, above 99 % on the
    /// test set near step 2,000, which one CPU core reaches in 20 seconds in a tab. Found by
    /// experiment: see docs/performance.md.
    Quick,
    /// A few steps of a very small model, for tests.
    Tiny,
}

impl Preset {
    /// All presets, in the order the page shows them.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Paper, Self::Tiny];

    /// The name used on the command line and in links.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Quick => "quick",
            Self::Tiny => "tiny",
        }
    }

    /// One line on what the preset shows, for the page and `--help`.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Paper => "the paper's run: p = 113, 30 % of the pairs, 40,000 epochs",
            Self::Quick => "groks within a minute on a CPU",
            Self::Tiny => "a few hundred steps of a very small model, for trying things out",
        }
    }

    /// The preset of that name.
    ///
    /// # Errors
    /// [`LabError::Setting`] with the names there are.
    pub fn from_name(name: &str) -> Result<Self, LabError> {
        Self::ALL.into_iter().find(|preset| preset.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|preset| preset.name()).collect();
            LabError::setting("preset", name, format!("there are {}", names.join(", ")))
        })
    }

    /// The experiment itself.
    pub fn config(self) -> ExperimentConfig {
        let paper = ExperimentConfig {
            data: DataConfig { p: 113, frac_train: 0.3, split: SplitRule::Python(0) },
            model: ModelConfig {
                n_layers: 1,
                d_model: 128,
                n_heads: 4,
                d_mlp: 512,
                activation: Activation::Relu,
                seed: 0,
            },
            optim: OptimConfig {
                lr: 1e-3,
                weight_decay: 1.0,
                beta1: 0.9,
                beta2: 0.98,
                eps: 1e-8,
                warmup_steps: 10,
                loss: LossForm::Exact,
            },
            run: RunConfig {
                epochs: 40_000,
                eval_every: 10,
                checkpoint_every: 1_000,
                engine: EngineChoice::Auto,
                device: DeviceChoice::Auto,
                precision: Precision::F32,
                threads: 0,
                reproducible: false,
            },
        };
        match self {
            Self::Paper => paper,
            Self::Quick => ExperimentConfig {
                data: DataConfig { p: 59, frac_train: 0.5, ..paper.data },
                model: ModelConfig { d_model: 64, d_mlp: 256, ..paper.model },
                run: RunConfig { epochs: 3_000, checkpoint_every: 500, ..paper.run },
                ..paper
            },
            Self::Tiny => ExperimentConfig {
                data: DataConfig { p: 7, frac_train: 0.7, ..paper.data },
                model: ModelConfig { d_model: 16, n_heads: 2, d_mlp: 32, ..paper.model },
                run: RunConfig { epochs: 300, eval_every: 5, checkpoint_every: 100, ..paper.run },
                ..paper
            },
        }
    }
}
