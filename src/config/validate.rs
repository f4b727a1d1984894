//! The one place where settings are checked, with errors that name field, value and range.

use super::{DeviceChoice, EngineChoice, ExperimentConfig, Precision};
use crate::error::{LabError, Result};
use crate::maths::modular::is_prime;

/// The largest modulus: beyond it p² pairs times p classes no longer fit a tab's memory.
pub const MAX_P: usize = 499;

/// The most updates of a run: a few hundred times those of the longest published one. It bounds the rows of
/// metrics, and so what a file of them may take in memory.
pub const MAX_EPOCHS: usize = 10_000_000;

impl ExperimentConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// [`LabError::Setting`] for the first field outside its range.
    pub fn validate(&self) -> Result<()> {
        let Self { data, model, optim, run } = self;

        check(
            data.p % 2 == 1 && is_prime(data.p) && data.p <= MAX_P,
            "p",
            data.p,
            format!("p must be an odd prime from 3 to {MAX_P}"),
        )?;
        check(
            data.frac_train > 0.0 && data.frac_train < 1.0,
            "frac_train",
            data.frac_train,
            "the fraction must lie strictly between 0 and 1",
        )?;
        let n_pairs = data.p * data.p;
        check(
            (1..n_pairs).contains(&data.n_train()),
            "frac_train",
            data.frac_train,
            format!("at least one of the {n_pairs} pairs must be in the train set and one outside it"),
        )?;

        range("n_layers", model.n_layers, 1, 4)?;
        range("d_model", model.d_model, 1, 2048)?;
        range("n_heads", model.n_heads, 1, 64)?;
        check(
            model.d_model.is_multiple_of(model.n_heads),
            "n_heads",
            model.n_heads,
            format!("the number of heads must divide d_model = {}", model.d_model),
        )?;
        range("d_mlp", model.d_mlp, 1, 8192)?;

        positive("lr", optim.lr, 1.0)?;
        check(
            (0.0..=1000.0).contains(&optim.weight_decay),
            "weight_decay",
            optim.weight_decay,
            "the decay must lie between 0 and 1000",
        )?;
        for (field, beta) in [("beta1", optim.beta1), ("beta2", optim.beta2)] {
            check((0.0..1.0).contains(&beta), field, beta, "a beta must be at least 0 and below 1")?;
        }
        positive("eps", optim.eps, 1.0)?;
        range("warmup_steps", optim.warmup_steps, 0, 1_000_000)?;

        range("epochs", run.epochs, 1, MAX_EPOCHS)?;
        range("eval_every", run.eval_every, 1, 10_000_000)?;
        range("checkpoint_every", run.checkpoint_every, 1, 10_000_000)?;
        range("threads", run.threads, 0, 1024)?;
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
                "64-bit floats run on Burn's engines only: leave engine at auto, autodiff or literal",
            )?;
        }
        Ok(())
    }
}

fn check(holds: bool, field: &'static str, value: impl ToString, allowed: impl Into<String>) -> Result<()> {
    if holds { Ok(()) } else { Err(LabError::setting(field, value, allowed)) }
}

fn range(field: &'static str, value: usize, low: usize, high: usize) -> Result<()> {
    check((low..=high).contains(&value), field, value, format!("allowed is {low} to {high}"))
}

fn positive(field: &'static str, value: f64, high: f64) -> Result<()> {
    check(value > 0.0 && value <= high, field, value, format!("allowed is above 0 and up to {high}"))
}
