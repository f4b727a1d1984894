//! The excluded loss: the train loss without the waves cos, sin w_k(a + b) (paper section 5.1).

use crate::analysis::modular::grid::GridLogits;
use crate::maths::exp::exp;
use crate::maths::matrix::{Matrix, dot};
use crate::maths::stats;
use crate::task::modular::ModularTask;

/// Differences of logits up to this size may be exponentiated in parts; e to twice this is a float.
const RANGE: f64 = 300.0;

/// Loss and accuracy over the train pairs of the excluded logits `L - Π L`, for each of some projections
/// given by sum (p × p: row s, column c). The mean is not corrected.
///
/// Since Π L depends on a + b only, `exp(L - Π L) = exp(L) exp(-Π L)` with the second factor the same for
/// all pairs of a sum: one exponential a logit serves all projections.
pub fn excluded(logits: &GridLogits, task: &ModularTask, projections: &[Matrix]) -> Vec<(f64, f64)> {
    let p = task.p;
    let factors: Vec<Option<Matrix>> = projections.iter().map(wrong_factors).collect();
    let mut wrong = vec![0.0; p];
    let mut left = vec![0.0; p];
    let mut totals = vec![(0.0, 0.0); projections.len()];
    for pair in &task.train {
        let (row, answer) = (logits.row(pair.a, pair.b), task.answer(*pair));
        let small = exp_of_wrong(row, answer, &mut wrong);
        for ((total, projection), factors) in totals.iter_mut().zip(projections).zip(&factors) {
            for ((left, logit), wave) in left.iter_mut().zip(row).zip(projection.row(answer)) {
                *left = logit - wave;
            }
            let (loss, margin) = match factors {
                Some(factors) if small => {
                    (libm::log1p(dot(&wrong, factors.row(answer))), stats::margin(&left, answer))
                }
                _ => stats::loss_and_margin(&left, answer),
            };
            total.0 += loss;
            total.1 += f64::from(u8::from(margin > 0.0));
        }
    }
    let n = task.train.len() as f64;
    totals.into_iter().map(|(loss, right)| (loss / n, right / n)).collect()
}

/// `exp(L_c - L_y)` for the wrong answers c, 0 for the right one; false, and nothing, if one is out of range.
fn exp_of_wrong(row: &[f64], answer: usize, out: &mut [f64]) -> bool {
    let own = row[answer];
    // Without a way out: so it is done for several at once.
    if !row.iter().fold(true, |small, logit| small & ((logit - own).abs() <= RANGE)) {
        return false;
    }
    for (out, logit) in out.iter_mut().zip(row) {
        *out = exp(logit - own);
    }
    out[answer] = 0.0;
    true
}

/// `exp(Π_y - Π_c)` with y the sum of the row; none if one is out of range.
fn wrong_factors(projection: &Matrix) -> Option<Matrix> {
    let p = projection.rows();
    let difference = |s: usize, c: usize| projection[(s, s)] - projection[(s, c)];
    let small = (0..p).all(|s| (0..p).all(|c| difference(s, c).abs() <= RANGE));
    small.then(|| Matrix::from_fn(p, p, |s, c| exp(difference(s, c))))
}

#[cfg(test)]
mod tests {
    use super::excluded;
    use crate::analysis::modular::grid::GridLogits;
    use crate::analysis::modular::sum_waves::SumWaves;
    use crate::config::{ModularConfig, SplitRule};
    use crate::maths::stats;
    use crate::task::modular::ModularTask;

    /// The definition, pair by pair.
    fn literal(logits: &GridLogits, task: &ModularTask, projection: &crate::maths::matrix::Matrix) -> f64 {
        let loss = |pair: &crate::task::modular::Pair| {
            let s = task.answer(*pair);
            let row: Vec<f64> =
                (0..task.p).map(|c| logits.row(pair.a, pair.b)[c] - projection[(s, c)]).collect();
            stats::cross_entropy(&row, s)
        };
        task.train.iter().map(loss).sum::<f64>() / task.train.len() as f64
    }

    #[test]
    fn equals_the_definition_for_small_and_for_huge_logits() {
        let p = 13;
        let task = ModularTask::new(&ModularConfig { p, frac_train: 0.5, split: SplitRule::Python(2) });
        let w = std::f64::consts::TAU / p as f64;
        for alpha in [0.5, 30.0, 2000.0] {
            let logits = GridLogits::from_fn(p, |a, b, c| {
                let wave = |k: usize| (w * (k * (a + b + p - c)) as f64).cos();
                alpha * (wave(2) + 0.6 * wave(5)) + ((a * b + c * c) as f64).sin()
            });
            let waves = SumWaves::new(&logits);
            let projections = [waves.projection(&[2, 5]), waves.projection(&[2]), waves.projection(&[])];
            for ((loss, _), projection) in excluded(&logits, &task, &projections).iter().zip(&projections) {
                let expected = literal(&logits, &task, projection);
                assert!(
                    (loss - expected).abs() < 1e-12 * (1.0 + expected),
                    "{alpha}: {loss}, not {expected}"
                );
            }
        }
    }

    #[test]
    fn without_its_waves_a_planted_model_knows_nothing() {
        let p = 13;
        let task = ModularTask::new(&ModularConfig { p, frac_train: 0.5, split: SplitRule::Python(2) });
        let w = std::f64::consts::TAU / p as f64;
        let logits = GridLogits::from_fn(p, |a, b, c| 40.0 * (w * (4 * (a + b + p - c)) as f64).cos());
        let waves = SumWaves::new(&logits);
        let found = excluded(&logits, &task, &[waves.projection(&[4]), waves.projection(&[3])]);
        assert!((found[0].0 - 13.0_f64.ln()).abs() < 1e-12, "uniform without k = 4: {found:?}");
        assert_eq!(found[1].1, 1.0, "untouched without k = 3");
    }
}
