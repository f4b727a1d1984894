//! What the page shows of one checkpoint beside the paper's figures: the model's inside at the cursor.
//!
//! Each is a function from a [`Snapshot`] to a [`Sheet`], like the paper's figures.

mod answer;
mod attention;
mod circles;
mod field;
mod logits;
mod neurons;
mod parts;
mod spectra;

pub use answer::Answer;
pub use attention::to_a as attention_to_a;
pub use parts::{Choice, Part, Parts, Spot};

use super::{DataTable, Sheet};
use crate::analysis::snapshot::Snapshot;
use crate::plot::PixelMap;
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
    /// Whether they are what an ablation left.
    pub is_cut: bool,
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
    /// What of it can be cut out of the model.
    pub parts: fn(&Snapshot) -> Parts,
    /// Where a part lies in the drawn figure, given the map of each panel.
    pub spots: fn(&Snapshot, &[PixelMap], Part) -> Vec<Spot>,
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
    pub(super) fn snapshot() -> (Snapshot, Vec<bool>) {
        let config = Preset::Tiny.config();
        let task = Task::new(&config.data);
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let mut report = analyse(&weights, &task).expect("random weights can be analysed");
        // Neurons of random weights are in no cluster.
        (report.neurons.freq[5], report.neurons.fve[5]) = (2, 0.9);
        (report.neurons.freq[6], report.neurons.fve[6]) = (3, 0.95);
        report.neurons.per_freq = [(2, 1), (3, 1)].into();
        let measures = measure(&weights, &task, &[1, 3]).expect("and measured");
        let p = task.p;
        let ramp = |n: usize| (0..n).map(|i| i as f32 - 3.0).collect::<Vec<_>>();
        let fields = Fields {
            attention_scores: vec![ramp(2 * p + 1), vec![0.0; 2 * p + 1]],
            margins: ramp(p * p),
            logit_norms: ramp(p.div_ceil(2).pow(2)),
            circles: vec![Circle { freq: 2, x: ramp(p), y: ramp(p) }],
            neurons: [(5, 2), (6, 3)]
                .map(|(neuron, freq)| NeuronField { neuron, freq, values: ramp(p * p) })
                .into(),
        };
        let mut train = vec![false; p * p];
        for pair in &task.train {
            train[pair.a * p + pair.b] = true;
        }
        (Snapshot { step: 7, report, measures, fields }, train)
    }

    /// The whole model.
    pub(super) fn data<'a>(snapshot: &'a Snapshot, train: &'a [bool], layout: FieldLayout) -> InsideData<'a> {
        InsideData { snapshot, train, margins: &snapshot.fields.margins, is_cut: false, layout }
    }

    #[test]
    fn the_field_says_whose_predictions_it_shows() {
        let (snapshot, train) = snapshot();
        let whole = data(&snapshot, &train, FieldLayout::default());
        let field = &Inside::ALL[1];
        assert!((field.finding)(&whole).starts_with("At step 7: "));
        for layout in [FieldLayout::default(), FieldLayout { margins: true, ..FieldLayout::default() }] {
            let cut = InsideData { is_cut: true, layout, ..whole };
            assert!((field.finding)(&cut).starts_with("The cut model at step 7: "));
            let title =
                |data| (field.sheet)(data, &Theme::light()).panels().next().map(|panel| panel.title.clone());
            assert!(title(&cut).is_some_and(|title| title.contains("cut model")), "also in the picture");
            assert_ne!(title(&cut), title(&InsideData { layout, ..whole }));
        }
    }

    #[test]
    fn every_view_draws_and_says_and_lists_what_it_shows() {
        let (snapshot, train) = snapshot();
        let check = |view: &Inside, layout: FieldLayout, theme: &Theme| {
            let data = data(&snapshot, &train, layout);
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
