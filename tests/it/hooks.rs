//! Every activation of the literal transformer has its name, its shape and its meaning.

use burn::tensor::DType;
use grokking_lab::config::{Activation as NonLinearity, Preset};
use grokking_lab::engine::device;
use grokking_lab::model::hooks::{Activation, Hook};
use grokking_lab::model::init::initial_weights;
use grokking_lab::model::{ModelShape, transformer};
use grokking_lab::task::{Dataset, Examples};
use pollster::block_on;

use crate::close::{Tolerance, assert_close};

const ROUNDING: Tolerance = Tolerance { absolute: 1e-13, relative: 1e-12 };

/// A run of two blocks over the test pairs of p = 5.
fn run() -> (ModelShape, Examples, Vec<Activation>) {
    let mut config = Preset::Tiny.config();
    config.data.change_modular(|modular| modular.p = 5);
    config.model.n_layers = 2;
    let shape = ModelShape::new(&config.data, &config.model);
    let examples = Dataset::new(&config.data).test;
    let weights = initial_weights(&shape, 1);
    let all = block_on(transformer::run_with_cache(&weights, &examples, &device::cpu(), DType::F64));
    (shape, examples, all.expect("the CPU does not fail"))
}

fn find(all: &[Activation], hook: Hook) -> &Activation {
    all.iter().find(|activation| activation.hook == hook).unwrap_or_else(|| panic!("{hook} is missing"))
}

#[test]
fn every_hook_is_seen_once_under_transformer_lenss_name() {
    let (shape, examples, all) = run();
    let names: Vec<String> = all.iter().map(|activation| activation.hook.to_string()).collect();
    let block = |l: usize| {
        [
            "hook_resid_pre",
            "attn.hook_q",
            "attn.hook_k",
            "attn.hook_v",
            "attn.hook_attn_scores",
            "attn.hook_pattern",
            "attn.hook_z",
            "hook_attn_out",
            "hook_resid_mid",
            "mlp.hook_pre",
            "mlp.hook_post",
            "hook_mlp_out",
            "hook_resid_post",
        ]
        .map(|name| format!("blocks.{l}.{name}"))
    };
    let heads = ["hook_embed".to_owned(), "hook_pos_embed".to_owned()];
    let expected: Vec<String> = heads.into_iter().chain(block(0)).chain(block(1)).collect();
    assert_eq!(names, expected, "in the order of computation");

    let (n, heads, d_head) = (examples.len(), shape.n_heads, shape.d_head);
    assert_eq!(find(&all, Hook::Pattern(1)).dims, [n, heads, 3, 3], "pattern");
    assert_eq!(find(&all, Hook::Z(1)).dims, [n, 3, heads, d_head], "z");
    assert_eq!(find(&all, Hook::Post(1)).dims, [n, 3, shape.d_mlp], "post");
}

#[test]
fn attention_looks_back_only_and_sums_to_one() {
    let (_, _, all) = run();
    for l in 0..2 {
        for (row, weights) in find(&all, Hook::Pattern(l)).values.chunks(3).enumerate() {
            let to = row % 3;
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-14, "block {l}, row {row}: {weights:?}");
            assert!(
                weights[to + 1..].iter().all(|&w| w == 0.0),
                "block {l}, row {row} looks ahead: {weights:?}"
            );
        }
    }
}

#[test]
fn the_residual_stream_adds_up() {
    let (_, _, all) = run();
    let sum = |a: Hook, b: Hook| -> Vec<f64> {
        find(&all, a).values.iter().zip(&find(&all, b).values).map(|(x, y)| x + y).collect()
    };
    for l in 0..2 {
        let mid = sum(Hook::ResidPre(l), Hook::AttnOut(l));
        assert_close("resid_mid", &find(&all, Hook::ResidMid(l)).values, &mid, ROUNDING);
        let post = sum(Hook::ResidMid(l), Hook::MlpOut(l));
        assert_close("resid_post", &find(&all, Hook::ResidPost(l)).values, &post, ROUNDING);
        let relu: Vec<f64> = find(&all, Hook::Pre(l)).values.iter().map(|x| x.max(0.0)).collect();
        assert_close("post", &find(&all, Hook::Post(l)).values, &relu, ROUNDING);
    }
    assert_eq!(find(&all, Hook::ResidPre(1)).values, find(&all, Hook::ResidPost(0)).values, "between blocks");
}

#[test]
fn z_is_the_values_weighted_by_the_pattern() {
    let (shape, examples, all) = run();
    let (v, pattern, z) = (find(&all, Hook::V(0)), find(&all, Hook::Pattern(0)), find(&all, Hook::Z(0)));
    let (heads, d_head) = (shape.n_heads, shape.d_head);
    let value = |i: usize, pos: usize, h: usize, d: usize| v.values[((i * 3 + pos) * heads + h) * d_head + d];
    let mut expected = Vec::new();
    for i in 0..examples.len() {
        for to in 0..3 {
            for h in 0..heads {
                for d in 0..d_head {
                    let weight = |from: usize| pattern.values[((i * heads + h) * 3 + to) * 3 + from];
                    expected.push((0..3).map(|from| weight(from) * value(i, from, h, d)).sum());
                }
            }
        }
    }
    assert_close("z", &z.values, &expected, ROUNDING);
}

#[test]
fn gelu_is_the_exact_form() {
    let mut config = Preset::Tiny.config();
    config.data.change_modular(|modular| modular.p = 5);
    config.model.activation = NonLinearity::Gelu;
    let shape = ModelShape::new(&config.data, &config.model);
    let weights = initial_weights(&shape, 1);
    let test = Dataset::new(&config.data).test;
    let all = block_on(transformer::run_with_cache(&weights, &test, &device::cpu(), DType::F64));
    let all = all.expect("the CPU does not fail");
    let expected: Vec<f64> = find(&all, Hook::Pre(0))
        .values
        .iter()
        .map(|x| 0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2)))
        .collect();
    assert_close("gelu", &find(&all, Hook::Post(0)).values, &expected, ROUNDING);
}
