//! Figure 13: the accuracy of the key frequencies' waves alone (paper appendix C.2).

use super::measure_table::measure_table;
use super::series::{Lines, Quantity};
use super::sheet::{Row, Shape, Sheet};
use super::{DataNeed, Figure, FigureData};
use crate::analysis::measure::{
    ACCURACY_TEST, ACCURACY_TRAIN, RESTRICTED_ACCURACY_ALL, RESTRICTED_ACCURACY_TEST,
    RESTRICTED_ACCURACY_TRAIN,
};
use crate::format::{count, percent};
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-13",
    name: "Figure 13",
    title: "Restricted accuracy",
    caption: "How many of all pairs the waves in a+b of the key frequencies get right by themselves, \
              beside the accuracy of the whole model. In a model that groks the waves know the answers \
              long before it shows on the test set.",
    finding,
    needs: &[DataNeed::Progress],
    uses: &[DataNeed::Metrics],
    sheet,
    tables: |data| {
        let measures = [
            &RESTRICTED_ACCURACY_ALL,
            &RESTRICTED_ACCURACY_TRAIN,
            &RESTRICTED_ACCURACY_TEST,
            &ACCURACY_TRAIN,
            &ACCURACY_TEST,
        ];
        vec![measure_table("restricted-accuracy", &measures, data.progress)]
    },
};

fn finding(data: &FigureData<'_>) -> String {
    let Some((_, last)) = data.progress.last() else { return String::new() };
    let above = |share: f64| {
        let found = data.progress.iter().find(|(_, m)| m.restricted_accuracy.all > share);
        found.map_or("at no checkpoint".to_owned(), |(step, _)| format!("first at step {}", count(*step)))
    };
    format!(
        "Above 50 % {}, above 99 % {}; {} at the last.",
        above(0.5),
        above(0.99),
        percent(last.restricted_accuracy.all)
    )
}

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let lines = Lines::train_and_test(data, theme, Quantity::Accuracy);
    let restricted = lines.with_measure(data, theme.series[2], &RESTRICTED_ACCURACY_ALL);
    let panel = restricted.panel(data, "", &ACCURACY_TRAIN);
    Sheet { rows: vec![Row { panels: vec![panel], shape: Shape::Wide }] }
}
