//! The charts of the time line: what each shows, in which colours and words. Pure.

use plotters::style::RGBColor;

use crate::analysis::measure::{Measure, SUM_SQ_WEIGHTS};
use crate::plot::figures::measure_table::{measure_table, measure_with_parts_table};
use crate::plot::figures::sheet::{Chart, Panel, Row, Shape, Sheet};
use crate::plot::figures::{Cell, DataTable};
use crate::plot::{Axis, Line, LineChart, Scale, Theme};
use crate::ui::state::comparison::Compared;
use crate::ui::state::run_view::RunView;
use crate::ui::state::view_choices::{Track, ViewChoices};

/// One line of a track: a measure, from the rows of metrics where those have it, else from the progress measures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series {
    /// Which line it is.
    pub(super) id: SeriesId,
    /// What it shows.
    pub(super) measure: &'static Measure,
}

/// Which line of the time line's charts; with it goes a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SeriesId {
    /// A score on the train set.
    Train,
    /// A score on the test set.
    Test,
    /// The restricted loss.
    Restricted,
    /// The excluded loss.
    Excluded,
    /// The Gini coefficient of W_E.
    GiniEmbedding,
    /// The Gini coefficient of W_L.
    GiniNeuronLogits,
    /// The sum of all squared weights.
    SumSqWeights,
}

impl SeriesId {
    /// Its name in the style sheet, and in a test's hook after `read-` and the track's.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
            Self::Restricted => "restricted",
            Self::Excluded => "excluded",
            Self::GiniEmbedding => "gini-w-e",
            Self::GiniNeuronLogits => "gini-w-l",
            Self::SumSqWeights => "weights",
        }
    }

    /// Its colour, which the style sheet has, too.
    fn color(self, theme: &Theme) -> RGBColor {
        match self {
            Self::Train => theme.train,
            Self::Test => theme.test,
            Self::Restricted | Self::GiniEmbedding => theme.series[2],
            Self::Excluded | Self::GiniNeuronLogits => theme.series[4],
            Self::SumSqWeights => theme.series[3],
        }
    }
}

impl Series {
    /// Its value at the measured step nearest to `step`, with that step.
    pub(super) fn at(&self, run_view: &RunView, step: usize) -> Option<(usize, f64)> {
        match self.measure.evaluated {
            Some(of) => run_view.row_near(step).map(|row| (row.step, of(&row.evaluation))),
            None => {
                let (step, measures) = run_view.measures_near(step)?;
                Some((*step, self.measure.value(measures)?))
            }
        }
    }

    /// Its values by step.
    fn points(&self, run_view: &RunView) -> Vec<(f64, f64)> {
        match self.measure.evaluated {
            Some(of) => run_view.rows.iter().map(|row| (row.step as f64, of(&row.evaluation))).collect(),
            None => {
                let values = run_view.progress.iter().map(|(step, m)| (*step as f64, self.measure.value(m)));
                values.map(|(step, value)| (step, value.unwrap_or(f64::NAN))).collect()
            }
        }
    }
}

impl Track {
    /// Its name for files and tests.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Accuracy => "accuracy",
            Self::Circuits => "circuits",
            Self::Gini => "gini",
            Self::Weights => "weights",
        }
    }

    /// What it shows.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Loss => "Loss",
            Self::Accuracy => "Accuracy",
            Self::Circuits => "Restricted and excluded loss",
            Self::Gini => "Gini coefficient of the Fourier norms",
            Self::Weights => "Sum of squared weights",
        }
    }

    /// The unit of its values.
    pub(super) fn unit(self) -> &'static str {
        self.measures()[0].unit.words()
    }

    /// How to read it.
    pub(super) fn caption(self) -> &'static str {
        match self {
            Self::Loss => {
                "Mean cross-entropy on the sums trained on and on those held out. First only the train loss \
                 falls: the sums are memorised. Much later the test loss drops: the model groks."
            }
            Self::Accuracy => "The part of sums whose largest logit is the right answer's.",
            Self::Circuits => {
                "Restricted: the loss over all sums of the waves cos, sin w_k(a + b) of the key frequencies \
                 alone. It falls long before the test loss. Excluded: the loss over the train set without \
                 them. It falls while sums are memorised and rises as the model comes to need the waves."
            }
            Self::Gini => {
                "How unevenly the embedding W_E and the neuron-logit map W_L spread over the frequencies: near \
                 0 for all alike, near 1 if a few hold everything."
            }
            Self::Weights => {
                "Weight decay pulls it down; it falls most in cleanup. The numbers below have every tensor by itself."
            }
        }
    }

    /// Its lines, the last on top.
    pub(super) fn series(self) -> impl DoubleEndedIterator<Item = Series> {
        let ids: &[SeriesId] = match self {
            Self::Loss | Self::Accuracy => &[SeriesId::Train, SeriesId::Test],
            Self::Circuits => &[SeriesId::Restricted, SeriesId::Excluded],
            Self::Gini => &[SeriesId::GiniEmbedding, SeriesId::GiniNeuronLogits],
            Self::Weights => &[SeriesId::SumSqWeights],
        };
        ids.iter().zip(self.measures()).map(|(&id, &measure)| Series { id, measure })
    }

    /// The chart of the stretch on show, over other runs in the theme's colours of the given numbers.
    pub(super) fn chart_over(
        self,
        run_view: &RunView,
        others: &[(usize, &RunView)],
        view: &ViewChoices,
        theme: &Theme,
    ) -> LineChart {
        let x =
            view.x_axis_to(run_view, others.iter().map(|(_, other)| other.last_step()).max().unwrap_or(0));
        let below = others.iter().filter_map(|&(color, other)| {
            let color = theme.series[color % theme.series.len()];
            // The last of a track's lines is its point; the others would only crowd it.
            self.series().next_back().map(|series| Line { color, points: series.points(other) })
        });
        let own = self
            .series()
            .map(|series| Line { color: series.id.color(theme), points: series.points(run_view) });
        let lines: Vec<Line> = below.chain(own).collect();
        let shown = || {
            let inside = |step: f64| x.coordinate_or_floor(step).is_some_and(|c| c >= x.low && c <= x.high);
            lines.iter().flat_map(|line| &line.points).filter(move |p| inside(p.0)).map(|point| point.1)
        };
        let y = match (self, view.y_of(self)) {
            // Room for the lines at 0 and 1.
            (Self::Accuracy | Self::Gini, Scale::Linear) => Axis::linear(-0.02, 1.02),
            (_, Scale::Linear) => {
                let largest = shown().filter(|v| v.is_finite()).fold(0.0, f64::max);
                Axis::linear(0.0, if largest > 0.0 { largest * 1.05 } else { 1.0 })
            }
            (_, Scale::Log) => Axis::fit(Scale::Log, shown(), 0.04),
        };
        LineChart { lines, x, y }
    }

    /// The chart as a figure of its own, with the runs that are laid over it.
    pub(super) fn sheet(
        self,
        run_view: &RunView,
        others: &[(Compared, &RunView)],
        view: &ViewChoices,
        theme: &Theme,
    ) -> Sheet {
        let lines: Vec<_> = others.iter().map(|(compared, other)| (compared.color, *other)).collect();
        let chart = Chart::Lines(self.chart_over(run_view, &lines, view, theme));
        let own = self.series().map(|s| (s.measure.short.to_owned(), s.id.color(theme)));
        let color = |compared: &Compared| theme.series[compared.color % theme.series.len()];
        let words = |compared: &Compared| match compared.differences.as_str() {
            "" => compared.name.clone(),
            differences => format!("{} ({differences})", compared.name),
        };
        let laid_over = others.iter().map(|(compared, _)| (words(compared), color(compared)));
        let legend = own.chain(laid_over).collect();
        let marks = run_view.phases.ends().into_iter().map(|(_, step)| step as f64).collect();
        let panel = Panel {
            legend,
            marks,
            ..Panel::new(self.title(), "step (full-batch update)", self.unit(), chart)
        };
        Sheet { rows: vec![Row { panels: vec![panel], shape: Shape::Wide }] }
    }

    /// Its numbers; those of the weights also tensor by tensor.
    pub(super) fn table(self, run_view: &RunView) -> DataTable {
        match self {
            Self::Weights => measure_with_parts_table(self.id(), &SUM_SQ_WEIGHTS, &run_view.progress),
            Self::Circuits | Self::Gini => measure_table(self.id(), self.measures(), &run_view.progress),
            Self::Loss | Self::Accuracy => self.table_of_rows(run_view),
        }
    }

    fn table_of_rows(self, run_view: &RunView) -> DataTable {
        let columns = self.measures().iter().map(|measure| measure.column);
        // The name is that of the file, too.
        let is_thinned = run_view.n_rows_left_out > 0;
        let name = if is_thinned { format!("{}-thinned", self.id()) } else { self.id().to_owned() };
        let mut table = DataTable::new(&name, std::iter::once("step").chain(columns));
        for row in &run_view.rows {
            let values = self.measures().iter().filter_map(|measure| measure.evaluated);
            let values = values.map(|of| Cell::Number(of(&row.evaluation)));
            table.push(std::iter::once(Cell::Count(row.step)).chain(values));
        }
        table
    }

    /// The chart in a sentence with the numbers at a step.
    pub(super) fn description(self, run_view: &RunView, step: usize) -> String {
        let title = self.title();
        let Some((step, _)) = self.series().next().and_then(|series| series.at(run_view, step)) else {
            return format!("{title} by step: nothing measured yet.");
        };
        let values: Vec<_> = self
            .series()
            .filter_map(|series| {
                let (_, value) = series.at(run_view, step)?;
                Some(format!("{} {}", series.measure.short, series.measure.words(value)))
            })
            .collect();
        format!("{title} by step. At step {step}: {}.", values.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::Track;
    use crate::plot::figures::sheet::Chart;
    use crate::plot::{Scale, Theme};
    use crate::ui::state::comparison::Compared;
    use crate::ui::state::run_view::{Origin, RunView};
    use crate::ui::state::run_view_sample::{measures, run_view};
    use crate::ui::state::view_choices::{ViewChange, ViewChoices};

    #[test]
    fn charts_can_be_made_of_any_number_of_points_on_every_scale() {
        for n in [0, 1, 2, 50] {
            let mut run = run_view(n);
            run.progress = (0..n).map(|i| (10 * i, measures(i as f64))).collect();
            for track in Track::ALL {
                for x in [Scale::Linear, Scale::Log] {
                    for y in [Scale::Linear, Scale::Log] {
                        for zoom in [None, Some((100.0, 200.0))] {
                            let mut view = ViewChoices { x, zoom, ..ViewChoices::default() };
                            view.apply(ViewChange::LayY(track, y), None);
                            let chart = track.chart_over(&run, &[], &view, &Theme::light());
                            let (x, y) = (chart.x, chart.y);
                            assert!(x.high > x.low && y.high > y.low, "{track:?} of {n}: {x:?} {y:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_style_sheets_have_the_colour_of_every_line() {
        let css = [include_str!("../../../../www/style.css"), include_str!("../../../../www/instrument.css")]
            .concat();
        let hex = |c: plotters::style::RGBColor| format!("#{:02x}{:02x}{:02x}", c.0, c.1, c.2);
        for series in Track::ALL.into_iter().flat_map(Track::series) {
            let (_, rule) = css
                .split_once(&format!("[data-key=\"{}\"]", series.id.key()))
                .unwrap_or_else(|| panic!("no rule for {:?}", series.id));
            let (_, variable) = rule.split_once("--key: var(").expect("the rule gives a colour");
            let (variable, _) = variable.split_once(')').expect("the variable is named");
            let [light, dark] = [Theme::light(), Theme::dark()].map(|theme| hex(series.id.color(&theme)));
            let line = format!("{variable}: light-dark({light}, {dark});");
            assert!(css.contains(&line), "{:?}: the style sheets do not say {line}", series.id);
        }
    }

    #[test]
    fn a_zoomed_chart_fits_what_it_shows() {
        let run = run_view(101);
        let view = ViewChoices { zoom: Some((500.0, 1_000.0)), ..ViewChoices::default() };
        let chart = Track::Loss.chart_over(&run, &[], &view, &Theme::light());
        assert!(chart.y.value(chart.y.low) > 0.005, "the train loss is 0.0099 or more, test loss 4");
        let all = Track::Loss.chart_over(&run, &[], &ViewChoices::default(), &Theme::light());
        assert!(all.y.value(all.y.high) > 4.0 && all.y.low < chart.y.high, "all of it");
    }

    #[test]
    fn the_axis_of_steps_is_that_of_the_longest_run() {
        let (short, long, empty) = (run_view(4), run_view(400), run_view(0));
        let x = |others: &[(usize, &RunView)]| {
            let view = ViewChoices { x: Scale::Linear, ..ViewChoices::default() };
            Track::Loss.chart_over(&short, others, &view, &Theme::light()).x.high
        };
        assert_eq!(x(&[]), 30.0);
        assert_eq!(x(&[(2, &empty), (3, &long)]), 3_990.0, "the other run is shown to its end");
        let zoomed = ViewChoices { x: Scale::Linear, zoom: Some((5.0, 15.0)), ..ViewChoices::default() };
        let chart = Track::Loss.chart_over(&short, &[(3, &long)], &zoomed, &Theme::light());
        assert_eq!((chart.x.low, chart.x.high), (5.0, 15.0), "a zoom stays");
    }

    #[test]
    fn a_saved_figure_has_the_runs_that_are_laid_over_it() {
        let other = run_view(7);
        let compared = Compared {
            origin: Origin::File("other".into()),
            name: "other".into(),
            differences: String::new(),
            color: 2,
        };
        let sheet = |others: &[(Compared, &RunView)]| {
            let sheet = Track::Loss.sheet(&run_view(3), others, &ViewChoices::default(), &Theme::light());
            let panel = sheet.rows.into_iter().flat_map(|row| row.panels).next().expect("one panel");
            let Chart::Lines(chart) = panel.chart else { panic!("lines") };
            let legend: Vec<String> = panel.legend.into_iter().map(|(name, _)| name).collect();
            (legend, chart.lines.iter().map(|line| line.points.len()).collect::<Vec<_>>())
        };
        assert_eq!(sheet(&[]), (vec!["train".into(), "test".into()], vec![3, 3]));
        let (legend, points) = sheet(&[(compared, &other)]);
        assert_eq!((legend, points), (vec!["train".into(), "test".into(), "other".into()], vec![7, 3, 3]));
    }

    #[test]
    fn the_description_and_the_table_hold_the_numbers() {
        let mut run = run_view(3);
        let text = Track::Accuracy.description(&run, 19);
        assert!(text.contains("step 20") && text.contains("train 100 %, test 25.00 %"), "{text}");
        assert!(Track::Gini.description(&run, 0).contains("nothing measured"), "no measures yet");
        run.progress = vec![(0, measures(0.5)), (20, measures(0.75))];
        assert_eq!(Track::Gini.table(&run).csv(), "step,gini_w_e,gini_w_l\n0,0.5,0.5\n20,0.75,0.75\n");
        assert_eq!(Track::Loss.table(&run).rows.len(), 3);
    }

    #[test]
    fn the_table_of_the_weights_has_every_tensor() {
        let mut run = run_view(3);
        assert_eq!(Track::Weights.table(&run).csv(), "step,sum_sq_weights\n", "nothing measured yet");
        run.progress = vec![(0, measures(3.0)), (20, measures(2.0))];
        for ((_, measures), parts) in run.progress.iter_mut().zip([[1.0, 2.0], [0.5, 1.5]]) {
            let names = ["embed.W_E", "unembed.W_U"].map(String::from);
            measures.sum_sq_weights.tensors = names.into_iter().zip(parts).collect();
        }
        let csv = "step,sum_sq_weights,sum_sq_embed.W_E,sum_sq_unembed.W_U\n0,3,1,2\n20,2,0.5,1.5\n";
        assert_eq!(Track::Weights.table(&run).csv(), csv);
    }

    #[test]
    fn accuracy_and_gini_have_both_scales() {
        let mut run = run_view(50);
        run.progress = (0..5).map(|i| (10 * i, measures(0.01 * i as f64))).collect();
        for track in [Track::Accuracy, Track::Gini] {
            let mut view = ViewChoices::default();
            let chart = track.chart_over(&run, &[], &view, &Theme::light());
            assert!(chart.y.value(chart.y.low) < 0.0 && chart.y.value(chart.y.high) > 1.0, "all of 0 to 1");
            view.apply(ViewChange::LayY(track, Scale::Log), None);
            let chart = track.chart_over(&run, &[], &view, &Theme::light());
            let low = chart.y.value(chart.y.low);
            assert!(low > 0.0 && low < 0.25, "{track:?} from {low}: the small values can be told apart");
        }
    }
}
