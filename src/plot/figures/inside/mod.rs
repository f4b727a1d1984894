//! What the page shows of one checkpoint beside the paper's figures: the model's inside at the cursor.
//!
//! Each is a function from a [`Snapshot`] to a [`Sheet`], like the paper's figures.

mod attention;
mod circles;
mod field;
mod logits;
mod neurons;
mod spectra;

pub use attention::to_a as attention_to_a;

use super::{DataTable, Sheet};
use crate::analysis::snapshot::Snapshot;
use crate::plot::theme::Theme;

/// One checkpoint, and how it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct InsideData<'a> {
    /// The checkpoint.
    pub snapshot: &'a Snapshot,
    /// For each pair, row a, column b, whether it is trained on; length p².
    pub train: &'a [bool],
    /// For each pair the answer's logit minus the largest other: the snapshot's, or what an ablation left.
    pub margins: &'a [f32],
    /// How the field of predictions is laid out.
    pub layout: FieldLayout,
}

/// How the field of predictions is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldLayout {
    /// Whether rows are the sum a + b mod p instead of b.
    pub by_sum: bool,
    /// Whether colours are margins instead of right and wrong.
    pub margins: bool,
}

/// One view of the inside.
#[derive(Debug, Clone, Copy)]
pub struct Inside {
    /// A name for files and links.
    pub id: &'static str,
    /// What it shows, in a few words.
    pub title: &'static str,
    /// How to read it.
    pub caption: &'static str,
    /// What this checkpoint shows, in a sentence with its numbers.
    pub finding: fn(&InsideData<'_>) -> String,
    /// Its panels.
    pub sheet: fn(&InsideData<'_>, &Theme) -> Sheet,
    /// The numbers it shows.
    pub tables: fn(&InsideData<'_>) -> Vec<DataTable>,
}

impl Inside {
    /// All of them, in the order shown.
    pub const ALL: [Self; 6] =
        [spectra::VIEW, field::VIEW, attention::VIEW, neurons::VIEW, circles::VIEW, logits::VIEW];
}

#[cfg(test)]
mod tests {
    use super::{FieldLayout, Inside, InsideData};
    use crate::analysis::progress::measure;
    use crate::analysis::report::analyse;
    use crate::analysis::snapshot::{Circle, Fields, NeuronField, Snapshot};
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::plot::Theme;
    use crate::plot::figures::svg;
    use crate::task::Task;

    /// A checkpoint with a report of random weights and fields that are easy to tell apart.
    fn snapshot() -> (Snapshot, Vec<bool>) {
        let config = Preset::Tiny.config();
        let task = Task::new(&config.data);
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let report = analyse(&weights, &task).expect("random weights can be analysed");
        let measures = measure(&weights, &task, &[1, 3]).expect("and measured");
        let p = task.p;
        let ramp = |n: usize| (0..n).map(|i| i as f32 - 3.0).collect::<Vec<_>>();
        let fields = Fields {
            attention_scores: vec![ramp(2 * p + 1), vec![0.0; 2 * p + 1]],
            margins: ramp(p * p),
            logit_norms: ramp(p.div_ceil(2).pow(2)),
            circles: vec![Circle { freq: 2, x: ramp(p), y: ramp(p) }],
            neurons: vec![NeuronField { neuron: 5, freq: 2, values: ramp(p * p) }],
        };
        let mut train = vec![false; p * p];
        for pair in &task.train {
            train[pair.a * p + pair.b] = true;
        }
        (Snapshot { step: 7, report, measures, fields }, train)
    }

    #[test]
    fn every_view_draws_and_says_and_lists_what_it_shows() {
        let (snapshot, train) = snapshot();
        let check = |view: &Inside, layout: FieldLayout, theme: &Theme| {
            let data =
                InsideData { snapshot: &snapshot, train: &train, margins: &snapshot.fields.margins, layout };
            let sheet = (view.sheet)(&data, theme);
            assert!(sheet.panels().count() > 0, "{} has panels", view.id);
            let text = svg::of_sheet(view.id, &sheet, 300, theme).expect("an SVG is drawn");
            assert!(!text.contains("NaN"), "{} wrote NaN", view.id);
            let words = (view.finding)(&data);
            assert!(words.chars().any(char::is_numeric), "{} says {words}", view.id);
            for table in (view.tables)(&data) {
                assert!(!table.rows.is_empty(), "{} {} is empty", view.id, table.name);
                assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", view.id);
            }
        };
        for view in &Inside::ALL {
            check(view, FieldLayout::default(), &Theme::light());
        }
        let field = &Inside::ALL[1];
        assert_eq!(field.id, "field");
        for (by_sum, margins) in [(true, false), (true, true)] {
            check(field, FieldLayout { by_sum, margins }, &Theme::dark());
        }
    }
}
