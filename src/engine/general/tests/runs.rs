//! Whole runs: the update, the folded engine beside it, fresh data, saved states.

use pollster::block_on;

use super::{Case, GeneralCpu, assert_close, config};
use crate::config::{Activation, Precision, Preset};
use crate::engine::folded::FoldedCpu;
use crate::engine::{Engine, EngineKind, TrainState};
use crate::model::init::initial_weights;
use crate::model::{ModelShape, Weights};
use crate::task::{Dataset, Examples, Sampler};

#[test]
fn an_update_is_adamw_written_out() {
    let case = Case::grid().swap_remove(21);
    let mut engine = case.engine(Precision::F64, 2);
    let mut weights = case.weights().flat().to_vec();
    let (mut first, mut second) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
    let optim = config(Precision::F64, 1).optim;
    for step in 0..15 {
        let gradient = engine.read_gradient();
        block_on(engine.train(1)).expect("the CPU does not fail");
        let lr = optim.lr * (step as f64 / optim.warmup_steps as f64).min(1.0);
        for (i, g) in gradient.flat().iter().enumerate() {
            weights[i] *= 1.0 - lr * optim.weight_decay;
            first[i] = optim.beta1 * first[i] + (1.0 - optim.beta1) * g;
            second[i] = optim.beta2 * second[i] + (1.0 - optim.beta2) * g * g;
            let m_hat = first[i] / (1.0 - optim.beta1.powi(step + 1));
            let v_hat = second[i] / (1.0 - optim.beta2.powi(step + 1));
            weights[i] -= lr * m_hat / (v_hat.sqrt() + optim.eps);
        }
        let got = block_on(engine.weights()).expect("the CPU does not fail");
        // Rounding of a gradient near 0 is amplified by the division: absolute, not relative.
        assert_close(&format!("{} updates", step + 1), got.flat(), &weights, 1e-12, 1e-12);
    }
}

#[test]
fn sums_are_learned_in_the_steps_of_the_folded_engine() {
    for activation in [Activation::Relu, Activation::Gelu] {
        let mut config = Preset::Tiny.config();
        config.model.activation = activation;
        config.run.threads = 2;
        let shape = ModelShape::new(&config.data, &config.model);
        let dataset = Dataset::new(&config.data);
        let start = TrainState::start(initial_weights(&shape, 1));
        let mut folded = FoldedCpu::new(&config, &dataset, &start).expect("the model folds");
        let mut general = GeneralCpu::new(&config, &dataset, &start).expect("any model");
        assert_eq!(general.info().engine, EngineKind::General);
        for _ in 0..8 {
            let [a, b] = [&mut folded as &mut dyn Engine, &mut general].map(|engine| {
                block_on(engine.train(5)).expect("the CPU does not fail");
                let scores = block_on(engine.evaluate()).expect("the CPU does not fail");
                [scores.train_loss, scores.test_loss, scores.train_accuracy, scores.test_accuracy]
            });
            // Float32 beside float32, in another order of sums.
            assert_close(&format!("{activation:?}"), &b, &a, 0.0, 1e-4);
        }
    }
}

#[test]
fn fresh_data_goes_on_from_a_saved_state_with_the_batches_it_would_have_had() {
    let case = Case::grid().swap_remove(25);
    let Dataset { shape, train, test, .. } = case.dataset();
    let sampler = Sampler::new(5, move |random| {
        let mut batch = Examples::empty(&shape);
        // Batches of unequal size make the engine take more memory on the way.
        for _ in 0..1 + random.next_u32() % 8 {
            let example = random.next_u32() as usize % train.len();
            batch.push(train.tokens(example), train.targets(example));
        }
        batch
    });
    let dataset = Dataset::fresh(sampler, test);
    for precision in [Precision::F32, Precision::F64] {
        let config = config(precision, 2);
        let start = TrainState::start(Weights::from_flat(
            case.shape(),
            initial_weights(&case.shape(), 1).flat().to_vec(),
        ));
        let build = |state: &TrainState| GeneralCpu::new(&config, &dataset, state).expect("any model");
        let loss =
            |engine: &mut GeneralCpu| block_on(engine.evaluate()).expect("the CPU does not fail").train_loss;
        let (mut whole, mut losses, mut saved) = (build(&start), Vec::new(), None);
        for step in 0..40 {
            if step == 17 {
                saved = Some(block_on(whole.state()).expect("the CPU does not fail"));
            }
            losses.push(loss(&mut whole));
            block_on(whole.train(1)).expect("the CPU does not fail");
        }
        let end = block_on(whole.state()).expect("the CPU does not fail");
        let state = saved.expect("step 17 came");
        assert_eq!(state.step, 17);
        let (mut resumed, mut reloaded) = (build(&state), build(&start));
        reloaded.load(&state).expect("the same model");
        for engine in [&mut resumed, &mut reloaded] {
            for &expected in &losses[17..] {
                assert_eq!(loss(engine), expected, "the loss on the batch of the next update");
                block_on(engine.train(1)).expect("the CPU does not fail");
            }
            assert_eq!(block_on(engine.state()).expect("the CPU does not fail"), end);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let case = Case::grid().swap_remove(0);
    let start = TrainState::start(Weights::zeros(ModelShape { d_vocab: 9, ..case.shape() }));
    let error =
        GeneralCpu::new(&config(Precision::F32, 1), &case.dataset(), &start).expect_err("other tokens");
    assert!(error.to_string().contains("9 tokens") || error.to_string().contains("of 9"), "{error}");
    let long = Case { n_ctx: 513, ..case };
    let reason = super::super::supports(&long.dataset(), &long.shape()).expect_err("too long");
    assert!(reason.contains("513"), "{reason}");
}
