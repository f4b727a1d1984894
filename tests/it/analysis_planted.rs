//! Reports on models whose answer is known.

use grokking_lab::analysis::modular::ablation::PaperAblation;
use grokking_lab::analysis::modular::report::{Report, analyse};
use grokking_lab::config::Activation;
use grokking_lab::maths::fourier::freq_of;
use grokking_lab::model::{ModelShape, Param, Weights};

use crate::analysis_models::{planted, random, shape, task};

const P: usize = 17;

fn report(weights: &Weights) -> Report {
    let report = analyse(weights, &task(weights.shape().d_vocab - 1)).unwrap();
    let text = serde_json::to_string(&report).unwrap();
    let back: Report = serde_json::from_str(&text).expect("every number of a report is finite");
    assert_eq!(back, report, "the report comes back from JSON");
    report
}

#[test]
fn planted_frequencies_are_found_everywhere() {
    for freqs in [vec![3], vec![2, 5], vec![1, 4, 8]] {
        let report = report(&planted(P, &freqs));
        assert_eq!(report.key_freqs, freqs, "key frequencies");
        let counts: Vec<_> = report.neurons.per_freq.iter().map(|(&k, &n)| (k, n)).collect();
        assert_eq!(counts, freqs.iter().map(|&k| (k, 5)).collect::<Vec<_>>(), "five neurons each");
        for (n, fve) in report.neurons.fve.iter().enumerate() {
            assert!((fve - 1.0).abs() < 1e-12, "neuron {n} is a polynomial: {fve}");
        }
        for (i, norm) in report.spectra.w_e.iter().enumerate() {
            assert_eq!(*norm > 1e-12, freqs.contains(&freq_of(i)), "W_E at row {i}: {norm}");
        }
        // The heads pass everything on, and each cluster reads its own frequency: 3 · √(p/2) a wave, which its five
        // neurons read by cos and sin of their phases.
        for (&freq, norms) in &report.attention[0].ov_by_cluster {
            let own = 3.0 * (P as f64 / 2.0).sqrt() * 2.5_f64.sqrt();
            for (i, norm) in norms.iter().enumerate() {
                let expected = if freq_of(i) == freq { own } else { 0.0 };
                assert!((norm - expected).abs() < 1e-12, "cluster {freq} at row {i}: {norm}, not {expected}");
            }
        }
        assert_eq!(report.attention[0].ov_by_cluster.keys().copied().collect::<Vec<_>>(), freqs, "clusters");
        assert!(report.w_l_residual.norm_ratio < 1e-13, "nothing is left: {:?}", report.w_l_residual);
        let rank = report.w_l_singular_values.iter().filter(|&&s| s > 1e-12).count();
        assert_eq!(rank, 2 * freqs.len(), "rank of W_L: {:?}", report.w_l_singular_values);
    }
}

#[test]
fn replacing_polynomials_by_themselves_changes_nothing() {
    let report = report(&planted(P, &[2, 5]));
    let ablations = &report.ablations;
    for (what, loss) in [
        ("polynomials", ablations.losses[PaperAblation::PolynomialNeurons]),
        ("directions", ablations.losses[PaperAblation::ProjectWl]),
    ] {
        assert!((loss - report.loss.all).abs() < 1e-12, "{what}: {loss}, not {}", report.loss.all);
    }
}

#[test]
fn a_model_of_zeros_knows_nothing_and_breaks_nothing() {
    for (p, n_layers) in [(3, 1), (P, 1), (5, 2)] {
        let report = report(&Weights::zeros(shape(p, n_layers, Activation::Relu)));
        let uniform = (p as f64).ln();
        assert!(report.key_freqs.is_empty(), "no frequency");
        for loss in
            [report.loss.all, report.restricted_loss.all, report.cosine_fit_loss, report.excluded_loss.train]
        {
            assert!((loss - uniform).abs() < 1e-14, "uniform: {loss}");
        }
        assert_eq!((report.neurons.clustered, report.logit_fve), (0, 0.0), "nothing to explain");
        assert_eq!(report.gini.w_l, 0.0, "nothing to share");
    }
}

#[test]
fn random_weights_of_every_kind_give_a_report() {
    for p in [3, 5, 9, P] {
        for n_layers in [1, 2] {
            for activation in [Activation::Relu, Activation::Gelu] {
                let report = report(&random(&shape(p, n_layers, activation)));
                assert_eq!(report.spectra.w_l.len(), p, "{p}");
                assert_eq!(report.attention.len(), 3, "heads");
            }
        }
    }
}

#[test]
fn attention_of_one_frequency_is_recognised() {
    let (p, k) = (P, 3);
    let shape = ModelShape {
        n_ctx: 3,
        n_layers: 1,
        d_model: 3,
        n_heads: 1,
        d_head: 3,
        d_mlp: 2,
        d_vocab: p + 1,
        d_vocab_out: p,
        activation: Activation::Relu,
        causal: true,
        residual_scale: 1.0,
    };
    let mut weights = Weights::zeros(shape);
    for x in 0..p {
        let angle = std::f64::consts::TAU * (k * x) as f64 / p as f64;
        weights.get_mut(Param::W_E)[x] = 0.1 * angle.cos();
        weights.get_mut(Param::W_E)[p + 1 + x] = 0.1 * angle.sin();
    }
    // What it carries: cos times 2 from width 0 to output 1, sin times 3 from width 1 to output 0.
    weights.get_mut(Param::W_V(0)).copy_from_slice(&[2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0]);
    weights.get_mut(Param::W_O(0)).copy_from_slice(&[0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    weights.get_mut(Param::W_in(0)).copy_from_slice(&[1.0, 2.0, 0.0, 0.0, -1.0, 0.0]);
    // "=" is far from itself, and asks for cos + 2 sin.
    weights.get_mut(Param::W_E)[2 * (p + 1) + p] = 1.0;
    weights.get_mut(Param::W_Q(0)).copy_from_slice(&[0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 0.0, -50.0]);
    weights.get_mut(Param::W_K(0)).copy_from_slice(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    let head = &report(&weights).attention[0];
    assert_eq!(head.freq, k, "its frequency");
    assert!(head.fve > 0.999, "small scores: the softmax is nearly linear, FVE {}", head.fve);
    // sigmoid(d) ≈ 1/2 + d/4 with d = 0.1 (cos + 2 sin) / √3 at a, minus the same at b.
    let expected = 0.1 / 3.0_f64.sqrt() / 4.0;
    assert!((head.alpha / expected - 1.0).abs() < 0.01, "alpha {} and {expected}", head.alpha);
    assert!((head.beta / (2.0 * expected) - 1.0).abs() < 0.01, "beta {} and {}", head.beta, 2.0 * expected);
    assert!((head.mean_to[0] - 0.5).abs() < 1e-6 && head.mean_to[2] < 1e-12, "{:?}", head.mean_to);
    let qk_norm = (p as f64 / 2.0).sqrt() * 0.1 / 3.0_f64.sqrt();
    assert!(
        (head.qk[2 * k - 1] - qk_norm).abs() < 1e-12,
        "scores at cos: {} and {qk_norm}",
        head.qk[2 * k - 1]
    );
    assert!((head.qk[2 * k] - 2.0 * qk_norm).abs() < 1e-12, "scores at sin");
    // W_in reads output 1 as (2, -1) and output 0 as (1, 0).
    let wave = 0.1 * (p as f64 / 2.0).sqrt();
    for (i, norm) in head.ov_norms.iter().enumerate() {
        let expected = match i {
            _ if i == 2 * k - 1 => wave * 2.0 * 5.0_f64.sqrt(),
            _ if i == 2 * k => wave * 3.0,
            _ => 0.0,
        };
        assert!((norm - expected).abs() < 1e-12, "the head's output at row {i}: {norm}, not {expected}");
    }
}

#[test]
fn wrong_tasks_and_weights_are_refused() {
    let mut weights = planted(P, &[3]);
    assert!(analyse(&weights, &task(13)).unwrap_err().to_string().contains("the weights add modulo 17"));
    weights.get_mut(Param::W_U)[5] = f64::INFINITY;
    assert!(analyse(&weights, &task(P)).unwrap_err().to_string().contains("every weight must be finite"));
}
