//! How much each head attends from "=" to a, for every pair (paper figure 4 left) at the cursor.

use super::{
    AblatableParts, CheckpointFigure, CheckpointFigureData, Choice, HitRegion, ModelPart, ModelParts,
};
use crate::format::{number, percent};
use crate::plot::figures::grids::pair_map;
use crate::plot::figures::series::sentence;
use crate::plot::figures::sheet::{Row, Shape, Sheet};
use crate::plot::figures::{Cell, DataTable};
use crate::plot::theme::Theme;

pub(super) const VIEW: CheckpointFigure = CheckpointFigure {
    id: "attention",
    title: "Attention by head",
    caption: "How much each head attends from \u{201c}=\u{201d} to a, for every pair (a, b). In a model that \
              groks it is periodic: a head looks at a number by where it lies on a circle.",
    finding: |data| {
        sentence(data.analysis.report.attention.iter().map(|head| {
            let fve = percent(head.fve);
            let mean = number(head.mean_to[0]);
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

fn sheet(data: &CheckpointFigureData<'_>, _: &Theme) -> Sheet {
    let (report, p) = (&data.analysis.report, data.analysis.report.p);
    let heads = data.analysis.maps.attention().all_to_a().into_iter().enumerate();
    let panels = heads.map(|(head, to_a)| {
        let freq = report.attention.get(head).map_or(0, |report| report.freq);
        pair_map(format!("Head {head} to a, k = {freq}"), p, &to_a, (0.0, 1.0))
    });
    Sheet { rows: vec![Row { panels: panels.collect(), shape: Shape::Map }] }
}

fn tables(data: &CheckpointFigureData<'_>) -> Vec<DataTable> {
    let p = data.analysis.report.p;
    let heads = data.analysis.maps.attention().all_to_a();
    let names = (0..heads.len()).map(|head| format!("attention_to_a_head_{head}"));
    let mut table = DataTable::new("attention", ["a", "b"].map(str::to_owned).into_iter().chain(names));
    for pair in 0..p * p {
        let values = heads.iter().map(|head| Cell::Number(head[pair]));
        table.push([Cell::Count(pair / p), Cell::Count(pair % p)].into_iter().chain(values));
    }
    vec![table]
}
