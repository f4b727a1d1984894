//! Measures of the publications that came after the paper: definitions, sources and costs stand in `docs/measures.md`.

use super::template::{OF_PAIRS, computed};
use super::{Domain, Measure, MeasureUnit, Need, Scale};
use crate::analysis::gradient_shape::{hill_tail_index, participation_ratio};
use crate::analysis::modular::circularity::circularity;
use crate::analysis::modular::controls::restricted_loss_of_moment;
use crate::analysis::modular::gradient_symmetricity::GradientSymmetricity;
use crate::analysis::modular::inverse_participation::mean_inverse_participation;
use crate::analysis::modular::right_logits::{distance_irrelevance, logit_scale, mean_margin};
use crate::task::Split;

/// How far the right answers stand out.
pub static LOGIT_SCALE: Measure = Measure {
    id: "logit_scale",
    column: "logit_scale",
    label: "logit scale",
    short: "scale",
    meaning: "The right answer's logit minus the mean of the others, mean over all pairs (Varma et al. 2023).",
    unit: MeasureUnit::Logits,
    scale: Scale::Linear,
    source: computed(|context, _| Some(logit_scale(context.logits()))),
    ..OF_PAIRS
};

/// Whether the right answers' logits depend on the sum alone.
pub static DISTANCE_IRRELEVANCE: Measure = Measure {
    id: "distance_irrelevance",
    column: "distance_irrelevance",
    label: "distance irrelevance",
    short: "irrelevance",
    meaning: "How much of the right answer's logit depends on a + b and not on a \u{2212} b: above 0.8 in models that add \
              by a clock, near 0.2 in pizzas (Zhong et al. 2023).",
    unit: MeasureUnit::Index,
    scale: Scale::Linear,
    source: computed(|context, _| distance_irrelevance(context.logits())),
    ..OF_PAIRS
};

const IPR: Measure = Measure {
    label: "inverse participation ratio",
    meaning: "How few frequencies a direction uses, mean over directions: 1 if each is one wave, 1/n if its power is \
              spread evenly over n frequencies (Gromov 2023).",
    unit: MeasureUnit::Index,
    scale: Scale::Linear,
    needs: Need::Weights,
    ..OF_PAIRS
};

/// How few frequencies a direction of the embedding uses.
pub static IPR_W_E: Measure = Measure {
    id: "ipr_w_e",
    column: "ipr_w_e",
    short: "W_E",
    object: Some("W_E"),
    source: computed(|context, _| mean_inverse_participation(&context.embedding_coefficients())),
    ..IPR
};

/// How few frequencies a neuron's column of the neuron-logit map uses.
pub static IPR_W_L: Measure = Measure {
    id: "ipr_w_l",
    column: "ipr_w_l",
    short: "W_L",
    object: Some("W_L"),
    source: computed(|context, _| mean_inverse_participation(context.map_directions())),
    ..IPR
};

/// How many parameters take part in the gradient.
pub static GRADIENT_PARTICIPATION: Measure = Measure {
    id: "gradient_participation",
    column: "gradient_participation",
    label: "gradient participation ratio",
    short: "participation",
    meaning: "(\u{3a3} g\u{b2})\u{b2} over n \u{3a3} g\u{2074} of the train loss's gradient: 1 if all n parameters take part equally, 1/n \
              if one does.",
    unit: MeasureUnit::Index,
    split: Some(Split::Train),
    needs: Need::Gradient,
    source: computed(|context, _| participation_ratio(context.gradient()?.flat())),
    domain: Domain::AnyTask,
    ..OF_PAIRS
};

/// How heavy the gradient's tail is.
pub static GRADIENT_TAIL_INDEX: Measure = Measure {
    id: "gradient_tail_index",
    column: "gradient_tail_index",
    label: "gradient tail index",
    short: "tail",
    meaning: "Hill's exponent of the largest hundredth of the gradient's entries: the smaller, the heavier the tail.",
    unit: MeasureUnit::Ratio,
    scale: Scale::Linear,
    split: Some(Split::Train),
    needs: Need::Gradient,
    source: computed(|context, _| hill_tail_index(context.gradient()?.flat())),
    domain: Domain::AnyTask,
    ..OF_PAIRS
};

const ILDR: Measure = Measure {
    label: "ILDR",
    meaning: "How far the sums' classes lie apart in the last residual stream, against how far the members of a class do; \
              held-out pairs only, once with squared distances and once without (arXiv 2604.20923 does not say which).",
    unit: MeasureUnit::Ratio,
    ..OF_PAIRS
};

/// ILDR of squared distances.
pub static ILDR_SQUARED: Measure = Measure {
    id: "ildr_squared",
    column: "ildr_squared",
    short: "squared",
    object: Some("squared distances"),
    source: computed(|context, _| Some(context.ildr()?.squared)),
    ..ILDR
};

/// ILDR of distances.
pub static ILDR_UNSQUARED: Measure = Measure {
    id: "ildr_unsquared",
    column: "ildr_unsquared",
    short: "not squared",
    object: Some("distances"),
    source: computed(|context, _| Some(context.ildr()?.unsquared)),
    ..ILDR
};

/// Whether the embedding lies on circles.
pub static CIRCULARITY: Measure = Measure {
    id: "circularity",
    column: "circularity",
    label: "circularity",
    short: "circularity",
    meaning: "How much of each of the first four principal components of W_E is one wave, on average: 1 if the embedding \
              lies on circles (Zhong et al. 2023).",
    unit: MeasureUnit::Index,
    scale: Scale::Linear,
    needs: Need::Weights,
    source: computed(|context, _| circularity(context.weights())),
    ..OF_PAIRS
};

/// Whether both numbers are treated alike.
pub static GRADIENT_SYMMETRICITY: Measure = Measure {
    id: "gradient_symmetricity",
    column: "gradient_symmetricity",
    label: "gradient symmetricity",
    short: "symmetricity",
    meaning: "The cosine of the gradients of a logit by the embeddings of a and of b, mean over 100 random logits: near 1 \
              in pizzas, below a half in clocks (Zhong et al. 2023).",
    unit: MeasureUnit::Index,
    scale: Scale::Linear,
    needs: Need::Asked,
    source: computed(|context, _| Some(GradientSymmetricity::new(context.weights())?.mean)),
    ..OF_PAIRS
};

const EFFECTIVE_RANK: Measure = Measure {
    label: "effective rank",
    meaning: "How many directions a matrix uses: the exponential of the entropy of its singular values (Roy and Vetterli \
              2007).",
    unit: MeasureUnit::Directions,
    scale: Scale::Linear,
    needs: Need::Asked,
    ..OF_PAIRS
};

/// Effective rank of the numbers' embedding.
pub static EFFECTIVE_RANK_W_E: Measure = Measure {
    id: "effective_rank_w_e",
    column: "effective_rank_w_e",
    short: "W_E",
    object: Some("W_E"),
    source: computed(|context, _| context.effective_ranks().w_e),
    ..EFFECTIVE_RANK
};

/// Effective rank of the neuron-logit map.
pub static EFFECTIVE_RANK_W_L: Measure = Measure {
    id: "effective_rank_w_l",
    column: "effective_rank_w_l",
    short: "W_L",
    object: Some("W_L"),
    source: computed(|context, _| context.effective_ranks().w_l),
    ..EFFECTIVE_RANK
};

/// Effective rank of the last block's W_in.
pub static EFFECTIVE_RANK_W_IN: Measure = Measure {
    id: "effective_rank_w_in",
    column: "effective_rank_w_in",
    short: "W_in",
    object: Some("W_in"),
    source: computed(|context, _| context.effective_ranks().w_in),
    ..EFFECTIVE_RANK
};

/// Effective rank of the last block's W_out.
pub static EFFECTIVE_RANK_W_OUT: Measure = Measure {
    id: "effective_rank_w_out",
    column: "effective_rank_w_out",
    short: "W_out",
    object: Some("W_out"),
    source: computed(|context, _| context.effective_ranks().w_out),
    ..EFFECTIVE_RANK
};

/// The mean margin of all pairs.
pub static MEAN_MARGIN: Measure = Measure {
    id: "mean_margin",
    column: "mean_margin",
    label: "mean margin",
    short: "mean margin",
    meaning: "The right answer's logit minus the largest other, mean over all pairs.",
    unit: MeasureUnit::Logits,
    scale: Scale::Linear,
    source: computed(|context, _| Some(mean_margin(context.logits()))),
    ..OF_PAIRS
};

/// Whether the heads attend alike.
pub static HEAD_COSINE: Measure = Measure {
    id: "head_cosine",
    column: "head_cosine",
    label: "cosine between heads",
    short: "cosine",
    meaning: "The cosine of the attention patterns of two heads of the first block over all pairs of numbers, mean over the \
              pairs of heads; 1 of a single head (arXiv 2605.20441).",
    unit: MeasureUnit::Index,
    scale: Scale::Linear,
    source: computed(|context, _| Some(context.head_similarity().cosine)),
    ..OF_PAIRS
};

/// Whether the heads are sharp or flat alike.
pub static HEAD_ENTROPY_DEVIATION: Measure = Measure {
    id: "head_entropy_deviation",
    column: "head_entropy_deviation_nats",
    label: "spread of the heads' entropies",
    short: "entropies",
    meaning: "The standard deviation over heads of the mean entropy of their attention, in nats (arXiv 2605.20441).",
    scale: Scale::Linear,
    source: computed(|context, _| Some(context.head_similarity().entropy_deviation)),
    ..OF_PAIRS
};

/// The restricted loss with the frequencies of the very checkpoint.
pub static RESTRICTED_LOSS_MOMENT: Measure = Measure {
    id: "restricted_loss_moment",
    column: "restricted_loss_moment_nats",
    label: "restricted loss of the moment's frequencies",
    short: "moment's frequencies",
    meaning: "Restricted loss over all pairs with the key frequencies that this checkpoint has by itself, and not those of \
              the run's last one: the restricted loss without hindsight.",
    source: computed(|context, _| Some(restricted_loss_of_moment(context))),
    ..OF_PAIRS
};
