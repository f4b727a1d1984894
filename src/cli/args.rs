//! The settings of an experiment as options: a preset, then whatever differs from it.

use clap::Args;

use super::options::{choice, fraction, modulus, real, whole};
use crate::config::{
    Activation, DeviceChoice, EngineChoice, ExperimentConfig, LossForm, Precision, Preset, SplitRule,
};
use crate::error::{LabError, Result};

/// Every setting that can be given on the command line; what is not given stays as it is.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings", allow_negative_numbers = true)]
pub(super) struct SettingArgs {
    /// The experiment to start from: quick, paper or tiny [default: paper]
    #[arg(long, value_name = "NAME")]
    pub(super) preset: Option<String>,
    /// The modulus, an odd prime
    #[arg(long, value_name = "N", value_parser = modulus)]
    p: Option<usize>,
    /// The fraction of the pairs that is trained on, between 0 and 1
    #[arg(long, value_name = "F", value_parser = fraction)]
    frac: Option<f64>,
    /// Which pairs those are: python:SEED or torch:SEED, optionally with :FRAC
    #[arg(long)]
    split: Option<String>,
    /// Number of blocks
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    n_layers: Option<usize>,
    /// Width of the residual stream
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    d_model: Option<usize>,
    /// Attention heads per block
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    n_heads: Option<usize>,
    /// Neurons per block
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    d_mlp: Option<usize>,
    /// The neurons' non-linearity
    #[arg(long, value_name = "NAME", value_parser = choice::<Activation>(&["relu", "gelu"]))]
    activation: Option<Activation>,
    /// Seed of the initial weights
    #[arg(long, value_name = "N", value_parser = whole::<u32>)]
    seed: Option<u32>,
    /// Learning rate after warm-up
    #[arg(long, value_name = "F", value_parser = real)]
    lr: Option<f64>,
    /// AdamW's decay of every parameter
    #[arg(long, value_name = "F", value_parser = real)]
    weight_decay: Option<f64>,
    /// Updates over which the learning rate rises from 0
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    warmup_steps: Option<usize>,
    /// The form of the cross-entropy; textbook stalls in 32 bits and makes slingshots
    #[arg(long, value_name = "FORM", value_parser = choice::<LossForm>(&["exact", "textbook"]))]
    loss: Option<LossForm>,
    /// Updates in all; each sees the whole train set
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(super) epochs: Option<usize>,
    /// A row of metrics every N steps
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    eval_every: Option<usize>,
    /// A checkpoint every N steps
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(super) checkpoint_every: Option<usize>,
    /// What does the updates; auto takes the fastest that can
    #[arg(long, value_name = "NAME",
        value_parser = choice::<EngineChoice>(&["auto", "folded", "autodiff", "literal"]))]
    pub(super) engine: Option<EngineChoice>,
    /// Where they are done; auto is the processor, gpu a graphics card
    #[arg(long, value_name = "NAME", value_parser = choice::<DeviceChoice>(&["auto", "cpu", "gpu"]))]
    pub(super) device: Option<DeviceChoice>,
    /// Width of the floating point numbers; f64 runs on the CPU only
    #[arg(long, value_name = "WIDTH", value_parser = choice::<Precision>(&["f32", "f64"]))]
    precision: Option<Precision>,
    /// CPU threads; 0 takes what the machine offers. With --reproducible N is also the number of shares
    /// that each step is cut into, at most 8: the bits of a browser's run with threads=N in its link
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    threads: Option<usize>,
    /// Give the browser's bits, also where a faster order of sums exists; --threads says for how many workers
    #[arg(long)]
    reproducible: bool,
}

impl SettingArgs {
    /// The preset named on the command line, if one is.
    ///
    /// # Errors
    /// [`LabError::Setting`] with the names there are.
    pub(super) fn preset(&self) -> Result<Option<Preset>> {
        self.preset.as_deref().map(Preset::from_name).transpose()
    }

    /// The experiment asked for: the preset (the paper's if none is named), changed and checked.
    ///
    /// # Errors
    /// [`LabError::Setting`] for the first setting outside its range.
    pub(super) fn config(&self) -> Result<ExperimentConfig> {
        let preset = self.preset()?.unwrap_or(Preset::Paper);
        let config = self.change(preset.config())?;
        config.validate()?;
        Ok(config)
    }

    /// A configuration with every given option put in its place, not yet validated.
    ///
    /// # Errors
    /// [`LabError::Setting`] if the split is malformed or the fraction is given twice.
    pub(super) fn change(&self, mut config: ExperimentConfig) -> Result<ExperimentConfig> {
        let ExperimentConfig { data, model, optim, run } = &mut config;
        set(&mut data.p, self.p);
        set(&mut data.frac_train, self.frac);
        if let Some(text) = &self.split {
            let (rule, frac) = SplitRule::parse_with_frac(text)?;
            if let (Some(in_split), Some(alone)) = (frac, self.frac) {
                return Err(LabError::setting(
                    "frac",
                    alone,
                    format!("--split {text} already gives the fraction {in_split}; give it in one place"),
                ));
            }
            data.split = rule;
            set(&mut data.frac_train, frac);
        }
        set(&mut model.n_layers, self.n_layers);
        set(&mut model.d_model, self.d_model);
        set(&mut model.n_heads, self.n_heads);
        set(&mut model.d_mlp, self.d_mlp);
        set(&mut model.activation, self.activation);
        set(&mut model.seed, self.seed);
        set(&mut optim.lr, self.lr);
        set(&mut optim.weight_decay, self.weight_decay);
        set(&mut optim.warmup_steps, self.warmup_steps);
        set(&mut optim.loss, self.loss);
        set(&mut run.epochs, self.epochs);
        set(&mut run.eval_every, self.eval_every);
        set(&mut run.checkpoint_every, self.checkpoint_every);
        set(&mut run.engine, self.engine);
        set(&mut run.device, self.device);
        set(&mut run.precision, self.precision);
        set(&mut run.threads, self.threads);
        run.reproducible |= self.reproducible;
        Ok(config)
    }
}

fn set<T: Copy>(slot: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::SettingArgs;
    use crate::config::{EngineChoice, LossForm, Precision, Preset, SplitRule};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: SettingArgs,
    }

    fn read(line: &str) -> SettingArgs {
        Line::try_parse_from(format!("test {line}").split_whitespace()).map(|line| line.settings).unwrap()
    }

    #[test]
    fn nothing_given_is_the_papers_run() {
        assert_eq!(read("").config(), Ok(Preset::Paper.config()));
    }

    #[test]
    fn options_change_the_preset_and_nothing_else() {
        let asked = read(
            "--preset tiny --p 11 --split torch:7:0.6 --n-heads 4 --seed 9 --lr 2e-3 --weight-decay 0 \
             --loss textbook --epochs 12 --eval-every 3 --engine literal --precision f64 --reproducible",
        );
        let mut expected = Preset::Tiny.config();
        expected.data.p = 11;
        (expected.data.split, expected.data.frac_train) = (SplitRule::Torch(7), 0.6);
        (expected.model.n_heads, expected.model.seed) = (4, 9);
        (expected.optim.lr, expected.optim.weight_decay) = (2e-3, 0.0);
        expected.optim.loss = LossForm::Textbook;
        (expected.run.epochs, expected.run.eval_every) = (12, 3);
        (expected.run.engine, expected.run.precision) = (EngineChoice::Literal, Precision::F64);
        expected.run.reproducible = true;
        assert_eq!(asked.config(), Ok(expected));
    }

    #[test]
    fn a_fraction_given_twice_is_refused() {
        let error = read("--split python:0:0.4 --frac 0.3").config().unwrap_err().to_string();
        assert!(error.contains("0.4") && error.contains("0.3"), "{error}");
    }
}
