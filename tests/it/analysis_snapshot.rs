//! What the panels show, against definitions and planted models.

use std::f64::consts::TAU;

use grokking_lab::analysis::checkpoint::{CheckpointAnalysis, ModularAnalysis};
use grokking_lab::analysis::checkpoint_measures::measure;
use grokking_lab::analysis::modular::attention::pattern::AttentionPattern;
use grokking_lab::analysis::modular::forward::{AttentionEdit, HostModel};
use grokking_lab::analysis::modular::report::analyse_with_maps;
use grokking_lab::config::Activation;
use grokking_lab::maths::fourier::FourierBasis;
use grokking_lab::model::Param;

use crate::analysis_models::{planted, random, shape, task};
use crate::close::{Tolerance, assert_close};

/// Fields are 32-bit floats.
const NARROW: Tolerance = Tolerance { absolute: 1e-6, relative: 1e-6 };

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

#[test]
fn the_report_and_the_measures_are_those_taken_one_by_one() {
    for (n_layers, activation) in [(1, Activation::Relu), (1, Activation::Gelu), (2, Activation::Relu)] {
        let (weights, task) = (random(&shape(13, n_layers, activation)), task(13));
        let (report, _) = analyse_with_maps(&weights, &task).unwrap();
        let own = ModularAnalysis::new(&weights, &task, None).unwrap();
        assert_eq!(own.report, report.clone().without_large_fields(), "{n_layers} blocks of {activation:?}");
        assert_eq!(own.measures, measure(&weights, &task, &report.key_freqs).unwrap(), "its own frequencies");
        let whole = CheckpointAnalysis::of_modular(7, own);
        assert_eq!((whole.step, whole.report()), (7, Some(&report.without_large_fields())));
        let followed = ModularAnalysis::new(&weights, &task, Some(&[2, 5])).unwrap();
        assert_eq!(followed.measures, measure(&weights, &task, &[2, 5]).unwrap(), "others");
        let freqs: Vec<usize> = followed.maps.circles.iter().map(|circle| circle.freq).collect();
        assert_eq!(freqs, [2, 5], "the circles that are followed");
    }
}

#[test]
fn a_frequency_that_is_not_there_is_refused() {
    let (weights, task) = (random(&shape(13, 1, Activation::Relu)), task(13));
    let error = ModularAnalysis::new(&weights, &task, Some(&[7])).unwrap_err().to_string();
    assert!(error.contains("freq = 7"), "{error}");
}

#[test]
fn fields_follow_their_definitions() {
    let p = 13;
    let (weights, task) = (random(&shape(p, 1, Activation::Relu)), task(p));
    let (_, maps) = analyse_with_maps(&weights, &task).unwrap();
    let fields = ModularAnalysis::new(&weights, &task, None).unwrap().maps;

    let pattern = AttentionPattern::new(&weights, true);
    for (head, scores) in fields.attention_scores.iter().enumerate() {
        assert_eq!(scores.len(), 2 * p + 1, "the numbers at two positions, and =");
        let to_a = |pair: usize| {
            let parts = [scores[pair / p], scores[p + pair % p], scores[2 * p]].map(|s| f64::from(s).exp());
            parts[0] / parts.iter().sum::<f64>()
        };
        let from_scores: Vec<f64> = (0..p * p).map(to_a).collect();
        assert_close("attention to a", &from_scores, &maps.attention_to_a[head], NARROW);
        assert!((pattern.weights(head, 3, 5).iter().sum::<f64>() - 1.0).abs() < 1e-12, "head {head}");
    }

    let logits = HostModel::new(&weights, &AttentionEdit::default()).logits();
    let margin = |pair: usize| {
        let (a, b) = (pair / p, pair % p);
        let row = logits.row(a, b);
        let answer = (a + b) % p;
        let others = (0..p).filter(|&c| c != answer).map(|c| row[c]);
        row[answer] - others.fold(f64::NEG_INFINITY, f64::max)
    };
    let margins: Vec<f64> = (0..p * p).map(margin).collect();
    assert_close("margins", &wide(&fields.margins), &margins, NARROW);

    let n = p.div_ceil(2);
    let norm = |place: usize| {
        let rows = |k: usize| if k == 0 { vec![0] } else { vec![2 * k - 1, 2 * k] };
        let (is, js) = (rows(place / n), rows(place % n));
        let sum: f64 = is
            .iter()
            .flat_map(|&i| js.iter().map(move |&j| i * p + j))
            .map(|at| maps.logit_norms[at].powi(2))
            .sum();
        sum.sqrt()
    };
    let norms: Vec<f64> = (0..n * n).map(norm).collect();
    assert_close("logit norms", &wide(&fields.logit_norms), &norms, NARROW);

    assert_eq!(fields.neurons.len(), maps.neurons.len(), "one neuron for each cluster");
    for (field, map) in fields.neurons.iter().zip(&maps.neurons) {
        assert_eq!((field.neuron, field.freq), (map.neuron, map.freq));
        assert_close("a neuron", &wide(&field.values), &map.values, NARROW);
    }
}

#[test]
fn planted_circles_are_circles_and_planted_neurons_are_found() {
    let p = 13;
    let snapshot = ModularAnalysis::new(&planted(p, &[2, 5]), &task(p), None).unwrap();
    assert_eq!(snapshot.report.key_freqs, [2, 5], "what was planted");
    for circle in &snapshot.maps.circles {
        let angle = |x: usize| TAU * (circle.freq * x % p) as f64 / p as f64;
        let cos: Vec<f64> = (0..p).map(|x| 3.0 * angle(x).cos()).collect();
        let sin: Vec<f64> = (0..p).map(|x| 3.0 * angle(x).sin()).collect();
        assert_close("x", &wide(&circle.x), &cos, NARROW);
        assert_close("y", &wide(&circle.y), &sin, NARROW);
    }
    let freqs: Vec<usize> = snapshot.maps.neurons.iter().map(|neuron| neuron.freq).collect();
    assert_eq!(freqs, [2, 5], "a neuron of each cluster");
}

#[test]
fn an_embedding_on_a_line_has_no_second_axis() {
    let p = 13;
    let mut weights = planted(p, &[2]);
    let d_vocab = weights.shape().d_vocab;
    let cos = FourierBasis::new(p);
    for x in 0..p {
        weights.get_mut(Param::W_E)[d_vocab + x] = 2.0 * cos.row(3)[x] + cos.row(4)[x];
        weights.get_mut(Param::W_E)[x] = 2.0 * weights.get(Param::W_E)[d_vocab + x];
    }
    let circle = &ModularAnalysis::new(&weights, &task(p), Some(&[2])).unwrap().maps.circles[0];
    assert!(circle.y.iter().all(|y| y.abs() < 1e-6), "nothing at right angles: {:?}", circle.y);
    assert!(circle.x.iter().any(|x| x.abs() > 0.1), "all along it: {:?}", circle.x);
}

#[test]
fn single_neurons_equal_those_of_the_whole_pass() {
    let removed = AttentionEdit { removed_heads: vec![1], ..AttentionEdit::default() };
    let cases = [(1, AttentionEdit::default()), (2, AttentionEdit::default()), (1, removed)];
    for (n_layers, edit) in cases {
        for activation in [Activation::Relu, Activation::Gelu] {
            let weights = random(&shape(11, n_layers, activation));
            let model = HostModel::new(&weights, &edit);
            let chosen = [0, 20, 3];
            let mut block = model.new_block();
            for (values, n) in model.neurons_on_pairs(&chosen).iter().zip(chosen) {
                for a in 0..11 {
                    model.fill_neurons(a, &mut block);
                    let expected: Vec<f64> = (0..11).map(|b| block.neurons[(b, n)]).collect();
                    let tolerance = Tolerance { absolute: 1e-13, relative: 1e-13 };
                    assert_close(
                        &format!("neuron {n}, a = {a}"),
                        &values[a * 11..][..11],
                        &expected,
                        tolerance,
                    );
                }
            }
        }
    }
}
