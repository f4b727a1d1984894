//! Whole numbers from random words, number for number those of `torch.randint` and of numpy's legacy `randint`: the
//! batches of the paper's sequence tasks come out the same.

/// The remainder of one word, as `torch.randint(0, n_values, …)` draws on the CPU for ranges below 2²⁸ (PyTorch
/// `aten/src/ATen/core/DistributionsHelper.h`, `uniform_int_from_to_distribution`).
///
/// # Panics
/// If `n_values` is 0.
///
/// ```
/// use grokking_lab::maths::mt19937::Mt19937;
/// use grokking_lab::maths::randint::torch_below;
///
/// // torch.manual_seed(7); torch.randint(0, 10, (5,))
/// let mut twister = Mt19937::new(7);
/// assert_eq!([0; 5].map(|_| torch_below(10, || twister.next_u32())), [5, 2, 1, 6, 3]);
/// ```
pub fn torch_below(n_values: u32, mut next_u32: impl FnMut() -> u32) -> u32 {
    next_u32() % n_values
}

/// As many bits of a word as `n_values - 1` has, drawn again until they are small enough, as
/// `RandomState.randint(0, n_values)` does for ranges below 2³² (numpy `random/src/distributions/distributions.c`,
/// `buffered_bounded_masked_uint32`). A range of one value takes no word.
///
/// # Panics
/// If `n_values` is 0.
///
/// ```
/// use grokking_lab::maths::mt19937::Mt19937;
/// use grokking_lab::maths::randint::numpy_below;
///
/// // numpy.random.RandomState(1).randint(1, 128, 5)
/// let mut twister = Mt19937::new(1);
/// assert_eq!([0; 5].map(|_| 1 + numpy_below(127, || twister.next_u32())), [38, 108, 13, 73, 10]);
/// ```
pub fn numpy_below(n_values: u32, mut next_u32: impl FnMut() -> u32) -> u32 {
    let largest = n_values - 1;
    if largest == 0 {
        return 0;
    }
    let mask = u32::MAX >> largest.leading_zeros();
    loop {
        let draw = next_u32() & mask;
        if draw <= largest {
            return draw;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{numpy_below, torch_below};
    use crate::maths::mt19937::Mt19937;

    #[test]
    fn every_value_of_a_range_comes_and_no_other() {
        let mut twister = Mt19937::new(3);
        for n_values in [1, 2, 3, 10, 13, 16, 127] {
            let mut counts = [vec![0; n_values as usize], vec![0; n_values as usize]];
            for _ in 0..100 * n_values {
                counts[0][torch_below(n_values, || twister.next_u32()) as usize] += 1;
                counts[1][numpy_below(n_values, || twister.next_u32()) as usize] += 1;
            }
            for (which, counts) in ["torch", "numpy"].into_iter().zip(counts) {
                // Eight standard deviations of a count whose mean is 100.
                let wrong = counts.iter().position(|&n| n < 20 || (n > 180 && n_values > 1));
                assert_eq!(wrong, None, "{which}: a value below {n_values} is rare or frequent: {counts:?}");
            }
        }
    }

    #[test]
    fn a_range_of_one_value_takes_a_word_of_torch_and_none_of_numpy() {
        let count = |draw: fn(u32, &mut dyn FnMut() -> u32) -> u32| {
            let mut n_words = 0;
            let value = draw(1, &mut || {
                n_words += 1;
                12_345
            });
            (value, n_words)
        };
        assert_eq!(count(|n, next| torch_below(n, next)), (0, 1));
        assert_eq!(count(|n, next| numpy_below(n, next)), (0, 0));
    }
}
