//! The arithmetic of a training step: how much longer one takes with other sizes. Pure.

use super::folding::{model_folds, n_numbers};
use super::shape::ModelShape;
use crate::config::{EngineChoice, ExperimentConfig};
use crate::task::n_examples;

/// A product with the attention weights costs so many times one of the neurons: it reads more than it
/// computes. With this number `paper` comes out at six times the step of `quick`, as measured in a browser
/// (docs/performance.md).
const MIXING: f64 = 8.0;

/// Forward, and back to the activations and to the weights: three products where the forward pass has one.
const THERE_AND_BACK: f64 = 3.0;

/// Multiply-adds of one update, those of the mixing weighed by `MIXING`.
///
/// The folded step: every one of `n_train` pairs goes through the product of the neurons with the logits,
/// `d_mlp * p`, after three rows of neurons and logits, one a position, are mixed for each head. All else
/// is done once for each of the 2p + 1 tokens at their positions.
pub fn update(config: &ExperimentConfig) -> f64 {
    let [n_train, _] = n_examples(&config.data);
    THERE_AND_BACK * (n_train as f64 * forward(config) + once(config))
}

/// Multiply-adds of one evaluation: forward over all examples.
pub fn evaluation(config: &ExperimentConfig) -> f64 {
    let n: usize = n_examples(&config.data).into_iter().sum();
    n as f64 * forward(config) + once(config)
}

/// Multiply-adds of an update and its part of the evaluations.
pub fn step(config: &ExperimentConfig) -> f64 {
    update(config) + evaluation(config) / config.run.eval_every as f64
}

/// Multiply-adds of a whole run, without its checkpoints.
pub fn run(config: &ExperimentConfig) -> f64 {
    config.run.epochs as f64 * step(config)
}

/// Whether the engine folds what depends on one token at one position.
fn folds(config: &ExperimentConfig) -> bool {
    let shape = ModelShape::new(&config.data, &config.model);
    model_folds(&shape).is_ok() && !matches!(config.run.engine, EngineChoice::General | EngineChoice::Literal)
}

/// Forward over one example.
fn forward(config: &ExperimentConfig) -> f64 {
    let shape = ModelShape::new(&config.data, &config.model);
    let [p, n_ctx, d_model] = [n_numbers(&shape), shape.n_ctx, shape.d_model].map(|n| n as f64);
    let [d_mlp, n_heads, n_layers] = [shape.d_mlp, shape.n_heads, shape.n_layers].map(|n| n as f64);
    if folds(config) {
        return d_mlp * p + MIXING * 3.0 * n_heads * (d_mlp + p);
    }
    // Every position through four square matrices of attention and both of the neurons.
    n_ctx * n_layers * (4.0 * d_model * d_model + 2.0 * d_model * d_mlp) + d_model * p
}

/// Forward of what is done once a step, whatever the number of pairs.
fn once(config: &ExperimentConfig) -> f64 {
    if !folds(config) {
        return 0.0;
    }
    let shape = ModelShape::new(&config.data, &config.model);
    let [p, d_model, d_mlp] = [n_numbers(&shape), shape.d_model, shape.d_mlp].map(|n| n as f64);
    let n_rows = 2.0 * p + 1.0;
    let per_row = 2.0 * d_model * d_model + d_model * (d_mlp + p);
    n_rows * per_row + d_model * d_model * (d_mlp + p) + d_mlp * d_model * p
}

#[cfg(test)]
mod tests {
    use super::{once, run, step, update};
    use crate::config::{EngineChoice, ExperimentConfig, Preset};

    #[test]
    fn the_presets_are_as_far_apart_as_was_measured() {
        // docs/performance.md: 21 steps a second of `paper`, 3,000 in 26 s of `quick` when it had half of the pairs.
        let mut half = Preset::Quick.config();
        half.data.change_modular(|sums| sums.frac_train = 0.5);
        let measured = (3_000.0 / 26.0) / 21.0;
        let ratio = step(&Preset::Paper.config()) / step(&half);
        assert!((0.85..=1.2).contains(&(ratio / measured)), "{ratio}, measured {measured}");
    }

    #[test]
    fn a_run_is_as_dear_as_it_is_long() {
        let (quick, mut longer) = (Preset::Quick.config(), Preset::Quick.config());
        longer.run.epochs *= 3;
        assert!((run(&longer) / run(&quick) - 3.0).abs() < 1e-9);
        // The published sequence models are far smaller than the paper's.
        assert!(run(&Preset::SkipTrigram.config()) < 0.01 * run(&Preset::Paper.config()));
    }

    #[test]
    fn what_is_done_once_is_a_small_part_of_the_papers_step() {
        let paper = Preset::Paper.config();
        // 0.2 GFLOP forward and back are 0.1 G multiply-adds.
        let once = 3.0 * once(&paper);
        assert!((0.8e8..=1.5e8).contains(&once), "{once}");
        assert!(once < 0.15 * update(&paper));
    }

    #[test]
    fn a_step_grows_with_the_pairs_and_with_every_width() {
        let paper = Preset::Paper.config();
        let data60 = Preset::Data60.config();
        let ratio = update(&data60) / update(&paper);
        assert!((1.8..2.0).contains(&ratio), "twice the pairs, {ratio} times the work");
        for widen in [
            |c: &mut ExperimentConfig| c.data.change_modular(|sums| sums.p = 127),
            |c: &mut ExperimentConfig| c.model.d_mlp *= 2,
            |c: &mut ExperimentConfig| c.model.d_model *= 2,
            |c: &mut ExperimentConfig| c.model.n_heads *= 2,
            |c: &mut ExperimentConfig| c.run.engine = EngineChoice::Literal,
            |c: &mut ExperimentConfig| c.model.n_layers = 2,
        ] {
            let mut wider = paper.clone();
            widen(&mut wider);
            assert!(update(&wider) > update(&paper), "{wider:?}");
        }
        let mut deep = paper.clone();
        deep.model.n_layers = 2;
        let two = update(&deep);
        deep.model.n_layers = 4;
        assert!((1.9..2.0).contains(&(update(&deep) / two)), "almost all of it is in the layers");
    }
}
