//! What the page shows of one checkpoint beside the paper's figures: the model's inside at the cursor.
//!
//! Each is a function from a [`ModularAnalysis`] to a [`Sheet`], like the paper's figures.

mod answer;
mod attention;
mod circles;
mod prediction_grid;
mod logits;
mod neurons;
mod model_parts;
mod motion;
mod spectra;

pub use answer::Answer;
pub use model_parts::{AblatableParts, Choice, HitRegion, ModelPart, ModelParts};
pub use motion::Motion;

use super::{DataTable, Sheet};
use crate::analysis::checkpoint::ModularAnalysis;
use crate::plot::theme::Theme;

/// One checkpoint, and how it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct CheckpointFigureData<'a> {
    /// Updates done.
    pub step: usize,
    /// What was found of it.
    pub analysis: &'a ModularAnalysis,
    /// For each pair, row a, column b, whether it is trained on; length p².
    pub train: &'a [bool],
    /// For each pair the answer's logit minus the largest other: the snapshot's, or what an ablation left.
    pub margins: &'a [f32],
    /// Whether they are what an ablation left.
    pub is_ablated: bool,
    /// How the field of predictions is laid out.
    pub layout: PredictionGridLayout,
    /// The frequency whose circle is shown by itself; none for the widest.
    pub circle: Option<usize>,
    /// How far axes reach; none for as far as the values of this checkpoint.
    pub scales: Option<RunScales>,
    /// Where between two checkpoints circles and bars are drawn; none for at this one.
    pub motion: Option<Motion<'a>>,
}

/// How far axes reach that are the same for all checkpoints of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RunScales {
    /// The largest coordinate of a number on the circle that is shown.
    pub circle: f64,
    /// The largest norm of W_E along a wave.
    pub w_e: f64,
    /// The largest norm of W_L along a wave.
    pub w_l: f64,
}

impl RunScales {
    /// Those of some checkpoints; `freq` is the circle's.
    pub fn of<'a>(checkpoints: impl Iterator<Item = &'a ModularAnalysis>, freq: Option<usize>) -> Self {
        let waves = |spectrum: &[f64]| spectrum.iter().skip(1).copied().fold(0.0, f64::max);
        checkpoints.fold(Self::default(), |scales, checkpoint| {
            let spectra = &checkpoint.report.spectra;
            let own = checkpoint.maps.circles.iter().filter(|circle| Some(circle.freq) == freq);
            Self {
                circle: own.map(circles::reach).fold(scales.circle, f64::max),
                w_e: scales.w_e.max(waves(&spectra.w_e)),
                w_l: scales.w_l.max(waves(&spectra.w_l)),
            }
        })
    }
}

/// A part of [`CheckpointFigureData`] beside the analysis, as a view declares that it is made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckpointDataNeed {
    /// [`CheckpointFigureData::train`], which takes a millisecond to make.
    TrainPairs,
    /// [`CheckpointFigureData::margins`]: they change with what is ablated.
    Margins,
    /// [`CheckpointFigureData::layout`].
    Layout,
    /// [`CheckpointFigureData::circle`].
    Circle,
    /// [`CheckpointFigureData::scales`].
    Scales,
}

/// How the field of predictions is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PredictionGridLayout {
    /// Whether rows are the sum a + b mod p instead of b.
    pub by_sum: bool,
    /// Whether colours are margins instead of right and wrong.
    pub margins: bool,
}

/// One view of the inside.
#[derive(Debug, Clone, Copy)]
pub struct CheckpointFigure {
    /// A name for files and links.
    pub id: &'static str,
    /// What it shows, in a few words.
    pub title: &'static str,
    /// How to read it.
    pub caption: &'static str,
    /// What this checkpoint shows, in a sentence with its numbers.
    pub finding: fn(&CheckpointFigureData<'_>) -> String,
    /// Its panels.
    pub sheet: fn(&CheckpointFigureData<'_>, &Theme) -> Sheet,
    /// The numbers it shows.
    pub tables: fn(&CheckpointFigureData<'_>) -> Vec<DataTable>,
    /// What it is made from beside the checkpoint's analysis.
    pub needs: &'static [CheckpointDataNeed],
    /// What of it can be ablated; none if it shows no part of it.
    pub ablatable: Option<AblatableParts>,
}

impl CheckpointFigure {
    /// All of them.
    pub const ALL: [Self; 7] = [
        spectra::VIEW,
        prediction_grid::VIEW,
        attention::VIEW,
        neurons::VIEW,
        circles::VIEW,
        logits::VIEW,
        circles::ONE,
    ];

    /// What stands beside the curves, from left to right.
    pub const STAGE: [&'static Self; 3] = [&prediction_grid::VIEW, &circles::ONE, &spectra::VIEW];

    /// What stands there, too, on a screen that shows one of them at a time.
    pub const HEADS: &'static Self = &attention::VIEW;

    /// What stands below, in the order shown.
    pub const INSIDE: [&'static Self; 4] = [&attention::VIEW, &neurons::VIEW, &circles::VIEW, &logits::VIEW];
}

#[cfg(test)]
mod tests {
    use super::{CheckpointFigure, CheckpointFigureData, PredictionGridLayout};
    use crate::analysis::checkpoint::{Circle, GridMaps, ModularAnalysis, NeuronActivationMap};
    use crate::analysis::checkpoint_measures::measure;
    use crate::analysis::modular::report::analyse;
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::plot::Theme;
    use crate::plot::figures::svg;
    use crate::task::modular::ModularTask;

    /// A checkpoint with a report of random weights and fields that are easy to tell apart.
    pub(super) fn snapshot() -> (ModularAnalysis, Vec<bool>) {
        let config = Preset::Tiny.config();
        let task = ModularTask::of(&config.data).expect("a modular task");
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
        let mut report = analyse(&weights, &task).expect("random weights can be analysed");
        // Neurons of random weights are in no cluster.
        (report.neurons.freq[5], report.neurons.fve[5]) = (2, 0.9);
        (report.neurons.freq[6], report.neurons.fve[6]) = (3, 0.95);
        report.neurons.per_freq = [(2, 1), (3, 1)].into();
        let measures = measure(&weights, &task, &[1, 3]).expect("and measured");
        let p = task.p;
        let ramp = |n: usize| (0..n).map(|i| i as f32 - 3.0).collect::<Vec<_>>();
        let fields = GridMaps {
            attention_scores: vec![ramp(2 * p + 1), vec![0.0; 2 * p + 1]],
            margins: ramp(p * p),
            logit_norms: ramp(p.div_ceil(2).pow(2)),
            circles: vec![Circle { freq: 2, x: ramp(p), y: ramp(p) }],
            neurons: [(5, 2), (6, 3)]
                .map(|(neuron, freq)| NeuronActivationMap { neuron, freq, values: ramp(p * p) })
                .into(),
        };
        (ModularAnalysis { report, measures, maps: fields }, task.is_train())
    }

    /// The whole model.
    pub(super) fn data<'a>(
        snapshot: &'a ModularAnalysis,
        train: &'a [bool],
        layout: PredictionGridLayout,
    ) -> CheckpointFigureData<'a> {
        let margins = &snapshot.maps.margins;
        CheckpointFigureData {
            step: 7,
            analysis: snapshot,
            train,
            margins,
            is_ablated: false,
            layout,
            circle: None,
            scales: None,
            motion: None,
        }
    }

    #[test]
    fn the_field_says_whose_predictions_it_shows() {
        let (snapshot, train) = snapshot();
        let whole = data(&snapshot, &train, PredictionGridLayout::default());
        let field = &CheckpointFigure::ALL[1];
        assert!((field.finding)(&whole).starts_with("At step 7: "));
        for layout in [
            PredictionGridLayout::default(),
            PredictionGridLayout { margins: true, ..PredictionGridLayout::default() },
        ] {
            let ablated = CheckpointFigureData { is_ablated: true, layout, ..whole };
            assert!((field.finding)(&ablated).starts_with("The ablated model at step 7: "));
            let title =
                |data| (field.sheet)(data, &Theme::light()).panels().next().map(|panel| panel.title.clone());
            assert!(
                title(&ablated).is_some_and(|title| title.contains("ablated model")),
                "also in the picture"
            );
            assert_ne!(title(&ablated), title(&CheckpointFigureData { layout, ..whole }));
        }
    }

    #[test]
    fn every_view_draws_and_says_and_lists_what_it_shows() {
        let (snapshot, train) = snapshot();
        let check = |view: &CheckpointFigure, layout: PredictionGridLayout, theme: &Theme| {
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
        for view in &CheckpointFigure::ALL {
            check(view, PredictionGridLayout::default(), &Theme::light());
        }
        let field = &CheckpointFigure::ALL[1];
        assert_eq!(field.id, "field");
        for (by_sum, margins) in [(true, false), (true, true)] {
            check(field, PredictionGridLayout { by_sum, margins }, &Theme::dark());
        }
    }
}
