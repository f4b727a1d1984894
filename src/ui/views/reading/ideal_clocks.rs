//! Logits made of ideal clocks: `L_c = α Σ_k cos(w_k (a + b − c))` for n frequencies k, all of one strength α. What loss
//! they reach, and what weight decay would tax. Pure.
//!
//! The right answer's logit is n α, and that of an answer off by d is `α Σ_k cos(w_k d)`, so every sum has the same loss.

use crate::ui::views::reading::clock_demo::{candidate_ranking, scores};

/// Clocks of one strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct IdealClocks<'a> {
    /// The modulus.
    pub(super) p: usize,
    /// Their frequencies.
    pub(super) freqs: &'a [usize],
    /// The strength α of each.
    pub(super) strength: f64,
}

impl IdealClocks<'_> {
    /// By how much the right answer's logit leads the next: α times the least of `Σ_k 1 − cos(w_k d)` over d ≠ 0.
    pub(super) fn lead(self) -> f64 {
        let lead = candidate_ranking(&scores(self.p, self.freqs, 0)).map_or(0.0, |ranking| ranking.lead);
        self.strength * lead
    }

    /// The loss of every sum, in nats: `ln(1 + Σ_{d ≠ 0} exp(L_d − L_0))`, from the sum itself, without forming 1 + s.
    pub(super) fn loss_nats(self) -> f64 {
        let scores = scores(self.p, self.freqs, 0);
        let right = scores.first().copied().unwrap_or(0.0);
        let others = scores.iter().skip(1).map(|score| (self.strength * (score - right)).exp());
        others.sum::<f64>().ln_1p()
    }

    /// The sum of the squared strengths, n α²: the smallest weights that give these logits grow with it.
    pub(super) fn cost(self) -> f64 {
        self.freqs.len() as f64 * self.strength.powi(2)
    }
}

/// The strength of a single clock that costs as much as `cost`.
pub(super) fn strength_of_one(cost: f64) -> f64 {
    cost.max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{IdealClocks, strength_of_one};

    /// The paper's key frequencies.
    const FIVE: [usize; 5] = [14, 35, 41, 42, 52];

    fn clocks(n: usize, strength: f64) -> IdealClocks<'static> {
        IdealClocks { p: 113, freqs: &FIVE[..n], strength }
    }

    fn is_near(found: f64, expected: f64) -> bool {
        found.is_finite() && (found - expected).abs() <= 1e-9 * expected.abs() + 1e-15
    }

    #[test]
    fn five_clocks_raise_the_lead_of_one_more_than_a_thousandfold() {
        assert!(is_near(clocks(1, 1.0).lead(), 0.001_545_471_346_163_562_7), "{}", clocks(1, 1.0).lead());
        assert!(is_near(clocks(5, 1.0).lead(), 2.410_176_433_939_685_5), "{}", clocks(5, 1.0).lead());
        assert!(is_near(clocks(5, 3.0).lead(), 3.0 * clocks(5, 1.0).lead()), "it grows with the strength");
    }

    #[test]
    fn the_loss_falls_with_strength_from_that_of_a_guess() {
        // Computed with Python's floats as the logarithm of the sum of exponentials.
        for (strength, expected) in [(0.0, 4.727_387_818_712_341), (1.0, 1.030_031_308_889_758_6)] {
            let loss = clocks(5, strength).loss_nats();
            assert!(is_near(loss, expected), "{strength}: {loss}, expected {expected}");
        }
        // There 1 + s rounds, so that the last digits are of the sum itself.
        let loss = clocks(5, 10.0).loss_nats();
        assert!((loss / 8.259_393e-11 - 1.0).abs() < 1e-4, "{loss}");
        let losses: Vec<f64> = (0..40).map(|strength| clocks(3, f64::from(strength)).loss_nats()).collect();
        assert!(losses.windows(2).all(|two| two[1] < two[0]), "{losses:?}");
    }

    #[test]
    fn for_the_same_cost_five_clocks_beat_one() {
        let five = clocks(5, 5.0);
        assert!(is_near(five.cost(), 125.0));
        let one = clocks(1, strength_of_one(five.cost()));
        assert!(is_near(one.cost(), five.cost()), "the same bill");
        assert!(five.loss_nats() < 1e-4 && one.loss_nats() > 2.0, "{} {}", five.loss_nats(), one.loss_nats());
    }
}
