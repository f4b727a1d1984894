//! The general engine against Burn's automatic differentiation of the transformer as written, in float64: every entry
//! of the gradient, then twenty updates; and its losses against the analysis on the host.

use grokking_lab::analysis::general::GeneralAnalysis;
use grokking_lab::config::{Activation, EngineChoice, ExperimentConfig, Precision, Preset};
use grokking_lab::engine::general::GeneralCpu;
use grokking_lab::engine::{self, Engine, EngineKind, TrainState};
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::{ModelShape, Weights};
use grokking_lab::task::{Dataset, Examples, NO_TARGET, SequenceShape};
use pollster::block_on;

use crate::close::{Tolerance, assert_close};

/// A model and the examples it is trained on.
struct Case {
    what: String,
    config: ExperimentConfig,
    dataset: Dataset,
    start: TrainState,
}

/// Depth 1 to 3, with and without MLP, causal or not, one or several predictions, residual scale 1 and 2, batches of 1
/// to 300.
fn grid() -> Vec<Case> {
    let mut cases = Vec::new();
    for n_layers in 1..=3 {
        for (d_mlp, activation) in [(0, Activation::Relu), (9, Activation::Relu), (6, Activation::Gelu)] {
            for causal in [true, false] {
                for loss_positions in [vec![5], vec![2, 3, 5]] {
                    let i = cases.len();
                    let residual_scale = [1.0, 2.0][i % 2];
                    let n_examples = [1, 7, 300][i % 5 % 3];
                    cases.push(case(
                        (n_layers, d_mlp, activation, causal, residual_scale),
                        loss_positions,
                        n_examples,
                    ));
                }
            }
        }
    }
    cases
}

fn case(
    (n_layers, d_mlp, activation, causal, residual_scale): (usize, usize, Activation, bool, f64),
    loss_positions: Vec<usize>,
    n_examples: usize,
) -> Case {
    let what = format!(
        "{n_layers} blocks, {d_mlp} neurons, {activation:?}, causal {causal}, residual scale {residual_scale}, \
         predictions at {loss_positions:?}, {n_examples} examples"
    );
    let mut config = Preset::Tiny.config();
    let model = &mut config.model;
    (model.n_layers, model.d_model, model.n_heads, model.d_head) = (n_layers, 10, 2, 3);
    (model.d_mlp, model.activation, model.causal) = (d_mlp, activation, causal);
    model.residual_scale = residual_scale;
    (config.run.precision, config.run.threads) = (Precision::F64, 2);
    let sequences = SequenceShape { n_ctx: 6, d_vocab: 5, d_vocab_out: 4, loss_positions };
    let mut numbers = (0..u32::MAX).map(|i| i.wrapping_mul(2_654_435_761).rotate_left(11) >> 6);
    let mut draw = |n: u32| numbers.next().expect("there are enough") % n;
    let mut examples = |n: usize| {
        let mut examples = Examples::empty(&sequences);
        for _ in 0..n {
            let tokens: Vec<u32> = (0..6).map(|_| draw(5)).collect();
            let mut targets: Vec<u32> = sequences.loss_positions.iter().map(|_| draw(4)).collect();
            if targets.len() > 1 && draw(2) == 0 {
                targets[draw(3) as usize] = NO_TARGET;
            }
            examples.push(&tokens, &targets);
        }
        examples
    };
    let dataset = Dataset::finite(examples(n_examples), examples(5));
    let shape = ModelShape::for_sequences(&sequences, &config.model);
    let mut weights = initial_weights(&shape, 2).flat().to_vec();
    // Biases start at zero, where a wrong gradient would hide.
    for (i, weight) in weights.iter_mut().enumerate().filter(|(_, w)| **w == 0.0) {
        *weight = 0.2 * (i as f64).sin();
    }
    let start = TrainState::start(Weights::from_flat(shape, weights));
    Case { what, config, dataset, start }
}

impl Case {
    fn engine(&self, choice: EngineChoice) -> Box<dyn Engine> {
        let mut config = self.config.clone();
        config.run.engine = choice;
        block_on(engine::build(&config, &self.dataset, &self.start)).expect("the engine takes any model")
    }

    /// With β₁ = 0 the gradient is the first moment after one update.
    fn literal_gradient(&self) -> Weights {
        let mut config = self.config.clone();
        (config.run.engine, config.optim.beta1) = (EngineChoice::Literal, 0.0);
        let engine = block_on(engine::build(&config, &self.dataset, &self.start));
        let mut engine = engine.expect("Burn takes any model");
        block_on(engine.train(1)).expect("the CPU does not fail");
        block_on(engine.state()).expect("the CPU does not fail").first_moment
    }
}

#[test]
fn every_gradient_is_that_of_automatic_differentiation() {
    for case in grid() {
        let mut engine = GeneralCpu::new(&case.config, &case.dataset, &case.start).expect("any model");
        let (got, expected) = (engine.read_gradient(), case.literal_gradient());
        for param in expected.shape().params() {
            let what = format!("{}, {}", case.what, param.name());
            let tolerance = Tolerance { absolute: 1e-13, relative: 1e-9 };
            assert_close(&what, got.get(param), expected.get(param), tolerance);
        }
    }
}

#[test]
fn twenty_updates_are_those_of_automatic_differentiation() {
    for case in grid() {
        let mut general = case.engine(EngineChoice::General);
        assert_eq!(general.info().engine, EngineKind::General);
        let mut literal = case.engine(EngineChoice::Literal);
        let [got, expected] = [&mut general, &mut literal].map(|engine| {
            block_on(engine.train(20)).expect("the CPU does not fail");
            let scores = block_on(engine.evaluate()).expect("the CPU does not fail");
            let losses = [scores.train_loss, scores.test_loss];
            let accuracies = [scores.train_accuracy, scores.test_accuracy];
            (losses, accuracies, block_on(engine.weights()).expect("the CPU does not fail"))
        });
        // AdamW divides by the root of the second moment: rounding of a gradient near 0 is amplified.
        let tolerance = Tolerance { absolute: 1e-8, relative: 1e-8 };
        assert_close(&case.what, &got.0, &expected.0, tolerance);
        assert_close(&case.what, &got.1, &expected.1, Tolerance { absolute: 1e-12, relative: 0.0 });
        assert_close(&case.what, got.2.flat(), expected.2.flat(), tolerance);
    }
}

#[test]
fn losses_are_those_of_the_analysis() {
    for case in grid() {
        let mut engine = GeneralCpu::new(&case.config, &case.dataset, &case.start).expect("any model");
        let scores = block_on(engine.evaluate()).expect("the CPU does not fail");
        let found = GeneralAnalysis::new(&case.start.weights, &case.dataset).expect("the model fits");
        let tolerance = Tolerance { absolute: 0.0, relative: 1e-12 };
        let got = [scores.train_loss, scores.test_loss];
        assert_close(&case.what, &got, &[found.loss.train, found.loss.test], tolerance);
    }
}

#[test]
fn automatic_choice_takes_it_where_a_model_does_not_fold() {
    let case = grid().swap_remove(20);
    let engine = case.engine(EngineChoice::Auto);
    assert_eq!(engine.info().engine, EngineKind::General);
    assert!(engine.info().reason.is_some(), "it says why it is not the folded one");
}
