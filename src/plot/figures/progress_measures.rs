//! Figure 7: the progress measures by step (paper section 5.1).

use super::measure_table::measure_table;
use super::series::{Lines, Quantity, sentence};
use super::sheet::{Row, Shape, Sheet};
use super::{DataNeed, DataTable, Figure, FigureData};
use crate::analysis::measure::{
    EXCLUDED_LOSS_TRAIN, GINI_W_E, GINI_W_L, LOSS_TEST, LOSS_TRAIN, RESTRICTED_LOSS_ALL,
    RESTRICTED_LOSS_TEST, RESTRICTED_LOSS_TRAIN, SUM_SQ_WEIGHTS, TEST_RESTRICTED_RATIO,
};
use crate::format::{count, number};
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-07",
    name: "Figure 7",
    title: "Progress measures",
    caption: "Excluded loss: train pairs, the key frequencies\u{2019} waves in a+b removed. In a model \
              that groks it falls while the train set is memorised, and rises again as the \
              model comes to depend on those waves. Restricted loss: all pairs, those waves alone. It \
              falls long before the test loss does. The Gini coefficient of the Fourier norms and the \
              sum of squared weights change most when weight decay removes what was memorised. \
              All measures use the last checkpoint\u{2019}s key frequencies. Vertical lines: the ends \
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
    let excluded = losses().with_measure(data, measure, &EXCLUDED_LOSS_TRAIN);
    let restricted = losses().with_measure(data, measure, &RESTRICTED_LOSS_ALL);
    let gini = Lines(Vec::new()).with_measure(data, theme.series[0], &GINI_W_E).with_measure(
        data,
        theme.series[1],
        &GINI_W_L,
    );
    let weights = Lines(Vec::new()).with_measure(data, measure, &SUM_SQ_WEIGHTS);
    let panels = vec![
        excluded.panel(data, "Excluded loss", &LOSS_TRAIN),
        restricted.panel(data, "Restricted loss", &LOSS_TRAIN),
        gini.panel(data, "Gini coefficient of Fourier norms", &GINI_W_E),
        weights.panel(data, "Sum of squared weights", &SUM_SQ_WEIGHTS),
    ];
    Sheet { rows: vec![Row { panels, shape: Shape::Wide }] }
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let measures = [
        &LOSS_TRAIN,
        &LOSS_TEST,
        &EXCLUDED_LOSS_TRAIN,
        &RESTRICTED_LOSS_ALL,
        &RESTRICTED_LOSS_TRAIN,
        &RESTRICTED_LOSS_TEST,
        &GINI_W_E,
        &GINI_W_L,
        &SUM_SQ_WEIGHTS,
        &TEST_RESTRICTED_RATIO,
    ];
    vec![measure_table("progress", &measures, data.progress)]
}
