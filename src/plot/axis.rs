//! One axis of a figure: its scale, its range, its ticks and their labels.
//!
//! Every figure works in *coordinates*: the value itself on a linear axis, its log10 on a
//! logarithmic one. Values that have no coordinate (not finite; not above zero on a logarithmic
//! axis) never reach a backend.

pub use crate::analysis::measure::Scale;

use crate::format::group_thousands;

/// A scale and the range of coordinates it shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// The scale.
    pub scale: Scale,
    /// The coordinate at the axis' beginning.
    pub low: f64,
    /// The coordinate at its end, above `low`.
    pub high: f64,
}

/// The narrowest range of a logarithmic axis, in decades: below it, rounding would fill the figure.
const MIN_DECADES: f64 = 0.2;

impl Axis {
    /// The range that holds all values which have a coordinate, widened by the fraction `margin`
    /// at both ends. Without such a value: 0 to 1, or one decade around 1.
    pub fn fit(scale: Scale, values: impl IntoIterator<Item = f64>, margin: f64) -> Self {
        let (low, high) = values
            .into_iter()
            .filter_map(|value| coordinate(scale, value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), c| (low.min(c), high.max(c)));
        if low > high {
            return match scale {
                Scale::Linear => Self { scale, low: 0.0, high: 1.0 },
                Scale::Log => Self { scale, low: -0.5, high: 0.5 },
            };
        }
        let narrowest = match scale {
            Scale::Linear => (low.abs().max(high.abs()) * 1e-6).max(1e-12),
            Scale::Log => MIN_DECADES,
        };
        let missing = (narrowest - (high - low)).max(0.0) / 2.0;
        let pad = (high - low) * margin + missing;
        Self { scale, low: low - pad, high: high + pad }
    }

    /// The range from one value to another, on a linear axis.
    pub fn linear(low: f64, high: f64) -> Self {
        Self { scale: Scale::Linear, low, high }
    }

    /// The coordinate of a value, inside the axis' range or not.
    pub fn coordinate(&self, value: f64) -> Option<f64> {
        coordinate(self.scale, value)
    }

    /// The coordinate of a value, where zero and negative values on a logarithmic axis lie on its
    /// lower edge. Only values that are not finite have none.
    pub fn coordinate_or_floor(&self, value: f64) -> Option<f64> {
        match self.scale {
            Scale::Log if value <= 0.0 && value.is_finite() => Some(self.low),
            _ => self.coordinate(value),
        }
    }

    /// The value at a coordinate.
    pub fn value(&self, coordinate: f64) -> f64 {
        match self.scale {
            Scale::Linear => coordinate,
            Scale::Log => 10f64.powf(coordinate),
        }
    }

    /// Coordinates of about `wanted` ticks at round values, ascending, all inside the range.
    pub fn ticks(&self, wanted: usize) -> Vec<f64> {
        let wanted = wanted.max(2);
        match self.scale {
            Scale::Linear => {
                multiples(self.low, self.high, round_step((self.high - self.low) / wanted as f64))
            }
            Scale::Log => self.log_ticks(wanted),
        }
    }

    fn log_ticks(&self, wanted: usize) -> Vec<f64> {
        let decades = self.high - self.low;
        let whole = multiples(self.low, self.high, (decades / wanted as f64).round().max(1.0));
        if whole.len() >= 3 {
            return whole;
        }
        // Few decades: 1, 2 and 5 in each; fewer still: round values as on a linear axis.
        let within: Vec<f64> = (self.low.floor() as i32..=self.high.ceil() as i32)
            .flat_map(|exponent| [1.0f64, 2.0, 5.0].map(|m| m.log10() + f64::from(exponent)))
            .filter(|c| (self.low..=self.high).contains(c))
            .collect();
        if within.len() >= 3 {
            return within;
        }
        let (low, high) = (self.value(self.low), self.value(self.high));
        multiples(low, high, round_step((high - low) / wanted as f64)).into_iter().map(f64::log10).collect()
    }

    /// A tick's label: `1e-7`, `0.05`, `12,000`. On a linear axis all labels of one axis have the
    /// same number of decimals.
    pub fn label(&self, coordinate: f64, wanted: usize) -> String {
        match self.scale {
            Scale::Linear => {
                let step = round_step((self.high - self.low) / wanted.max(2) as f64);
                let largest = self.low.abs().max(self.high.abs());
                if !(1e-3..1e7).contains(&largest) {
                    return if coordinate == 0.0 {
                        "0".into()
                    } else {
                        format!("{:e}", round_to(coordinate, step))
                    };
                }
                let decimals = (-step.log10().floor()).max(0.0) as usize;
                group_thousands(&format!("{coordinate:.decimals$}"))
            }
            Scale::Log => {
                let value = self.value(coordinate);
                if (1e-2..1e6).contains(&value) {
                    let decimals = (1.0 - value.log10().floor()).max(0.0) as usize;
                    let text = format!("{value:.decimals$}");
                    let text = if text.contains('.') {
                        text.trim_end_matches('0').trim_end_matches('.')
                    } else {
                        &text
                    };
                    group_thousands(text)
                } else {
                    let exponent = coordinate.floor();
                    let digits = format!("{:.1}", 10f64.powf(coordinate - exponent));
                    // 10^(c - floor c) can round up to 10.
                    let (digits, exponent) = if digits == "10.0" {
                        ("1", exponent + 1.0)
                    } else {
                        (digits.trim_end_matches(".0"), exponent)
                    };
                    format!("{digits}e{exponent}")
                }
            }
        }
    }
}

fn coordinate(scale: Scale, value: f64) -> Option<f64> {
    let coordinate = match scale {
        Scale::Linear => value,
        Scale::Log => value.log10(),
    };
    (coordinate.is_finite() && (scale == Scale::Linear || value > 0.0)).then_some(coordinate)
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    // The tolerance keeps a step of exactly 2 from becoming 5 when the division rounds.
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|s| *s >= step * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let slack = 1e-9 * step;
    let (first, last) = (((low - slack) / step).ceil(), ((high + slack) / step).floor());
    // `+ 0.0` turns a negative zero into zero.
    (0..=(last - first).max(-1.0) as i64).map(|i| (first + i as f64) * step + 0.0).collect()
}

fn round_to(value: f64, step: f64) -> f64 {
    let digits = (value.abs() / step).log10().max(0.0).ceil() as usize;
    format!("{value:.digits$e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::{Axis, Scale};

    fn labels(axis: &Axis, wanted: usize) -> Vec<String> {
        axis.ticks(wanted).into_iter().map(|c| axis.label(c, wanted)).collect()
    }

    #[test]
    fn a_log_axis_leaves_out_what_has_no_logarithm() {
        let axis = Axis::fit(Scale::Log, [0.0, -3.0, f64::NAN, f64::INFINITY, 1e-7, 1e2], 0.0);
        assert!((axis.low + 7.0).abs() < 1e-12 && (axis.high - 2.0).abs() < 1e-12, "{axis:?}");
        assert_eq!(axis.coordinate(0.0), None, "zero has no coordinate");
        assert_eq!(axis.coordinate_or_floor(-1.0), Some(axis.low), "but it can be shown at the edge");
        assert_eq!(axis.coordinate_or_floor(f64::NAN), None, "what is not a number is nowhere");
    }

    #[test]
    fn an_axis_without_values_or_with_one_still_has_a_range() {
        for scale in [Scale::Linear, Scale::Log] {
            for values in [vec![], vec![4.75], vec![f64::NAN], vec![0.0]] {
                let axis = Axis::fit(scale, values.iter().copied(), 0.05);
                assert!(axis.high > axis.low, "{scale:?} {values:?} gives {axis:?}");
                assert!(axis.ticks(5).len() <= 20, "{scale:?} {values:?} gives {:?}", axis.ticks(5));
            }
        }
    }

    #[test]
    fn ticks_are_round_and_inside_the_range() {
        let steps = Axis::linear(0.0, 40_000.0);
        assert_eq!(labels(&steps, 4), ["0", "10,000", "20,000", "30,000", "40,000"]);
        let accuracy = Axis::linear(0.0, 1.0);
        assert_eq!(labels(&accuracy, 5), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        let loss = Axis { scale: Scale::Log, low: -7.3, high: 1.6 };
        assert_eq!(labels(&loss, 5), ["1e-6", "1e-4", "0.01", "1"]);
        let narrow = Axis { scale: Scale::Log, low: 0.0, high: 1.0 };
        assert_eq!(labels(&narrow, 5), ["1", "2", "5", "10"]);
        let narrower = Axis::fit(Scale::Log, [4.75], 0.0);
        assert!(narrower.ticks(4).len() >= 2, "{:?}", labels(&narrower, 4));
        let tiny = Axis::linear(0.0, 4e-8);
        assert_eq!(labels(&tiny, 4), ["0", "1e-8", "2e-8", "3e-8", "4e-8"]);
    }

    #[test]
    fn values_and_coordinates_are_inverse() {
        for scale in [Scale::Linear, Scale::Log] {
            let axis = Axis { scale, low: -2.0, high: 3.0 };
            for coordinate in [-2.0, -0.3, 0.0, 2.9] {
                let back = axis.coordinate(axis.value(coordinate)).expect("the value has a coordinate");
                assert!((back - coordinate).abs() < 1e-12, "{scale:?}: {coordinate} came back as {back}");
            }
        }
    }
}
