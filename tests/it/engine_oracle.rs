//! Burn's engines against each other, against differences of the loss and against plain loops.

use grokking_lab::config::{Activation, ExperimentConfig, LossForm, Precision, Preset};
use grokking_lab::engine::autodiff::{AutodiffEngine, Forward};
use grokking_lab::engine::{DeviceKind, Engine, EngineInfo, EngineKind, TrainState, device};
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::{ModelShape, Weights};
use grokking_lab::task::Dataset;
use pollster::block_on;

use crate::close::{Tolerance, assert_close};

/// A small experiment in float64 with sizes that are no multiple of anything.
fn small(p: usize, d_model: usize, n_heads: usize, d_mlp: usize) -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    config.data.change_modular(|modular| modular.p = p);
    config.model.d_model = d_model;
    config.model.n_heads = n_heads;
    config.model.d_mlp = d_mlp;
    config.run.precision = Precision::F64;
    config.validate().expect("a valid experiment");
    config
}

fn start(config: &ExperimentConfig) -> TrainState {
    let shape = ModelShape::new(&config.data, &config.model);
    let mut weights = initial_weights(&shape, config.model.seed).flat().to_vec();
    // Biases start at zero, where a wrong bias gradient would hide.
    for (i, weight) in weights.iter_mut().enumerate().filter(|(_, w)| **w == 0.0) {
        *weight = 0.01 * (i as f64).sin();
    }
    TrainState::start(Weights::from_flat(shape, weights))
}

fn engine(config: &ExperimentConfig, at: &TrainState, forward: Forward) -> AutodiffEngine {
    let info = EngineInfo {
        engine: EngineKind::Autodiff,
        device: DeviceKind::Cpu,
        device_name: String::new(),
        precision: config.run.precision,
        reason: None,
    };
    AutodiffEngine::new(config, &Dataset::new(&config.data), at, &device::cpu(), forward, info)
        .expect("the model is allowed")
}

fn train_loss(config: &ExperimentConfig, weights: Weights, forward: Forward) -> f64 {
    let mut engine = engine(config, &TrainState::start(weights), forward);
    block_on(engine.evaluate()).expect("the CPU does not fail").train_loss
}

#[test]
fn folded_and_literal_forward_agree() {
    for (p, d_model, n_heads, d_mlp) in [(5, 6, 1, 7), (13, 12, 2, 20), (7, 20, 4, 33)] {
        for activation in [Activation::Relu, Activation::Gelu] {
            let mut config = small(p, d_model, n_heads, d_mlp);
            config.model.activation = activation;
            let at = start(&config);
            let both = [Forward::Literal, Forward::Folded].map(|forward| {
                let mut engine = engine(&config, &at, forward);
                let scores = block_on(engine.evaluate()).expect("the CPU does not fail");
                let gradient = block_on(engine.read_gradient()).expect("the CPU does not fail");
                ([scores.train_loss, scores.test_loss], gradient)
            });
            let tolerance = Tolerance { absolute: 1e-13, relative: 1e-10 };
            assert_close("losses", &both[1].0, &both[0].0, tolerance);
            assert_close("gradient", both[1].1.flat(), both[0].1.flat(), tolerance);
        }
    }
}

#[test]
fn gradient_is_the_slope_of_the_loss() {
    const H: f64 = 1e-5;
    for (n_layers, forward) in [(1, Forward::Folded), (2, Forward::Literal)] {
        for loss in [LossForm::Exact, LossForm::Textbook] {
            let mut config = small(5, 6, 2, 7);
            config.model.n_layers = n_layers;
            config.model.activation = Activation::Gelu;
            config.optim.loss = loss;
            let at = start(&config);
            let gradient = block_on(engine(&config, &at, forward).read_gradient()).expect("reads");
            // Every 7th parameter meets every tensor of these sizes.
            for i in (0..gradient.flat().len()).step_by(7) {
                let moved = |by: f64| {
                    let mut values = at.weights.flat().to_vec();
                    values[i] += by;
                    train_loss(&config, Weights::from_flat(at.weights.shape().clone(), values), forward)
                };
                let slope = (moved(H) - moved(-H)) / (2.0 * H);
                // Central differences err by H² times the third derivative, and by rounding / H.
                let tolerance = Tolerance { absolute: 1e-9, relative: 1e-5 };
                assert_close(&format!("{loss:?}, parameter {i}"), &[gradient.flat()[i]], &[slope], tolerance);
            }
        }
    }
}

#[test]
fn update_is_adamw_written_out() {
    let config = small(7, 8, 2, 10);
    let at = start(&config);
    let mut engine = engine(&config, &at, Forward::Folded);
    let mut weights = at.weights.flat().to_vec();
    let (mut first, mut second) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
    let o = &config.optim;
    for step in 0..15 {
        let gradient = block_on(engine.read_gradient()).expect("reads");
        block_on(engine.train(1)).expect("steps");
        let lr = o.lr * (step as f64 / 10.0).min(1.0);
        for (i, g) in gradient.flat().iter().enumerate() {
            weights[i] *= 1.0 - lr * o.weight_decay;
            first[i] = 0.9 * first[i] + 0.1 * g;
            second[i] = 0.98 * second[i] + 0.02 * g * g;
            let m_hat = first[i] / (1.0 - 0.9_f64.powi(step + 1));
            let v_hat = second[i] / (1.0 - 0.98_f64.powi(step + 1));
            weights[i] -= lr * m_hat / (v_hat.sqrt() + 1e-8);
        }
        let got = block_on(engine.state()).expect("reads");
        // Rounding of a gradient near 0 is amplified by the division: absolute, not relative.
        let tolerance = Tolerance { absolute: 1e-12, relative: 1e-12 };
        assert_close(&format!("weights after {} updates", step + 1), got.weights.flat(), &weights, tolerance);
    }
}

#[test]
fn first_update_changes_nothing_but_the_moments() {
    let config = small(7, 8, 2, 10);
    let at = start(&config);
    let mut engine = engine(&config, &at, Forward::Folded);
    block_on(engine.train(1)).expect("steps");
    let after = block_on(engine.state()).expect("reads");
    assert_eq!(after.weights, at.weights, "the warm-up starts at rate 0");
    assert!(after.first_moment.flat().iter().any(|&m| m != 0.0), "the moments have seen a gradient");
}

#[test]
fn a_loaded_state_continues_to_the_same_bits() {
    for precision in [Precision::F32, Precision::F64] {
        let mut config = small(7, 8, 2, 10);
        config.run.precision = precision;
        let at = start(&config);
        let mut unbroken = engine(&config, &at, Forward::Folded);
        block_on(unbroken.train(12)).expect("steps");
        let saved = block_on(unbroken.state()).expect("reads");
        block_on(unbroken.train(12)).expect("steps");
        let mut resumed = engine(&config, &saved, Forward::Folded);
        block_on(resumed.train(12)).expect("steps");
        let [a, b] = [&mut unbroken, &mut resumed].map(|e| block_on(e.state()).expect("reads"));
        assert_eq!(a, b, "{precision:?}: same state, same bits");
    }
}

#[test]
fn the_exact_loss_survives_float32_where_the_textbook_form_stalls() {
    // A trained model in miniature: logits are scaled up until the loss lies far below float32's
    // 1.2e-7, through an unembedding that grows.
    let mut config = small(5, 8, 2, 16);
    config.data.change_modular(|modular| modular.frac_train = 0.9);
    config.optim.weight_decay = 0.0;
    config.optim.lr = 1e-2;
    let mut engine64 = engine(&config, &start(&config), Forward::Folded);
    block_on(engine64.train(400)).expect("steps");
    let mut trained = block_on(engine64.weights()).expect("reads");
    for weight in trained.get_mut(grokking_lab::model::Param::W_U) {
        *weight *= 2.0;
    }
    let loss64 = train_loss(&config, trained.clone(), Forward::Folded);
    assert!(loss64 < 1e-8 && loss64 > 1e-30, "the loss is in the range that matters: {loss64}");

    config.run.precision = Precision::F32;
    let exact = train_loss(&config, trained.clone(), Forward::Folded);
    // Logits of size 50 carry float32 errors of 4e-6 each; exp turns them into relative errors.
    let tolerance = Tolerance { absolute: 0.0, relative: 1e-3 };
    assert_close("exact form in float32", &[exact], &[loss64], tolerance);

    config.optim.loss = LossForm::Textbook;
    let textbook = train_loss(&config, trained, Forward::Folded);
    assert!((textbook - loss64).abs() > 0.1 * loss64, "the textbook form has lost it: {textbook}");
}
