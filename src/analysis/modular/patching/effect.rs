//! What a replaced activation does to the answers.

use serde::Serialize;

use crate::maths::exp::exp;
use crate::maths::matrix::Matrix;
use crate::maths::mt19937::Mt19937;
use crate::maths::normal::NormalSource;
use crate::maths::stats::argmax;

/// The draws' seed: any number, and the same for every model.
const SEED: u32 = 2;

/// What an activation is replaced by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Replacement {
    /// The mean of the pairs trained on that have the pair's own sum.
    RightCentroid,
    /// The same of another sum.
    WrongCentroid,
    /// The activation of another held-out pair with the same sum; of the pair itself if there is none.
    SameSum,
    /// The activation of a held-out pair with another sum.
    OtherSum,
    /// The mean of all pairs trained on.
    Mean,
    /// Normal numbers with the mean and the deviation that each number of the activation has.
    Noise,
    /// The mean of as many pairs trained on as have the pair's sum, drawn without regard to theirs.
    ShuffledCentroid,
}

impl Replacement {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::RightCentroid,
        Self::WrongCentroid,
        Self::SameSum,
        Self::OtherSum,
        Self::Mean,
        Self::Noise,
        Self::ShuffledCentroid,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::RightCentroid => "mean of the right sum",
            Self::WrongCentroid => "mean of a wrong sum",
            Self::SameSum => "another pair of the same sum",
            Self::OtherSum => "a pair of another sum",
            Self::Mean => "mean of all pairs",
            Self::Noise => "noise",
            Self::ShuffledCentroid => "mean of shuffled sums",
        }
    }
}

/// What one replacement does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PatchEffect {
    /// What took the activation's place.
    pub replacement: Replacement,
    /// Mean over pairs of the Kullback-Leibler divergence Σ_c P(c) ln(P(c) / Q(c)) of the patched answers Q from the
    /// model's own P, in nats.
    pub kl_nats: f64,
    /// Fraction of the pairs that are still answered rightly.
    pub accuracy: f64,
    /// Fraction of the pairs that are answered with the sum that the replacement came from; none if it came from none.
    pub donor_accuracy: Option<f64>,
}

/// What replacements are made of. Every answer must have both its centroids.
pub(super) struct Donors<'a> {
    pub(super) centroids: &'a [Option<Vec<f64>>],
    pub(super) shuffled: &'a [Option<Vec<f64>>],
    pub(super) mean: &'a [f64],
    pub(super) deviation: &'a [f64],
    /// Sums to choose a wrong one from, two at least.
    pub(super) classes: Vec<usize>,
}

/// The accuracy of the activations as they are, and what every replacement does; `complete` turns activations, a row for
/// each pair, into logits.
pub(super) fn effects(
    values: &Matrix,
    donors: &Donors<'_>,
    answers: &[usize],
    complete: &dyn Fn(&Matrix) -> Matrix,
) -> (f64, Vec<PatchEffect>) {
    let whole = complete(values);
    let effect = |replacement: Replacement| {
        let (patched, from) = donors.replace(replacement, values, answers);
        let patched = complete(&patched);
        let n = answers.len() as f64;
        let kl = (0..answers.len()).map(|row| divergence(whole.row(row), patched.row(row))).sum::<f64>() / n;
        let accuracy = right(&patched, answers);
        let donor_accuracy = from.map(|from| right(&patched, &from));
        PatchEffect { replacement, kl_nats: kl, accuracy, donor_accuracy }
    };
    (right(&whole, answers), Replacement::ALL.map(effect).to_vec())
}

impl Donors<'_> {
    /// The replaced activations, and the sums they came from.
    fn replace(
        &self,
        replacement: Replacement,
        values: &Matrix,
        answers: &[usize],
    ) -> (Matrix, Option<Vec<usize>>) {
        let mut twister = Mt19937::new(SEED);
        let mut patched = values.clone();
        let known = |centroid: &Option<Vec<f64>>| centroid.clone().expect("every answer has a centroid");
        let mut from = Vec::with_capacity(answers.len());
        for (row, &answer) in answers.iter().enumerate() {
            let start = twister.next_u32() as usize;
            // The first from a random place on that fits.
            let other_row = |fits: &dyn Fn(usize) -> bool| {
                let mut rows = (0..answers.len()).map(|i| (start % answers.len() + i) % answers.len());
                rows.find(|row| fits(*row)).unwrap_or(row)
            };
            let (value, source) = match replacement {
                Replacement::RightCentroid => (known(&self.centroids[answer]), answer),
                Replacement::WrongCentroid => {
                    let n = self.classes.len();
                    let mut others = (0..n).map(|i| self.classes[(start % n + i) % n]);
                    let wrong = others.find(|class| *class != answer).expect("two sums at least");
                    (known(&self.centroids[wrong]), wrong)
                }
                Replacement::SameSum => {
                    let other = other_row(&|other| other != row && answers[other] == answer);
                    (values.row(other).to_vec(), answer)
                }
                Replacement::OtherSum => {
                    let other = other_row(&|other| answers[other] != answer);
                    (values.row(other).to_vec(), answers[other])
                }
                Replacement::ShuffledCentroid => (known(&self.shuffled[answer]), answer),
                Replacement::Mean | Replacement::Noise => (self.mean.to_vec(), answer),
            };
            patched.row_mut(row).copy_from_slice(&value);
            from.push(source);
        }
        if replacement == Replacement::Noise {
            let mut source = NormalSource::new(SEED);
            for row in 0..patched.rows() {
                for (value, deviation) in patched.row_mut(row).iter_mut().zip(self.deviation) {
                    *value += deviation * source.draw();
                }
            }
        }
        let has_donor = matches!(replacement, Replacement::WrongCentroid | Replacement::OtherSum);
        (patched, has_donor.then_some(from))
    }
}

/// The fraction of rows whose largest value is at the given place.
fn right(logits: &Matrix, answers: &[usize]) -> f64 {
    let hits = answers.iter().enumerate().filter(|(row, answer)| argmax(logits.row(*row)) == Some(**answer));
    hits.count() as f64 / answers.len() as f64
}

/// Σ P ln(P / Q) of the softmaxes of two rows of logits.
fn divergence(own: &[f64], patched: &[f64]) -> f64 {
    let normaliser = |row: &[f64]| {
        let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        top + libm::log(row.iter().map(|logit| exp(logit - top)).sum::<f64>())
    };
    let (of_own, of_patched) = (normaliser(own), normaliser(patched));
    let term = |(own, patched): (&f64, &f64)| {
        let log_own = own - of_own;
        exp(log_own) * (log_own - (patched - of_patched))
    };
    own.iter().zip(patched).map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::{Donors, PatchEffect, Replacement, divergence, effects};
    use crate::maths::matrix::Matrix;

    /// Sums.
    const P: usize = 5;

    /// How far the answer's logit stands out.
    const HEIGHT: f64 = 9.0;

    /// Twenty pairs whose activation is their sum's logits, and what they are replaced by.
    fn planted() -> (f64, Vec<PatchEffect>) {
        let answers: Vec<usize> = (0..20).map(|row| row % P).collect();
        let values = Matrix::from_fn(20, P, |row, c| if row % P == c { HEIGHT } else { 0.0 });
        let centroid =
            |of: usize| Some((0..P).map(|c| if c == of { HEIGHT } else { 0.0 }).collect::<Vec<f64>>());
        let centroids: Vec<_> = (0..P).map(centroid).collect();
        let mean = vec![HEIGHT / P as f64; P];
        let shuffled = vec![Some(mean.clone()); P];
        let deviation = vec![0.0; P];
        let donors = Donors {
            centroids: &centroids,
            shuffled: &shuffled,
            mean: &mean,
            deviation: &deviation,
            classes: (0..P).collect(),
        };
        effects(&values, &donors, &answers, &|values| values.clone())
    }

    #[test]
    fn an_activation_that_is_its_sum_has_the_effects_of_its_sum() {
        let (accuracy, found) = planted();
        assert_eq!(accuracy, 1.0);
        let of = |replacement: Replacement| {
            *found.iter().find(|effect| effect.replacement == replacement).expect("every one is there")
        };
        // The model gives its answer e^9 / (e^9 + 4), every other sum 1 / (e^9 + 4).
        let total = HEIGHT.exp() + 4.0;
        let swapped = HEIGHT * (HEIGHT.exp() - 1.0) / total;
        let flat = (HEIGHT.exp() / total) * HEIGHT - total.ln() + 5.0_f64.ln();
        let close = |found: f64, expected: f64| {
            assert!((found - expected).abs() < 1e-12 * expected.max(1.0), "{found}, not {expected}");
        };
        for same in [Replacement::RightCentroid, Replacement::SameSum] {
            close(of(same).kl_nats, 0.0);
            assert_eq!((of(same).accuracy, of(same).donor_accuracy), (1.0, None), "{same:?}");
        }
        for other in [Replacement::WrongCentroid, Replacement::OtherSum] {
            close(of(other).kl_nats, swapped);
            assert_eq!((of(other).accuracy, of(other).donor_accuracy), (0.0, Some(1.0)), "{other:?}");
        }
        for nothing in [Replacement::Mean, Replacement::ShuffledCentroid, Replacement::Noise] {
            close(of(nothing).kl_nats, flat);
            // The first of equals is taken for all: right for one sum of five.
            assert_eq!(of(nothing).accuracy, 0.2, "{nothing:?}");
        }
    }

    #[test]
    fn the_divergence_is_zero_of_equal_answers_and_that_of_two_coins() {
        assert!(divergence(&[1.0, 2.0, 3.0], &[11.0, 12.0, 13.0]).abs() < 1e-14, "a constant says nothing");
        // Odds of 3 to 1 against even ones.
        let expected = 0.75 * 1.5_f64.ln() + 0.25 * 0.5_f64.ln();
        let found = divergence(&[3.0_f64.ln(), 0.0], &[0.0, 0.0]);
        assert!((found - expected).abs() < 1e-14, "{found}");
        assert!(divergence(&[0.0, 0.0], &[800.0, 0.0]).is_finite(), "no overflow");
    }
}
