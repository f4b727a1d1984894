//! Ablations against their definitions, with every neuron and every basis product written out.

use grokking_lab::analysis::modular::ablation::{
    Ablation, Ablator, FreqSelection, GridEdit, NeuronEdit, SkipEdit,
};
use grokking_lab::analysis::modular::forward::{AttentionEdit, HostModel};
use grokking_lab::analysis::modular::grid::{GridLogits, Scores};
use grokking_lab::analysis::modular::marginals::GridTerms;
use grokking_lab::analysis::modular::moments::NeuronMoments;
use grokking_lab::analysis::modular::neurons::{clusters, fits};
use grokking_lab::config::Activation;
use grokking_lab::maths::fourier::{FourierBasis, cos_index, sin_index};
use grokking_lab::maths::matrix::Matrix;
use grokking_lab::model::{Param, Weights};

use crate::analysis_models::{random, shape, task};
use crate::close::{Tolerance, assert_close};

const P: usize = 13;
const KEYS: [usize; 2] = [2, 5];
const ROUNDING: Tolerance = Tolerance { absolute: 1e-11, relative: 1e-11 };

/// Everything the definitions speak of, as whole arrays.
struct Written {
    /// p² × d_mlp.
    neurons: Matrix,
    /// p² × p.
    skip: Matrix,
    model: HostModel,
}

impl Written {
    fn new(weights: &Weights, edit: &AttentionEdit) -> Self {
        let model = HostModel::literal(weights, edit);
        let mut neurons = Vec::new();
        let mut skip = Vec::new();
        let mut block = model.new_block();
        for a in 0..P {
            model.fill(a, &mut block);
            neurons.extend_from_slice(block.neurons.values());
            skip.extend_from_slice(block.skip.values());
        }
        Self {
            neurons: Matrix::from_values(P * P, model.d_mlp(), neurons),
            skip: Matrix::from_values(P * P, P, skip),
            model,
        }
    }

    fn scores(&self, neurons: &Matrix, skip: &Matrix) -> Scores {
        let mlp = neurons.mul(&self.model.map().transposed());
        let logit = |pair: usize, c: usize| mlp[(pair, c)] + skip[(pair, c)] + self.model.bias()[c];
        score(&Matrix::from_fn(P * P, P, logit))
    }
}

fn score(logits: &Matrix) -> Scores {
    GridLogits::from_fn(P, |a, b, c| logits[(a * P + b, c)]).scores(&task(P))
}

/// The products F_i ⊗ F_j that a projection keeps, as unit vectors of length p².
fn products(freqs: &[usize], terms: GridTerms, constant: bool) -> Vec<Vec<f64>> {
    let basis = FourierBasis::new(P);
    let product = |i: usize, j: usize| -> Vec<f64> {
        (0..P * P).map(|pair| basis.row(i)[pair / P] * basis.row(j)[pair % P]).collect()
    };
    let combine = |x: &[f64], y: &[f64], sign: f64| -> Vec<f64> {
        x.iter().zip(y).map(|(x, y)| (x + sign * y) / 2.0_f64.sqrt()).collect()
    };
    let mut kept = if constant { vec![product(0, 0)] } else { Vec::new() };
    for &k in freqs {
        let (cos, sin) = (cos_index(k), sin_index(k));
        match terms {
            GridTerms::AllProducts => {
                for i in [0, cos, sin] {
                    kept.extend(
                        [0, cos, sin].into_iter().filter(|&j| (i, j) != (0, 0)).map(|j| product(i, j)),
                    );
                }
            }
            GridTerms::SumOnly => {
                kept.push(combine(&product(cos, cos), &product(sin, sin), -1.0));
                kept.push(combine(&product(sin, cos), &product(cos, sin), 1.0));
            }
        }
    }
    kept
}

/// The projection of each column of a p² × m matrix on orthonormal vectors.
fn project(matrix: &Matrix, onto: &[Vec<f64>]) -> Matrix {
    let onto = Matrix::from_values(onto.len(), P * P, onto.concat());
    onto.transposed().mul(&onto.mul(matrix))
}

fn minus(x: &Matrix, y: &Matrix) -> Matrix {
    Matrix::from_fn(x.rows(), x.cols(), |i, j| x[(i, j)] - y[(i, j)])
}

fn check(what: &str, ours: Scores, expected: Scores) {
    let list = |scores: Scores| [scores.loss, scores.accuracy].map(|s| [s.train, s.test, s.all]).concat();
    assert_close(what, &list(ours), &list(expected), ROUNDING);
}

#[test]
fn logit_edits_are_projections_on_the_grid() {
    let weights = random(&shape(P, 1, Activation::Relu));
    let (ablator, written) =
        (Ablator::new(&weights, &KEYS), Written::new(&weights, &AttentionEdit::default()));
    let logits = Matrix::from_values(P * P, P, ablator.unablated().logits.values().to_vec());
    for terms in [GridTerms::AllProducts, GridTerms::SumOnly] {
        for (waves, expected) in [
            (FreqSelection::Only(KEYS.to_vec()), project(&logits, &products(&KEYS, terms, true))),
            (
                FreqSelection::Without(KEYS.to_vec()),
                minus(&logits, &project(&logits, &products(&KEYS, terms, false))),
            ),
            (FreqSelection::Only(Vec::new()), project(&logits, &products(&[], terms, true))),
        ] {
            let what = format!("{terms:?}, {waves:?}");
            let ablation =
                Ablation { logits: GridEdit { freqs: waves.clone(), terms }, ..Ablation::default() };
            check(&what, ablator.scores(&task(P), &ablation).unwrap(), score(&expected));
        }
        for (waves, expected) in [
            (FreqSelection::Only(KEYS.to_vec()), project(&written.neurons, &products(&KEYS, terms, true))),
            (
                FreqSelection::Without(KEYS.to_vec()),
                minus(&written.neurons, &project(&written.neurons, &products(&KEYS, terms, false))),
            ),
        ] {
            let what = format!("neurons, {terms:?}, {waves:?}");
            let neurons = NeuronEdit::Grid(GridEdit { freqs: waves.clone(), terms });
            let ablation = Ablation { neurons, ..Ablation::default() };
            let expected = written.scores(&expected, &written.skip);
            check(&what, ablator.scores(&task(P), &ablation).unwrap(), expected);
        }
    }
}

#[test]
fn single_components_of_the_logits_vanish() {
    let weights = random(&shape(P, 1, Activation::Relu));
    let ablator = Ablator::new(&weights, &KEYS);
    let logits = Matrix::from_values(P * P, P, ablator.unablated().logits.values().to_vec());
    let basis = FourierBasis::new(P);
    // The same twice counts once; two may share a row or a column.
    let removed_components = [[2, 2], [2, 3], [0, 3], [2, 2], [3, 0], [0, 0]];
    let mut expected = logits.clone();
    for [k, l] in &removed_components[..3] {
        let rows = |freq: usize| if freq == 0 { vec![0] } else { vec![cos_index(freq), sin_index(freq)] };
        for i in rows(*k) {
            for j in rows(*l) {
                let wave = |pair: usize| basis.row(i)[pair / P] * basis.row(j)[pair % P];
                for c in 0..P {
                    let along: f64 = (0..P * P).map(|pair| wave(pair) * logits[(pair, c)]).sum();
                    (0..P * P).for_each(|pair| expected[(pair, c)] -= along * wave(pair));
                }
            }
        }
    }
    let some = Ablation { removed_components: removed_components[..4].to_vec(), ..Ablation::default() };
    check("three components", ablator.scores(&task(P), &some).unwrap(), score(&expected));
    let all = (0..=P / 2).flat_map(|i| (0..=P / 2).map(move |j| [i, j])).collect();
    let nothing = Ablation { removed_components: all, ..Ablation::default() };
    let loss = ablator.scores(&task(P), &nothing).unwrap().loss.all;
    assert!((loss - (P as f64).ln()).abs() < 1e-12, "without any component all answers are alike: {loss}");
    let absent = Ablation { removed_components: vec![[0, P]], ..Ablation::default() };
    assert!(ablator.scores(&task(P), &absent).is_err(), "no such frequency");
}

#[test]
fn margins_come_with_the_scores() {
    let weights = random(&shape(P, 1, Activation::Relu));
    let ablator = Ablator::new(&weights, &KEYS);
    let attention = AttentionEdit { removed_heads: vec![0], ..AttentionEdit::default() };
    for ablation in [Ablation::default(), Ablation { attention: attention.clone(), ..Ablation::default() }] {
        let (scores, margins) = ablator.scores_and_margins(&task(P), &ablation).unwrap();
        assert_eq!(scores, ablator.scores(&task(P), &ablation).unwrap(), "the same scores");
        let right = margins.iter().filter(|margin| **margin > 0.0).count() as f64 / (P * P) as f64;
        assert!((right - scores.accuracy.all).abs() < 1e-12, "{right} of the margins are above 0");
    }
}

#[test]
fn neurons_become_polynomials_or_vanish_by_cluster() {
    let weights = random(&shape(P, 1, Activation::Relu));
    let (ablator, written) =
        (Ablator::new(&weights, &KEYS), Written::new(&weights, &AttentionEdit::default()));
    // Random neurons are not pure; at this threshold some are clustered and some are not.
    let min_fve = 0.3;
    let cluster = clusters(&fits(&NeuronMoments::of_neurons(&written.model)), min_fve);
    let freq = *cluster.iter().find(|&&k| k > 0).expect("a neuron above the threshold");
    assert!(cluster.contains(&0), "a neuron below the threshold");
    let mut polynomials = written.neurons.clone();
    for (n, &k) in cluster.iter().enumerate().filter(|(_, k)| **k > 0) {
        let column = Matrix::from_fn(P * P, 1, |pair, _| written.neurons[(pair, n)]);
        let projected = project(&column, &products(&[k], GridTerms::AllProducts, true));
        for pair in 0..P * P {
            polynomials[(pair, n)] = projected[(pair, 0)];
        }
    }
    let edited = |neurons| ablator.scores(&task(P), &Ablation { neurons, ..Ablation::default() }).unwrap();
    let expected = written.scores(&polynomials, &written.skip);
    check("polynomials", edited(NeuronEdit::Polynomials { min_fve }), expected);
    let other = *cluster.iter().rfind(|&&k| k > 0 && k != freq).expect("a second cluster");
    for freqs in [vec![freq], vec![freq, other]] {
        let without = Matrix::from_fn(P * P, cluster.len(), |pair, n| {
            if freqs.contains(&cluster[n]) { 0.0 } else { written.neurons[(pair, n)] }
        });
        let expected = written.scores(&without, &written.skip);
        check("without clusters", edited(NeuronEdit::WithoutClusters { freqs, min_fve }), expected);
    }
}

#[test]
fn directions_are_projections_of_the_neurons() {
    let weights = random(&shape(P, 1, Activation::Relu));
    let (ablator, written) =
        (Ablator::new(&weights, &[3]), Written::new(&weights, &AttentionEdit::default()));
    // An orthonormal base of the span, by a projection matrix solved step by step.
    let basis = FourierBasis::new(P);
    let mut span: Vec<Vec<f64>> = Vec::new();
    for i in KEYS.into_iter().flat_map(|k| [cos_index(k), sin_index(k)]) {
        let row = Matrix::from_values(1, P, basis.row(i).to_vec());
        let mut direction = row.mul(written.model.map()).values().to_vec();
        for known in &span {
            let along: f64 = known.iter().zip(&direction).map(|(x, y)| x * y).sum();
            direction.iter_mut().zip(known).for_each(|(x, y)| *x -= along * y);
        }
        let norm = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        span.push(direction.iter().map(|x| x / norm).collect());
    }
    let span = Matrix::from_values(span.len(), written.model.d_mlp(), span.concat());
    let read = written.neurons.mul_transposed(&span).mul(&span);
    let edited = |neurons| ablator.scores(&task(P), &Ablation { neurons, ..Ablation::default() }).unwrap();
    let only = written.scores(&read, &written.skip);
    check("only", edited(NeuronEdit::OnlyDirections(KEYS.to_vec())), only);
    let rest = written.scores(&minus(&written.neurons, &read), &written.skip);
    check("without", edited(NeuronEdit::WithoutDirections(KEYS.to_vec())), rest);
    let nothing = Matrix::zeros(P * P, written.model.d_mlp());
    let none = written.scores(&nothing, &written.skip);
    check("no direction", edited(NeuronEdit::OnlyDirections(Vec::new())), none);
}

#[test]
fn skips_and_combinations() {
    let weights = random(&shape(P, 1, Activation::Relu));
    let ablator = Ablator::new(&weights, &KEYS);
    let written = Written::new(&weights, &AttentionEdit::default());
    let scores = |ablation: &Ablation| ablator.scores(&task(P), ablation).unwrap();
    let zero = Matrix::zeros(P * P, P);
    let mean = project(&written.skip, &products(&[], GridTerms::AllProducts, true));
    for (mlp_skip, skip) in
        [(SkipEdit::Keep, &written.skip), (SkipEdit::Zero, &zero), (SkipEdit::Mean, &mean)]
    {
        let ablation = Ablation { mlp_skip, ..Ablation::default() };
        check(&format!("{mlp_skip:?}"), scores(&ablation), written.scores(&written.neurons, skip));
    }

    // All five parts at once: embedding, attention, neurons, skip, logits.
    let attention = AttentionEdit { removed_heads: vec![0], skip: true, to_eq: false };
    let mut filtered = weights.clone();
    let d_vocab = P + 1;
    for row in filtered.get_mut(Param::W_E).chunks_exact_mut(d_vocab) {
        let basis = FourierBasis::new(P);
        let coefficients = basis.transform(&row[..P]);
        for (x, value) in row[..P].iter_mut().enumerate() {
            *value -=
                [cos_index(3), sin_index(3)].iter().map(|&i| coefficients[i] * basis.row(i)[x]).sum::<f64>();
        }
    }
    let changed = Written::new(&filtered, &attention);
    let mut neurons = changed.neurons.clone();
    let part = project(&neurons, &products(&[4], GridTerms::SumOnly, false));
    neurons = minus(&neurons, &part);
    let mlp = neurons.mul(&changed.model.map().transposed());
    let logits = Matrix::from_fn(P * P, P, |pair, c| mlp[(pair, c)] + changed.model.bias()[c]);
    let expected = score(&project(&logits, &products(&KEYS, GridTerms::AllProducts, true)));
    let ablation = Ablation {
        embedding: FreqSelection::Without(vec![3]),
        attention,
        neurons: NeuronEdit::Grid(GridEdit {
            freqs: FreqSelection::Without(vec![4]),
            terms: GridTerms::SumOnly,
        }),
        mlp_skip: SkipEdit::Zero,
        logits: GridEdit { freqs: FreqSelection::Only(KEYS.to_vec()), terms: GridTerms::AllProducts },
        removed_components: Vec::new(),
    };
    check("everything at once", scores(&ablation), expected);
}

#[test]
fn keeping_an_embedding_wave_removes_the_others() {
    let weights = random(&shape(P, 1, Activation::Relu));
    let ablator = Ablator::new(&weights, &KEYS);
    let others: Vec<usize> = (1..=P / 2).filter(|&k| k != 2).collect();
    let scores = |embedding: FreqSelection| {
        ablator.scores(&task(P), &Ablation { embedding, ..Ablation::default() }).unwrap()
    };
    check(
        "only = without the others",
        scores(FreqSelection::Only(vec![2])),
        scores(FreqSelection::Without(others)),
    );
}

#[test]
fn what_is_not_there_is_refused() {
    let weights = random(&shape(P, 1, Activation::Relu));
    let ablator = Ablator::new(&weights, &KEYS);
    let refused = |ablation: Ablation| ablator.scores(&task(P), &ablation).unwrap_err().to_string();
    for waves in [FreqSelection::Only(vec![0]), FreqSelection::Without(vec![7])] {
        assert!(refused(Ablation { embedding: waves, ..Ablation::default() }).contains("there are 1 to 6"));
    }
    let attention = AttentionEdit { removed_heads: vec![3], ..AttentionEdit::default() };
    assert!(refused(Ablation { attention, ..Ablation::default() }).contains("head = 3"));
    let other_task = ablator.scores(&task(11), &Ablation::default());
    assert!(other_task.unwrap_err().to_string().contains("p = 11"));
}
