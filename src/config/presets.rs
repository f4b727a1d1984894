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
    /// The paper's run with another split and other initial weights, both of seed 1 (paper appendix
    /// C.2.1 has four further seeds; their initial weights are not published).
    Seed1,
    /// The same with seed 2.
    Seed2,
    /// The same with seed 3.
    Seed3,
    /// The same with seed 4.
    Seed4,
    /// The paper's run with the textbook loss in 32 bits, whose rounding makes slingshots (paper
    /// appendix D.2).
    Slingshot,
    /// The paper's run without weight decay, which never groks (paper appendix D.1).
    NoDecay,
    /// The paper's run on 60 % of the pairs, which generalises at once (paper appendix C.2.2).
    Data60,
    /// A few steps of a very small model, for tests.
    Tiny,
}

impl Preset {
    /// All presets, in the order the page shows them.
    pub const ALL: [Self; 10] = [
        Self::Quick,
        Self::Paper,
        Self::Seed1,
        Self::Seed2,
        Self::Seed3,
        Self::Seed4,
        Self::Slingshot,
        Self::NoDecay,
        Self::Data60,
        Self::Tiny,
    ];

    /// The name used on the command line and in links.
    pub fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Quick => "quick",
            Self::Seed1 => "seed-1",
            Self::Seed2 => "seed-2",
            Self::Seed3 => "seed-3",
            Self::Seed4 => "seed-4",
            Self::Slingshot => "slingshot",
            Self::NoDecay => "no-decay",
            Self::Data60 => "data-60",
            Self::Tiny => "tiny",
        }
    }

    /// One line on what the preset shows, for the page and `--help`.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Paper => "the paper's run: p = 113, 30 % of the pairs, 40,000 epochs",
            Self::Quick => "groks within a minute on a CPU",
            Self::Seed1 => "the paper's run with split and initial weights of seed 1",
            Self::Seed2 => "the paper's run with split and initial weights of seed 2",
            Self::Seed3 => "the paper's run with split and initial weights of seed 3",
            Self::Seed4 => "the paper's run with split and initial weights of seed 4",
            Self::Slingshot => "the paper's run with a loss that rounds: spikes after memorisation",
            Self::NoDecay => "the paper's run without weight decay: it memorises and never groks",
            Self::Data60 => "the paper's run on 60 % of the pairs: it generalises at once",
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
    ///
    /// ```
    /// use grokking_lab::config::Preset;
    ///
    /// let paper = Preset::Paper.config();
    /// assert_eq!((paper.data.p, paper.model.d_model, paper.run.epochs), (113, 128, 40_000));
    /// for preset in Preset::ALL {
    ///     preset.config().validate()?;
    /// }
    /// # Ok::<(), grokking_lab::error::LabError>(())
    /// ```
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
            Self::Seed1 => with_seed(paper, 1),
            Self::Seed2 => with_seed(paper, 2),
            Self::Seed3 => with_seed(paper, 3),
            Self::Seed4 => with_seed(paper, 4),
            Self::Slingshot => {
                ExperimentConfig { optim: OptimConfig { loss: LossForm::Textbook, ..paper.optim }, ..paper }
            }
            Self::NoDecay => {
                ExperimentConfig { optim: OptimConfig { weight_decay: 0.0, ..paper.optim }, ..paper }
            }
            Self::Data60 => ExperimentConfig {
                data: DataConfig { frac_train: 0.6, ..paper.data },
                // Everything happens in the first few hundred steps.
                run: RunConfig { epochs: 4_000, ..paper.run },
                ..paper
            },
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

/// An experiment with another split and other initial weights.
fn with_seed(config: ExperimentConfig, seed: u32) -> ExperimentConfig {
    ExperimentConfig {
        data: DataConfig { split: SplitRule::Python(seed), ..config.data },
        model: ModelConfig { seed, ..config.model },
        ..config
    }
}

#[cfg(test)]
mod tests {
    use super::Preset;

    #[test]
    fn every_preset_is_valid_and_found_by_a_name_that_fits_in_a_link() {
        for preset in Preset::ALL {
            assert_eq!(preset.config().validate(), Ok(()), "{}", preset.name());
            assert_eq!(Preset::from_name(preset.name()), Ok(preset), "by its name");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(preset.name().chars().all(plain), "{}", preset.name());
        }
    }

    #[test]
    fn no_two_presets_are_the_same_run() {
        for (i, preset) in Preset::ALL.into_iter().enumerate() {
            for other in &Preset::ALL[..i] {
                assert_ne!(preset.config(), other.config(), "{} and {}", preset.name(), other.name());
            }
        }
    }
}
