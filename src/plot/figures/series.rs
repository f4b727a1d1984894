//! What the figures by step and by frequency share: axes, lines, legends.

use plotters::style::RGBColor;

use super::data::FigureData;
use super::sheet::{Chart, Panel};
use super::table::{Cell, DataTable};
use crate::analysis::measure::{ACCURACY_TEST, ACCURACY_TRAIN, LOSS_TEST, LOSS_TRAIN, Measure, MeasureUnit};
use crate::analysis::progress::{ByFreq, ProgressMeasures};
use crate::engine::MetricsRow;
use crate::engine::record::Evaluation;
use crate::maths::fourier::{cos_index, freq_of};
use crate::plot::theme::Theme;
use crate::plot::{Axis, Harmonic, Line, LineChart, Scale, SpectrumChart};

/// The name of every horizontal axis of steps.
pub(super) const STEP: &str = "step (full-batch update)";

/// Named lines of one panel; one without a name is not in its legend.
pub(super) struct Lines(pub(super) Vec<(String, Line)>);

impl Lines {
    /// One more line.
    pub(super) fn with(mut self, name: impl Into<String>, color: RGBColor, points: Vec<(f64, f64)>) -> Self {
        self.0.push((name.into(), Line { color, points }));
        self
    }

    /// The model's own scores on the train and the test set: the rows of metrics, or the measures where
    /// there are none.
    pub(super) fn train_and_test(data: &FigureData<'_>, theme: &Theme, of: Quantity) -> Self {
        let points = |pick: fn(&[f64; 2]) -> f64| {
            let rows = data.metrics.iter().map(|row| (row.step as f64, pick(&of.on_row(&row.evaluation))));
            let rows: Vec<_> = rows.collect();
            if rows.is_empty() { data.series(|measures| pick(&of.on_measures(measures))) } else { rows }
        };
        let [train, test] = of.measures().map(|measure| measure.short);
        Self(Vec::new()).with(train, theme.train, points(|both| both[0])).with(
            test,
            theme.test,
            points(|both| both[1]),
        )
    }

    /// Behind these lines, the same of the runs with other seeds in pale; they have no names of their own.
    pub(super) fn before_them_other_seeds(self, data: &FigureData<'_>, theme: &Theme, of: Quantity) -> Self {
        let line = |rows: &[MetricsRow], color, set: usize| {
            let points = rows.iter().map(|row| (row.step as f64, of.on_row(&row.evaluation)[set])).collect();
            (String::new(), Line { color: theme.muted(color), points })
        };
        let behind =
            data.other_seeds.iter().flat_map(|rows| [line(rows, theme.train, 0), line(rows, theme.test, 1)]);
        Self(behind.chain(self.0).collect())
    }

    /// One more line: a measure at each checkpoint.
    pub(super) fn with_measure(self, data: &FigureData<'_>, color: RGBColor, measure: &Measure) -> Self {
        let points = data.series(|measures| measure.value(measures).unwrap_or(f64::NAN));
        self.with(measure.short, color, points)
    }

    /// A line for each key frequency. If there are more than colours, as in a model that has not grokked,
    /// the strongest cosines in the last logits have them, and the others lie behind in grey.
    pub(super) fn by_freq(
        data: &FigureData<'_>,
        theme: &Theme,
        of: impl Fn(&ProgressMeasures) -> &ByFreq<f64>,
    ) -> Self {
        let freqs = data.tracked_freqs();
        let strength = |freq: usize| {
            let last = data.progress.last().and_then(|(_, measures)| measures.cosine_coefficients.get(&freq));
            last.map_or(0.0, |coefficient| coefficient.abs())
        };
        let chosen = strongest(freqs, strength, theme.series.len());
        let points = |freq: usize| data.series(|measures| at_freqs(of(measures), &[freq])[0]);
        let others = freqs.iter().filter(|freq| !chosen.contains(freq)).enumerate().map(|(i, &freq)| {
            let name = if i == 0 { format!("{} others", freqs.len() - chosen.len()) } else { String::new() };
            (name, Line { color: theme.muted, points: points(freq) })
        });
        let named = chosen
            .iter()
            .enumerate()
            .map(|(i, &freq)| (format!("k = {freq}"), Line { color: theme.member(i), points: points(freq) }));
        Self(others.chain(named).collect())
    }

    /// The panel of these lines by step, crossed where the phases end, with the axis of a measure.
    pub(super) fn panel(self, data: &FigureData<'_>, title: &str, measure: &Measure) -> Panel {
        let y = match (measure.scale, measure.unit) {
            (Scale::Log, _) => YAxis::Log,
            (_, MeasureUnit::FractionCorrect | MeasureUnit::FractionOfVariance | MeasureUnit::Index) => {
                YAxis::Fraction
            }
            _ => YAxis::FromZero,
        };
        let y_name = &measure.axis();
        let values = || self.0.iter().flat_map(|(_, line)| line.points.iter().map(|point| point.1));
        let y = match y {
            YAxis::Fraction => Axis::linear(-0.02, 1.02),
            YAxis::Log => Axis::fit(Scale::Log, values(), 0.04),
            YAxis::FromZero => {
                let finite = values().filter(|v| v.is_finite());
                let (low, high) = finite.fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(v), h.max(v)));
                if high > low { Axis::linear(low * 1.05, high * 1.05) } else { Axis::linear(0.0, 1.0) }
            }
        };
        // A run with another seed may have gone further.
        let last_steps = self.0.iter().filter_map(|(_, line)| line.points.last());
        let last = last_steps.fold(data.last_step().max(1) as f64, |last, point| last.max(point.0));
        let x = Axis::linear(0.0, last);
        let named = self.0.iter().filter(|(name, _)| !name.is_empty());
        let legend = named.map(|(name, line)| (name.clone(), line.color)).collect();
        let lines = self.0.into_iter().map(|(_, line)| line).collect();
        let marks = data.phase_ends.iter().map(|&(_, step)| step as f64).collect();
        Panel { legend, marks, ..Panel::new(title, STEP, y_name, Chart::Lines(LineChart { lines, x, y })) }
    }
}

/// How a panel's vertical axis is chosen.
enum YAxis {
    /// 0 to 1, with room for the lines there.
    Fraction,
    /// Logarithmic, as far as the values reach.
    Log,
    /// From 0, or from the smallest value below it, to the largest.
    FromZero,
}

/// What is measured on both sets.
#[derive(Clone, Copy)]
pub(super) enum Quantity {
    /// Cross-entropy.
    Loss,
    /// Fraction of right answers.
    Accuracy,
}

impl Quantity {
    /// The measure on the train and on the test set.
    fn measures(self) -> [&'static Measure; 2] {
        match self {
            Self::Loss => [&LOSS_TRAIN, &LOSS_TEST],
            Self::Accuracy => [&ACCURACY_TRAIN, &ACCURACY_TEST],
        }
    }

    fn on_row(self, scores: &Evaluation) -> [f64; 2] {
        self.measures().map(|measure| measure.evaluated.map_or(f64::NAN, |of| of(scores)))
    }

    fn on_measures(self, measures: &ProgressMeasures) -> [f64; 2] {
        self.measures().map(|measure| measure.value(measures).unwrap_or(f64::NAN))
    }
}

/// The values of some frequencies; NaN where one was not measured.
pub(super) fn at_freqs(values: &ByFreq<f64>, freqs: &[usize]) -> Vec<f64> {
    freqs.iter().map(|freq| values.get(freq).copied().unwrap_or(f64::NAN)).collect()
}

/// The `n` frequencies of the largest strength, ascending.
pub(super) fn strongest(freqs: &[usize], strength: impl Fn(usize) -> f64, n: usize) -> Vec<usize> {
    let mut freqs = freqs.to_vec();
    freqs.sort_by(|&k, &l| strength(l).total_cmp(&strength(k)));
    freqs.truncate(n);
    freqs.sort_unstable();
    freqs
}

/// The parts of a list with commas, the end of a long one as a number.
pub(super) fn listed(parts: impl IntoIterator<Item = String>) -> String {
    const MOST: usize = 8;
    let mut parts: Vec<String> = parts.into_iter().collect();
    let rest = parts.len().saturating_sub(MOST);
    if rest > 1 {
        parts.truncate(MOST);
        parts.push(format!("and {rest} more"));
    }
    parts.join(", ")
}

/// Parts of a list as a sentence; nothing of nothing.
pub(super) fn sentence(parts: impl IntoIterator<Item = String>) -> String {
    let list = listed(parts);
    let mut letters = list.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// A panel of cosine and sine bars; the spectrum is in the basis' order.
pub(super) fn spectrum_panel(title: String, y_name: &str, spectrum: &[f64], theme: &Theme) -> Panel {
    let pairs = spectrum.get(1..).unwrap_or_default().chunks_exact(2);
    let harmonics = pairs.zip(1..).map(|(pair, k)| Harmonic { k, cos: pair[0], sin: pair[1] }).collect();
    let legend = vec![("cos".to_owned(), theme.cos), ("sin".to_owned(), theme.sin)];
    Panel {
        legend,
        ..Panel::new(title, FREQ, y_name, Chart::Spectrum(SpectrumChart { harmonics, reach: 0.0 }))
    }
}

/// The name of every axis of frequencies.
pub(super) const FREQ: &str = "frequency k (periods in p)";

/// Spectra side by side: a row for each basis row but the constant, a column for each spectrum.
pub(super) fn spectrum_table(name: &str, spectra: &[(String, &[f64])]) -> DataTable {
    let columns = ["frequency", "part"].map(str::to_owned).into_iter();
    let mut table = DataTable::new(name, columns.chain(spectra.iter().map(|(name, _)| name.clone())));
    let length = spectra.iter().map(|(_, spectrum)| spectrum.len()).min().unwrap_or(0);
    for i in 1..length {
        let part = if i == cos_index(freq_of(i)) { "cos" } else { "sin" };
        let values = spectra.iter().map(|(_, spectrum)| Cell::Number(spectrum[i]));
        table.push([Cell::Count(freq_of(i)), Cell::text(part)].into_iter().chain(values));
    }
    table
}

/// Numbers by step: a row for each checkpoint.
pub(super) fn by_step_table<S: Into<String>>(
    data: &FigureData<'_>,
    name: &str,
    columns: impl IntoIterator<Item = S>,
    of: impl Fn(&ProgressMeasures) -> Vec<f64>,
) -> DataTable {
    let columns = columns.into_iter().map(Into::into);
    let mut table = DataTable::new(name, std::iter::once("step".to_owned()).chain(columns));
    for (step, measures) in data.progress {
        let values = of(measures).into_iter().map(Cell::Number);
        table.push(std::iter::once(Cell::Count(*step)).chain(values));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{Lines, Quantity, listed, sentence, strongest};
    use crate::analysis::checkpoint_measures::measure;
    use crate::analysis::measure::LOSS_TRAIN;
    use crate::analysis::progress::ProgressMeasures;
    use crate::config::Preset;
    use crate::engine::{Evaluation, MetricsRow};
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::plot::figures::sheet::Chart;
    use crate::plot::figures::{Cell, Figure, FigureData};
    use crate::plot::theme::Theme;
    use crate::task::modular::ModularTask;

    fn measured(freqs: &[usize]) -> ProgressMeasures {
        let config = Preset::Tiny.config();
        let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 4);
        measure(&weights, &ModularTask::of(&config.data).expect("a modular task"), freqs)
            .expect("random weights can be measured")
    }

    fn rows(last: usize) -> Vec<MetricsRow> {
        let evaluation = Evaluation {
            train_loss: 1.0,
            test_loss: 2.0,
            train_accuracy: 0.5,
            test_accuracy: 0.25,
            softmax_collapse_fraction: None,
        };
        [0, last].map(|step| MetricsRow { step, evaluation }).into()
    }

    #[test]
    fn every_value_of_a_table_stands_under_its_own_frequency() {
        // As while a run trains: each checkpoint with the key frequencies of its moment.
        let progress = [(0, measured(&[1, 2, 3])), (10, measured(&[1, 3]))];
        let data = FigureData { progress: &progress, ..FigureData::default() };
        let expected = &progress[0].1;
        for (id, n_columns, third) in [
            ("figure-14", 3, expected.cosine_coefficients[&3]),
            ("figure-15", 5, expected.excluded_loss.per_freq[&3]),
        ] {
            let figure = Figure::ALL.into_iter().find(|figure| figure.id == id).expect("it is in the list");
            let table = (figure.tables)(&data).remove(0);
            assert!(table.columns[2].ends_with("freq_3"), "{id}: {:?}", table.columns);
            assert!(table.columns.len() == n_columns && table.rows.iter().all(|row| row.len() == n_columns));
            assert_eq!(table.rows[0][2], Cell::Number(third), "{id}: the first row's value of k = 3");
        }
        let other = [(0, measured(&[2])), (10, measured(&[1, 3]))];
        let table = (crate::plot::figures::cosine_coefficients::FIGURE.tables)(&FigureData {
            progress: &other,
            ..FigureData::default()
        });
        assert!(table[0].csv().contains("\n0,NaN,NaN\n"), "not measured: {}", table[0].csv());
    }

    #[test]
    fn without_rows_of_metrics_the_measures_tell_the_accuracy() {
        let progress = [(0, measured(&[1])), (10, measured(&[1]))];
        let data = FigureData { progress: &progress, ..FigureData::default() };
        let lines = Lines::train_and_test(&data, &Theme::light(), Quantity::Accuracy).0;
        let accuracy = progress[0].1.accuracy.expect("it is measured");
        assert_eq!(lines[0].1.points, [(0.0, accuracy.train), (10.0, accuracy.train)]);
        assert_eq!(lines[1].1.points, [(0.0, accuracy.test), (10.0, accuracy.test)]);
    }

    #[test]
    fn other_seeds_lie_behind_in_pale_and_the_axis_holds_them() {
        let (own, others, theme) = (rows(100), [rows(300)], Theme::light());
        let data = FigureData { metrics: &own, other_seeds: &others, ..FigureData::default() };
        let lines = Lines::train_and_test(&data, &theme, Quantity::Loss);
        let panel =
            lines.before_them_other_seeds(&data, &theme, Quantity::Loss).panel(&data, "", &LOSS_TRAIN);
        let Chart::Lines(chart) = panel.chart else { panic!("lines") };
        let colors: Vec<_> = chart.lines.iter().map(|line| line.color).collect();
        assert_eq!(colors, [theme.muted(theme.train), theme.muted(theme.test), theme.train, theme.test]);
        assert_eq!(chart.x.high, 300.0, "the other went further");
        assert_eq!(panel.legend.len(), 2, "they have no names");
    }

    #[test]
    fn long_lists_end_in_a_number_and_sentences_begin_large() {
        let parts = |n: usize| (0..n).map(|i| format!("k{i}"));
        assert_eq!(listed(parts(9)), "k0, k1, k2, k3, k4, k5, k6, k7, k8", "one more is written out");
        assert_eq!(listed(parts(10)), "k0, k1, k2, k3, k4, k5, k6, k7, and 2 more");
        assert_eq!((sentence(parts(2)), sentence(parts(0))), ("K0, k1.".to_owned(), String::new()));
    }

    #[test]
    fn the_strongest_are_kept_in_ascending_order() {
        let strength = |freq: usize| [0.0, 3.0, 1.0, 5.0, f64::NAN, 4.0][freq];
        assert_eq!(strongest(&[1, 2, 3, 5], strength, 2), [3, 5]);
        assert_eq!(strongest(&[1, 2], strength, 6), [1, 2], "fewer than wanted");
    }
}
