//! The one place where a whole configuration is checked, with errors that name setting, value and range.

use super::{
    Batches, DeviceChoice, EngineChoice, ExperimentConfig, InductionConfig, ModelConfig, ModularConfig,
    Precision, TaskConfig, settings,
};
use crate::error::{LabError, Result};

impl ExperimentConfig {
    /// Checks every setting by itself, then those that must fit one another.
    ///
    /// # Errors
    /// [`LabError::Setting`] for the first setting that is outside its range or does not fit.
    pub fn validate(&self) -> Result<()> {
        settings::all().try_for_each(|setting| setting.check(self))?;

        let Self { data, model, run, .. } = self;
        match data {
            TaskConfig::Modular(modular) => check_modular(modular, model)?,
            TaskConfig::Addition(_) | TaskConfig::SkipTrigram(_) => {}
            TaskConfig::Induction(induction) => check_induction(induction)?,
        }
        check(
            model.d_head > 0 || model.d_model.is_multiple_of(model.n_heads),
            "n_heads",
            model.n_heads,
            format!("the number of heads must divide d_model = {}, unless d_head is given", model.d_model),
        )?;
        if run.precision == Precision::F64 {
            check(
                run.device != DeviceChoice::Gpu,
                "precision",
                "f64",
                "64-bit floats run on the CPU only: leave device at auto or cpu",
            )?;
            check(
                run.engine != EngineChoice::Folded,
                "precision",
                "f64",
                "the folded engine has no 64-bit floats: leave engine at auto, general, autodiff or literal",
            )?;
        }
        Ok(())
    }
}

/// Sums are learned by causal models with an MLP and the residual stream of the paper: their analysis is of no others.
fn check_modular(modular: &ModularConfig, model: &ModelConfig) -> Result<()> {
    check(model.d_mlp > 0, "d_mlp", model.d_mlp, "a model that learns sums has at least one neuron")?;
    check(model.causal, "causal", model.causal, "a model that learns sums is causal: true")?;
    check(
        model.residual_scale == 1.0,
        "residual_scale",
        model.residual_scale,
        "a model that learns sums has residual scale 1",
    )?;
    let n_pairs = modular.n_pairs();
    check(
        (1..n_pairs).contains(&modular.n_train()),
        "frac_train",
        modular.frac_train,
        format!("at least one of the {n_pairs} pairs must be in the train set and one outside it"),
    )
}

fn check_induction(induction: &InductionConfig) -> Result<()> {
    let &InductionConfig { n_ctx, sub_len, repeats, batches: Batches { batch, n_train, .. }, .. } = induction;
    check(
        sub_len <= (n_ctx - 1) / repeats,
        "sub_len",
        sub_len,
        format!(
            "{repeats} copies must fit in the {} tokens after the first, each in an interval of its own: at most {} tokens",
            n_ctx - 1,
            (n_ctx - 1) / repeats
        ),
    )?;
    check(
        n_train.is_multiple_of(batch),
        "n_train",
        n_train,
        format!("the train set of repeated subsequences is a number of batches of {batch}; 0 is fresh data"),
    )
}

fn check(holds: bool, setting: &'static str, value: impl ToString, allowed: impl Into<String>) -> Result<()> {
    if holds { Ok(()) } else { Err(LabError::setting(setting, value, allowed)) }
}

#[cfg(test)]
mod tests {
    use crate::config::{
        DeviceChoice, EngineChoice, ExperimentConfig, InductionConfig, Precision, Preset, TaskConfig,
    };
    use crate::error::LabError;

    /// The setting that a change of the paper's experiment is refused for, and what is said to be allowed.
    fn refusal(change: impl FnOnce(&mut ExperimentConfig)) -> (&'static str, String) {
        let mut config = Preset::Paper.config();
        change(&mut config);
        match config.validate() {
            Err(LabError::Setting { field, allowed, .. }) => (field, allowed),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn settings_that_do_not_fit_one_another_are_refused() {
        let (field, allowed) =
            refusal(|config| config.data.change_modular(|modular| modular.frac_train = 1e-9));
        assert!(field == "frac_train" && allowed.contains("12769 pairs"), "{allowed}");
        let (field, allowed) = refusal(|config| config.model.n_heads = 3);
        assert!(field == "n_heads" && allowed.contains("d_model = 128"), "{allowed}");
        let mut free = Preset::Paper.config();
        (free.model.n_heads, free.model.d_head) = (3, 50);
        assert_eq!(free.validate(), Ok(()), "three heads of a width of their own");
        assert_eq!(refusal(|config| config.model.d_mlp = 0).0, "d_mlp");
        assert_eq!(refusal(|config| config.model.causal = false).0, "causal");
        assert_eq!(refusal(|config| config.model.residual_scale = 2.0).0, "residual_scale");
        let induction = |change: fn(&mut InductionConfig)| {
            refusal(|config| {
                let mut task = InductionConfig::PUBLISHED;
                change(&mut task);
                config.data = TaskConfig::Induction(task);
            })
        };
        let (field, allowed) = induction(|task| task.sub_len = 29);
        assert!(field == "sub_len" && allowed.contains("at most 28 tokens"), "{allowed}");
        assert_eq!(induction(|task| task.batches.n_train = 500).0, "n_train", "no number of batches");
        assert_eq!(induction(|task| task.repeats = 10).0, "sub_len");
        let f64_on_gpu = |config: &mut ExperimentConfig| {
            (config.run.precision, config.run.device) = (Precision::F64, DeviceChoice::Gpu);
        };
        assert!(refusal(f64_on_gpu).1.contains("CPU only"));
        let f64_folded = |config: &mut ExperimentConfig| {
            (config.run.precision, config.run.engine) = (Precision::F64, EngineChoice::Folded);
        };
        assert!(refusal(f64_folded).1.contains("no 64-bit floats"));
    }
}
