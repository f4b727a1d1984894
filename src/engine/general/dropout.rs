//! Dropout: what attention and the MLP add to the residual stream is set to zero at random places in training, and the
//! rest made larger, so that its mean stays.
//!
//! Whether a place is dropped is a function of the seed, the step, the block, the branch, the example, the position and
//! the column, and of nothing else: the masks are the same for any number of threads, in either precision, on every
//! machine and after a resume. (The paper's runs with dropout, appendix D.1, say neither where it was nor how it was
//! drawn.)

use crate::config::ExperimentConfig;
use crate::engine::cpu::matrix::ViewMut;
use crate::engine::cpu::number::Number;

/// What adds to the residual stream of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    Attention,
    Mlp,
}

/// The dropout of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dropout {
    rate: f64,
    seed: u64,
}

/// The masks of one step.
#[derive(Debug, Clone, Copy)]
pub(super) struct DropoutMasks {
    key: u64,
    /// A place is dropped where its 32 bits are below this.
    threshold: u64,
    /// 1 / (1 - rate)
    scale: f64,
}

impl Dropout {
    /// That of a configuration; none if its rate is 0.
    pub(super) fn new(config: &ExperimentConfig) -> Option<Self> {
        let rate = config.optim.dropout;
        (rate > 0.0).then(|| Self { rate, seed: config.model.seed.into() })
    }

    /// The masks of the update after `step` updates.
    pub(super) fn masks(self, step: usize) -> DropoutMasks {
        DropoutMasks {
            key: splitmix64(splitmix64(self.seed).wrapping_add(step as u64)),
            threshold: (self.rate * 2.0_f64.powi(32)).round() as u64,
            scale: 1.0 / (1.0 - self.rate),
        }
    }
}

impl DropoutMasks {
    /// Multiplies each row by its mask, whose entries are 0 and 1 / (1 - rate). A row's id is its example's number in
    /// the batch times n_ctx plus its position.
    pub(super) fn apply<T: Number>(self, block: usize, branch: Branch, ids: &[u32], rows: ViewMut<'_, T>) {
        let scale = T::from_f64(self.scale);
        for (row, &id) in rows.data.chunks_mut(rows.stride).zip(ids) {
            let key = self.row_key(block, branch, id);
            for (column, x) in row[..rows.cols].iter_mut().enumerate() {
                *x = if self.drops(key, column) { T::default() } else { *x * scale };
            }
        }
    }

    /// The mask's entry at one place.
    #[cfg(test)]
    pub(super) fn entry(self, block: usize, branch: Branch, id: u32, column: usize) -> f64 {
        let key = self.row_key(block, branch, id);
        if self.drops(key, column) { 0.0 } else { self.scale }
    }

    fn row_key(self, block: usize, branch: Branch, id: u32) -> u64 {
        let site = 2 * block as u64 + u64::from(branch == Branch::Mlp);
        splitmix64(self.key ^ splitmix64(site << 32 | u64::from(id)))
    }

    fn drops(self, row_key: u64, column: usize) -> bool {
        splitmix64(row_key.wrapping_add(column as u64)) >> 32 < self.threshold
    }
}

/// A bijection of 64 bits whose outputs for consecutive inputs look independent (Steele, Lea and Flood 2014,
/// "SplitMix", the step and the finalizer).
fn splitmix64(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

#[cfg(test)]
mod tests {
    use super::{Branch, Dropout, splitmix64};

    /// The first outputs of SplitMix64 from the states 0 and 1234567 (the published test vectors).
    #[test]
    fn mixing_is_that_of_splitmix() {
        assert_eq!(splitmix64(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(splitmix64(1_234_567), 6_457_827_717_110_365_317);
    }

    #[test]
    fn as_many_places_are_dropped_as_the_rate_says_and_others_at_each_step_branch_block_and_row() {
        const N: usize = 20_000;
        let dropout = Dropout { rate: 0.2, seed: 7 };
        let mask = |step: usize, block: usize, branch: Branch, id: u32| -> Vec<f64> {
            (0..N).map(|column| dropout.masks(step).entry(block, branch, id, column)).collect()
        };
        let first = mask(3, 0, Branch::Attention, 5);
        assert_eq!(first, mask(3, 0, Branch::Attention, 5), "the same place, the same mask");
        let n_dropped = first.iter().filter(|&&x| x == 0.0).count();
        // Five standard deviations of the binomial distribution.
        assert!((n_dropped as f64 - 4_000.0).abs() < 283.0, "{n_dropped} of {N}");
        assert!(first.iter().all(|&x| x == 0.0 || x == 1.25));
        for other in [
            mask(4, 0, Branch::Attention, 5),
            mask(3, 1, Branch::Attention, 5),
            mask(3, 0, Branch::Mlp, 5),
            mask(3, 0, Branch::Attention, 6),
        ] {
            let n_both = first.iter().zip(&other).filter(|(x, y)| **x == 0.0 && **y == 0.0).count();
            assert!((n_both as f64 - 800.0).abs() < 139.0, "{n_both} places are dropped in both");
        }
    }
}
