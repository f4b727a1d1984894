//! Figure 7: the progress measures by step (paper section 5.1).

use super::series::{LOSS, Lines, Quantity, YAxis, progress_table, sentence};
use super::sheet::{Row, Shape, Sheet};
use super::{DataNeed, DataTable, Figure, FigureData};
use crate::format::{count, number};
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-07",
    name: "Figure 7",
    title: "Progress measures",
    caption: "Excluded loss: train pairs, the key frequencies\u{2019} waves in a+b removed. In a model \
              that groks it falls while the train set is learned by heart, and rises again as the \
              model comes to depend on those waves. Restricted loss: all pairs, those waves alone. It \
              falls long before the test loss does. The Gini coefficient of the Fourier norms and the \
              sum of squared weights change most when weight decay removes what was learned by heart. \
              All measures use the last checkpoint\u{2019}s key frequencies. Upright lines: the ends \
              of memorisation, circuit formation and cleanup, where they were found.",
    finding,
    needs: &[DataNeed::Progress],
    uses: &[DataNeed::Metrics],
    sheet,
    tables,
};

fn finding(data: &FigureData<'_>) -> String {
    let Some((step, last)) = data.progress.last() else { return String::new() };
    let ends = data.phase_ends.iter().map(|(name, step)| format!("{name} ends at step {}", count(*step)));
    let last = format!(
        "at step {} the excluded loss is {}, the restricted loss {}, the Gini coefficients {} and {}, the sum \
         of squared weights {}",
        count(*step),
        number(last.excluded_loss.train),
        number(last.restricted_loss.all),
        number(last.gini.w_e),
        number(last.gini.w_l),
        number(last.sum_sq_weights.total)
    );
    sentence(ends.chain([last]))
}

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let losses = || Lines::train_and_test(data, theme, Quantity::Loss);
    let measure = theme.series[2];
    let excluded = losses().with("excluded", measure, data.series(|m| m.excluded_loss.train));
    let restricted = losses().with("restricted", measure, data.series(|m| m.restricted_loss.all));
    let gini = Lines(Vec::new()).with("W_E", theme.series[0], data.series(|m| m.gini.w_e)).with(
        "W_L",
        theme.series[1],
        data.series(|m| m.gini.w_l),
    );
    let weights = Lines(Vec::new()).with("all parameters", measure, data.series(|m| m.sum_sq_weights.total));
    let panels = vec![
        excluded.panel(data, "Excluded loss", LOSS, YAxis::Log),
        restricted.panel(data, "Restricted loss", LOSS, YAxis::Log),
        gini.panel(data, "Gini coefficient of Fourier norms", "Gini coefficient (0 to 1)", YAxis::Fraction),
        weights.panel(data, "Sum of squared weights", "sum of squares", YAxis::FromZero),
    ];
    Sheet { rows: vec![Row { panels, shape: Shape::Wide }] }
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let columns = [
        "train_loss_nats",
        "test_loss_nats",
        "excluded_loss_train_nats",
        "restricted_loss_all_nats",
        "restricted_loss_train_nats",
        "restricted_loss_test_nats",
        "gini_w_e",
        "gini_w_l",
        "sum_sq_weights",
        "test_restricted_ratio",
    ];
    let table = progress_table(data, "progress", columns, |m| {
        vec![
            m.loss.train,
            m.loss.test,
            m.excluded_loss.train,
            m.restricted_loss.all,
            m.restricted_loss.train,
            m.restricted_loss.test,
            m.gini.w_e,
            m.gini.w_l,
            m.sum_sq_weights.total,
            m.test_restricted_ratio,
        ]
    });
    vec![table]
}
