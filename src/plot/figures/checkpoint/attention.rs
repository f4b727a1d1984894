//! How much each head attends from "=" to a, for every pair (paper figure 4 left) at the cursor.

use super::{
    AblatableParts, CheckpointFigure, CheckpointFigureData, Choice, HitRegion, ModelPart, ModelParts,
};
use crate::maths::stats;
use crate::plot::figures::grids::pair_map;
use crate::plot::figures::series::sentence;
use crate::plot::figures::sheet::{Row, Shape, Sheet};
use crate::plot::figures::table::{percent, short};
use crate::plot::figures::{Cell, DataTable};
use crate::plot::theme::Theme;

pub(super) const VIEW: CheckpointFigure = CheckpointFigure {
    id: "attention",
    title: "Attention by head",
    caption: "How much each head attends from \u{201c}=\u{201d} to a, for every pair (a, b). In a model that \
              groks it is periodic: a head looks at a number by where it lies on a circle.",
    finding: |data| {
        sentence(data.snapshot.report.attention.iter().map(|head| {
            let fve = percent(head.fve);
            let mean = short(head.mean_to[0]);
            format!("head {}: {fve} one wave of k = {}, mean {mean} to a", head.head, head.freq)
        }))
    },
    sheet,
    tables,
    needs: &[],
    ablatable: Some(AblatableParts {
        parts: |snapshot| {
            let heads = 0..snapshot.maps.attention_scores.len();
            let names = Choice::new("head", heads.clone().map(|head| head.to_string()));
            ModelParts::in_a_row(heads.map(ModelPart::Head).collect(), names)
        },
        hit_regions: |_, maps, part| match part {
            ModelPart::Head(head) => maps.get(head).map(HitRegion::of).into_iter().collect(),
            _ => Vec::new(),
        },
    }),
};

/// The attention of a head to a, row a, column b, from its scores: length 2p + 1.
pub fn to_a(scores: &[f32], p: usize) -> Vec<f64> {
    let score = |i: usize| f64::from(scores[i]);
    let weight = |a: usize, b: usize| {
        let three = [score(a), score(p + b), score(2 * p)];
        // The loss of a softmax is minus the logarithm of the weight.
        (-stats::cross_entropy(&three, 0)).exp()
    };
    (0..p * p).map(|pair| weight(pair / p, pair % p)).collect()
}

fn sheet(data: &CheckpointFigureData<'_>, _: &Theme) -> Sheet {
    let (report, p) = (&data.snapshot.report, data.snapshot.report.p);
    let scores = data.snapshot.maps.attention_scores.iter().enumerate();
    let panels = scores.map(|(head, scores)| {
        let freq = report.attention.get(head).map_or(0, |report| report.freq);
        pair_map(format!("Head {head} to a, k = {freq}"), p, &to_a(scores, p), (0.0, 1.0))
    });
    Sheet { rows: vec![Row { panels: panels.collect(), shape: Shape::Map }] }
}

fn tables(data: &CheckpointFigureData<'_>) -> Vec<DataTable> {
    let p = data.snapshot.report.p;
    let heads: Vec<Vec<f64>> =
        data.snapshot.maps.attention_scores.iter().map(|scores| to_a(scores, p)).collect();
    let names = (0..heads.len()).map(|head| format!("attention_to_a_head_{head}"));
    let mut table = DataTable::new("attention", ["a", "b"].map(str::to_owned).into_iter().chain(names));
    for pair in 0..p * p {
        let values = heads.iter().map(|head| Cell::Number(head[pair]));
        table.push([Cell::Count(pair / p), Cell::Count(pair % p)].into_iter().chain(values));
    }
    vec![table]
}

#[cfg(test)]
mod tests {
    use super::to_a;

    #[test]
    fn weights_are_the_softmax_of_three_scores() {
        // p = 2: scores of a = 0, 1, of b = 0, 1 and of "=".
        let weights = to_a(&[0.0, 2.0, 0.0, 1.0, 0.0], 2);
        for (pair, expected) in [
            (0, 1.0 / 3.0),
            (1, 1.0 / (2.0 + 1f64.exp())),
            (2, 2f64.exp() / (2f64.exp() + 2.0)),
            (3, 2f64.exp() / (2f64.exp() + 1f64.exp() + 1.0)),
        ] {
            assert!((weights[pair] - expected).abs() < 1e-12, "pair {pair}: {}", weights[pair]);
        }
    }
}
