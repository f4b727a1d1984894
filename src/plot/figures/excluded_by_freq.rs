//! Figure 15: excluded loss and accuracy for each key frequency (paper appendix C.2).

use super::series::{Lines, at_freqs, by_step_table, listed};
use super::sheet::{Row, Shape, Sheet};
use super::{DataNeed, DataTable, Figure, FigureData};
use crate::analysis::measure::{EXCLUDED_ACCURACY_TRAIN, EXCLUDED_LOSS_TRAIN};
use crate::format::{count, number};
use crate::plot::theme::Theme;

pub(super) const FIGURE: Figure = Figure {
    id: "figure-15",
    name: "Figure 15",
    title: "Excluded loss and accuracy, one frequency at a time",
    caption: "Loss and accuracy on the train pairs when the waves in a+b of one key frequency are \
              removed from the logits. In a model that groks none is needed while the train set is \
              memorised; later every one is.",
    finding,
    needs: &[DataNeed::Progress],
    uses: &[],
    sheet,
    tables,
};

fn finding(data: &FigureData<'_>) -> String {
    let Some((step, last)) = data.progress.last() else { return String::new() };
    let parts =
        last.excluded_loss.per_freq.iter().map(|(freq, loss)| format!("k = {freq}: {}", number(*loss)));
    format!("Losses at step {}: {}.", count(*step), listed(parts))
}

fn sheet(data: &FigureData<'_>, theme: &Theme) -> Sheet {
    let loss = Lines::by_freq(data, theme, |m| &m.excluded_loss.per_freq);
    let accuracy = Lines::by_freq(data, theme, |m| &m.excluded_accuracy.per_freq);
    let panels = vec![
        loss.panel(data, "Excluded loss, train", &EXCLUDED_LOSS_TRAIN),
        accuracy.panel(data, "Excluded accuracy, train", &EXCLUDED_ACCURACY_TRAIN),
    ];
    Sheet { rows: vec![Row { panels, shape: Shape::Wide }] }
}

fn tables(data: &FigureData<'_>) -> Vec<DataTable> {
    let freqs = data.tracked_freqs();
    let columns = ["loss_nats", "accuracy"]
        .into_iter()
        .flat_map(|what| freqs.iter().map(move |freq| format!("excluded_{what}_freq_{freq}")));
    let values = |m: &crate::analysis::progress::ProgressMeasures| {
        [&m.excluded_loss, &m.excluded_accuracy].map(|each| at_freqs(&each.per_freq, freqs)).concat()
    };
    vec![by_step_table(data, "excluded", columns, values)]
}
