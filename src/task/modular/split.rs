//! The pseudo-random order of the pairs, exactly as CPython and PyTorch would shuffle them.

use super::{ModularTask, Pair};
use crate::config::SplitRule;
use crate::maths::mt19937::Mt19937;

/// All p² pairs in the order of a split rule; the train set is the head of the list.
pub fn shuffled_pairs(p: usize, rule: SplitRule) -> Vec<Pair> {
    let mut pairs = ModularTask::all_pairs(p);
    match rule {
        SplitRule::Python(seed) => python_shuffle(&mut pairs, seed),
        SplitRule::Torch(seed) => torch_permute(&mut pairs, seed),
    }
    pairs
}

/// `random.seed(seed); random.shuffle(pairs)`: swaps i = n-1 … 1 with a number below i + 1, drawn
/// as that many bits until it is small enough (CPython `Lib/random.py`, `_randbelow_with_getrandbits`).
fn python_shuffle(pairs: &mut [Pair], seed: u32) {
    let mut twister = Mt19937::from_key(&[seed]);
    for i in (1..pairs.len()).rev() {
        let bound = i as u32 + 1;
        let n_bits = u32::BITS - bound.leading_zeros();
        let j = loop {
            let draw = twister.next_u32() >> (u32::BITS - n_bits);
            if draw < bound {
                break draw as usize;
            }
        };
        pairs.swap(i, j);
    }
}

/// `pairs[torch.randperm(n)]` after `torch.manual_seed(seed)`: for i = 0 … n-2 swaps i with
/// i + draw mod (n - i), on the CPU (PyTorch `aten/src/ATen/native/TensorFactories.cpp`).
fn torch_permute(pairs: &mut [Pair], seed: u32) {
    let mut twister = Mt19937::new(seed);
    let n = pairs.len();
    for i in 0..n - 1 {
        let offset = twister.next_u32() as usize % (n - i);
        pairs.swap(i, i + offset);
    }
}

#[cfg(test)]
mod tests {
    use super::shuffled_pairs;
    use crate::config::SplitRule;

    fn head(p: usize, rule: SplitRule, n: usize) -> Vec<(usize, usize)> {
        shuffled_pairs(p, rule)[..n].iter().map(|pair| (pair.a, pair.b)).collect()
    }

    #[test]
    fn python_split_is_cpythons() {
        // random.seed(0); random.shuffle([(i, j) for i in range(113) for j in range(113)])
        let expected = [(18, 34), (10, 83), (55, 28), (25, 51), (63, 65), (14, 104), (27, 56), (35, 77)];
        assert_eq!(head(113, SplitRule::Python(0), 8), expected, "CPython 3.11");
        let pairs = shuffled_pairs(113, SplitRule::Python(0));
        assert_eq!((pairs[3830].a, pairs[3830].b), (50, 67), "first test pair");
    }

    #[test]
    fn every_pair_comes_once() {
        for rule in [SplitRule::Python(7), SplitRule::Torch(7)] {
            let mut pairs = head(13, rule, 169);
            pairs.sort_unstable();
            pairs.dedup();
            assert_eq!(pairs.len(), 169, "{rule} is a permutation");
        }
    }
}
