//! How the run on show is looked at: one cursor, one stretch of steps, one scale for every axis. Pure.

use crate::analysis::domain::Domain;
use crate::analysis::measure::{
    ACCURACY_TEST, ACCURACY_TRAIN, EXCLUDED_LOSS_TRAIN, GINI_W_E, GINI_W_L, LOSS_TEST, LOSS_TRAIN, Measure,
    RESTRICTED_LOSS_ALL, SUM_SQ_WEIGHTS,
};
use crate::plot::figures::checkpoint::PredictionGridLayout;
use crate::plot::{Axis, Scale};
use crate::ui::state::run_view::RunView;

/// What all figures over steps share.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewChoices {
    /// The step under a pointer.
    pub hover: Option<usize>,
    /// The step the reader chose; none for the last.
    pub pin: Option<usize>,
    /// What was chosen before each of the last two clicks, the older first: a double click is two of them.
    pub pins_before: [Option<usize>; 2],
    /// The stretch of steps on show; none for all, also while data arrive.
    pub zoom: Option<(f64, f64)>,
    /// How steps are laid out.
    pub x: Scale,
    /// How each track's values are laid out.
    pub y: [Scale; Track::ALL.len()],
    /// How the field of predictions is laid out.
    pub field: PredictionGridLayout,
    /// The frequency whose circle stands beside the curves; none for the widest.
    pub circle: Option<usize>,
    /// Whether the cursor moves by itself.
    pub playing: bool,
    /// How far it has come while it moves by itself, as a part of the axis of steps.
    pub played: f64,
}

/// One chart of the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Track {
    /// Cross-entropy on both sets.
    Loss,
    /// Right answers on both sets.
    Accuracy,
    /// Restricted and excluded loss.
    Circuits,
    /// The Gini coefficients.
    Gini,
    /// The sum of squared weights.
    Weights,
}

/// A change of the view.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewChange {
    /// A pointer is at a step.
    Hover(f64),
    /// It has gone.
    Leave,
    /// The cursor stays at a step.
    Pin(f64),
    /// It goes back to the last.
    Unpin,
    /// It goes by so many stops.
    By(isize),
    /// It goes to the stop of this number, from 0.
    ToStop(usize),
    /// It goes to the first stop.
    First,
    /// It goes to the last stop.
    Last,
    /// Only these steps are shown.
    Zoom(f64, f64),
    /// So much more is shown around the cursor; below 1 less.
    ZoomBy(f64),
    /// All steps are shown.
    ResetZoom,
    /// The same, and the two clicks of which a double click is made are taken back.
    DoubleClick,
    /// Steps are laid out like this.
    LayX(Scale),
    /// A track's values are.
    LayY(Track, Scale),
    /// The field of predictions is laid out like this.
    LayField(PredictionGridLayout),
    /// The circle of this frequency is shown.
    ShowCircle(usize),
    /// The cursor begins to move by itself, or stops.
    TogglePlay,
    /// So many seconds have passed while it moves.
    Tick(f64),
}

/// A whole run is played in so many seconds, however many steps it has: time to see every phase on a logarithmic axis.
const PLAY_SECS: f64 = 20.0;

/// The narrowest stretch of steps, as a part of the run: a few pixels of the whole time line.
const NARROWEST: f64 = 1e-3;

impl Track {
    /// All of them, from top to bottom.
    pub const ALL: [Self; 5] = [Self::Loss, Self::Accuracy, Self::Circuits, Self::Gini, Self::Weights];

    /// The measures it shows, the last on top. They have the same unit.
    pub fn measures(self) -> &'static [&'static Measure] {
        static LOSS: [&Measure; 2] = [&LOSS_TRAIN, &LOSS_TEST];
        static ACCURACY: [&Measure; 2] = [&ACCURACY_TRAIN, &ACCURACY_TEST];
        static CIRCUITS: [&Measure; 2] = [&RESTRICTED_LOSS_ALL, &EXCLUDED_LOSS_TRAIN];
        static GINI: [&Measure; 2] = [&GINI_W_E, &GINI_W_L];
        static WEIGHTS: [&Measure; 1] = [&SUM_SQ_WEIGHTS];
        match self {
            Self::Loss => &LOSS,
            Self::Accuracy => &ACCURACY,
            Self::Circuits => &CIRCUITS,
            Self::Gini => &GINI,
            Self::Weights => &WEIGHTS,
        }
    }
}

impl Track {
    /// The tasks it is of: those that have all its measures.
    pub fn domain(self) -> Domain {
        Domain::of_all(self.measures().iter().map(|measure| measure.domain))
    }
}

impl Default for ViewChoices {
    fn default() -> Self {
        let y = Track::ALL.map(|track| track.measures()[0].scale);
        Self {
            hover: None,
            pin: None,
            pins_before: [None; 2],
            zoom: None,
            // On a linear axis memorisation, which takes 200 steps of 40,000, is a line.
            x: Scale::Log,
            y,
            field: PredictionGridLayout::default(),
            circle: None,
            playing: false,
            played: 0.0,
        }
    }
}

impl ViewChoices {
    /// The step that is read; none for the last.
    pub fn cursor(&self) -> Option<usize> {
        self.hover.or(self.pin)
    }

    /// The step that is read in a run.
    pub fn step(&self, run_view: &RunView) -> usize {
        self.cursor().unwrap_or_else(|| run_view.last_step())
    }

    /// How a track's values are laid out.
    pub fn y_of(&self, track: Track) -> Scale {
        self.y[track as usize]
    }

    /// Forgets what belongs to the run that was on show.
    pub fn reset_for_another_run(&mut self) {
        *self = Self { x: self.x, y: self.y, field: self.field, circle: self.circle, ..Self::default() };
    }

    /// The axis of steps.
    pub fn x_axis(&self, run_view: &RunView) -> Axis {
        self.x_axis_to(run_view, run_view.last_step())
    }

    /// The axis of steps, to a step that may lie beyond the run's last: that of a longer run which is laid over it.
    pub fn x_axis_to(&self, run_view: &RunView, last: usize) -> Axis {
        let last = last.max(run_view.last_step()).max(10) as f64;
        let axis = match self.x {
            Scale::Linear => Axis::linear(0.0, last),
            Scale::Log => {
                let rows = run_view.rows.iter().map(|row| row.step);
                let steps = rows.chain(run_view.progress.iter().map(|(step, _)| *step));
                let first = steps.filter(|step| *step > 0).min().unwrap_or(1);
                Axis::fit(Scale::Log, [first as f64, last], 0.0)
            }
        };
        let Some((from, to)) = self.zoom else { return axis };
        let low = axis.coordinate_or_floor(from).unwrap_or(axis.low);
        let high = axis.coordinate_or_floor(to).unwrap_or(axis.high);
        if high > low { Axis { low, high, ..axis } } else { axis }
    }

    /// Applies a change.
    pub fn apply(&mut self, change: ViewChange, run_view: Option<&RunView>) {
        match change {
            ViewChange::Leave => self.hover = None,
            ViewChange::ResetZoom => self.zoom = None,
            ViewChange::DoubleClick => (self.zoom, self.pin) = (None, self.pins_before[0]),
            ViewChange::LayX(scale) => self.x = scale,
            ViewChange::LayField(layout) => self.field = layout,
            ViewChange::ShowCircle(freq) => self.circle = Some(freq),
            ViewChange::LayY(track, scale) => self.y[track as usize] = scale,
            ViewChange::Unpin => (self.hover, self.pin, self.playing) = (None, None, false),
            _ => {
                if let Some(run_view) = run_view.filter(|run_view| !run_view.stops().is_empty()) {
                    self.apply_to(change, run_view);
                }
            }
        }
    }

    fn apply_to(&mut self, change: ViewChange, run_view: &RunView) {
        let stops = run_view.stops();
        let last = stops.len() - 1;
        let now = self.step(run_view);
        match change {
            ViewChange::Hover(step) => self.hover = Some(run_view.step_near(whole(step))),
            ViewChange::Pin(step) => {
                self.note_click();
                self.pin_at(run_view.step_near(whole(step)));
            }
            ViewChange::By(by) => {
                // From between two stops the next one in that direction is one away.
                let here = if by > 0 {
                    stops.partition_point(|&stop| stop <= now).saturating_sub(1)
                } else {
                    stops.partition_point(|&stop| stop < now)
                };
                self.pin_at(stops[here.saturating_add_signed(by).min(last)]);
            }
            ViewChange::ToStop(i) => self.pin_at(stops[i.min(last)]),
            ViewChange::First => self.pin_at(stops[0]),
            ViewChange::Last => self.pin_at(stops[last]),
            ViewChange::Zoom(from, to) => {
                self.note_click();
                self.zoom_to(from.min(to), from.max(to), run_view);
            }
            ViewChange::ZoomBy(factor) => {
                let (axis, step) = (self.x_axis(run_view), now as f64);
                let centre = axis.coordinate_or_floor(step).unwrap_or(axis.low);
                let half = (axis.high - axis.low) * factor / 2.0;
                self.zoom_to(axis.value(centre - half), axis.value(centre + half), run_view);
            }
            ViewChange::TogglePlay => {
                self.playing = !self.playing;
                self.hover = None;
                if self.playing && now >= stops[last] {
                    self.pin = Some(stops[0]);
                }
                self.played = self.part_of_run(self.step(run_view), run_view);
            }
            ViewChange::Tick(secs) if self.playing => {
                self.played += secs / PLAY_SECS;
                let at = self.played_to(run_view);
                // The last stop that was passed; before the first step of a logarithmic axis lies step 0.
                let passed = stops.partition_point(|&stop| stop as f64 <= at);
                self.pin = Some(stops[passed.saturating_sub(1)].max(now));
                self.playing = self.played < 1.0;
                if !self.playing {
                    self.pin = Some(stops[last]);
                }
            }
            _ => {}
        }
    }

    /// The step that the cursor has come to while it moves by itself, between two stops.
    pub fn played_to(&self, run_view: &RunView) -> f64 {
        let axis = self.whole_axis(run_view);
        axis.value(axis.low + self.played * (axis.high - axis.low))
    }

    /// The axis of all steps.
    fn whole_axis(&self, run_view: &RunView) -> Axis {
        Self { zoom: None, ..self.clone() }.x_axis(run_view)
    }

    /// Where a step lies on the axis of all steps, from 0 to 1.
    pub(in crate::ui) fn part_of_run(&self, step: usize, run_view: &RunView) -> f64 {
        let axis = self.whole_axis(run_view);
        let at = axis.coordinate_or_floor(step as f64).unwrap_or(axis.low);
        ((at - axis.low) / (axis.high - axis.low)).clamp(0.0, 1.0)
    }

    /// A press of the pointer ended: what was chosen until then may be wanted back.
    fn note_click(&mut self) {
        self.pins_before = [self.pins_before[1], self.pin];
    }

    fn pin_at(&mut self, step: usize) {
        (self.hover, self.pin, self.playing) = (None, Some(step), false);
    }

    /// Shows a stretch of steps that lies within the run and is not too narrow; all steps if it holds
    /// them all.
    fn zoom_to(&mut self, from: f64, to: f64, run_view: &RunView) {
        let last = run_view.last_step() as f64;
        let (from, to) = (from.max(0.0), to.min(last));
        let whole = self.whole_axis(run_view);
        let place = |step| whole.coordinate_or_floor(step).unwrap_or(whole.low);
        let part = (place(to) - place(from)) / (whole.high - whole.low);
        if part >= 1.0 {
            self.zoom = None;
        } else if part >= NARROWEST {
            self.zoom = Some((from, to));
        }
    }
}

/// The whole step nearest to a place.
fn whole(step: f64) -> usize {
    step.round().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::{Domain, PLAY_SECS, Track, ViewChange, ViewChoices};
    use crate::plot::Scale;
    use crate::ui::state::run_view_sample::{measures, run_view};

    fn changed(changes: &[ViewChange]) -> ViewChoices {
        let mut run = run_view(101);
        run.progress = [0, 50, 100, 200, 500, 1_000].map(|step| (step, measures(1.0))).into();
        let mut view = ViewChoices { x: Scale::Linear, ..ViewChoices::default() };
        for change in changes {
            view.apply(change.clone(), Some(&run));
        }
        view
    }

    #[test]
    fn a_track_is_of_any_task_only_if_all_its_measures_are() {
        let of_any = Track::ALL.into_iter().filter(|track| track.domain() == Domain::AnyTask);
        assert!(of_any.eq([Track::Loss, Track::Accuracy, Track::Weights]));
    }

    #[test]
    fn a_pointer_reads_and_leaves_and_a_click_stays() {
        let view = changed(&[ViewChange::Pin(333.0), ViewChange::Hover(644.0)]);
        assert_eq!((view.pin, view.cursor()), (Some(330), Some(640)), "the pointer reads over the pin");
        let view = changed(&[ViewChange::Pin(333.0), ViewChange::Hover(644.0), ViewChange::Leave]);
        assert_eq!(view.cursor(), Some(330), "and leaves the pin");
        assert_eq!(changed(&[ViewChange::Pin(333.0), ViewChange::Unpin]).cursor(), None, "Escape frees it");
    }

    #[test]
    fn keys_walk_from_stop_to_stop_and_end_at_the_ends() {
        for (changes, step) in [
            (vec![ViewChange::By(-1)], 500),
            (vec![ViewChange::Pin(330.0), ViewChange::By(1)], 500),
            (vec![ViewChange::Pin(330.0), ViewChange::By(-1)], 200),
            (vec![ViewChange::Pin(200.0), ViewChange::By(1)], 500),
            (vec![ViewChange::Pin(200.0), ViewChange::By(-1)], 100),
            (vec![ViewChange::First, ViewChange::By(-10)], 0),
            (vec![ViewChange::By(10)], 1_000),
            (vec![ViewChange::First, ViewChange::Last], 1_000),
            (vec![ViewChange::ToStop(2)], 100),
            (vec![ViewChange::ToStop(99)], 1_000),
        ] {
            assert_eq!(changed(&changes).cursor(), Some(step), "{changes:?}");
        }
    }

    #[test]
    fn a_zoom_stays_inside_the_run_and_survives_new_data() {
        let run = run_view(101);
        let view = changed(&[ViewChange::Zoom(800.0, -20.0)]);
        assert_eq!(view.zoom, Some((0.0, 800.0)), "any order, no step before the first");
        let axis = view.x_axis(&run_view(401));
        assert_eq!((axis.low, axis.high), (0.0, 800.0), "more data, the same stretch");
        assert_eq!(changed(&[ViewChange::Zoom(-5.0, 9e9)]).zoom, None, "everything is no zoom");
        assert_eq!(changed(&[ViewChange::Zoom(500.0, 500.1)]).zoom, None, "a click is no zoom");
        let view = changed(&[ViewChange::Pin(500.0), ViewChange::ZoomBy(0.5)]);
        assert_eq!(view.zoom, Some((250.0, 750.0)), "around the cursor");
        let view = changed(&[ViewChange::Pin(500.0), ViewChange::ZoomBy(0.5), ViewChange::ZoomBy(2.0)]);
        assert_eq!((view.zoom, view.x_axis(&run).high), (None, 1_000.0), "and back");
    }

    #[test]
    fn a_double_click_shows_all_and_pins_nothing() {
        let double_click = [ViewChange::Pin(644.0), ViewChange::Pin(646.0), ViewChange::DoubleClick];
        let pinned =
            [vec![ViewChange::Pin(100.0), ViewChange::Zoom(0.0, 500.0)], double_click.to_vec()].concat();
        let view = changed(&pinned);
        assert_eq!((view.pin, view.zoom), (Some(100), None), "what was pinned before");
        assert_eq!(changed(&double_click).pin, None, "nothing was");
        let view = changed(&[
            ViewChange::By(-1),
            double_click[0].clone(),
            double_click[1].clone(),
            ViewChange::DoubleClick,
        ]);
        assert_eq!(view.pin, Some(500), "where the keys had gone");
        let view = changed(&[
            ViewChange::Pin(100.0),
            ViewChange::Zoom(0.0, 500.0),
            ViewChange::Pin(200.0),
            ViewChange::DoubleClick,
        ]);
        assert_eq!(view.pin, Some(100), "a hand that moved at the first of the two clicks");
    }

    #[test]
    fn a_logarithmic_axis_begins_at_the_first_step_above_zero() {
        let axis = changed(&[ViewChange::LayX(Scale::Log)]).x_axis(&run_view(101));
        assert_eq!((axis.low, axis.high), (1.0, 3.0), "10 to 1,000");
        let axis =
            changed(&[ViewChange::LayX(Scale::Log), ViewChange::Zoom(0.0, 100.0)]).x_axis(&run_view(101));
        assert_eq!((axis.low, axis.high), (1.0, 2.0), "step 0 lies on the edge");
    }

    #[test]
    fn playing_walks_to_the_end_and_stops() {
        let mut changes = vec![ViewChange::TogglePlay];
        assert_eq!(changed(&changes).cursor(), Some(0), "from the beginning");
        changes.push(ViewChange::Tick(0.25 * PLAY_SECS));
        let view = changed(&changes);
        assert_eq!((view.cursor(), view.playing), (Some(200), true), "the last checkpoint before step 250");
        changes.push(ViewChange::Tick(0.5 * PLAY_SECS));
        assert_eq!(changed(&changes).cursor(), Some(500));
        changes.push(ViewChange::Tick(PLAY_SECS));
        let view = changed(&changes);
        assert_eq!((view.cursor(), view.playing), (Some(1_000), false), "the end");
        let log = [ViewChange::LayX(Scale::Log), ViewChange::TogglePlay, ViewChange::Tick(0.5 * PLAY_SECS)];
        assert_eq!(changed(&log).cursor(), Some(100), "halfway from 10 to 1,000");
        assert!(!changed(&[ViewChange::TogglePlay, ViewChange::By(1)]).playing, "a key takes over");
    }

    #[test]
    fn another_run_keeps_the_scales_only() {
        let mut view = changed(&[
            ViewChange::Pin(330.0),
            ViewChange::Zoom(0.0, 500.0),
            ViewChange::LayX(Scale::Log),
            ViewChange::LayY(Track::Gini, Scale::Log),
        ]);
        view.reset_for_another_run();
        assert_eq!((view.cursor(), view.zoom, view.x), (None, None, Scale::Log));
        assert_eq!((view.y_of(Track::Gini), view.y_of(Track::Accuracy)), (Scale::Log, Scale::Linear));
    }

    #[test]
    fn nothing_on_show_nothing_to_look_at() {
        let mut view = ViewChoices::default();
        for change in [
            ViewChange::Hover(3.0),
            ViewChange::By(1),
            ViewChange::TogglePlay,
            ViewChange::Tick(1.0),
            ViewChange::Zoom(0.0, 1.0),
        ] {
            view.apply(change, None);
        }
        assert_eq!(view, ViewChoices::default());
    }
}
