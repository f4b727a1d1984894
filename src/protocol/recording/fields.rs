//! What a snapshot holds on the grid of pairs, as bytes: exact enough to be drawn.
//!
//! | field | levels | of |
//! |---|---|---|
//! | attention scores | 256 | the range of each head |
//! | margins | 7 of either sign, on a scale of square roots | the largest; right and wrong are exact |
//! | norms of the logits' 2-D spectrum | 256, on a scale of square roots | the largest but the constant |
//! | circles | 127 of either sign | the largest coordinate of each circle |
//! | neurons | 31 of either sign, by token | the largest entry of each neuron's table |

use serde::{Deserialize, Serialize};

use super::container::wrong;
use super::numbers::rounded;
use crate::analysis::checkpoint::{Circle, GridMaps, NeuronActivationMap};
use crate::analysis::modular::attention::pattern::AttentionPattern;
use crate::analysis::modular::forward::{NeuronTable, activations};
use crate::config::Activation;
use crate::error::Result;
use crate::maths::fourier::n_freqs;
use crate::maths::matrix::Matrix;

/// Levels of a margin of one sign.
const MARGIN_LEVELS: f64 = 7.0;
/// Levels of an entry of a neuron's table of one sign.
const NEURON_LEVELS: f64 = 31.0;
/// Levels of a coordinate of one sign.
const CIRCLE_LEVELS: f64 = 127.0;
/// Of a byte.
const BYTE_LEVELS: f64 = 255.0;

/// As many neurons are kept of a snapshot: each unpacks to p² values.
pub(super) const MOST_NEURONS: usize = 12;

/// The kinds of planes, in the order in which they are stored.
pub(super) const N_PLANES: usize = 6;

/// Bytes of one or of all snapshots: attention scores, margins of the train and of the test pairs, norms,
/// circles, neurons.
pub(super) type Planes<T> = [T; N_PLANES];

/// What the bytes are measured in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Scales {
    /// Of each head, the least and the largest score.
    scores: Vec<[f64; 2]>,
    /// The largest margin of either sign.
    margin: f64,
    /// The norm of the constant.
    constant: f64,
    /// The largest other norm.
    norm: f64,
    circles: Vec<CircleScale>,
    neurons: Vec<NeuronScale>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct CircleScale {
    freq: usize,
    /// The largest coordinate of either sign.
    largest: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NeuronScale {
    neuron: usize,
    freq: usize,
    base: f64,
    /// The largest entry of either sign.
    largest: f64,
}

/// The sizes that the planes of a run have in common.
#[derive(Debug, Clone)]
pub(super) struct Grid {
    /// The modulus.
    pub(super) p: usize,
    /// Heads of the first block.
    pub(super) n_heads: usize,
    /// The neurons' non-linearity.
    pub(super) activation: Activation,
    /// For each pair, row a, column b, whether it is trained on.
    pub(super) is_train: Vec<bool>,
}

impl Grid {
    /// Bytes of each plane of a snapshot with these scales.
    pub(super) fn lengths(&self, scales: &Scales) -> Planes<usize> {
        let (p, n) = (self.p, n_freqs(self.p) + 1);
        let n_train = self.is_train.iter().filter(|&&is_train| is_train).count();
        [
            self.n_heads * (2 * p + 1),
            n_train,
            p * p - n_train,
            n * n,
            scales.circles.len() * 2 * p,
            scales.neurons.len() * self.n_heads * 2 * p,
        ]
    }

    /// Turns fields into bytes; the neurons are kept as their tables, if there are any.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if one of the numbers is not finite.
    pub(super) fn quantise(
        &self,
        fields: &GridMaps,
        tables: &[NeuronTable],
    ) -> Result<(Scales, Planes<Vec<u8>>)> {
        let mut planes: Planes<Vec<u8>> = Default::default();
        let scores = fields.attention_scores.iter().map(|scores| {
            let (low, high) = range(scores)?;
            let step = if high > low { (high - low) / BYTE_LEVELS } else { 1.0 };
            planes[0].extend(scores.iter().map(|&score| ((f64::from(score) - low) / step).round() as u8));
            Ok([low, high])
        });
        let scores = scores.collect::<Result<_>>()?;
        let margin = largest(&fields.margins)?;
        for (&value, &is_train) in fields.margins.iter().zip(&self.is_train) {
            planes[if is_train { 1 } else { 2 }].push(margin_code(f64::from(value), margin) as u8);
        }
        let norm = largest(&fields.logit_norms[1..])?;
        planes[3].extend(fields.logit_norms.iter().map(|&value| {
            ((f64::from(value) / norm.max(f64::MIN_POSITIVE)).sqrt().min(1.0) * BYTE_LEVELS).round() as u8
        }));
        let circles = fields.circles.iter().map(|circle| {
            let largest = largest(&circle.x)?.max(largest(&circle.y)?);
            for &value in circle.x.iter().chain(&circle.y) {
                planes[4].push(signed_code(f64::from(value), largest, CIRCLE_LEVELS) as u8);
            }
            Ok(CircleScale { freq: circle.freq, largest })
        });
        let circles = circles.collect::<Result<_>>()?;
        let neurons = fields.neurons.iter().zip(tables).take(MOST_NEURONS).map(|(field, table)| {
            let entries = || table.from_a.values().iter().chain(table.from_b.values());
            let largest = rounded(largest_of(entries().map(|value| value.abs())))?;
            planes[5].extend(entries().map(|&value| signed_code(value, largest, NEURON_LEVELS) as u8));
            Ok(NeuronScale { neuron: field.neuron, freq: field.freq, base: table.base, largest })
        });
        let neurons = neurons.collect::<Result<_>>()?;
        let constant = f64::from(fields.logit_norms[0]);
        Ok((Scales { scores, margin, constant, norm, circles, neurons }, planes))
    }

    /// Turns bytes back into fields.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) if the planes have not [`Self::lengths`], or there
    /// are more heads or neurons than there may be.
    pub(super) fn restore(&self, scales: &Scales, planes: &Planes<&[u8]>) -> Result<GridMaps> {
        let p = self.p;
        if planes.map(<[u8]>::len) != self.lengths(scales) {
            return Err(wrong("the fields of a snapshot have not the size of their grid"));
        }
        if scales.scores.len() != self.n_heads || scales.neurons.len() > MOST_NEURONS {
            return Err(wrong(format!(
                "a snapshot tells of {} heads and {} neurons; allowed are {} and at most {MOST_NEURONS}",
                scales.scores.len(),
                scales.neurons.len(),
                self.n_heads
            )));
        }
        let [scores, train, test, norms, circles, neurons] = *planes;
        let of_head = |([low, high], codes): (&[f64; 2], &[u8])| -> Vec<f32> {
            codes.iter().map(|&code| (low + (high - low) / BYTE_LEVELS * f64::from(code)) as f32).collect()
        };
        let attention_scores: Vec<Vec<f32>> =
            scales.scores.iter().zip(scores.chunks_exact(2 * p + 1)).map(of_head).collect();
        let (mut train, mut test) = (train.iter(), test.iter());
        let margins = self.is_train.iter().filter_map(|&is_train| {
            let code = if is_train { train.next() } else { test.next() };
            code.map(|&code| margin_of(code as i8, scales.margin) as f32)
        });
        let margins = margins.collect();
        let norm = |&code: &u8| (scales.norm * (f64::from(code) / BYTE_LEVELS).powi(2)) as f32;
        let mut logit_norms: Vec<f32> = norms.iter().map(norm).collect();
        logit_norms[0] = scales.constant as f32;
        let circle = |(scale, codes): (&CircleScale, &[u8])| {
            let value = |&code: &u8| (f64::from(code as i8) / CIRCLE_LEVELS * scale.largest) as f32;
            let (x, y) = codes.split_at(p);
            Circle { freq: scale.freq, x: x.iter().map(value).collect(), y: y.iter().map(value).collect() }
        };
        let circles = scales.circles.iter().zip(circles.chunks_exact(2 * p)).map(circle).collect();
        let neurons = self.restore_neurons(&attention_scores, &scales.neurons, neurons);
        Ok(GridMaps { attention_scores, margins, logit_norms, circles, neurons })
    }

    fn restore_neurons(
        &self,
        scores: &[Vec<f32>],
        scales: &[NeuronScale],
        codes: &[u8],
    ) -> Vec<NeuronActivationMap> {
        let (p, n_heads) = (self.p, self.n_heads);
        let table = |(scale, codes): (&NeuronScale, &[u8])| {
            let value = |&code: &u8| f64::from(code as i8) / NEURON_LEVELS * scale.largest;
            let (a, b) = codes.split_at(n_heads * p);
            let matrix = |codes: &[u8]| Matrix::from_values(n_heads, p, codes.iter().map(value).collect());
            NeuronTable { base: scale.base, from_a: matrix(a), from_b: matrix(b) }
        };
        let tables: Vec<_> = scales.iter().zip(codes.chunks_exact(2 * n_heads * p)).map(table).collect();
        let scores = Matrix::from_fn(n_heads, 2 * p + 1, |h, i| f64::from(scores[h][i]));
        let on_pairs = activations(&AttentionPattern::from_scores(scores), &tables, self.activation);
        let field = |(values, scale): (Vec<f64>, &NeuronScale)| NeuronActivationMap {
            neuron: scale.neuron,
            freq: scale.freq,
            values: values.into_iter().map(|value| value as f32).collect(),
        };
        on_pairs.into_iter().zip(scales).map(field).collect()
    }
}

/// The least and the largest value, as they will come back.
fn range(values: &[f32]) -> Result<(f64, f64)> {
    let wide = || values.iter().map(|&value| f64::from(value));
    Ok((rounded(-largest_of(wide().map(|value| -value)))?, rounded(largest_of(wide()))?))
}

/// The largest absolute value, as it will come back.
fn largest(values: &[f32]) -> Result<f64> {
    rounded(largest_of(values.iter().map(|&value| f64::from(value.abs()))))
}

/// The largest of some values; undefined if one of them is, which `f64::max` would pass over.
fn largest_of(values: impl Iterator<Item = f64>) -> f64 {
    let larger = |top: f64, value: f64| if value > top || value.is_nan() { value } else { top };
    values.reduce(larger).unwrap_or(0.0)
}

fn signed_code(value: f64, largest: f64, levels: f64) -> i8 {
    let share = if largest > 0.0 { (value / largest).clamp(-1.0, 1.0) } else { 0.0 };
    (share * levels).round() as i8
}

/// Above 0 exactly where the margin is.
fn margin_code(value: f64, largest: f64) -> i8 {
    let share = if largest > 0.0 { (value.abs() / largest).min(1.0) } else { 0.0 };
    let level = (share.sqrt() * MARGIN_LEVELS).round();
    if value > 0.0 { level.max(1.0) as i8 } else { -level as i8 }
}

fn margin_of(code: i8, largest: f64) -> f64 {
    let share = f64::from(code) / MARGIN_LEVELS;
    // A level of the larger kind may not be drawn as 0: the sign says right or wrong.
    share * share.abs() * if largest > 0.0 { largest } else { f64::from(f32::MIN_POSITIVE) }
}
