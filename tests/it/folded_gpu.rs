//! The folded engine on a GPU, or on the one that Mesa's processor plays, against the transformer
//! written out in float64, against the golden trajectory and against itself.

use std::sync::OnceLock;

use grokking_lab::config::{Activation, DeviceChoice, EngineChoice, ExperimentConfig, LossForm, Preset};
use grokking_lab::engine::device::{self, Gpu};
use grokking_lab::engine::folded::FoldedCpu;
use grokking_lab::engine::folded_gpu::FoldedGpu;
use grokking_lab::engine::{self, DeviceKind, Engine, EngineKind, TrainState};
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::safetensors::WeightsFile;
use grokking_lab::model::{ModelShape, Param, Weights};
use grokking_lab::task::Dataset;
use pollster::block_on;

use crate::analysis_reference::{published, reference_dir};
use crate::close::{Tolerance, assert_close};
use crate::folded_oracle::{GRID, experiment, literal_gradient, random, rms, trained};
use crate::literal;

/// The adapter of this machine; without one a test says so and ends.
fn gpu(test: &str) -> Option<&'static Gpu> {
    static GPU: OnceLock<Result<Gpu, String>> = OnceLock::new();
    match GPU.get_or_init(|| block_on(device::gpu()).map_err(|error| error.to_string())) {
        Ok(gpu) => Some(gpu),
        Err(reason) => {
            eprintln!("skipped: {test}: {reason}");
            None
        }
    }
}

/// A small experiment; most of the sizes are no multiple of a tile or of a workgroup.
fn small(p: usize, n_heads: usize, d_model: usize, d_mlp: usize) -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    config.data.change_modular(|modular| modular.p = p);
    (config.model.n_heads, config.model.d_model, config.model.d_mlp) = (n_heads, d_model, d_mlp);
    config.validate().expect("a valid experiment");
    config
}

fn engine(config: &ExperimentConfig, at: &TrainState, gpu: &Gpu) -> FoldedGpu {
    let dataset = Dataset::new(&config.data);
    block_on(FoldedGpu::new(config, &dataset, at, gpu)).expect("the device takes it")
}

fn collapsed(engine: &mut FoldedGpu) -> Option<f64> {
    block_on(engine.evaluate()).expect("the device works").softmax_collapse_fraction
}

fn train(engine: &mut FoldedGpu, n_steps: usize) {
    block_on(engine.train(n_steps)).expect("the device works");
}

fn state(engine: &mut FoldedGpu) -> TrainState {
    block_on(engine.state()).expect("the device works")
}

/// The gradient of the mean train loss: with β₁ = 0 it is the first moment after one update.
fn gradient(config: &ExperimentConfig, dataset: &Dataset, at: &TrainState, gpu: &Gpu) -> Weights {
    let mut config = config.clone();
    config.optim.beta1 = 0.0;
    let engine = FoldedGpu::new(&config, dataset, at, gpu);
    let mut engine = block_on(engine).expect("the device takes it");
    train(&mut engine, 1);
    state(&mut engine).first_moment
}

/// Logits, losses, accuracies and every tensor of the gradient at some weights.
fn check_all(
    what: &str,
    config: &ExperimentConfig,
    dataset: &Dataset,
    at: &TrainState,
    gpu: &Gpu,
    allowed: f64,
) {
    let engine = FoldedGpu::new(config, dataset, at, gpu);
    let mut engine = block_on(engine).expect("the device takes it");
    let logits = block_on(engine.train_logits()).expect("the device works");
    assert_eq!(logits.len(), dataset.train.len(), "{what}: pairs");
    for (pair, got) in logits.iter().step_by(logits.len() / 40 + 1) {
        let expected = literal::logits(
            &at.weights,
            &[pair.a as u32, pair.b as u32, at.weights.shape().d_vocab as u32 - 1],
        );
        let got: Vec<f64> = got.iter().map(|&x| f64::from(x)).collect();
        let tolerance = Tolerance { absolute: allowed * rms(&expected), relative: allowed };
        assert_close(&format!("{what}: logits of {pair:?}"), &got, &expected, tolerance);
    }
    let got = block_on(engine.evaluate()).expect("the device works");
    for (part, loss, accuracy, pairs) in [
        ("train", got.train_loss, got.train_accuracy, &dataset.train),
        ("test", got.test_loss, got.test_accuracy, &dataset.test),
    ] {
        if pairs.len() <= 3000 {
            let expected = literal::mean_loss(&at.weights, pairs);
            let tolerance = Tolerance { absolute: 1e-12, relative: 10.0 * allowed };
            assert_close(&format!("{what}: {part} loss"), &[loss], &[expected], tolerance);
            assert_eq!(accuracy, literal::accuracy(&at.weights, pairs), "{what}: {part} accuracy");
        }
    }
    let got = gradient(config, dataset, at, gpu);
    let expected = literal_gradient(config, dataset, at);
    for param in at.weights.shape().params() {
        let expected = expected.get(param);
        let tolerance = Tolerance { absolute: 1e-9 + 4.0 * allowed * rms(expected), relative: 4.0 * allowed };
        assert_close(&format!("{what}: gradient of {}", param.name()), got.get(param), expected, tolerance);
    }
}

#[test]
fn logits_losses_and_gradients_are_those_of_the_transformer() {
    let Some(gpu) = gpu("logits_losses_and_gradients_are_those_of_the_transformer") else { return };
    for case in GRID {
        for activation in [Activation::Relu, Activation::Gelu] {
            let config = experiment(case, activation);
            let dataset = Dataset::new(&config.data);
            let what = format!("{case:?}, {activation:?}");
            check_all(&format!("{what}, random"), &config, &dataset, &random(&config), gpu, 1e-5);
            check_all(&format!("{what}, trained"), &config, &dataset, &trained(&config), gpu, 5e-5);
        }
    }
}

/// What the browser's test asks of WebGPU, here of this machine's.
#[test]
fn processor_and_gpu_stay_together_for_a_hundred_steps() {
    let Some(gpu) = gpu("processor_and_gpu_stay_together_for_a_hundred_steps") else { return };
    let mut config = small(13, 2, 24, 40);
    config.data.change_modular(|modular| modular.frac_train = 0.6);
    let at = TrainState::start(initial_weights(&ModelShape::new(&config.data, &config.model), 0));
    let mut on_gpu = engine(&config, &at, gpu);
    train(&mut on_gpu, 100);
    let mut on_cpu = FoldedCpu::new(&config, &Dataset::new(&config.data), &at).expect("the model folds");
    block_on(on_cpu.train(100)).expect("the CPU does not fail");
    let [got, expected] = [state(&mut on_gpu), block_on(on_cpu.state()).expect("the CPU does not fail")];
    let tolerance = Tolerance { absolute: 1e-4, relative: 1e-4 };
    assert_close("weights", got.weights.flat(), expected.weights.flat(), tolerance);
}

/// A graphics card gets larger tiles than a processor that plays one.
#[test]
fn tiles_of_either_size_give_the_same_bits() {
    let Some(gpu) = gpu("tiles_of_either_size_give_the_same_bits") else { return };
    for case in [(13, 2, 24, 40), (59, 4, 32, 130)] {
        let config = small(case.0, case.1, case.2, case.3);
        let at = TrainState::start(initial_weights(&ModelShape::new(&config.data, &config.model), 0));
        let [small, large] = [true, false].map(|software| {
            let mut engine = engine(&config, &at, &Gpu { is_software: software, ..gpu.clone() });
            train(&mut engine, 5);
            state(&mut engine)
        });
        assert!(small.weights.flat().iter().all(|w| w.is_finite()), "{case:?}: numbers");
        assert_eq!(small, large, "{case:?}");
    }
}

#[test]
fn gradients_hold_at_published_weights() {
    let test = "gradients_hold_at_published_weights";
    let (Some(gpu), Some(dir)) = (gpu(test), reference_dir(test)) else { return };
    let (weights, task) = published(&dir, 1);
    let mut dataset = task.dataset();
    // A part of the train set suffices, and the literal gradient takes its time.
    dataset.train.truncate(300);
    dataset.test.truncate(300);
    let config = Preset::Paper.config();
    // What the network has learned cancels in its sums: logits of 30 make a loss of 1e-7.
    check_all(test, &config, &dataset, &TrainState::start(weights), gpu, 2e-4);
}

#[test]
fn the_ring_holds_the_losses_of_the_steps() {
    let Some(gpu) = gpu("the_ring_holds_the_losses_of_the_steps") else { return };
    let config = small(13, 2, 24, 40);
    let mut one_by_one = engine(&config, &random(&config), gpu);
    let n_train = Dataset::new(&config.data).train.len() as f64;
    let mut expected = Vec::new();
    for _ in 0..12 {
        expected.push(block_on(one_by_one.evaluate()).expect("the device works").train_loss);
        train(&mut one_by_one, 1);
    }
    let mut at_once = engine(&config, &random(&config), gpu);
    train(&mut at_once, 12);
    let got: Vec<f64> = at_once.train_scores().iter().map(|score| score.loss_sum / n_train).collect();
    assert_close("losses", &got, &expected, Tolerance { absolute: 0.0, relative: 1e-6 });
    assert_eq!(state(&mut at_once), state(&mut one_by_one), "steps in one submit or in twelve");
}

#[test]
fn steps_and_scores_in_one_submit_are_those_of_two() {
    let Some(gpu) = gpu("steps_and_scores_in_one_submit_are_those_of_two") else { return };
    // 0.1 of the pairs: the test set takes several chunks.
    let mut config = small(31, 2, 24, 40);
    config.data.change_modular(|modular| modular.frac_train = 0.1);
    let [mut apart, mut at_once] = [(); 2].map(|()| engine(&config, &random(&config), gpu));
    for n_steps in [0, 1, 7, 600] {
        train(&mut apart, n_steps);
        let expected = block_on(apart.evaluate()).expect("the device works");
        let got = block_on(at_once.train_and_evaluate(n_steps)).expect("the device works");
        assert_eq!(got, expected, "after {n_steps} more steps");
        assert_eq!(at_once.step(), apart.step(), "the same step");
    }
    assert_eq!(at_once.train_scores().len(), 600 - 512, "the losses of the last submit are still there");
    assert_eq!(state(&mut at_once), state(&mut apart), "the same weights");
}

#[test]
fn the_same_bits_come_twice_and_after_a_stop() {
    let Some(gpu) = gpu("the_same_bits_come_twice_and_after_a_stop") else { return };
    let config = small(31, 2, 24, 40);
    let at = random(&config);
    let mut unbroken = engine(&config, &at, gpu);
    train(&mut unbroken, 12);
    let halfway = state(&mut unbroken);
    assert_eq!(halfway.step, 12, "twelve updates");
    train(&mut unbroken, 13);
    let expected = state(&mut unbroken);
    let mut resumed = engine(&config, &halfway, gpu);
    assert_eq!(state(&mut resumed), halfway, "what is loaded can be read");
    train(&mut resumed, 13);
    assert_eq!(state(&mut resumed), expected, "12 + 13 updates");
    resumed.load(&at).expect("the same shape");
    train(&mut resumed, 25);
    assert_eq!(state(&mut resumed), expected, "25 updates from the start");
    let scores = [&mut unbroken, &mut resumed].map(|e| block_on(e.evaluate()).expect("the device works"));
    assert_eq!(scores[0], scores[1], "scores");
}

#[test]
fn update_is_adamw_written_out() {
    let Some(gpu) = gpu("update_is_adamw_written_out") else { return };
    let config = small(7, 2, 12, 20);
    let (at, dataset) = (random(&config), Dataset::new(&config.data));
    let mut engine = engine(&config, &at, gpu);
    let mut weights = at.weights.flat().to_vec();
    let mut moments = vec![[0.0_f64; 2]; weights.len()];
    let o = &config.optim;
    for step in 0..15 {
        let gradient = gradient(&config, &dataset, &state(&mut engine), gpu);
        train(&mut engine, 1);
        let lr = o.lr * (step as f64 / 10.0).min(1.0);
        for ((w, [m, v]), g) in weights.iter_mut().zip(&mut moments).zip(gradient.flat()) {
            *m = o.beta1 * *m + (1.0 - o.beta1) * g;
            *v = o.beta2 * *v + (1.0 - o.beta2) * g * g;
            let m_hat = *m / (1.0 - o.beta1.powi(step + 1));
            let v_hat = *v / (1.0 - o.beta2.powi(step + 1));
            *w = *w * (1.0 - lr * o.weight_decay) - lr * m_hat / (v_hat.sqrt() + o.eps);
        }
        // Fifteen updates of weights near 0.3, each rounded to float32.
        let tolerance = Tolerance { absolute: 1e-6, relative: 0.0 };
        let what = format!("weights after {} updates", step + 1);
        assert_close(&what, state(&mut engine).weights.flat(), &weights, tolerance);
    }
}

#[test]
fn the_exact_loss_survives_float32_where_the_textbook_form_stalls() {
    let test = "the_exact_loss_survives_float32_where_the_textbook_form_stalls";
    let Some(gpu) = gpu(test) else { return };
    let mut config = small(5, 2, 16, 32);
    config.data.change_modular(|modular| modular.frac_train = 0.9);
    config.optim.weight_decay = 0.0;
    config.optim.lr = 1e-2;
    let mut exact = engine(&config, &random(&config), gpu);
    train(&mut exact, 400);
    let mut at = TrainState::start(state(&mut exact).weights);
    for w in at.weights.get_mut(Param::W_U) {
        *w *= 2.0;
    }
    let expected = literal::mean_loss(&at.weights, &Dataset::new(&config.data).train);
    assert!(expected < 1e-8 && expected > 1e-30, "the loss is in the range that matters: {expected}");
    exact.load(&at).expect("the same shape");
    let got = block_on(exact.evaluate()).expect("the device works").train_loss;
    // Logits of size 50 carry float32 errors of 4e-6 each; exp turns them into relative errors.
    assert_close("exact", &[got], &[expected], Tolerance { absolute: 0.0, relative: 1e-3 });
    assert_eq!(collapsed(&mut exact), Some(1.0), "every probability rounds to 1");

    config.optim.loss = LossForm::Textbook;
    let mut textbook = engine(&config, &at, gpu);
    let got = block_on(textbook.evaluate()).expect("the device works").train_loss;
    assert_eq!(got, 0.0, "stalled at zero");
    assert_eq!(collapsed(&mut textbook), Some(1.0), "every probability rounds to 1");

    // The same network with its answers turned round: every probability of a right one rounds to 0.
    for w in at.weights.get_mut(Param::W_U) {
        *w = -*w;
    }
    for form in [LossForm::Exact, LossForm::Textbook] {
        config.optim.loss = form;
        let mut wrong = engine(&config, &at, gpu);
        let scores = block_on(wrong.evaluate()).expect("the device works");
        assert!(scores.train_loss > 17.0, "{form:?}: the answers lose by far: {scores:?}");
        assert_eq!(scores.softmax_collapse_fraction, Some(0.0), "{form:?}: what is wrong has not collapsed");
    }
}

#[test]
fn textbook_gradient_is_the_exact_one_while_the_loss_is_large() {
    let Some(gpu) = gpu("textbook_gradient_is_the_exact_one_while_the_loss_is_large") else { return };
    let mut config = small(13, 2, 12, 20);
    let (at, dataset) = (random(&config), Dataset::new(&config.data));
    let exact = gradient(&config, &dataset, &at, gpu);
    config.optim.loss = LossForm::Textbook;
    let textbook = gradient(&config, &dataset, &at, gpu);
    assert_close("gradient", textbook.flat(), exact.flat(), Tolerance { absolute: 1e-7, relative: 1e-5 });
}

#[test]
fn a_run_that_diverges_shows_it() {
    let Some(gpu) = gpu("a_run_that_diverges_shows_it") else { return };
    let mut config = small(7, 2, 12, 20);
    config.optim.lr = 1e30;
    let mut engine = engine(&config, &random(&config), gpu);
    train(&mut engine, 20);
    let got = block_on(engine.evaluate()).expect("the device works");
    assert!(!got.train_loss.is_finite(), "the loss of absurd weights: {}", got.train_loss);
}

#[test]
fn a_device_that_refuses_hands_over_with_the_reason() {
    let Some(gpu) = gpu("a_device_that_refuses_hands_over_with_the_reason") else { return };
    // 35,640 pairs by 2,048 neurons are 278 MiB.
    let mut config = small(199, 2, 32, 2048);
    config.data.change_modular(|modular| modular.frac_train = 0.9);
    (config.run.device, config.run.engine) = (DeviceChoice::Gpu, EngineChoice::Folded);
    let (at, dataset) = (random(&config), Dataset::new(&config.data));
    if gpu.setup.device.limits().max_storage_buffer_binding_size > 270 << 20 {
        eprintln!("skipped: a_device_that_refuses_hands_over_with_the_reason: this one takes a large buffer");
        return;
    }
    let refusal = block_on(FoldedGpu::new(&config, &dataset, &at, gpu));
    let refusal = refusal.expect_err("too large a buffer").to_string();
    assert!(refusal.contains("278 MiB"), "{refusal}");
    // Burn on the same card would meet the same limit, in its first step.
    for choice in [EngineChoice::Folded, EngineChoice::Auto] {
        config.run.engine = choice;
        let mut next =
            block_on(engine::build(&config, &dataset, &at)).expect("there is always the processor");
        assert_eq!((next.info().engine, next.info().device), (EngineKind::Folded, DeviceKind::Cpu));
        let reason = next.info().reason.as_deref();
        assert!(reason.is_some_and(|reason| reason.contains("278 MiB")), "{reason:?}");
        assert_eq!(block_on(next.state()).expect("reads"), at, "nothing is lost");
    }
}

#[test]
fn a_state_of_another_shape_is_refused() {
    let Some(gpu) = gpu("a_state_of_another_shape_is_refused") else { return };
    let other = random(&small(7, 2, 12, 21));
    let small = small(7, 2, 12, 20);
    let mut engine = engine(&small, &random(&small), gpu);
    let error = engine.load(&other).expect_err("another width");
    assert!(error.to_string().contains("d_mlp: 21"), "{error}");
}

/// The tolerance of an engine without the CPU engine's fused order of sums: see `folded_cpu`.
#[test]
fn training_follows_the_golden_trajectory() {
    let Some(gpu) = gpu("training_follows_the_golden_trajectory") else { return };
    let file = |name: &str| format!("{}/tests/reference/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    let init = std::fs::read(file("golden_a.init.safetensors")).expect("the golden weights are there");
    let at = TrainState::start(WeightsFile::from_bytes(&init).expect("weights of the paper's model").weights);
    let table = std::fs::read_to_string(file("golden_a.csv")).expect("the golden losses are there");
    let config = Preset::Paper.config();
    let mut engine = engine(&config, &at, gpu);
    // Where the processor plays the GPU a step takes a second: there the first steps must do.
    let is_short = gpu.is_software && std::env::var_os("GROK_GOLDEN_GPU").is_none();
    for line in table.lines().skip(1) {
        let golden: Vec<f64> = line.split(',').map(|n| n.parse().expect("a number")).collect();
        let [step, train_loss, test_loss] = golden[..] else { panic!("three columns") };
        if is_short && (step > 20.0 || step % 5.0 > 0.0) {
            continue;
        }
        let n_steps = step as usize - engine.step();
        train(&mut engine, n_steps);
        let got = block_on(engine.evaluate()).expect("the device works");
        let [train_off, test_off] = if step <= 40.0 { [1e-4; 2] } else { [0.15, 0.02] };
        let off = |relative| Tolerance { absolute: 0.0, relative };
        assert_close(&format!("train loss at {step}"), &[got.train_loss], &[train_loss], off(train_off));
        assert_close(&format!("test loss at {step}"), &[got.test_loss], &[test_loss], off(test_off));
    }
}
