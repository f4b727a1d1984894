//! Other examples in every step: fresh ones from a seeded generator, or the batches of a train set in an order that is
//! shuffled for each pass. The place is part of a saved run.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::Examples;
use crate::maths::mt19937::Mt19937;
use crate::maths::randint::{numpy_below, torch_below};

/// Draws the examples of one step from random words.
type DrawBatch = Arc<dyn Fn(&mut RandomWords) -> Examples + Send + Sync>;

/// Gives a batch for each step. The same seed gives the same batches, wherever a run is stopped and goes on.
///
/// ```
/// use grokking_lab::task::{Examples, Sampler, SequenceShape};
///
/// let shape = SequenceShape { n_ctx: 2, d_vocab: 10, d_vocab_out: 10, loss_positions: vec![1] };
/// let mut sampler = Sampler::new(7, move |random| {
///     let mut batch = Examples::empty(&shape);
///     for _ in 0..4 {
///         let digit = random.torch_randint(0..10);
///         batch.push(&[digit, 0], &[digit]);
///     }
///     batch
/// });
/// sampler.advance();
/// let (second, place) = (sampler.batch().clone(), sampler.place());
/// sampler.advance();
/// assert_ne!(sampler.batch(), &second);
/// sampler.seek(place);
/// assert_eq!(sampler.batch(), &second);
/// ```
#[derive(Clone)]
pub struct Sampler {
    seed: u32,
    source: Source,
    place: u64,
}

#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "a run has one sampler")]
enum Source {
    /// The place is the number of words drawn before those of the batch.
    Fresh { draw: DrawBatch, words: RandomWords, n_discarded: usize, batch: Examples },
    /// The place is the number of batches before this one; `order` is that of the pass it is in.
    Shuffled { batches: Arc<[Examples]>, order: Vec<usize> },
}

/// A generator that counts what was drawn from it.
#[derive(Debug, Clone)]
pub struct RandomWords {
    generator: Mt19937,
    n_drawn: u64,
}

impl RandomWords {
    /// A generator seeded as `torch.manual_seed` and `numpy.random.seed` do.
    pub(super) fn new(seed: u32) -> Self {
        Self { generator: Mt19937::new(seed), n_drawn: 0 }
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.n_drawn += 1;
        self.generator.next_u32()
    }

    /// A number of a range, as `torch.randint` draws it.
    pub fn torch_randint(&mut self, range: Range<u32>) -> u32 {
        range.start + torch_below(range.end - range.start, || self.next_u32())
    }

    /// A number of a range, as `numpy.random.RandomState.randint` draws it.
    pub fn numpy_randint(&mut self, range: Range<u32>) -> u32 {
        range.start + numpy_below(range.end - range.start, || self.next_u32())
    }
}

impl Sampler {
    /// Fresh examples; draws the first batch. `draw` must take its randomness from the words alone.
    pub fn new(seed: u32, draw: impl Fn(&mut RandomWords) -> Examples + Send + Sync + 'static) -> Self {
        Self::discarding(0, seed, draw)
    }

    /// As [`Self::new`], but the generator's first `n_discarded` batches are thrown away.
    pub fn discarding(
        n_discarded: usize,
        seed: u32,
        draw: impl Fn(&mut RandomWords) -> Examples + Send + Sync + 'static,
    ) -> Self {
        let draw: DrawBatch = Arc::new(draw);
        let mut words = words_after(n_discarded, seed, &draw);
        let batch = draw(&mut words);
        Self { seed, source: Source::Fresh { draw, words, n_discarded, batch }, place: 0 }
    }

    /// One of these batches in each step, all of them once in each pass, in an order that is drawn for the pass.
    ///
    /// # Panics
    /// If there are no batches.
    pub fn shuffled(seed: u32, batches: Vec<Examples>) -> Self {
        assert!(!batches.is_empty(), "a pass has at least one batch");
        let order = order_of_pass(seed, 0, batches.len());
        Self { seed, source: Source::Shuffled { batches: batches.into(), order }, place: 0 }
    }

    /// The examples of the next update.
    pub fn batch(&self) -> &Examples {
        match &self.source {
            Source::Fresh { batch, .. } => batch,
            Source::Shuffled { batches, order } => &batches[order[self.place as usize % order.len()]],
        }
    }

    /// Goes to the examples of the update after.
    pub fn advance(&mut self) {
        match &mut self.source {
            Source::Fresh { draw, words, batch, .. } => {
                self.place = words.n_drawn;
                *batch = draw(words);
            }
            Source::Shuffled { .. } => self.seek(self.place + 1),
        }
    }

    /// Where the batch stands: with the seed, all that determines it and what follows.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Goes to a place that [`Self::place`] gave. Of fresh examples it draws all words before it again, some hundred
    /// million a second.
    pub fn seek(&mut self, place: u64) {
        match &mut self.source {
            Source::Fresh { draw, words, n_discarded, batch } => {
                *words = words_after(*n_discarded, self.seed, draw);
                while words.n_drawn < place {
                    words.next_u32();
                }
                *batch = draw(words);
            }
            Source::Shuffled { batches, order } => {
                *order = order_of_pass(self.seed, place / batches.len() as u64, batches.len());
            }
        }
        self.place = place;
    }
}

/// A generator after some batches, which are not counted.
fn words_after(n_discarded: usize, seed: u32, draw: &DrawBatch) -> RandomWords {
    let mut words = RandomWords::new(seed);
    for _ in 0..n_discarded {
        draw(&mut words);
    }
    words.n_drawn = 0;
    words
}

/// The order of the batches in a pass: each has a generator of its own, so that a run finds its place at once.
fn order_of_pass(seed: u32, pass: u64, n_batches: usize) -> Vec<usize> {
    let mut twister = Mt19937::from_key(&[seed, pass as u32, (pass >> 32) as u32]);
    let mut order: Vec<usize> = (0..n_batches).collect();
    for i in (1..n_batches).rev() {
        order.swap(i, numpy_below(i as u32 + 1, || twister.next_u32()) as usize);
    }
    order
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler")
            .field("seed", &self.seed)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{RandomWords, Sampler};
    use crate::task::{Examples, SequenceShape};

    fn digits(words: &mut RandomWords) -> Examples {
        let shape = SequenceShape { n_ctx: 1, d_vocab: 100, d_vocab_out: 100, loss_positions: vec![0] };
        let mut batch = Examples::empty(&shape);
        for _ in 0..3 {
            let digit = words.numpy_randint(0..100);
            batch.push(&[digit], &[digit]);
        }
        batch
    }

    #[test]
    fn what_is_discarded_is_the_beginning_of_the_same_batches() {
        let mut all = Sampler::new(4, digits);
        let mut later = Sampler::discarding(2, 4, digits);
        all.advance();
        all.advance();
        let mut places = Vec::new();
        for _ in 0..5 {
            assert_eq!(later.batch(), all.batch());
            places.push((later.place(), later.batch().clone()));
            all.advance();
            later.advance();
        }
        assert_eq!(places[0].0, 0, "the place is that of a run, which begins here");
        for (place, batch) in places.into_iter().rev() {
            later.seek(place);
            assert_eq!((later.batch(), later.place()), (&batch, place));
        }
    }

    #[test]
    fn a_pass_has_every_batch_once_and_another_order_than_the_one_before() {
        let mut words = RandomWords::new(1);
        let batches: Vec<Examples> = (0..4).map(|_| digits(&mut words)).collect();
        let number = |batch: &Examples| batches.iter().position(|other| other == batch).expect("one of them");
        let mut sampler = Sampler::shuffled(9, batches.clone());
        let mut passes = Vec::new();
        for pass in 0..6 {
            let mut order = Vec::new();
            for i in 0..4 {
                assert_eq!(sampler.place(), 4 * pass + i);
                order.push(number(sampler.batch()));
                sampler.advance();
            }
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3], "pass {pass}");
            passes.push(order);
        }
        assert!(passes.iter().any(|order| *order != passes[0]), "{passes:?}");
        sampler.seek(9);
        assert_eq!(number(sampler.batch()), passes[2][1]);
    }
}
