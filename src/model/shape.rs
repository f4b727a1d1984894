//! The sizes of a model and the order of its parameters.

use crate::config::{Activation, ModelConfig, TaskConfig};
use crate::task::{Dataset, NO_TARGET, SequenceShape};

/// Every size of a transformer, whatever it is trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelShape {
    /// Tokens of a sequence.
    pub n_ctx: usize,
    /// Number of blocks.
    pub n_layers: usize,
    /// Width of the residual stream.
    pub d_model: usize,
    /// Heads per block.
    pub n_heads: usize,
    /// Width of a head.
    pub d_head: usize,
    /// Neurons per block; 0 for a model of attention only, whose blocks have no MLP.
    pub d_mlp: usize,
    /// Columns of W_E: the tokens that it reads.
    pub d_vocab: usize,
    /// Columns of W_U: the tokens that it predicts.
    pub d_vocab_out: usize,
    /// The neurons' non-linearity.
    pub activation: Activation,
    /// Whether a position attends only to itself and to those before it.
    pub causal: bool,
    /// What the residual stream is multiplied by where attention is added to it, `x <- residual_scale x + attn(x)`.
    pub residual_scale: f64,
}

/// One parameter tensor. The order of the variants within a block is the order in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(non_camel_case_types, reason = "the field's names for weights")]
pub enum Param {
    /// Embedding, d_model × d_vocab.
    W_E,
    /// Positional embedding, n_ctx × d_model.
    W_pos,
    /// Keys of a block, n_heads × d_head × d_model.
    W_K(usize),
    /// Queries of a block, n_heads × d_head × d_model.
    W_Q(usize),
    /// Values of a block, n_heads × d_head × d_model.
    W_V(usize),
    /// Attention output of a block, d_model × (n_heads · d_head), column = head · d_head + h.
    W_O(usize),
    /// Into the neurons of a block, d_mlp × d_model.
    W_in(usize),
    /// The neurons' bias, d_mlp.
    b_in(usize),
    /// Out of the neurons, d_model × d_mlp.
    W_out(usize),
    /// Bias of the MLP's output, d_model.
    b_out(usize),
    /// Unembedding, d_model × d_vocab_out.
    W_U,
}

impl Param {
    /// The name in a checkpoint, for example `blocks.0.attn.W_Q`.
    pub fn name(self) -> String {
        match self {
            Self::W_E => "embed.W_E".into(),
            Self::W_pos => "pos_embed.W_pos".into(),
            Self::W_K(l) => format!("blocks.{l}.attn.W_K"),
            Self::W_Q(l) => format!("blocks.{l}.attn.W_Q"),
            Self::W_V(l) => format!("blocks.{l}.attn.W_V"),
            Self::W_O(l) => format!("blocks.{l}.attn.W_O"),
            Self::W_in(l) => format!("blocks.{l}.mlp.W_in"),
            Self::b_in(l) => format!("blocks.{l}.mlp.b_in"),
            Self::W_out(l) => format!("blocks.{l}.mlp.W_out"),
            Self::b_out(l) => format!("blocks.{l}.mlp.b_out"),
            Self::W_U => "unembed.W_U".into(),
        }
    }
}

impl ModelShape {
    /// The model an experiment trains.
    pub fn new(task: &TaskConfig, model: &ModelConfig) -> Self {
        Self::for_sequences(&SequenceShape::new(task), model)
    }

    /// A model for sequences of some form.
    pub fn for_sequences(sequences: &SequenceShape, model: &ModelConfig) -> Self {
        Self {
            n_ctx: sequences.n_ctx,
            n_layers: model.n_layers,
            d_model: model.d_model,
            n_heads: model.n_heads,
            d_head: model.d_head(),
            d_mlp: model.d_mlp,
            d_vocab: sequences.d_vocab,
            d_vocab_out: sequences.d_vocab_out,
            activation: model.activation,
            causal: model.causal,
            residual_scale: model.residual_scale,
        }
    }

    /// Whether the model can read and predict every example of a dataset. It may have fewer outputs than the dataset
    /// has, if no example asks for the others.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub fn fits(&self, dataset: &Dataset) -> Result<(), String> {
        let sequences = &dataset.shape;
        if (self.n_ctx, self.d_vocab) != (sequences.n_ctx, sequences.d_vocab) {
            return Err(format!(
                "the model reads {} of {} tokens, the examples have {} of {}",
                self.n_ctx, self.d_vocab, sequences.n_ctx, sequences.d_vocab
            ));
        }
        let targets = [&dataset.train, &dataset.test].map(|examples| examples.targets_of(0..examples.len()));
        match targets.into_iter().flatten().filter(|&&target| target != NO_TARGET).max() {
            Some(&largest) if largest as usize >= self.d_vocab_out => Err(format!(
                "the model predicts the tokens below {}, an example asks for {largest}",
                self.d_vocab_out
            )),
            _ => Ok(()),
        }
    }

    /// Whether its blocks have an MLP, or attention only.
    pub fn has_mlp(&self) -> bool {
        self.d_mlp > 0
    }

    /// Every parameter in the order in which [`Weights`](super::Weights) stores them.
    pub fn params(&self) -> Vec<Param> {
        let attention = |l| [Param::W_K(l), Param::W_Q(l), Param::W_V(l), Param::W_O(l)];
        let mlp = |l| [Param::W_in(l), Param::b_in(l), Param::W_out(l), Param::b_out(l)];
        let mlp = |l| self.has_mlp().then(|| mlp(l)).into_iter().flatten();
        let block = |l| attention(l).into_iter().chain(mlp(l));
        [Param::W_E, Param::W_pos]
            .into_iter()
            .chain((0..self.n_layers).flat_map(block))
            .chain([Param::W_U])
            .collect()
    }

    /// The dimensions of a parameter, outermost first, row-major.
    ///
    /// ```
    /// use grokking_lab::config::Preset;
    /// use grokking_lab::model::{ModelShape, Param};
    ///
    /// let config = Preset::Paper.config();
    /// let shape = ModelShape::new(&config.data, &config.model);
    /// assert_eq!(shape.dims(Param::W_E), [128, 114], "d_model × d_vocab");
    /// assert_eq!(shape.dims(Param::W_Q(0)), [4, 32, 128], "n_heads × d_head × d_model");
    /// assert_eq!(shape.n_values(), 226_816);
    /// ```
    pub fn dims(&self, param: Param) -> Vec<usize> {
        let Self { n_ctx, d_model, n_heads, d_head, d_mlp, d_vocab, d_vocab_out, .. } = *self;
        match param {
            Param::W_E => vec![d_model, d_vocab],
            Param::W_pos => vec![n_ctx, d_model],
            Param::W_K(_) | Param::W_Q(_) | Param::W_V(_) => vec![n_heads, d_head, d_model],
            Param::W_O(_) => vec![d_model, n_heads.saturating_mul(d_head)],
            Param::W_in(_) => vec![d_mlp, d_model],
            Param::b_in(_) => vec![d_mlp],
            Param::W_out(_) => vec![d_model, d_mlp],
            Param::b_out(_) => vec![d_model],
            Param::W_U => vec![d_model, d_vocab_out],
        }
    }

    /// Number of values of a parameter.
    ///
    /// # Panics
    /// If there are more than a `usize` counts.
    pub fn len(&self, param: Param) -> usize {
        self.checked_len(param).expect("a model that fits the memory")
    }

    /// Number of values of all parameters.
    ///
    /// # Panics
    /// If there are more than a `usize` counts; sizes that nobody checked go through
    /// [`Self::checked_n_values`].
    pub fn n_values(&self) -> usize {
        self.checked_n_values().expect("a model that fits the memory")
    }

    /// Number of values of all parameters; none if a `usize` cannot count them.
    pub fn checked_n_values(&self) -> Option<usize> {
        self.params().into_iter().try_fold(0_usize, |sum, param| sum.checked_add(self.checked_len(param)?))
    }

    fn checked_len(&self, param: Param) -> Option<usize> {
        self.dims(param).into_iter().try_fold(1_usize, usize::checked_mul)
    }

    /// Where a parameter lies in the flat order of [`Self::params`].
    ///
    /// # Panics
    /// If the parameter belongs to a block, or to an MLP, that the model does not have.
    pub fn range(&self, param: Param) -> std::ops::Range<usize> {
        let mut start = 0;
        for candidate in self.params() {
            let len = self.len(candidate);
            if candidate == param {
                return start..start + len;
            }
            start += len;
        }
        panic!("{} is not a parameter of a model with {} blocks", param.name(), self.n_layers);
    }
}

#[cfg(test)]
mod tests {
    use super::{ModelShape, Param};
    use crate::config::Preset;

    #[test]
    fn the_papers_model_has_226816_parameters() {
        let config = Preset::Paper.config();
        let shape = ModelShape::new(&config.data, &config.model);
        assert_eq!(shape.n_values(), 226_816, "the count of the published code");
        assert_eq!(shape.range(Param::W_U).end, 226_816, "W_U is last");
        assert_eq!(shape.range(Param::W_pos), 14_592..14_976, "W_pos follows W_E");
    }

    #[test]
    fn a_model_of_attention_only_has_no_parameters_of_an_mlp() {
        let config = Preset::Tiny.config();
        let with_mlp = ModelShape::new(&config.data, &config.model);
        let without = ModelShape { d_mlp: 0, ..with_mlp.clone() };
        let of_mlp = |param: &Param| {
            matches!(param, Param::W_in(_) | Param::b_in(_) | Param::W_out(_) | Param::b_out(_))
        };
        let expected: Vec<Param> = with_mlp.params().into_iter().filter(|param| !of_mlp(param)).collect();
        assert_eq!(without.params(), expected);
    }

    #[test]
    fn sizes_that_overflow_have_no_count() {
        let config = Preset::Tiny.config();
        let small = ModelShape::new(&config.data, &config.model);
        let half = 1 << (usize::BITS / 2);
        let one_tensor = ModelShape { d_model: half, d_mlp: half, ..small.clone() };
        let heads = ModelShape { n_heads: half, d_head: half, ..small.clone() };
        let sum = ModelShape { d_model: half, d_mlp: half / 2, ..small.clone() };
        for huge in [one_tensor, heads, sum] {
            assert_eq!(huge.checked_n_values(), None, "{huge:?}");
        }
        assert_eq!(small.checked_n_values(), Some(small.n_values()));
    }
}
