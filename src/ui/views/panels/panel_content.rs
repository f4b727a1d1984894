//! What a panel shows, whichever registry it comes from: made from the page's state when it is drawn.

use std::sync::Arc;

use crate::analysis::checkpoint::{CheckpointAnalysis, ModularAnalysis};
use crate::analysis::modular::report::{NeuronMap, ReportMaps};
use crate::maths::fourier::n_freqs;
use crate::plot::Theme;
use crate::plot::figures::checkpoint::{
    CheckpointDataNeed, CheckpointFigure, CheckpointFigureData, Motion, RunScales,
};
use crate::plot::figures::{DataNeed, DataTable, Figure, FigureData, Sheet};
use crate::task::modular::ModularTask;
use crate::ui::state::State;
use crate::ui::state::ablated_model::weights_at;
use crate::ui::state::analyst::MOST_ENDS;
use crate::ui::state::comparison::other_seeds;

/// A view of the inside, or a figure of the paper.
#[derive(Debug, Clone, Copy)]
pub(super) enum PanelContent {
    /// Made from the snapshot at the cursor.
    Inside(&'static CheckpointFigure),
    /// Made from the run and the report at the cursor.
    Paper(Figure),
}

/// The names of the files and hooks of a figure's copy in the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) name: &'static str,
    pub(super) caption: &'static str,
}

impl PanelContent {
    /// A figure of the paper.
    pub(super) fn paper(figure: Figure) -> Self {
        Self::Paper(figure)
    }

    /// Its fixed words.
    pub(super) fn words(self) -> Words {
        match self {
            Self::Inside(view) => Words { id: view.id, title: view.title, name: "", caption: view.caption },
            Self::Paper(figure) => {
                Words { id: figure.id, title: figure.title, name: figure.name, caption: figure.caption }
            }
        }
    }

    /// Whether it is made from some data beside the checkpoint's analysis.
    pub(super) fn needs(self, data: CheckpointDataNeed) -> bool {
        matches!(self, Self::Inside(view) if view.needs.contains(&data))
    }

    /// Whether its panels are circles of the embedding.
    pub(super) fn shows_circles(self) -> bool {
        matches!(self, Self::Inside(view) if view.id.starts_with("circle"))
    }

    /// Whether it is drawn between checkpoints while the cursor moves by itself.
    pub(super) fn moves(self) -> bool {
        self.shows_circles() || self.needs(CheckpointDataNeed::Scales)
    }

    /// Why it cannot be shown; `None` if it can.
    pub(super) fn missing(self, state: &State) -> Option<&'static str> {
        match self {
            Self::Inside(_) if snapshot(state).is_some_and(|snapshot| snapshot.modular.is_some()) => None,
            Self::Inside(_) if state.analyst.n_ends > MOST_ENDS => Some(
                "No weights of this run have been analysed: the analysis worker is not running. Reload the page.",
            ),
            Self::Inside(_) => Some("Analysing the first checkpoint\u{2026}"),
            Self::Paper(figure) => with_figure(state, figure, |data| figure.missing(data)).flatten(),
        }
    }

    /// Its panels.
    pub(super) fn sheet(self, state: &State, theme: &Theme) -> Option<Sheet> {
        match self {
            Self::Inside(view) => with_inside(state, view, |data| (view.sheet)(data, theme)),
            Self::Paper(figure) => with_figure(state, figure, |data| (figure.sheet)(data, theme)),
        }
    }

    /// What it shows, in a sentence with its numbers.
    pub(super) fn finding(self, state: &State) -> String {
        match self {
            Self::Inside(view) => with_inside(state, view, view.finding),
            Self::Paper(figure) => with_figure(state, figure, figure.finding),
        }
        .unwrap_or_default()
    }

    /// Its numbers.
    pub(super) fn tables(self, state: &State) -> Vec<DataTable> {
        match self {
            Self::Inside(view) => with_inside(state, view, view.tables),
            Self::Paper(figure) => with_figure(state, figure, figure.tables),
        }
        .unwrap_or_default()
    }
}

/// The snapshot at the cursor.
pub(super) fn snapshot(state: &State) -> Option<&Arc<CheckpointAnalysis>> {
    let run_view = state.run_view.as_ref()?;
    run_view.snapshot_near(state.view.step(run_view))
}

fn with_inside<T>(
    state: &State,
    view: &CheckpointFigure,
    read: impl FnOnce(&CheckpointFigureData<'_>) -> T,
) -> Option<T> {
    let snapshot = snapshot(state)?;
    let analysis = snapshot.modular.as_ref()?;
    let config = &state.run_view.as_ref()?.config;
    // A file may have come with another experiment than its weights are for.
    let modular = config.data.modular().filter(|modular| modular.p == analysis.report.p)?;
    // Shuffling the pairs takes a millisecond.
    let needs_train = view.needs.contains(&CheckpointDataNeed::TrainPairs);
    let train = if needs_train { ModularTask::new(modular).is_train() } else { Vec::new() };
    let left = ablated_margins(state, snapshot.step, analysis);
    Some(read(&CheckpointFigureData {
        step: snapshot.step,
        analysis,
        train: &train,
        margins: left.unwrap_or(&analysis.maps.margins),
        is_ablated: left.is_some(),
        layout: state.view.field,
        circle: shown_circle(state),
        scales: view.needs.contains(&CheckpointDataNeed::Scales).then(|| run_scales(state)).flatten(),
        motion: motion(state),
    }))
}

/// The frequency of the circle that is shown: the reader's, or that of the largest cosine in the last report.
pub(super) fn shown_circle(state: &State) -> Option<usize> {
    state.view.circle.or_else(|| {
        let (_, last) = state.run_view.as_ref()?.snapshots.last_key_value()?;
        let modular = last.modular.as_ref()?;
        let followed = modular.maps.circles.iter().map(|circle| circle.freq);
        let alpha = |freq: &usize| modular.report.alpha.get(freq).copied().unwrap_or(f64::NEG_INFINITY);
        followed.max_by(|a, b| alpha(a).total_cmp(&alpha(b)))
    })
}

/// How far the axes reach that are the same for all checkpoints of the run on show.
fn run_scales(state: &State) -> Option<RunScales> {
    let snapshots = state.run_view.as_ref()?.snapshots.values();
    Some(RunScales::of(snapshots.filter_map(|snapshot| snapshot.modular.as_ref()), shown_circle(state)))
}

/// Whether figures are drawn between checkpoints now: never for those who asked the system for little motion.
pub(super) fn is_moving(state: &State) -> bool {
    state.view.playing && state.view.hover.is_none() && !state.host.prefers_little_motion
}

/// Where between two analysed checkpoints the cursor is while it moves by itself, on the axis of steps.
fn motion(state: &State) -> Option<Motion<'_>> {
    let run_view = state.run_view.as_ref().filter(|_| is_moving(state))?;
    let at = state.view.played_to(run_view).max(0.0) as usize;
    let (before, from) = run_view.snapshots.range(..=at).next_back()?;
    let (after, to) = run_view.snapshots.range(at + 1..).next()?;
    let place = |step: usize| state.view.part_of_run(step, run_view);
    let (low, high) = (place(*before), place(*after));
    let part = if high > low { ((state.view.played - low) / (high - low)).clamp(0.0, 1.0) } else { 1.0 };
    Some(Motion { from: from.modular.as_ref()?, to: to.modular.as_ref()?, part })
}

fn with_figure<T>(state: &State, figure: Figure, read: impl FnOnce(&FigureData<'_>) -> T) -> Option<T> {
    let run_view = state.run_view.as_ref()?;
    let snapshot = snapshot(state);
    let analysis = snapshot.and_then(|snapshot| snapshot.modular.as_ref());
    let maps = analysis.filter(|_| figure.shows(DataNeed::Maps)).map(maps);
    let phase_ends = run_view.phases.ends();
    let other_seeds = if figure.shows(DataNeed::OtherSeeds) { other_seeds(state) } else { Vec::new() };
    let without = &run_view.without_freqs;
    let is_known = snapshot.is_some_and(|snapshot| {
        figure.shows(DataNeed::LossWithoutFreq)
            && without.step == snapshot.step
            && snapshot.report().is_some_and(|report| without.losses.len() == n_freqs(report.p))
    });
    Some(read(&FigureData {
        other_seeds: &other_seeds,
        metrics: &run_view.rows,
        progress: &run_view.progress,
        phase_ends: &phase_ends,
        report: analysis.map(|analysis| &analysis.report),
        maps: maps.as_ref(),
        loss_without_freq: if is_known { &without.losses } else { &[] },
    }))
}

/// The margins that an ablation of these weights left.
fn ablated_margins<'a>(state: &'a State, step: usize, analysis: &ModularAnalysis) -> Option<&'a [f32]> {
    let left = state.ablation_editor.result.as_ref().filter(|_| weights_at(state) == Some(step))?;
    (left.margins.len() == analysis.maps.margins.len()).then_some(&left.margins[..])
}

/// The grids of figure 4; the logits' norms are by frequency here.
fn maps(analysis: &ModularAnalysis) -> ReportMaps {
    let (p, fields) = (analysis.report.p, &analysis.maps);
    let wide = |values: &[f32]| values.iter().copied().map(f64::from).collect::<Vec<_>>();
    let neurons = fields.neurons.iter();
    ReportMaps {
        p,
        attention_to_a: fields.attention().all_to_a(),
        neurons: neurons
            .map(|n| NeuronMap { neuron: n.neuron, freq: n.freq, values: wide(&n.values) })
            .collect(),
        logit_norms: wide(&fields.logit_norms),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::motion;
    use crate::config::Preset;
    use crate::plot::Scale;
    use crate::ui::state::State;
    use crate::ui::state::draft::Draft;
    use crate::ui::state::run_view_sample::{run_view, snapshot};

    #[test]
    fn the_picture_lies_between_two_checkpoints_while_it_plays_and_only_then() {
        let mut state = State::new(Draft::new(Preset::Tiny), Vec::new());
        let mut run = run_view(11);
        for step in [0, 40, 100] {
            run.snapshots.insert(step, Arc::new(snapshot(step)));
        }
        state.run_view = Some(run);
        state.view.x = Scale::Linear;
        let part = |state: &State| motion(state).map(|motion| motion.part);
        state.view.played = 0.1;
        assert_eq!(part(&state), None, "it stands");
        state.view.playing = true;
        for (played, expected) in [(0.0, 0.0), (0.1, 0.25), (0.2, 0.5), (0.7, 0.5)] {
            state.view.played = played;
            let found = part(&state).expect("between two checkpoints");
            assert!((found - expected).abs() < 1e-9, "{played}: {found}");
        }
        state.view.played = 1.0;
        assert_eq!(part(&state), None, "at the last checkpoint");
        (state.view.played, state.host.prefers_little_motion) = (0.2, true);
        assert_eq!(part(&state), None, "the reader asked for little motion");
    }
}
