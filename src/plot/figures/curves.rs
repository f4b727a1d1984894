//! Figure 2: accuracy and loss by step (paper section 3).

use super::series::{ACCURACY, LOSS, Lines, Quantity, YAxis, metrics_table};
use super::sheet::{Row, Shape, Sheet};
use super::{Figure, FigureData, needs_metrics};
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-02",
    name: "Figure 2",
    title: "Accuracy and loss",
    caption: "The train set is learned by heart within a few hundred steps, while the loss on the pairs \
              held out rises above that of guessing. Much later, with the train set long at 100 %, the test \
              accuracy jumps: the model groks. Loss on a logarithmic axis.",
    missing: needs_metrics,
    sheet,
    tables: |data| vec![metrics_table(data)],
};

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let accuracy = Lines::train_and_test(data, theme, Quantity::Accuracy);
    let loss = Lines::train_and_test(data, theme, Quantity::Loss);
    let panels = vec![
        accuracy.panel(data, "Accuracy", ACCURACY, YAxis::Fraction),
        loss.panel(data, "Loss", LOSS, YAxis::Log),
    ];
    Sheet { rows: vec![Row { panels, shape: Shape::Wide }] }
}
