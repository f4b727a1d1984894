//! Fresh examples in every step, from a seeded generator whose place is part of a saved run.

use std::fmt;
use std::sync::Arc;

use super::Examples;
use crate::maths::mt19937::Mt19937;

/// Draws the examples of one step from random words.
type DrawBatch = Arc<dyn Fn(&mut RandomWords) -> Examples + Send + Sync>;

/// Draws a batch for each step. The same seed gives the same batches, wherever a run is stopped and goes on.
///
/// ```
/// use grokking_lab::task::{Examples, Sampler, SequenceShape};
///
/// let shape = SequenceShape { n_ctx: 2, d_vocab: 10, d_vocab_out: 10, loss_positions: vec![1] };
/// let mut sampler = Sampler::new(7, move |random| {
///     let mut batch = Examples::empty(&shape);
///     for _ in 0..4 {
///         let digit = random.next_u32() % 10;
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
    draw: DrawBatch,
    words: RandomWords,
    /// Words drawn before those of the batch.
    place: u64,
    batch: Examples,
}

/// A generator that counts what was drawn from it.
#[derive(Debug, Clone)]
pub struct RandomWords {
    generator: Mt19937,
    n_drawn: u64,
}

impl RandomWords {
    fn new(seed: u32) -> Self {
        Self { generator: Mt19937::new(seed), n_drawn: 0 }
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        self.n_drawn += 1;
        self.generator.next_u32()
    }
}

impl Sampler {
    /// Draws the first batch. `draw` must take its randomness from the words alone.
    pub fn new(seed: u32, draw: impl Fn(&mut RandomWords) -> Examples + Send + Sync + 'static) -> Self {
        let mut words = RandomWords::new(seed);
        let batch = draw(&mut words);
        Self { seed, draw: Arc::new(draw), words, place: 0, batch }
    }

    /// The examples of the next update.
    pub fn batch(&self) -> &Examples {
        &self.batch
    }

    /// Draws the examples of the update after.
    pub fn advance(&mut self) {
        self.place = self.words.n_drawn;
        self.batch = (self.draw)(&mut self.words);
    }

    /// Number of random words drawn before those of the batch: with the seed, all that determines it and what follows.
    pub fn place(&self) -> u64 {
        self.place
    }

    /// Goes to a place that [`Self::place`] gave, and draws its batch. Draws all words before it again, some hundred
    /// million a second.
    pub fn seek(&mut self, place: u64) {
        self.words = RandomWords::new(self.seed);
        while self.words.n_drawn < place {
            self.words.next_u32();
        }
        self.advance();
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler")
            .field("seed", &self.seed)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
