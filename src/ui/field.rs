//! Every setting the page offers: its name in links and errors, its label, how it is read from a
//! configuration and written into one.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{DeviceChoice, ExperimentConfig};
use crate::error::{LabError, Result};

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the field of `ExperimentConfig` of that name")]
pub enum Field {
    P,
    FracTrain,
    Split,
    Seed,
    DModel,
    NHeads,
    DMlp,
    NLayers,
    Activation,
    Lr,
    WeightDecay,
    Beta1,
    Beta2,
    Eps,
    WarmupSteps,
    Loss,
    Epochs,
    EvalEvery,
    CheckpointEvery,
    Engine,
    Device,
    Threads,
    Precision,
    Reproducible,
}

/// What a setting is entered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// Any number.
    Decimal,
    /// Free text.
    Text,
    /// One of some values, each with its wording.
    Choice(&'static [(&'static str, &'static str)]),
}

/// A titled group of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The title.
    pub title: &'static str,
    /// Its settings, in the order shown.
    pub fields: &'static [Field],
    /// Folded away until asked for.
    pub folded: bool,
}

/// All settings, in the order shown.
pub const GROUPS: [Group; 5] = [
    Group { title: "Sums", fields: &[Field::P, Field::FracTrain, Field::Split], folded: false },
    Group {
        title: "Model",
        fields: &[Field::DModel, Field::NHeads, Field::DMlp, Field::NLayers, Field::Activation, Field::Seed],
        folded: false,
    },
    Group {
        title: "Training",
        fields: &[Field::Lr, Field::WeightDecay, Field::Epochs, Field::EvalEvery, Field::CheckpointEvery],
        folded: false,
    },
    Group {
        title: "Computation",
        fields: &[
            Field::Device,
            Field::Threads,
            Field::Engine,
            Field::Precision,
            Field::Reproducible,
            Field::Loss,
        ],
        folded: false,
    },
    Group {
        title: "AdamW in detail",
        fields: &[Field::Beta1, Field::Beta2, Field::Eps, Field::WarmupSteps],
        folded: true,
    },
];

impl Field {
    /// All settings.
    pub fn all() -> impl Iterator<Item = Self> {
        GROUPS.iter().flat_map(|group| group.fields).copied()
    }

    /// The name in links and in [`LabError::Setting`].
    pub fn name(self) -> &'static str {
        match self {
            Self::P => "p",
            Self::FracTrain => "frac_train",
            Self::Split => "split",
            Self::Seed => "seed",
            Self::DModel => "d_model",
            Self::NHeads => "n_heads",
            Self::DMlp => "d_mlp",
            Self::NLayers => "n_layers",
            Self::Activation => "activation",
            Self::Lr => "lr",
            Self::WeightDecay => "weight_decay",
            Self::Beta1 => "beta1",
            Self::Beta2 => "beta2",
            Self::Eps => "eps",
            Self::WarmupSteps => "warmup_steps",
            Self::Loss => "loss",
            Self::Epochs => "epochs",
            Self::EvalEvery => "eval_every",
            Self::CheckpointEvery => "checkpoint_every",
            Self::Engine => "engine",
            Self::Device => "backend",
            Self::Threads => "threads",
            Self::Precision => "precision",
            Self::Reproducible => "reproducible",
        }
    }

    /// The setting of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|field| field.name() == name)
    }

    /// The words beside the control.
    pub fn label(self) -> &'static str {
        match self {
            Self::P => "Modulus p",
            Self::FracTrain => "Train fraction",
            Self::Split => "Split",
            Self::Seed => "Initial seed",
            Self::DModel => "Width d_model",
            Self::NHeads => "Heads",
            Self::DMlp => "Neurons d_mlp",
            Self::NLayers => "Layers",
            Self::Activation => "Activation",
            Self::Lr => "Learning rate",
            Self::WeightDecay => "Weight decay λ",
            Self::Beta1 => "β₁",
            Self::Beta2 => "β₂",
            Self::Eps => "ε",
            Self::WarmupSteps => "Warm-up steps",
            Self::Loss => "Loss",
            Self::Epochs => "Epochs",
            Self::EvalEvery => "Measure every",
            Self::CheckpointEvery => "Checkpoint every",
            Self::Engine => "Engine",
            Self::Device => "Device",
            Self::Threads => "CPU workers",
            Self::Precision => "Precision",
            Self::Reproducible => "Same bits everywhere",
        }
    }

    /// What the setting means, in a sentence.
    pub fn help(self) -> &'static str {
        match self {
            Self::P => "The model learns a + b mod p; an odd prime.",
            Self::FracTrain => "The part of the p² sums that the model is shown.",
            Self::Split => "Which sums those are: python:SEED (the paper's shuffle) or torch:SEED.",
            Self::Seed => "Decides the initial weights: the same seed, the same run.",
            Self::DModel => "Width of the residual stream.",
            Self::NHeads => "Attention heads per layer; must divide d_model.",
            Self::DMlp => "Neurons per layer.",
            Self::NLayers => "Transformer blocks; the paper's model has one.",
            Self::Activation => "The neurons' non-linearity.",
            Self::Lr => "AdamW's learning rate after warm-up.",
            Self::WeightDecay => "Without decay the model memorises and stays there.",
            Self::Beta1 => "Decay rate of the gradient's mean.",
            Self::Beta2 => "Decay rate of the squared gradient's mean.",
            Self::Eps => "Added to the root of the second moment.",
            Self::WarmupSteps => "The learning rate rises linearly over so many steps.",
            Self::Loss => "Exact keeps its precision at small losses; textbook stalls near 1e-7 in 32 bits.",
            Self::Epochs => "One epoch is one step: every update sees the whole train set.",
            Self::EvalEvery => "Steps between two points of the curves.",
            Self::CheckpointEvery => {
                "Steps between two checkpoints, besides the log-spaced ones that every run has. When they fill the \
                 page's memory, some are let go."
            }
            Self::Engine => "Which implementation computes the step.",
            Self::Device => "Where the run computes.",
            Self::Threads => {
                "Workers that share a step on the CPU; 0 takes what the machine has. The same number gives the same bits."
            }
            Self::Precision => {
                "64 bits are computed by Burn's engines on the CPU only, several times slower; with the device \
                 and the engine left at fastest that is what a run gets."
            }
            Self::Reproducible => {
                "For the command line: give the browser's bits there, where a faster order of sums exists. In a \
                 browser every run has them, so here it changes nothing; it goes along into capsules and links."
            }
        }
    }

    /// What it is entered with.
    pub fn kind(self) -> Kind {
        match self {
            Self::Split => Kind::Text,
            Self::FracTrain | Self::Lr | Self::WeightDecay | Self::Beta1 | Self::Beta2 | Self::Eps => {
                Kind::Decimal
            }
            Self::Activation => Kind::Choice(&[("relu", "ReLU"), ("gelu", "GELU")]),
            Self::Loss => Kind::Choice(&[("exact", "exact"), ("textbook", "textbook")]),
            Self::Engine => Kind::Choice(&[
                ("auto", "fastest"),
                ("folded", "folded, by hand"),
                ("autodiff", "folded, autodiff"),
                ("literal", "literal, autodiff"),
            ]),
            Self::Precision => Kind::Choice(&[("f32", "32 bits"), ("f64", "64 bits")]),
            Self::Reproducible => Kind::Choice(&[("false", "no"), ("true", "yes")]),
            Self::Device => Kind::Choice(&[("auto", "fastest"), ("webgpu", "WebGPU"), ("cpu", "CPU")]),
            _ => Kind::Integer,
        }
    }

    /// The setting in a configuration, as text that [`write`](Self::write) reads back.
    pub fn read(self, config: &ExperimentConfig) -> String {
        let ExperimentConfig { data, model, optim, run } = config;
        match self {
            Self::P => data.p.to_string(),
            Self::FracTrain => decimal(data.frac_train),
            Self::Split => data.split.to_string(),
            Self::Seed => model.seed.to_string(),
            Self::DModel => model.d_model.to_string(),
            Self::NHeads => model.n_heads.to_string(),
            Self::DMlp => model.d_mlp.to_string(),
            Self::NLayers => model.n_layers.to_string(),
            Self::Activation => choice_name(&model.activation),
            Self::Lr => decimal(optim.lr),
            Self::WeightDecay => decimal(optim.weight_decay),
            Self::Beta1 => decimal(optim.beta1),
            Self::Beta2 => decimal(optim.beta2),
            Self::Eps => decimal(optim.eps),
            Self::WarmupSteps => optim.warmup_steps.to_string(),
            Self::Loss => choice_name(&optim.loss),
            Self::Epochs => run.epochs.to_string(),
            Self::EvalEvery => run.eval_every.to_string(),
            Self::CheckpointEvery => run.checkpoint_every.to_string(),
            Self::Threads => run.threads.to_string(),
            Self::Precision => choice_name(&run.precision),
            Self::Reproducible => run.reproducible.to_string(),
            Self::Engine => choice_name(&run.engine),
            Self::Device => match run.device {
                DeviceChoice::Auto => "auto",
                DeviceChoice::Cpu => "cpu",
                DeviceChoice::Gpu => "webgpu",
            }
            .into(),
        }
    }

    /// Writes the setting into a configuration. Ranges are left to
    /// [`ExperimentConfig::validate`].
    ///
    /// # Errors
    /// [`LabError::Setting`] if the text is not of the setting's kind.
    pub fn write(self, config: &mut ExperimentConfig, text: &str) -> Result<()> {
        let text = text.trim();
        let ExperimentConfig { data, model, optim, run } = config;
        match self {
            Self::P => data.p = self.number(text)?,
            Self::FracTrain => data.frac_train = self.number(text)?,
            Self::Split => data.split = text.parse()?,
            Self::Seed => model.seed = self.number(text)?,
            Self::DModel => model.d_model = self.number(text)?,
            Self::NHeads => model.n_heads = self.number(text)?,
            Self::DMlp => model.d_mlp = self.number(text)?,
            Self::NLayers => model.n_layers = self.number(text)?,
            Self::Activation => model.activation = self.choice(text)?,
            Self::Lr => optim.lr = self.number(text)?,
            Self::WeightDecay => optim.weight_decay = self.number(text)?,
            Self::Beta1 => optim.beta1 = self.number(text)?,
            Self::Beta2 => optim.beta2 = self.number(text)?,
            Self::Eps => optim.eps = self.number(text)?,
            Self::WarmupSteps => optim.warmup_steps = self.number(text)?,
            Self::Loss => optim.loss = self.choice(text)?,
            Self::Epochs => run.epochs = self.number(text)?,
            Self::EvalEvery => run.eval_every = self.number(text)?,
            Self::CheckpointEvery => run.checkpoint_every = self.number(text)?,
            Self::Threads => run.threads = self.number(text)?,
            Self::Precision => run.precision = self.choice(text)?,
            // A truth value is written without quotes in JSON, unlike every other choice.
            Self::Reproducible => run.reproducible = text.parse().map_err(|_| self.no_such(text))?,
            Self::Engine => run.engine = self.choice(text)?,
            Self::Device => run.device = self.choice(if text == "webgpu" { "gpu" } else { text })?,
        }
        Ok(())
    }

    fn number<T: std::str::FromStr>(self, text: &str) -> Result<T> {
        text.parse().map_err(|_| {
            let allowed = match (self, self.kind()) {
                (Self::Seed, _) => "a whole number from 0 to 4294967295 is needed",
                (_, Kind::Decimal) => "a number is needed, for example 0.001 or 1e-3",
                _ => "a whole number is needed",
            };
            LabError::setting(self.name(), text, allowed)
        })
    }

    fn choice<T: DeserializeOwned>(self, text: &str) -> Result<T> {
        serde_json::from_value(text.into()).map_err(|_| self.no_such(text))
    }

    fn no_such(self, text: &str) -> LabError {
        let Kind::Choice(choices) = self.kind() else { unreachable!("only choices are read here") };
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        LabError::setting(self.name(), text, format!("there are {}", names.join(", ")))
    }
}

fn choice_name<T: Serialize>(choice: &T) -> String {
    match serde_json::to_value(choice) {
        Ok(serde_json::Value::String(name)) => name,
        other => unreachable!("a choice is written as its name, not as {other:?}"),
    }
}

/// The shortest text that reads back as the same number.
fn decimal(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-4 { format!("{value:e}") } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::{Field, Kind};
    use crate::config::Preset;
    use crate::error::LabError;

    #[test]
    fn every_setting_of_every_preset_survives_reading_and_writing() {
        for preset in Preset::ALL {
            let config = preset.config();
            let mut written = Preset::Paper.config();
            for field in Field::all() {
                field.write(&mut written, &field.read(&config)).expect("its own text is allowed");
            }
            assert_eq!(written, config, "preset {}", preset.name());
        }
    }

    #[test]
    fn every_choice_can_be_written_and_reads_back() {
        for field in Field::all() {
            let Kind::Choice(choices) = field.kind() else { continue };
            for (name, _) in choices {
                let mut config = Preset::Paper.config();
                field.write(&mut config, name).expect("an offered choice is allowed");
                assert_eq!(field.read(&config), *name, "{field:?}");
            }
        }
    }

    #[test]
    fn nonsense_is_refused_under_the_settings_own_name() {
        for field in Field::all() {
            let mut config = Preset::Paper.config();
            let Err(LabError::Setting { field: name, allowed, .. }) = field.write(&mut config, "x;1") else {
                panic!("{field:?} took nonsense");
            };
            assert_eq!(name, field.name(), "the error lands at the control");
            assert!(!allowed.is_empty(), "{field:?} says what is allowed");
            assert_eq!(config, Preset::Paper.config(), "{field:?} left the configuration alone");
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        for field in Field::all() {
            assert_eq!(Field::from_name(field.name()), Some(field));
        }
        assert_eq!(Field::from_name("nonsense"), None);
    }
}
