//! Addition by the hands of clocks: the algorithm of the network in its pure form.
//!
//! For frequencies k the score of an answer c is `Σ_k cos(w_k(a + b − c))` with `w_k = 2πk/p` (paper
//! section 3.1, all amplitudes 1). It has its maximum, the number of frequencies, at
//! `c = (a + b) mod p`.

use std::f64::consts::TAU;

/// The angle `w_k x` in turns, from 0 to below 1: `k x mod p` of p equal parts, without rounding until
/// the last division.
pub(super) fn turns(p: usize, freq: usize, x: usize) -> f64 {
    (freq * x % p) as f64 / p as f64
}

/// The score of every answer c from 0 to p - 1, where `sum` is a + b.
pub(super) fn scores(p: usize, freqs: &[usize], sum: usize) -> Vec<f64> {
    let score = |c: usize| {
        // The distance is taken modulo p first, so that equal distances give equal bits.
        let distance = (sum + p - c) % p;
        freqs.iter().map(|&freq| (TAU * turns(p, freq, distance)).cos()).sum()
    };
    (0..p).map(score).collect()
}

/// The answer with the largest score and the runner-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CandidateRanking {
    /// The answer that scores highest.
    pub first: usize,
    /// The next one.
    pub second: usize,
    /// By how much the first leads.
    pub lead: f64,
}

/// Who leads, and by how much; none for fewer than two answers. Among equals the smaller number comes
/// first.
pub(super) fn candidate_ranking(scores: &[f64]) -> Option<CandidateRanking> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
    let (&first, &second) = (order.first()?, order.get(1)?);
    Some(CandidateRanking { first, second, lead: scores[first] - scores[second] })
}

#[cfg(test)]
mod tests {
    use super::{candidate_ranking, scores, turns};

    #[test]
    fn the_sum_scores_highest_whatever_is_added_and_with_any_frequency() {
        let p = 23;
        for freq in 1..=11 {
            for sum in 0..=2 * (p - 1) {
                let candidate_ranking =
                    candidate_ranking(&scores(p, &[freq], sum)).expect("there are 23 answers");
                assert_eq!(candidate_ranking.first, sum % p, "frequency {freq}, sum {sum}");
                assert!(candidate_ranking.lead > 0.0, "frequency {freq}, sum {sum}: no lead");
            }
        }
    }

    #[test]
    fn one_frequency_hardly_tells_neighbours_on_its_circle_apart_and_five_do() {
        // Paper appendix B: cos(2π 14 · 8 / 113) = 0.998.
        let single = scores(113, &[14], 0);
        assert!((single[8] - 0.998).abs() < 1e-3, "{}", single[8]);
        let one = candidate_ranking(&single).expect("113 answers");
        assert!([8, 105].contains(&one.second) && one.lead < 0.002, "{one:?}");
        let five = candidate_ranking(&scores(113, &[14, 35, 41, 42, 52], 0)).expect("113 answers");
        assert!(five.lead > 100.0 * one.lead, "{five:?}");
    }

    #[test]
    fn the_hands_add_as_the_numbers_do() {
        for (a, b) in [(0, 0), (7, 45), (100, 112), (56, 57)] {
            let sum = (turns(113, 14, a) + turns(113, 14, b)).fract();
            let direct = turns(113, 14, (a + b) % 113);
            assert!((sum - direct).abs() < 1e-12 || (sum - direct).abs() > 1.0 - 1e-12, "{a} + {b}");
        }
    }

    #[test]
    fn without_answers_nobody_leads() {
        assert_eq!(candidate_ranking(&[]), None);
        assert_eq!(
            candidate_ranking(&scores(2, &[], 1)).map(|candidate_ranking| candidate_ranking.lead),
            Some(0.0),
            "no votes, no lead"
        );
    }
}
