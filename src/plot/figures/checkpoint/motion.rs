//! Between two checkpoints: what is drawn while the cursor moves from one to the next. Numbers in words and tables stay
//! those of checkpoints.

use super::CheckpointFigureData;
use crate::analysis::checkpoint::{Circle, ModularAnalysis};

/// A place between two checkpoints of a run.
#[derive(Debug, Clone, Copy)]
pub struct Motion<'a> {
    /// The one before.
    pub from: &'a ModularAnalysis,
    /// The one after.
    pub to: &'a ModularAnalysis,
    /// How far on the way, from 0 to 1.
    pub part: f64,
}

impl Motion<'_> {
    /// The values in between, `(1 − t) from + t to`; none if the two have not equally many.
    fn blend(&self, from: &[f64], to: &[f64]) -> Option<Vec<f64>> {
        let between = |(a, b): (&f64, &f64)| (1.0 - self.part) * a + self.part * b;
        (from.len() == to.len()).then(|| from.iter().zip(to).map(between).collect())
    }
}

/// A circle of the checkpoint as it is drawn: in motion its numbers are on their way to the next checkpoint's.
pub(super) fn circle(data: &CheckpointFigureData<'_>, circle: &Circle) -> Circle {
    let of = |analysis: &ModularAnalysis| {
        let same = analysis.maps.circles.iter().find(|other| other.freq == circle.freq).cloned();
        same.filter(|other| other.x.len() == circle.x.len() && other.y.len() == circle.y.len())
    };
    let ends = data.motion.and_then(|motion| Some((of(motion.from)?, of(motion.to)?, motion.part as f32)));
    ends.map_or_else(
        || circle.clone(),
        |(from, to, part)| {
            let blend =
                |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (1.0 - part) * a + part * b).collect();
            Circle { freq: circle.freq, x: blend(&from.x, &to.x), y: blend(&from.y, &to.y) }
        },
    )
}

/// A spectrum of the checkpoint as it is drawn; `of` reads it off an analysis.
pub(super) fn spectrum(data: &CheckpointFigureData<'_>, of: fn(&ModularAnalysis) -> &Vec<f64>) -> Vec<f64> {
    let between = data.motion.and_then(|motion| motion.blend(of(motion.from), of(motion.to)));
    between.unwrap_or_else(|| of(data.analysis).clone())
}

#[cfg(test)]
mod tests {
    use super::{Motion, circle, spectrum};
    use crate::plot::Theme;
    use crate::plot::figures::DataTable;
    use crate::plot::figures::checkpoint::tests::{data, snapshot};
    use crate::plot::figures::checkpoint::{CheckpointFigure, CheckpointFigureData, PredictionGridLayout};
    use crate::plot::figures::sheet::Chart;

    #[test]
    fn circles_and_bars_are_on_their_way_and_words_are_not() {
        let (from, train) = snapshot();
        let mut to = from.clone();
        for x in &mut to.maps.circles[0].x {
            *x += 2.0;
        }
        to.report.spectra.w_e.iter_mut().for_each(|norm| *norm *= 3.0);
        let still = data(&from, &train, PredictionGridLayout::default());
        let moving =
            |part| CheckpointFigureData { motion: Some(Motion { from: &from, to: &to, part }), ..still };
        for part in [0.0, 0.25, 1.0] {
            let drawn = circle(&moving(part), &from.maps.circles[0]);
            let (x, x_from) = (f64::from(drawn.x[4]), f64::from(from.maps.circles[0].x[4]));
            assert!((x - (x_from + 2.0 * part)).abs() < 1e-5, "{part}: {x}");
            assert_eq!(drawn.y, from.maps.circles[0].y, "they do not move upwards");
            let (norm, norm_from) =
                (spectrum(&moving(part), |a| &a.report.spectra.w_e)[3], from.report.spectra.w_e[3]);
            assert!((norm / norm_from - (1.0 + 2.0 * part)).abs() < 1e-9, "{part}: {norm}");
        }
        for view in [&CheckpointFigure::ALL[0], &CheckpointFigure::ALL[4], &CheckpointFigure::ALL[6]] {
            assert_eq!((view.finding)(&moving(0.5)), (view.finding)(&still), "{}", view.id);
            let tables = |data| (view.tables)(data).iter().map(DataTable::csv).collect::<Vec<_>>();
            assert_eq!(tables(&moving(0.5)), tables(&still), "{}", view.id);
            let charts = |data| {
                let sheet = (view.sheet)(data, &Theme::light());
                sheet.panels().map(|panel| panel.chart.clone()).collect::<Vec<Chart>>()
            };
            assert_ne!(charts(&moving(0.5)), charts(&still), "{} moves", view.id);
        }
    }
}
