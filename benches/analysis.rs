//! What taking the paper's model apart costs where it is done for the page: in WebAssembly, on one core.
//!
//! With `target/tools/bin` in the path for the browser's runner:
//! `WASM_BINDGEN_TEST_TIMEOUT=300 cargo bench --bench analysis --profile web --target wasm32-unknown-unknown
//! --no-default-features --features analyst`
#![cfg(target_arch = "wasm32")]

use std::hint::black_box;

use grokking_lab::analysis::checkpoint::ModularAnalysis;
use grokking_lab::analysis::checkpoint_measures::{measure, measure_all};
use grokking_lab::analysis::effective_rank::EffectiveRanks;
use grokking_lab::analysis::modular::ablation::{Ablation, Ablator, FreqSelection};
use grokking_lab::analysis::modular::attention::pattern::AttentionPattern;
use grokking_lab::analysis::modular::attention::similarity::HeadSimilarity;
use grokking_lab::analysis::modular::circularity::circularity;
use grokking_lab::analysis::modular::gradient_symmetricity::GradientSymmetricity;
use grokking_lab::analysis::modular::ildr::Ildr;
use grokking_lab::analysis::modular::key_freqs::current_key_freqs;
use grokking_lab::analysis::modular::neuron_logit_map;
use grokking_lab::analysis::modular::report::analyse;
use grokking_lab::model::Weights;
use grokking_lab::protocol::recording::Recording;
use grokking_lab::task::modular::ModularTask;
use wasm_bindgen_test::{Criterion, wasm_bindgen_bench, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// The last weights of the run that the page opens on.
fn trained() -> (Weights, ModularTask) {
    let recording = Recording::from_bytes(include_bytes!("../www/data/recorded-run.grok"));
    let recording = recording.expect("the lab's own run");
    (recording.weights.weights, ModularTask::of(&recording.config.data).unwrap())
}

#[wasm_bindgen_bench]
fn progress_measures_of_a_checkpoint(c: &mut Criterion) {
    let (weights, task) = trained();
    let freqs = current_key_freqs(&weights);
    c.bench_function("progress measures of a checkpoint", |b| {
        b.iter(|| black_box(measure(&weights, &task, &freqs)).expect("the paper's task"));
    });
}

#[wasm_bindgen_bench]
fn measures_of_later_publications(c: &mut Criterion) {
    let (weights, task) = trained();
    c.bench_function("ILDR", |b| b.iter(|| Ildr::new(black_box(&weights), &task).expect("classes differ")));
    c.bench_function("circularity", |b| b.iter(|| circularity(black_box(&weights)).expect("it varies")));
    c.bench_function("gradient symmetricity", |b| {
        b.iter(|| GradientSymmetricity::new(black_box(&weights)).expect("one block"));
    });
    let map = neuron_logit_map::of(&weights);
    c.bench_function("effective ranks", |b| b.iter(|| EffectiveRanks::new(black_box(&weights), &map)));
    c.bench_function("cosine between heads", |b| {
        b.iter(|| HeadSimilarity::new(&AttentionPattern::new(black_box(&weights), true)));
    });
    let freqs = current_key_freqs(&weights);
    c.bench_function("all measures of a checkpoint", |b| {
        b.iter(|| black_box(measure_all(&weights, &task, &freqs)).expect("the paper's task"));
    });
}

#[wasm_bindgen_bench]
fn the_whole_report(c: &mut Criterion) {
    let (weights, task) = trained();
    c.bench_function("the whole report", |b| {
        b.iter(|| black_box(analyse(&weights, &task)).expect("the paper's task"));
    });
}

#[wasm_bindgen_bench]
fn what_the_page_asks_for(c: &mut Criterion) {
    let (weights, task) = trained();
    c.bench_function("weights made ready to be cut", |b| {
        b.iter(|| Ablator::with_own_freqs(black_box(&weights)))
    });
    let ablator = Ablator::with_own_freqs(&weights);
    c.bench_function("what the panels show of a checkpoint", |b| {
        b.iter(|| ModularAnalysis::from_ablator(&ablator, &task, None).expect("the paper's task"));
    });
    // The dearest kind: the whole model runs again.
    let embedding = FreqSelection::Without(vec![ablator.key_freqs()[0]]);
    let cut = Ablation { embedding, ..Ablation::default() };
    c.bench_function("a frequency cut out of the embedding", |b| {
        b.iter(|| ablator.scores_and_margins(&task, &cut).expect("a frequency that is there"));
    });
}
