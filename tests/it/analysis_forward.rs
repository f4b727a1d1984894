//! The folded forward pass against the literal one.

use grokking_lab::analysis::modular::forward::{AttentionEdit, HostModel};
use grokking_lab::config::Activation;

use crate::analysis_models::{random, shape};
use crate::close::{Tolerance, assert_close};

/// A few roundings of logits of size 100.
const ROUNDING: Tolerance = Tolerance { absolute: 1e-11, relative: 1e-12 };

fn edits() -> Vec<(&'static str, AttentionEdit)> {
    let whole = AttentionEdit::default;
    vec![
        ("whole", whole()),
        ("without head 1", AttentionEdit { removed_heads: vec![1], ..whole() }),
        ("without heads", AttentionEdit { removed_heads: vec![0, 1, 2], ..whole() }),
        ("without skip", AttentionEdit { skip: false, ..whole() }),
        ("without attention to =", AttentionEdit { to_eq: false, ..whole() }),
        ("all at once", AttentionEdit { removed_heads: vec![2], skip: false, to_eq: false }),
    ]
}

#[test]
fn folded_and_literal_agree() {
    for p in [3, 5, 13, 25] {
        for activation in [Activation::Relu, Activation::Gelu] {
            let weights = random(&shape(p, 1, activation));
            for (what, edit) in edits() {
                let what = format!("p = {p}, {activation:?}, {what}");
                let (folded, literal) =
                    (HostModel::new(&weights, &edit), HostModel::literal(&weights, &edit));
                assert_close(&what, folded.logits().values(), literal.logits().values(), ROUNDING);
                let (mut ours, mut expected) = (folded.new_block(), literal.new_block());
                for a in 0..p {
                    folded.fill(a, &mut ours);
                    folded.fill_skip(a, &mut ours);
                    literal.fill(a, &mut expected);
                    assert_close(
                        &format!("{what}, neurons"),
                        ours.neurons.values(),
                        expected.neurons.values(),
                        ROUNDING,
                    );
                    assert_close(
                        &format!("{what}, skip"),
                        ours.skip.values(),
                        expected.skip.values(),
                        ROUNDING,
                    );
                    assert_close(
                        &format!("{what}, logits"),
                        ours.logits.values(),
                        expected.logits.values(),
                        ROUNDING,
                    );
                    folded.fill_neurons(a, &mut ours);
                    assert_close(
                        &format!("{what}, again"),
                        ours.neurons.values(),
                        expected.neurons.values(),
                        ROUNDING,
                    );
                }
            }
        }
    }
}

#[test]
fn logits_are_neurons_times_map_and_the_rest() {
    for n_layers in [1, 2] {
        let p = 7;
        let model = HostModel::new(&random(&shape(p, n_layers, Activation::Relu)), &AttentionEdit::default());
        let logits = model.logits();
        let mut block = model.new_block();
        for a in 0..p {
            model.fill(a, &mut block);
            model.fill_skip(a, &mut block);
            let mut sum = block.neurons.mul(&model.map().transposed());
            for b in 0..p {
                for (c, value) in sum.row_mut(b).iter_mut().enumerate() {
                    *value += block.skip[(b, c)] + model.bias()[c];
                }
                assert_close(
                    &format!("{n_layers} blocks, pair ({a}, {b})"),
                    sum.row(b),
                    logits.row(a, b),
                    ROUNDING,
                );
            }
        }
    }
}

/// By hand, with plain loops over the equations of paper section 1: one pair of a model of two blocks.
#[test]
fn two_blocks_follow_the_equations() {
    use grokking_lab::model::Param;
    let shape = shape(5, 2, Activation::Relu);
    let weights = random(&shape);
    let (d_model, d_head) = (shape.d_model, shape.d_head);
    let tokens = [3, 1, 5];
    let times = |param: Param, rows: std::ops::Range<usize>, x: &[f64]| -> Vec<f64> {
        let (values, cols) = (weights.get(param), x.len());
        rows.map(|r| (0..cols).map(|c| values[r * cols + c] * x[c]).sum()).collect()
    };
    let mut x: Vec<Vec<f64>> = (0..3)
        .map(|pos| {
            (0..d_model)
                .map(|d| {
                    weights.get(Param::W_E)[d * shape.d_vocab + tokens[pos]]
                        + weights.get(Param::W_pos)[pos * d_model + d]
                })
                .collect()
        })
        .collect();
    for l in 0..2 {
        let mut next = x.clone();
        for query_pos in 0..3 {
            let mut heads = vec![0.0; shape.n_heads * d_head];
            for head in 0..shape.n_heads {
                let rows = || head * d_head..(head + 1) * d_head;
                let query = times(Param::W_Q(l), rows(), &x[query_pos]);
                let scores: Vec<f64> = (0..=query_pos)
                    .map(|pos| {
                        let key = times(Param::W_K(l), rows(), &x[pos]);
                        query.iter().zip(&key).map(|(q, k)| q * k).sum::<f64>() / (d_head as f64).sqrt()
                    })
                    .collect();
                let total: f64 = scores.iter().map(|s| s.exp()).sum();
                for (pos, score) in scores.iter().enumerate() {
                    for (h, value) in times(Param::W_V(l), rows(), &x[pos]).iter().enumerate() {
                        heads[head * d_head + h] += score.exp() / total * value;
                    }
                }
            }
            for (x, z) in next[query_pos].iter_mut().zip(times(Param::W_O(l), 0..d_model, &heads)) {
                *x += z;
            }
            let inputs = times(Param::W_in(l), 0..shape.d_mlp, &next[query_pos]);
            let neurons: Vec<f64> =
                inputs.iter().zip(weights.get(Param::b_in(l))).map(|(u, b)| (u + b).max(0.0)).collect();
            let out = times(Param::W_out(l), 0..d_model, &neurons);
            for ((x, y), b) in next[query_pos].iter_mut().zip(out).zip(weights.get(Param::b_out(l))) {
                *x += y + b;
            }
        }
        x = next;
    }
    let unembed = weights.get(Param::W_U);
    let expected: Vec<f64> =
        (0..5).map(|c| (0..d_model).map(|d| unembed[d * shape.d_vocab_out + c] * x[2][d]).sum()).collect();
    let logits = HostModel::new(&weights, &AttentionEdit::default()).logits();
    assert_close("two blocks", logits.row(3, 1), &expected, ROUNDING);
}
