//! Losses and gradients at random weights, over all kinds of models.

use pollster::block_on;

use super::super::dropout::Dropout;
use super::{Case, GeneralCpu, assert_close, literal};
use crate::config::{LossForm, Precision};
use crate::engine::{Engine, TrainState};
use crate::model::Weights;

#[test]
fn losses_are_those_of_the_transformer_as_written() {
    for case in Case::grid() {
        let (dataset, weights) = (case.dataset(), case.weights());
        let expected = [&dataset.train, &dataset.test].map(|examples| literal::loss(&weights, examples));
        for threads in [1, 3] {
            for (precision, relative) in [(Precision::F64, 1e-13), (Precision::F32, 2e-6)] {
                let scores =
                    block_on(case.engine(precision, threads).evaluate()).expect("the CPU does not fail");
                let got = [scores.train_loss, scores.test_loss];
                assert_close(&format!("{case:?}, {precision}"), &got, &expected, 0.0, relative);
            }
        }
    }
}

#[test]
fn every_gradient_is_the_slope_of_the_loss_as_written() {
    const H: f64 = 1e-5;
    for case in Case::grid() {
        let (dataset, weights) = (case.dataset(), case.weights());
        let gradient = case.engine(Precision::F64, 2).read_gradient();
        for param in case.shape().params() {
            let range = case.shape().range(param);
            // Some numbers of each tensor, always the first and the last.
            let all = range.clone().step_by(range.len().div_ceil(5)).chain([range.end - 1]);
            for i in all {
                let moved = |by: f64| {
                    let mut values = weights.flat().to_vec();
                    values[i] += by;
                    literal::loss(&Weights::from_flat(case.shape(), values), &dataset.train)
                };
                let slope = (moved(H) - moved(-H)) / (2.0 * H);
                let what = format!("{case:?}, {} from {}", param.name(), range.start);
                // Central differences err by H² times the third derivative, and by rounding / H.
                assert_close(&format!("{what}, {i}"), &[gradient.flat()[i]], &[slope], 1e-9, 1e-5);
            }
        }
    }
}

#[test]
fn with_dropout_every_gradient_is_the_slope_of_the_masked_loss_as_written() {
    const H: f64 = 1e-5;
    for case in Case::grid().into_iter().step_by(3) {
        let mut config = super::config(Precision::F64, 2);
        (config.optim.dropout, config.model.seed) = (0.3, 9);
        let masks = Dropout::new(&config).expect("its rate is above 0").masks(0);
        let (dataset, weights) = (case.dataset(), case.weights());
        let mut engine =
            GeneralCpu::new(&config, &dataset, &TrainState::start(case.weights())).expect("any model");
        let gradient = engine.read_gradient();
        for param in case.shape().params() {
            let range = case.shape().range(param);
            for i in range.clone().step_by(range.len().div_ceil(3)) {
                let moved = |by: f64| {
                    let mut values = weights.flat().to_vec();
                    values[i] += by;
                    let weights = Weights::from_flat(case.shape(), values);
                    literal::masked_loss(&weights, &dataset.train, |l, branch, id, d| {
                        masks.entry(l, branch, id, d)
                    })
                };
                let slope = (moved(H) - moved(-H)) / (2.0 * H);
                let what = format!("{case:?}, {} from {}, {i}", param.name(), range.start);
                assert_close(&what, &[gradient.flat()[i]], &[slope], 1e-9, 1e-5);
            }
        }
        // Losses are measured on the whole network.
        let expected = [&dataset.train, &dataset.test].map(|examples| literal::loss(&weights, examples));
        let scores = block_on(engine.evaluate()).expect("the CPU does not fail");
        assert_close(&format!("{case:?}"), &[scores.train_loss, scores.test_loss], &expected, 0.0, 1e-13);
    }
}

#[test]
fn with_dropout_any_number_of_threads_gives_the_same_gradient() {
    for case in Case::grid().into_iter().step_by(5) {
        let gradient = |precision: Precision, threads: usize| {
            let mut config = super::config(precision, threads);
            config.optim.dropout = 0.5;
            let start = TrainState::start(case.weights());
            let mut engine = GeneralCpu::new(&config, &case.dataset(), &start).expect("any model");
            engine.read_gradient()
        };
        let expected = gradient(Precision::F64, 1);
        let largest = expected.flat().iter().fold(0.0, |max: f64, x| max.max(x.abs()));
        for threads in 1..=3 {
            let what = format!("{case:?}, {threads} threads");
            let wide = gradient(Precision::F64, threads);
            assert_close(&what, wide.flat(), expected.flat(), 1e-14 * largest, 1e-10);
            let narrow = gradient(Precision::F32, threads);
            assert_close(&what, narrow.flat(), expected.flat(), 3e-6 * largest, 1e-4);
        }
    }
}

#[test]
fn an_l1_penalty_pulls_every_weight_towards_zero_by_the_same_force() {
    let case = &Case::grid()[3];
    let weights = case.weights();
    let mut config = super::config(Precision::F64, 1);
    // The first moment after one update is 0.1 times the gradient.
    (config.optim.l1, config.optim.beta1, config.optim.warmup_steps) = (0.01, 0.9, 0);
    let start = TrainState::start(case.weights());
    let mut engine = GeneralCpu::new(&config, &case.dataset(), &start).expect("any model");
    let gradient = engine.read_gradient();
    block_on(engine.train(1)).expect("the CPU does not fail");
    let state = block_on(engine.state()).expect("the CPU does not fail");
    let expected: Vec<f64> =
        gradient.flat().iter().zip(weights.flat()).map(|(g, w)| 0.1 * (g + 0.01 * w.signum())).collect();
    assert_close("first moment", state.first_moment.flat(), &expected, 1e-16, 1e-12);
}

#[test]
fn float32_and_any_number_of_threads_give_the_gradient_of_float64() {
    for case in Case::grid() {
        let expected = case.engine(Precision::F64, 1).read_gradient();
        let largest = expected.flat().iter().fold(0.0, |max: f64, x| max.max(x.abs()));
        for threads in 1..=3 {
            let what = format!("{case:?}, {threads} threads");
            let wide = case.engine(Precision::F64, threads).read_gradient();
            assert_close(&what, wide.flat(), expected.flat(), 1e-14 * largest, 1e-10);
            let narrow = case.engine(Precision::F32, threads).read_gradient();
            assert_close(&what, narrow.flat(), expected.flat(), 3e-6 * largest, 1e-4);
            let again = case.engine(Precision::F32, threads).read_gradient();
            assert_eq!(narrow, again, "{what}: the same number of threads gives the same bits");
        }
    }
}

#[test]
fn both_forms_of_the_loss_are_the_same_in_float64() {
    for case in Case::grid().into_iter().step_by(7) {
        let [exact, textbook] = [LossForm::Exact, LossForm::Textbook].map(|form| {
            let mut config = super::config(Precision::F64, 1);
            config.optim.loss = form;
            let start = crate::engine::TrainState::start(case.weights());
            let mut engine = super::GeneralCpu::new(&config, &case.dataset(), &start).expect("any model");
            let scores = block_on(engine.evaluate()).expect("the CPU does not fail");
            (scores, engine.read_gradient())
        });
        let what = format!("{case:?}");
        assert_close(&what, &[textbook.0.train_loss], &[exact.0.train_loss], 0.0, 1e-13);
        assert_close(&what, textbook.1.flat(), exact.1.flat(), 1e-14, 1e-11);
    }
}
