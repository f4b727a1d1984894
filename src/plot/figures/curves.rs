//! Figure 2: accuracy and loss by step (paper section 3).

use super::measure_table::metrics_table;
use super::series::{Lines, Quantity};
use super::sheet::{Row, Shape, Sheet};
use super::{DataNeed, Figure, FigureData};
use crate::analysis::measure::{ACCURACY_TRAIN, LOSS_TRAIN};
use crate::engine::record::Evaluation;
use crate::format::{count, number};
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-02",
    name: "Figure 2",
    title: "Accuracy and loss",
    caption: "Accuracy and loss by step, on the pairs trained on and on those held out; loss on a \
              logarithmic axis. A model that groks memorises the train set within a few hundred \
              steps, while its test loss rises above that of guessing. Much later, with the train set \
              long at 100 %, the test accuracy jumps.",
    finding,
    needs: &[DataNeed::Metrics],
    uses: &[DataNeed::OtherSeeds, DataNeed::Progress],
    sheet,
    tables: |data| vec![metrics_table("curves", data.metrics)],
};

fn finding(data: &FigureData<'_>) -> String {
    let Some(row) = data.metrics.last() else { return String::new() };
    let e = &row.evaluation;
    let first_above = |of: fn(&Evaluation) -> f64| {
        let row = data.metrics.iter().find(|row| of(&row.evaluation) > 0.99);
        row.map_or("at no step".to_owned(), |row| format!("first at step {}", count(row.step)))
    };
    let seeds = match data.other_seeds.len() {
        0 => String::new(),
        1 => " A run with another seed lies behind.".into(),
        n => format!(" {n} runs with other seeds lie behind."),
    };
    format!(
        "Above 99 % on the train set {}, on the test set {}. At step {} the train loss is {}, the test loss {}.{seeds}",
        first_above(|e| e.train_accuracy),
        first_above(|e| e.test_accuracy),
        count(row.step),
        number(e.train_loss),
        number(e.test_loss)
    )
}

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let lines = |of| Lines::train_and_test(data, theme, of).before_them_other_seeds(data, theme, of);
    let (accuracy, loss) = (lines(Quantity::Accuracy), lines(Quantity::Loss));
    let panels =
        vec![accuracy.panel(data, "Accuracy", &ACCURACY_TRAIN), loss.panel(data, "Loss", &LOSS_TRAIN)];
    Sheet { rows: vec![Row { panels, shape: Shape::Wide }] }
}
