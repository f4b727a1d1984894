//! The examples of a task: sequences of tokens, and what a model is to predict at some of their positions.

use std::ops::Range;

/// What a model must know of its task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequenceShape {
    /// Tokens of a sequence.
    pub n_ctx: usize,
    /// Different tokens that a model reads.
    pub d_vocab: usize,
    /// Different tokens that a model predicts.
    pub d_vocab_out: usize,
    /// The positions whose predictions are trained, ascending, each below `n_ctx`. Where they differ from example to
    /// example, those of any; an example has [`NO_TARGET`] at the others.
    pub loss_positions: Vec<usize>,
}

/// The target at a loss position whose prediction does not count in this example.
pub const NO_TARGET: u32 = u32::MAX;

/// Examples of one [`SequenceShape`].
///
/// ```
/// use grokking_lab::task::{Examples, SequenceShape};
///
/// let shape = SequenceShape { n_ctx: 3, d_vocab: 8, d_vocab_out: 7, loss_positions: vec![2] };
/// let mut examples = Examples::empty(&shape);
/// examples.push(&[3, 6, 7], &[2]);
/// assert_eq!(examples.len(), 1);
/// assert_eq!((examples.tokens(0), examples.targets(0)), (&[3, 6, 7][..], &[2][..]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examples {
    shape: SequenceShape,
    n: usize,
    /// n × n_ctx.
    tokens: Vec<u32>,
    /// n × number of loss positions.
    targets: Vec<u32>,
}

impl Examples {
    /// No examples yet.
    pub fn empty(shape: &SequenceShape) -> Self {
        Self { shape: shape.clone(), n: 0, tokens: Vec::new(), targets: Vec::new() }
    }

    /// Appends an example: n_ctx tokens, and a target for each loss position, or [`NO_TARGET`].
    ///
    /// # Panics
    /// If there are more or fewer, or if one is outside its vocabulary.
    pub fn push(&mut self, tokens: &[u32], targets: &[u32]) {
        let SequenceShape { n_ctx, d_vocab, d_vocab_out, loss_positions } = &self.shape;
        assert_eq!((tokens.len(), targets.len()), (*n_ctx, loss_positions.len()), "tokens and targets");
        assert!(tokens.iter().all(|&token| (token as usize) < *d_vocab), "{tokens:?} of {d_vocab} tokens");
        let is_target = |t: u32| (t as usize) < *d_vocab_out || t == NO_TARGET;
        assert!(targets.iter().all(|&t| is_target(t)), "{targets:?} of {d_vocab_out} tokens");
        self.n += 1;
        self.tokens.extend_from_slice(tokens);
        self.targets.extend_from_slice(targets);
    }

    /// The form of every example.
    pub fn shape(&self) -> &SequenceShape {
        &self.shape
    }

    /// Number of examples.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// The tokens of an example, n_ctx.
    pub fn tokens(&self, example: usize) -> &[u32] {
        self.tokens_of(example..example + 1)
    }

    /// What is to be predicted at the loss positions of an example.
    pub fn targets(&self, example: usize) -> &[u32] {
        self.targets_of(example..example + 1)
    }

    /// The tokens of some examples, n × n_ctx.
    pub fn tokens_of(&self, examples: Range<usize>) -> &[u32] {
        let n_ctx = self.shape.n_ctx;
        &self.tokens[examples.start * n_ctx..examples.end * n_ctx]
    }

    /// The targets of some examples, n × number of loss positions.
    pub fn targets_of(&self, examples: Range<usize>) -> &[u32] {
        let n_targets = self.shape.loss_positions.len();
        &self.targets[examples.start * n_targets..examples.end * n_targets]
    }

    /// Number of predictions that count: over them the loss is a mean.
    pub fn n_predictions(&self) -> usize {
        self.targets.iter().filter(|&&target| target != NO_TARGET).count()
    }

    /// Tokens and targets of each example.
    pub fn iter(&self) -> impl Iterator<Item = (&[u32], &[u32])> {
        (0..self.n).map(|example| (self.tokens(example), self.targets(example)))
    }

    /// Drops all but the first `n` examples.
    pub fn truncate(&mut self, n: usize) {
        self.n = self.n.min(n);
        self.tokens.truncate(self.n * self.shape.n_ctx);
        self.targets.truncate(self.n * self.shape.loss_positions.len());
    }
}
