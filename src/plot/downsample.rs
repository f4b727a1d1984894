//! Fewer points for the same picture: a figure has only so many columns of pixels.

/// Reduces points of ascending x to at most four in each of `columns` equal parts of `low..high`:
/// the first, the lowest, the highest and the last. Drawn as a line at that many columns, the
/// result covers the same pixels as the whole; no peak is lost and none is made up.
pub fn min_max(points: &[(f64, f64)], low: f64, high: f64, columns: usize) -> Vec<(f64, f64)> {
    if points.len() <= 4 * columns {
        return points.to_vec();
    }
    let column = |x: f64| ((x - low) / (high - low) * columns as f64).floor() as i64;
    points
        .chunk_by(|a, b| column(a.0) == column(b.0))
        .flat_map(|chunk| {
            let by_y = |&a: &usize, &b: &usize| chunk[a].1.total_cmp(&chunk[b].1);
            let lowest = (0..chunk.len()).min_by(by_y).unwrap_or(0);
            let highest = (0..chunk.len()).max_by(by_y).unwrap_or(0);
            let mut kept = [0, lowest, highest, chunk.len() - 1];
            kept.sort_unstable();
            let mut kept = kept.to_vec();
            kept.dedup();
            kept.into_iter().map(move |i| chunk[i])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::min_max;

    #[test]
    fn a_single_peak_among_many_points_survives() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), 1.0)).collect();
        points[54_321].1 = 100.0;
        points[54_322].1 = -7.0;
        let few = min_max(&points, 0.0, 100_000.0, 300);
        assert!(few.len() <= 4 * 300, "{} points for 300 columns", few.len());
        assert!(few.contains(&(54_321.0, 100.0)), "the peak is kept");
        assert!(few.contains(&(54_322.0, -7.0)), "the dip is kept");
        assert_eq!(few.first(), points.first(), "the beginning is kept");
        assert_eq!(few.last(), points.last(), "the end is kept");
        assert!(few.is_sorted_by(|a, b| a.0 < b.0), "in order, none twice");
    }

    #[test]
    fn few_points_are_left_alone() {
        let points = [(0.0, 3.0), (1.0, 1.0), (2.0, 2.0)];
        assert_eq!(min_max(&points, 0.0, 2.0, 10), points);
    }
}
