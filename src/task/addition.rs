//! Addition of numbers of some digits (paper section 5.3): `x + y = z` digit by digit, the most significant first.

use super::sampler::RandomWords;
use super::{Dataset, Examples, Sampler, SequenceShape};
use crate::config::{AdditionConfig, Batches};

/// The token of "+"; those below are the digits.
const PLUS: u32 = 10;
/// The token of "=".
const EQUALS: u32 = 11;

/// Sums that test the model. They are drawn with the seed after that of the train set.
pub(super) const N_TEST: usize = 512;

/// The form of the sequences: n digits of x, "+", n of y, "=", n + 1 of z. The n + 1 positions from "=" on predict the
/// digits of z, each the token after it.
pub fn sequence_shape(digits: usize) -> SequenceShape {
    SequenceShape {
        n_ctx: 3 * digits + 3,
        d_vocab: 12,
        d_vocab_out: 10,
        loss_positions: (2 * digits + 1..3 * digits + 2).collect(),
    }
}

/// The examples of a configuration, as the published code draws them: sums of uniform digits.
pub fn dataset(config: &AdditionConfig) -> Dataset {
    let &AdditionConfig { digits, batches: Batches { batch, n_train, data_seed } } = config;
    let drawn = |n: usize, seed: u32| draw(n, digits, &mut RandomWords::new(seed));
    let test = drawn(N_TEST, data_seed.wrapping_add(1));
    match n_train {
        0 => Dataset::fresh(Sampler::new(data_seed, move |words| draw(batch, digits, words)), test),
        n => Dataset::finite(drawn(n, data_seed), test),
    }
}

/// `torch.randint(0, 10, (n, digits))` for x, then the same for y.
fn draw(n: usize, digits: usize, words: &mut RandomWords) -> Examples {
    let mut numbers = || -> Vec<u32> { (0..n * digits).map(|_| words.torch_randint(0..10)).collect() };
    let (x, y) = (numbers(), numbers());
    let mut examples = Examples::empty(&sequence_shape(digits));
    for (x, y) in x.chunks(digits).zip(y.chunks(digits)) {
        let z = sum(x, y);
        // The last digit of z is predicted and not read: what stands at its place does not matter.
        let tokens = [x, &[PLUS], y, &[EQUALS], &z].concat();
        examples.push(&tokens, &z);
    }
    examples
}

/// The digits of x + y, the most significant first, one more than those of x.
fn sum(x: &[u32], y: &[u32]) -> Vec<u32> {
    let mut z = vec![0; x.len() + 1];
    let mut carry = 0;
    for i in (0..x.len()).rev() {
        let digit = x[i] + y[i] + carry;
        z[i + 1] = digit % 10;
        carry = digit / 10;
    }
    z[0] = carry;
    z
}

#[cfg(test)]
mod tests {
    use super::{dataset, sum};
    use crate::config::{AdditionConfig, Batches};

    const GOLDEN: AdditionConfig =
        AdditionConfig { digits: 5, batches: Batches { batch: 64, n_train: 0, data_seed: 7 } };

    #[test]
    fn carries_go_through_to_a_digit_of_their_own() {
        assert_eq!(sum(&[9, 9, 9], &[0, 0, 1]), [1, 0, 0, 0]);
        assert_eq!(sum(&[1, 2, 3], &[4, 5, 6]), [0, 5, 7, 9]);
    }

    #[test]
    fn batches_are_those_of_the_published_code() {
        let mut data = dataset(&GOLDEN);
        // torch.manual_seed(7); torch.randint(0, 10, (64, 5)), twice.
        let first = [5, 2, 1, 6, 3, 10, 3, 1, 1, 7, 0, 11, 0, 8, 3, 3, 3, 3];
        assert_eq!(data.train.tokens(0), first, "52163 + 31170");
        assert_eq!(data.train.targets(0), &first[12..], "083333 is predicted");
        assert_eq!(data.shape.loss_positions, [11, 12, 13, 14, 15, 16]);
        let sampler = data.sampler.as_mut().expect("fresh data");
        sampler.advance();
        assert_eq!(sampler.place(), 640, "a word a digit");
        assert_ne!(sampler.batch(), &data.train);
    }

    #[test]
    fn a_finite_train_set_stays_and_both_sets_are_drawn_apart() {
        let data = dataset(&AdditionConfig { batches: Batches { n_train: 700, ..GOLDEN.batches }, ..GOLDEN });
        assert!(data.sampler.is_none() && data.train.len() == 700);
        assert!(data.test.iter().all(|(tokens, _)| !data.train.iter().any(|(other, _)| other == tokens)));
        for (tokens, targets) in data.train.iter().chain(data.test.iter()) {
            let number = |digits: &[u32]| digits.iter().fold(0, |number, digit| 10 * number + digit);
            assert_eq!(number(&tokens[..5]) + number(&tokens[6..11]), number(targets), "{tokens:?}");
        }
    }
}
