//! Repeated subsequence (paper section 5.3): a run of random tokens comes again, and whoever looks for what followed
//! the last time (an induction head) can predict it.

use super::sampler::RandomWords;
use super::{Dataset, Examples, NO_TARGET, Sampler, SequenceShape};
use crate::config::{Batches, InductionConfig};

/// The token that begins every sequence and stands nowhere else.
const BEGIN: u32 = 0;

/// Sequences that test the model. They are drawn with the seed after that of the train set.
pub(super) const N_TEST: usize = 640;

/// The published code draws a batch before the first one that it trains on.
const N_DISCARDED: usize = 1;

/// The form of the sequences. The copies stand at places of their own in each, so the loss positions are all that a
/// repeated token can be predicted from.
pub fn sequence_shape(config: &InductionConfig) -> SequenceShape {
    let &InductionConfig { n_ctx, repeats, d_vocab, .. } = config;
    let interval = interval(config);
    // Of the last start in an interval the last position that counts is `interval - 1` after the first start.
    let in_copy = |copy: usize| 1 + copy * interval..copy * interval + interval;
    SequenceShape {
        n_ctx,
        d_vocab,
        d_vocab_out: d_vocab,
        loss_positions: (1..repeats).flat_map(in_copy).collect(),
    }
}

/// From one copy's first place to the next's.
fn interval(config: &InductionConfig) -> usize {
    (config.n_ctx - 1) / config.repeats
}

/// The examples of a configuration. Fresh data is that of the published code. Of finite data nobody knows the batches
/// any more: here they are the first that fresh data would have had, in another order in each pass.
pub fn dataset(config: &InductionConfig) -> Dataset {
    let Batches { batch, n_train, data_seed } = config.batches;
    let test = draw(N_TEST, config, &mut RandomWords::new(data_seed.wrapping_add(1)));
    let owned = config.clone();
    let mut fresh = Sampler::discarding(N_DISCARDED, data_seed, move |words| draw(batch, &owned, words));
    if n_train == 0 {
        return Dataset::fresh(fresh, test);
    }
    let batches: Vec<Examples> = (0..n_train / batch)
        .map(|_| {
            let examples = fresh.batch().clone();
            fresh.advance();
            examples
        })
        .collect();
    Dataset::shuffled_batches(data_seed, batches, test)
}

/// `RandomState.randint(1, d_vocab, (n, n_ctx))`, then the n starts of each copy.
fn draw(n: usize, config: &InductionConfig, words: &mut RandomWords) -> Examples {
    let &InductionConfig { n_ctx, sub_len, repeats, d_vocab, .. } = config;
    let mut tokens: Vec<u32> = (0..n * n_ctx).map(|_| words.numpy_randint(1..d_vocab as u32)).collect();
    let interval = interval(config);
    let n_starts = interval - sub_len + 1;
    let starts: Vec<Vec<usize>> = (0..repeats)
        .map(|copy| {
            let first = 1 + copy * interval;
            (0..n).map(|_| words.numpy_randint(first as u32..(first + n_starts) as u32) as usize).collect()
        })
        .collect();
    let shape = sequence_shape(config);
    let mut examples = Examples::empty(&shape);
    for (i, tokens) in tokens.chunks_mut(n_ctx).enumerate() {
        tokens[0] = BEGIN;
        for copies in &starts[1..] {
            tokens.copy_within(starts[0][i]..starts[0][i] + sub_len, copies[i]);
        }
        // The first token of a copy cannot be foreseen; each of the others can, from the one before it.
        let counts = |position: usize| {
            starts[1..].iter().any(|copies| (copies[i]..copies[i] + sub_len - 1).contains(&position))
        };
        let target = |&position: &usize| if counts(position) { tokens[position + 1] } else { NO_TARGET };
        let targets: Vec<u32> = shape.loss_positions.iter().map(target).collect();
        examples.push(tokens, &targets);
    }
    examples
}

#[cfg(test)]
mod tests {
    use super::{dataset, draw, sequence_shape};
    use crate::config::{Batches, InductionConfig};
    use crate::task::NO_TARGET;
    use crate::task::sampler::RandomWords;

    const GOLDEN: InductionConfig = InductionConfig {
        n_ctx: 85,
        sub_len: 16,
        repeats: 3,
        d_vocab: 128,
        batches: Batches { batch: 128, n_train: 0, data_seed: 1 },
    };

    /// The positions of an example that count.
    fn counted(targets: &[u32], positions: &[usize]) -> Vec<usize> {
        positions.iter().zip(targets).filter(|(_, target)| **target != NO_TARGET).map(|(at, _)| *at).collect()
    }

    /// The published generator after `numpy.random.seed(5)`, with 10 tokens of 8, copies of 2 and batches of 2.
    #[test]
    fn small_batches_are_those_of_numpy() {
        let config = InductionConfig { n_ctx: 10, sub_len: 2, d_vocab: 8, ..GOLDEN };
        let positions = sequence_shape(&config).loss_positions;
        assert_eq!(positions, [4, 5, 7, 8]);
        let mut words = RandomWords::new(5);
        let expected = [
            ([[0, 7, 6, 7, 7, 6, 7, 6, 7, 7], [0, 1, 7, 1, 5, 7, 1, 7, 1, 5]], [[5, 7], [5, 7]]),
            ([[0, 6, 3, 7, 2, 6, 3, 2, 6, 3], [0, 3, 1, 7, 6, 1, 7, 1, 7, 7]], [[5, 8], [5, 7]]),
        ];
        for (tokens, counts) in expected {
            let batch = draw(2, &config, &mut words);
            for i in 0..2 {
                assert_eq!(batch.tokens(i), tokens[i]);
                assert_eq!(counted(batch.targets(i), &positions), counts[i], "{:?}", batch.targets(i));
            }
        }
    }

    #[test]
    fn batches_are_those_of_the_published_code_after_its_first() {
        let mut data = dataset(&GOLDEN);
        let first = data.train.tokens(0);
        assert_eq!(first[..8], [0, 76, 6, 10, 126, 125, 44, 1], "numpy.random.seed(1), the second batch");
        let sum = |tokens: &[u32]| tokens.iter().sum::<u32>();
        assert_eq!(sum(data.train.tokens_of(0..128)), 682_342);
        let positions = &data.shape.loss_positions;
        assert_eq!((positions.len(), positions[0], positions[53]), (54, 29, 83));
        let last: Vec<usize> = (36..51).chain(69..84).collect();
        assert_eq!(counted(data.train.targets(127), positions), last, "15 of each of two copies");
        assert_eq!(data.train.n_predictions(), 128 * 30);
        let sampler = data.sampler.as_mut().expect("fresh data");
        sampler.advance();
        let next = sampler.batch();
        assert_eq!(next.tokens(0)[..6], [0, 90, 62, 76, 5, 60]);
        assert_eq!(sum(next.tokens_of(0..128)), 684_899);
    }

    #[test]
    fn every_target_is_the_next_token_and_followed_the_same_token_before() {
        let data = dataset(&GOLDEN);
        for (tokens, targets) in data.test.iter() {
            for (&position, &target) in data.shape.loss_positions.iter().zip(targets) {
                if target != NO_TARGET {
                    assert_eq!(tokens[position + 1], target);
                    let pair = [tokens[position], target];
                    assert!(tokens[..position].windows(2).any(|earlier| earlier == pair), "{tokens:?}");
                }
            }
        }
    }

    #[test]
    fn a_finite_train_set_comes_in_batches() {
        let mut data =
            dataset(&InductionConfig { batches: Batches { n_train: 512, ..GOLDEN.batches }, ..GOLDEN });
        assert_eq!((data.train.len(), data.test.len()), (512, 640));
        let mut seen = Vec::new();
        let sampler = data.sampler.as_mut().expect("a batch in every step");
        for _ in 0..4 {
            assert_eq!(sampler.batch().len(), 128);
            seen.push(sampler.batch().tokens(0).to_vec());
            sampler.advance();
        }
        let mut firsts: Vec<Vec<u32>> = (0..4).map(|i| data.train.tokens(128 * i).to_vec()).collect();
        seen.sort_unstable();
        firsts.sort_unstable();
        assert_eq!(seen, firsts, "all of the train set in a pass");
        assert_eq!(
            data.train.tokens(0),
            dataset(&GOLDEN).train.tokens(0),
            "those that come first in fresh data"
        );
    }
}
