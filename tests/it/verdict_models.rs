//! Models that do not do what the paper describes, made from code: the verdict must tell.

#![expect(non_snake_case, reason = "weights carry the field's names: W_E, W_in, W_U")]

use grokking_lab::analysis::modular::modulus::modulus;
use grokking_lab::analysis::modular::report::analyse;
use grokking_lab::analysis::verdict::kept_run::KeptRun;
use grokking_lab::analysis::verdict::{Evidence, RunRecord, Verdict};
use grokking_lab::config::{ExperimentConfig, Preset, SplitRule};
use grokking_lab::engine::{self, TrainState};
use grokking_lab::maths::fourier::{FourierBasis, cos_index, sin_index};
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::{ModelShape, Param, Weights};
use grokking_lab::protocol::recording::Recording;
use grokking_lab::task::Examples;
use grokking_lab::task::modular::{ModularTask, shuffled_pairs};
use pollster::block_on;

/// The sums of an experiment.
fn modular_task(config: &ExperimentConfig) -> ModularTask {
    ModularTask::of(&config.data).expect("an experiment on sums")
}

/// The verdict on weights alone.
pub(crate) fn of_weights(weights: &Weights, config: &ExperimentConfig) -> Verdict {
    let report = analyse(weights, &modular_task(config)).expect("finite weights");
    let run = RunRecord { config, metrics: &[], progress: &[], report: Some(&report) };
    Verdict::new(&Evidence { run, others: Vec::new() })
}

/// A thinned run of `tests/reference`.
pub(crate) fn kept(path: &str) -> KeptRun {
    let path = format!("{}/tests/reference/{path}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    KeptRun::from_json(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The recorded run that the page opens on: the paper's own, grokked.
pub(crate) fn grokked() -> (Weights, ExperimentConfig) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/www/data/recorded-run.grok");
    let recording =
        Recording::from_bytes(&std::fs::read(path).expect("a part of the project")).expect("it reads");
    (recording.weights.weights, recording.config)
}

/// Weights as they were drawn.
pub(crate) fn random() -> (Weights, ExperimentConfig) {
    let config = Preset::Paper.config();
    (initial_weights(&ModelShape::new(&config.data, &config.model), 0), config)
}

/// A model that has learned the train set with answers that no rule can tell: those of other pairs.
pub(crate) fn shuffled_labels() -> (Weights, ExperimentConfig) {
    /// The paper's model has memorised shuffled answers by step 700.
    const N_STEPS: usize = 1_000;
    let config = Preset::Paper.config();
    let task = modular_task(&config);
    let mut dataset = task.dataset();
    let train = std::mem::replace(&mut dataset.train, Examples::empty(&dataset.shape));
    for ((tokens, _), other) in train.iter().zip(shuffled_pairs(task.p, SplitRule::Python(1))) {
        dataset.train.push(tokens, &[task.answer(other) as u32]);
    }

    let shape = ModelShape::new(&config.data, &config.model);
    let start = TrainState::start(initial_weights(&shape, 0));
    let mut engine = block_on(engine::build(&config, &dataset, &start)).expect("any answers can be trained");
    block_on(engine.train(N_STEPS)).expect("the CPU does not fail");
    let scores = block_on(engine.evaluate()).expect("the CPU does not fail");
    assert!(scores.train_accuracy > 0.999, "it has memorised: {scores:?}");
    (block_on(engine.weights()).expect("the CPU does not fail"), config)
}

/// The grokked model without the most important of its frequencies in the unembedding.
pub(crate) fn one_frequency_removed() -> (Weights, ExperimentConfig) {
    let (mut weights, config) = grokked();
    let report = analyse(&weights, &modular_task(&config)).expect("finite weights");
    let most = report.alpha.iter().max_by(|x, y| x.1.total_cmp(y.1)).map(|(freq, _)| *freq);
    let freq = most.expect("a key frequency");
    let (p, d_vocab_out) = (modulus(weights.shape()), weights.shape().d_vocab_out);
    let basis = FourierBasis::new(p);
    let W_U = weights.get_mut(Param::W_U);
    for row in W_U.chunks_exact_mut(d_vocab_out) {
        for wave in [cos_index(freq), sin_index(freq)].map(|i| basis.row(i)) {
            let part: f64 = wave.iter().zip(row.iter()).map(|(wave, value)| wave * value).sum();
            row.iter_mut().zip(wave).for_each(|(value, wave)| *value -= part * wave);
        }
    }
    (weights, config)
}

/// The grokked model with each number embedded as another: as sparse as before, in other frequencies than the rest of the
/// model reads.
pub(crate) fn other_embedding() -> (Weights, ExperimentConfig) {
    let (mut weights, config) = grokked();
    let (p, d_vocab) = (modulus(weights.shape()), weights.shape().d_vocab);
    for row in weights.get_mut(Param::W_E).chunks_exact_mut(d_vocab) {
        let old = row.to_vec();
        (0..p).for_each(|x| row[x] = old[5 * x % p]);
    }
    (weights, config)
}

/// A model that averages the two points on the circle instead of turning by their sum (Zhong and others 2023): even
/// attention, and for each frequency neurons relu(cos(θ - φ)) of the mean's angle θ that vote for 2φ.
pub(crate) fn pizza() -> (Weights, ExperimentConfig) {
    let config = Preset::Paper.config();
    let shape = ModelShape::new(&config.data, &config.model);
    let freqs = [14, 35, 41, 42, 52];
    let (p, d_model, d_mlp) = (modulus(&shape), shape.d_model, shape.d_mlp);
    let (d_head, d_vocab, d_vocab_out) = (shape.d_head, shape.d_vocab, shape.d_vocab_out);
    let mut weights = Weights::zeros(shape);
    let turn = std::f64::consts::TAU;
    let (first_out, per_freq) = (2 * freqs.len(), d_mlp / freqs.len());
    // Even attention by the first head, which copies the embedding.
    for i in 0..first_out {
        weights.get_mut(Param::W_V(0))[i * d_model + i] = 1.0;
        weights.get_mut(Param::W_O(0))[i * (d_model / d_head * d_head) + i] = 1.0;
    }
    for (j, k) in freqs.into_iter().enumerate() {
        let angle = |x: usize| turn * (k * x % p) as f64 / p as f64;
        for x in 0..p {
            let (cos, sin) = (angle(x).cos(), angle(x).sin());
            let W_E = weights.get_mut(Param::W_E);
            (W_E[2 * j * d_vocab + x], W_E[(2 * j + 1) * d_vocab + x]) = (3.0 * cos, 3.0 * sin);
            let W_U = weights.get_mut(Param::W_U);
            W_U[(first_out + 2 * j) * d_vocab_out + x] = cos;
            W_U[(first_out + 2 * j + 1) * d_vocab_out + x] = sin;
        }
        for i in 0..per_freq {
            let (n, phase) = (j * per_freq + i, turn * i as f64 / per_freq as f64);
            let W_in = weights.get_mut(Param::W_in(0));
            (W_in[n * d_model + 2 * j], W_in[n * d_model + 2 * j + 1]) = (phase.cos(), phase.sin());
            let W_out = weights.get_mut(Param::W_out(0));
            W_out[(first_out + 2 * j) * d_mlp + n] = (2.0 * phase).cos();
            W_out[(first_out + 2 * j + 1) * d_mlp + n] = (2.0 * phase).sin();
        }
    }
    (weights, config)
}
