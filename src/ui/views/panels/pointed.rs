//! What a pointer or the arrow keys are at in the grid of pairs or on a circle; marked on every circle. Pure, but for
//! the signal that the figures share.

use leptos::prelude::*;

use crate::plot::PixelMap;
use crate::plot::figures::checkpoint::PredictionGridLayout;

/// A sum, or a single number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Pointed {
    /// A cell of the grid: a and b.
    Pair(usize, usize),
    /// A number on a circle.
    Number(usize),
}

/// What is pointed at on the page; copies share it.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) struct PointedSignal(RwSignal<Option<Pointed>>);

impl PointedSignal {
    /// Nothing is pointed at.
    pub(in crate::ui) fn new() -> Self {
        Self(RwSignal::new(None))
    }

    /// What is pointed at; the view follows it.
    pub(super) fn get(self) -> Option<Pointed> {
        self.0.get()
    }

    /// What is pointed at now.
    pub(super) fn now(self) -> Option<Pointed> {
        self.0.get_untracked()
    }

    /// Points at something else.
    pub(super) fn set(self, pointed: Option<Pointed>) {
        if self.0.get_untracked() != pointed {
            self.0.set(pointed);
        }
    }
}

/// How near a pointer has to be to a number on a circle, in CSS pixels: half a finger.
const REACH_PX: f64 = 14.0;

/// The pair under a place of the grid; both in CSS pixels.
pub(super) fn pair_at(
    map: &PixelMap,
    layout: PredictionGridLayout,
    p: usize,
    (x, y): (f64, f64),
) -> Option<(usize, usize)> {
    let part = |(from, to): (f64, f64), at: f64| {
        let part = (at - from) / (to - from);
        (0.0..1.0).contains(&part).then_some((part * p as f64) as usize)
    };
    let (top, bottom) = map.y_pixels;
    // The lowest row comes first.
    let (a, row) = (part(map.x_pixels, x)?, part((bottom, top), y)?);
    Some((a, b_of_row(layout, p, a, row)))
}

/// The second number of the cell in a row of column a.
fn b_of_row(layout: PredictionGridLayout, p: usize, a: usize, row: usize) -> usize {
    if layout.by_sum { (row + p - a) % p } else { row }
}

/// The row of a pair.
pub(super) fn row_of(layout: PredictionGridLayout, p: usize, (a, b): (usize, usize)) -> usize {
    if layout.by_sum { (a + b) % p } else { b }
}

/// The pair so many columns to the right and rows up, within the grid.
pub(super) fn moved(
    layout: PredictionGridLayout,
    p: usize,
    pair: (usize, usize),
    (columns, rows): (isize, isize),
) -> (usize, usize) {
    let shift = |at: usize, by: isize| at.saturating_add_signed(by).min(p.saturating_sub(1));
    let (a, row) = (shift(pair.0, columns), shift(row_of(layout, p, pair), rows));
    (a, b_of_row(layout, p, a, row))
}

/// What an arrow key moves by: columns and rows, ten of them with Shift.
pub(super) fn arrow(key: &str, is_far: bool) -> Option<(isize, isize)> {
    let far = if is_far { 10 } else { 1 };
    match key {
        "ArrowLeft" => Some((-far, 0)),
        "ArrowRight" => Some((far, 0)),
        "ArrowUp" => Some((0, far)),
        "ArrowDown" => Some((0, -far)),
        _ => None,
    }
}

/// The number whose point lies nearest to a place, if it is near.
pub(super) fn number_at(map: &PixelMap, points: &[(f64, f64)], (x, y): (f64, f64)) -> Option<usize> {
    let distance = |&(px, py): &(f64, f64)| Some((map.x_pixel(px)? - x).hypot(map.y_pixel(py)? - y));
    let distances = points.iter().enumerate().filter_map(|(i, point)| Some((i, distance(point)?)));
    let nearest = distances.min_by(|a, b| a.1.total_cmp(&b.1));
    nearest.filter(|(_, distance)| *distance <= REACH_PX).map(|(i, _)| i)
}

/// The numbers to mark on a circle of p numbers, each with what it is.
pub(super) fn marked(pointed: Pointed, p: usize) -> Vec<(usize, String)> {
    match pointed {
        Pointed::Pair(a, b) if a < p && b < p => {
            vec![
                (a, format!("a = {a}")),
                (b, format!("b = {b}")),
                ((a + b) % p, format!("a + b = {}", (a + b) % p)),
            ]
        }
        Pointed::Number(x) if x < p => vec![(x, x.to_string())],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Pointed, arrow, marked, moved, number_at, pair_at, row_of};
    use crate::plot::figures::checkpoint::PredictionGridLayout;
    use crate::plot::{Axis, PixelMap};

    const BY_B: PredictionGridLayout = PredictionGridLayout { by_sum: false, margins: false };
    const BY_SUM: PredictionGridLayout = PredictionGridLayout { by_sum: true, margins: false };

    /// Seven cells of ten pixels along each axis.
    fn map() -> PixelMap {
        let axis = Axis::linear(0.0, 7.0);
        PixelMap { x_pixels: (50.0, 120.0), y_pixels: (10.0, 80.0), x: axis, y: axis }
    }

    #[test]
    fn a_place_is_a_pair_and_rows_count_from_below() {
        let at = |place| pair_at(&map(), BY_B, 7, place);
        assert_eq!(at((50.0, 79.0)), Some((0, 0)));
        assert_eq!(at((119.0, 79.0)), Some((6, 0)));
        assert_eq!(at((75.0, 11.0)), Some((2, 6)));
        assert_eq!((at((49.0, 40.0)), at((60.0, 81.0)), at((121.0, 40.0))), (None, None, None), "outside");
        assert_eq!(pair_at(&map(), BY_SUM, 7, (75.0, 79.0)), Some((2, 5)), "row 0 holds the sums 0 mod 7");
    }

    #[test]
    fn arrows_move_by_cells_of_the_figure_and_stop_at_its_edge() {
        assert_eq!(moved(BY_B, 7, (3, 3), (1, 0)), (4, 3));
        assert_eq!(moved(BY_B, 7, (6, 0), (1, -1)), (6, 0), "the corner");
        let up = moved(BY_SUM, 7, (3, 3), (0, -1));
        assert_eq!((up, row_of(BY_SUM, 7, up)), ((3, 2), 5), "a row down: the sum is one less");
        assert_eq!((arrow("ArrowUp", false), arrow("ArrowLeft", true)), (Some((0, 1)), Some((-10, 0))));
        assert_eq!(arrow("Enter", false), None);
    }

    #[test]
    fn the_nearest_number_is_pointed_at_and_a_far_one_is_not() {
        let points = [(1.0, 1.0), (5.0, 5.0), (f64::NAN, 2.0)];
        assert_eq!(number_at(&map(), &points, (62.0, 72.0)), Some(0));
        assert_eq!(number_at(&map(), &points, (98.0, 31.0)), Some(1));
        assert_eq!(number_at(&map(), &points, (80.0, 50.0)), None, "between them");
    }

    #[test]
    fn a_pair_marks_its_numbers_and_their_sum() {
        let numbers =
            |pointed| marked(pointed, 113).into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        assert_eq!(numbers(Pointed::Pair(41, 97)), [41, 97, 25]);
        assert_eq!(numbers(Pointed::Number(7)), [7]);
        assert!(numbers(Pointed::Pair(113, 0)).is_empty() && numbers(Pointed::Number(200)).is_empty());
    }
}
