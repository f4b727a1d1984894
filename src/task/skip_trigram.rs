//! Skip trigram (paper section 5.3): one signal token in a row of noise says what follows the last token.

use super::sampler::RandomWords;
use super::{Dataset, Examples, Sampler, SequenceShape};
use crate::config::{Batches, SkipTrigramConfig};

/// The token that begins a sequence.
const BEGIN: u32 = 0;
/// The token that ends one, where the signal is asked for. Noise follows it in the vocabulary, then signals.
const QUERY: u32 = 1;

/// Sequences that test the model.
pub(super) const N_TEST: usize = 256;

/// The form of the sequences: begin, noise, query; the answer is one of as many as there are signals.
pub fn sequence_shape(symbols: usize, noise: usize) -> SequenceShape {
    SequenceShape {
        n_ctx: noise + 2,
        d_vocab: 2 * symbols + 2,
        d_vocab_out: symbols,
        loss_positions: vec![noise + 1],
    }
}

/// The examples of a configuration, as the published code draws them. A finite train set is the first batch of its
/// seed, and its test set that of the same seed in another size; with fresh data the test set has the next seed.
pub fn dataset(config: &SkipTrigramConfig) -> Dataset {
    let &SkipTrigramConfig { symbols, noise, batches: Batches { batch, n_train, data_seed } } = config;
    let drawn = |n: usize, seed: u32| draw(n, symbols, noise, &mut RandomWords::new(seed));
    match n_train {
        0 => {
            let sampler = Sampler::new(data_seed, move |words| draw(batch, symbols, noise, words));
            Dataset::fresh(sampler, drawn(N_TEST, data_seed.wrapping_add(1)))
        }
        n => Dataset::finite(drawn(n, data_seed), drawn(N_TEST, data_seed)),
    }
}

/// `torch.randint(2, symbols + 2, (n, noise))`, then n signals, then the n positions at which they stand.
fn draw(n: usize, symbols: usize, noise: usize, words: &mut RandomWords) -> Examples {
    let (n_symbols, n_noise) = (symbols as u32, noise as u32);
    let noises: Vec<u32> = (0..n * noise).map(|_| words.torch_randint(2..n_symbols + 2)).collect();
    let signals: Vec<u32> = (0..n).map(|_| words.torch_randint(0..n_symbols)).collect();
    let positions: Vec<u32> = (0..n).map(|_| words.torch_randint(1..n_noise + 1)).collect();
    let mut examples = Examples::empty(&sequence_shape(symbols, noise));
    for ((noise, signal), position) in noises.chunks(noise).zip(signals).zip(positions) {
        let mut tokens = [&[BEGIN], noise, &[QUERY]].concat();
        tokens[position as usize] = n_symbols + 2 + signal;
        examples.push(&tokens, &[signal]);
    }
    examples
}

#[cfg(test)]
mod tests {
    use super::dataset;
    use crate::config::{Batches, SkipTrigramConfig};

    const GOLDEN: SkipTrigramConfig = SkipTrigramConfig {
        symbols: 10,
        noise: 40,
        batches: Batches { batch: 256, n_train: 0, data_seed: 6798 },
    };

    #[test]
    fn batches_are_those_of_the_published_code() {
        let data = dataset(&GOLDEN);
        // torch.Generator().manual_seed(6798).
        let first = data.train.tokens(0);
        assert_eq!(first[..12], [0, 3, 9, 7, 9, 10, 6, 11, 8, 18, 9, 2], "signal 6 at position 9");
        assert_eq!((first[41], data.train.targets(0)), (1, &[6][..]));
        assert_eq!(data.train.tokens(1)[10], 18, "the next has the same signal at position 10");
        assert_ne!(data.test, data.train, "the test set is of another seed");
    }

    #[test]
    fn a_finite_train_set_is_a_batch_of_that_size() {
        let data =
            dataset(&SkipTrigramConfig { batches: Batches { n_train: 60, ..GOLDEN.batches }, ..GOLDEN });
        assert!(data.sampler.is_none() && data.train.len() == 60);
        assert_eq!(data.train.tokens(0)[38], 18, "the same noise, and the signal at another position");
        assert_eq!(data.test, dataset(&GOLDEN).train, "256 of the same seed");
    }

    #[test]
    fn every_sequence_has_one_signal_which_is_the_answer() {
        let data = dataset(&SkipTrigramConfig { symbols: 3, noise: 5, ..GOLDEN });
        for (tokens, answer) in data.train.iter().chain(data.test.iter()) {
            let signals: Vec<u32> =
                tokens.iter().filter(|&&token| token >= 5).map(|token| token - 5).collect();
            assert_eq!(signals, answer, "{tokens:?}");
            assert_eq!((tokens[0], tokens[6]), (0, 1), "{tokens:?}");
        }
    }
}
