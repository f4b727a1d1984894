//! A second task, as a stranger would add one: what is below stands for one file of `src/task`. Everything else is the
//! library's, and knows nothing of it.

use grokking_lab::analysis::general::GeneralAnalysis;
use grokking_lab::config::{EngineChoice, ExperimentConfig, Precision, Preset};
use grokking_lab::engine::{self, Engine, EngineKind, TrainState, folded};
use grokking_lab::model::ModelShape;
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::safetensors::{WeightLayout, WeightsFile};
use grokking_lab::task::{Dataset, Examples, Sampler, SequenceShape};
use pollster::block_on;

use crate::close::{Tolerance, assert_close};

/// Copy the first tokens: in `[x, y, z, q, q]` the first is asked for at the first q, the second at the second.
fn copy_task() -> Dataset {
    const N_LETTERS: u32 = 4;
    const QUERY: u32 = N_LETTERS;
    let shape = SequenceShape {
        n_ctx: 5,
        d_vocab: N_LETTERS as usize + 1,
        d_vocab_out: N_LETTERS as usize,
        loss_positions: vec![3, 4],
    };
    let (mut train, mut test) = (Examples::empty(&shape), Examples::empty(&shape));
    for i in 0..N_LETTERS.pow(3) {
        let [x, y, z] = [i / 16, i / 4 % 4, i % 4];
        let set = if (x + 2 * y + 3 * z) % 4 == 0 { &mut test } else { &mut train };
        set.push(&[x, y, z, QUERY, QUERY], &[x, y]);
    }
    Dataset::finite(train, test)
}

fn experiment(d_mlp: usize) -> ExperimentConfig {
    let mut config = Preset::Tiny.config();
    (config.model.d_model, config.model.n_heads, config.model.d_mlp) = (16, 2, d_mlp);
    (config.optim.lr, config.optim.weight_decay) = (1e-2, 0.1);
    (config.run.engine, config.run.precision) = (EngineChoice::Auto, Precision::F32);
    config
}

/// Trains from random weights; the engine says why it is not the folded one.
fn trained(dataset: &Dataset, config: &ExperimentConfig, shape: &ModelShape) -> Box<dyn Engine> {
    let start = TrainState::start(initial_weights(shape, 1));
    let mut engine = block_on(engine::build(config, dataset, &start)).expect("an engine takes any task");
    block_on(engine.train(300)).expect("the CPU does not fail");
    engine
}

#[test]
fn a_task_of_several_positions_is_learned_and_analysed() {
    let dataset = copy_task();
    for (d_mlp, causal) in [(16, true), (0, true), (0, false)] {
        let what = format!("{d_mlp} neurons, causal {causal}");
        let config = experiment(d_mlp);
        let shape = ModelShape { causal, ..ModelShape::for_sequences(&dataset.shape, &config.model) };
        let mut engine = trained(&dataset, &config, &shape);
        assert_eq!(engine.info().engine, EngineKind::General, "{what}");
        let reason = folded::supports(&dataset, &shape).expect_err("five positions, two predictions");
        let words = if d_mlp == 0 { "attention only" } else { "5 tokens" };
        assert!(reason.contains(words), "{what}: {reason}");
        assert_eq!(engine.info().reason.as_ref(), Some(&reason), "{what}");
        let scores = block_on(engine.evaluate()).expect("the CPU does not fail");
        assert_eq!((scores.train_accuracy, scores.test_accuracy), (1.0, 1.0), "{what}: {scores:?}");

        let weights = block_on(engine.weights()).expect("the CPU does not fail");
        assert_eq!(weights.shape(), &shape, "{what}");
        let file = WeightsFile { weights: weights.clone(), config: None, step: Some(300) };
        for layout in [WeightLayout::PaperCode, WeightLayout::TransformerLens] {
            assert_eq!(
                WeightsFile::from_bytes(&file.to_bytes(layout)),
                Ok(file.clone()),
                "{what}, {layout:?}"
            );
        }
        let found = GeneralAnalysis::new(&weights, &dataset).expect("the model fits");
        let tolerance = Tolerance { absolute: 1e-6, relative: 1e-4 };
        let expected = [scores.train_loss, scores.test_loss];
        assert_close(&what, &[found.loss.train, found.loss.test], &expected, tolerance);
        assert_eq!((found.accuracy.all, found.positions.len()), (1.0, 2), "{what}");
        let mean = (found.positions[0].loss.all + found.positions[1].loss.all) / 2.0;
        assert!((mean - found.loss.all).abs() < 1e-12, "{what}: each position has half of the predictions");
        assert_eq!(found.attention.len(), 2, "{what}: heads");
        for head in &found.attention {
            for row in &head.mean_pattern {
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{what}: {row:?}");
            }
            assert_eq!(head.mean_pattern[0][4] != 0.0, !causal, "{what}: the first prediction looks ahead");
        }
        let total: f64 = found.sum_sq_weights.tensors.values().sum();
        assert!((total - found.sum_sq_weights.total).abs() < 1e-9 && total > 0.0, "{what}");
    }
}

/// The same task with eight fresh examples in every step.
fn fresh_copy_task() -> Dataset {
    let Dataset { shape, train, test, .. } = copy_task();
    let sampler = Sampler::new(5, move |random| {
        let mut batch = Examples::empty(&shape);
        for _ in 0..8 {
            let example = random.next_u32() as usize % train.len();
            batch.push(train.tokens(example), train.targets(example));
        }
        batch
    });
    Dataset::fresh(sampler, test)
}

#[test]
fn a_run_on_fresh_data_goes_on_from_its_saved_state_with_the_batches_it_would_have_had() {
    let (dataset, config) = (fresh_copy_task(), experiment(16));
    let shape = ModelShape::for_sequences(&dataset.shape, &config.model);
    let start = TrainState::start(initial_weights(&shape, 1));
    let build = |state: &TrainState| {
        block_on(engine::build(&config, &dataset, state)).expect("an engine takes any task")
    };
    let scores = |engine: &mut Box<dyn Engine>| block_on(engine.evaluate()).expect("the CPU does not fail");

    let mut whole = build(&start);
    let mut losses = Vec::new();
    let mut saved = None;
    for step in 0..40 {
        if step == 17 {
            saved = Some(block_on(whole.state()).expect("the CPU does not fail"));
        }
        losses.push(scores(&mut whole).train_loss);
        block_on(whole.train(1)).expect("the CPU does not fail");
    }
    let end = block_on(whole.state()).expect("the CPU does not fail");
    assert_eq!(end.sampler_place, 40 * 8, "a word for each example");

    let state = saved.expect("step 17 came");
    assert_eq!((state.step, state.sampler_place), (17, 17 * 8));
    let mut resumed = build(&state);
    let mut reloaded = build(&start);
    reloaded.load(&state).expect("the same model");
    for engine in [&mut resumed, &mut reloaded] {
        for &loss in &losses[17..] {
            assert_eq!(scores(engine).train_loss, loss, "the loss on the batch of the next update");
            block_on(engine.train(1)).expect("the CPU does not fail");
        }
        assert_eq!(block_on(engine.state()).expect("the CPU does not fail"), end);
    }
}
