//! The list of measures, and the entries of those that the paper has.

use super::follow_ups::*;
use super::template::{OF_PAIRS, computed};
use super::{Domain, Measure, MeasureUnit, Need, Parts, Scale, Source};
use crate::analysis::modular::controls::random_restricted_loss;
use crate::analysis::modular::held_out::unmirrored_accuracy;
use crate::maths::matrix::sum_sq;
use crate::task::Split;

/// Every measure, in the order of `progress.csv`.
pub static MEASURES: [&Measure; 44] = [
    &LOSS_TRAIN,
    &LOSS_TEST,
    &LOSS_ALL,
    &ACCURACY_TRAIN,
    &ACCURACY_TEST,
    &ACCURACY_ALL,
    &ACCURACY_UNMIRRORED,
    &RESTRICTED_LOSS_TRAIN,
    &RESTRICTED_LOSS_TEST,
    &RESTRICTED_LOSS_ALL,
    &RESTRICTED_LOSS_RANDOM,
    &RESTRICTED_ACCURACY_TRAIN,
    &RESTRICTED_ACCURACY_TEST,
    &RESTRICTED_ACCURACY_ALL,
    &EXCLUDED_LOSS_TRAIN,
    &EXCLUDED_ACCURACY_TRAIN,
    &GINI_W_E,
    &GINI_W_L,
    &SUM_SQ_WEIGHTS,
    &COSINE_COEFFICIENT,
    &TEST_RESTRICTED_RATIO,
    &LOGIT_FVE,
    &COSINE_FIT_LOSS,
    &MIN_MARGIN,
    &LOGIT_SCALE,
    &DISTANCE_IRRELEVANCE,
    &IPR_W_E,
    &IPR_W_L,
    &ILDR_SQUARED,
    &ILDR_UNSQUARED,
    &CIRCULARITY,
    &GRADIENT_SYMMETRICITY,
    &EFFECTIVE_RANK_W_E,
    &EFFECTIVE_RANK_W_L,
    &EFFECTIVE_RANK_W_IN,
    &EFFECTIVE_RANK_W_OUT,
    &MEAN_MARGIN,
    &HEAD_COSINE,
    &HEAD_ENTROPY_DEVIATION,
    &RESTRICTED_LOSS_MOMENT,
    &GRADIENT_NORM,
    &GRADIENT_PARTICIPATION,
    &GRADIENT_TAIL_INDEX,
    &MOMENTUM_NORM,
];

const LOSS: Measure = Measure {
    label: "loss",
    meaning: "Cross-entropy: the mean of \u{2212}ln of the probability given to the right answer, in nats.",
    domain: Domain::AnyTask,
    ..OF_PAIRS
};

/// Cross-entropy on the pairs trained on.
pub static LOSS_TRAIN: Measure = Measure {
    id: "loss_train",
    column: "train_loss_nats",
    short: "train",
    split: Some(Split::Train),
    source: Source::Field(|m| Some(m.loss.train)),
    evaluated: Some(|e| e.train_loss),
    ..LOSS
};

/// Cross-entropy on the pairs held out.
pub static LOSS_TEST: Measure = Measure {
    id: "loss_test",
    column: "test_loss_nats",
    short: "test",
    split: Some(Split::Test),
    source: Source::Field(|m| Some(m.loss.test)),
    evaluated: Some(|e| e.test_loss),
    ..LOSS
};

/// Cross-entropy on all pairs.
pub static LOSS_ALL: Measure = Measure {
    id: "loss_all",
    column: "loss_all_nats",
    short: "all",
    split: Some(Split::All),
    source: Source::Field(|m| Some(m.loss.all)),
    ..LOSS
};

const ACCURACY: Measure = Measure {
    label: "accuracy",
    meaning: "The fraction of the pairs whose largest logit is the right answer's.",
    unit: MeasureUnit::FractionCorrect,
    scale: Scale::Linear,
    domain: Domain::AnyTask,
    ..OF_PAIRS
};

/// Accuracy on the pairs trained on.
pub static ACCURACY_TRAIN: Measure = Measure {
    id: "accuracy_train",
    column: "train_accuracy",
    short: "train",
    split: Some(Split::Train),
    source: Source::Field(|m| m.accuracy.map(|accuracy| accuracy.train)),
    evaluated: Some(|e| e.train_accuracy),
    ..ACCURACY
};

/// Accuracy on the pairs held out.
pub static ACCURACY_TEST: Measure = Measure {
    id: "accuracy_test",
    column: "test_accuracy",
    short: "test",
    split: Some(Split::Test),
    source: Source::Field(|m| m.accuracy.map(|accuracy| accuracy.test)),
    evaluated: Some(|e| e.test_accuracy),
    ..ACCURACY
};

/// Accuracy on all pairs.
pub static ACCURACY_ALL: Measure = Measure {
    id: "accuracy_all",
    column: "accuracy_all",
    short: "all",
    split: Some(Split::All),
    source: Source::Field(|m| m.accuracy.map(|accuracy| accuracy.all)),
    ..ACCURACY
};

/// Accuracy on the held-out pairs that are no mirror images of pairs trained on.
pub static ACCURACY_UNMIRRORED: Measure = Measure {
    id: "accuracy_test_unmirrored",
    column: "accuracy_test_unmirrored",
    label: "accuracy without mirror images",
    short: "no mirror images",
    meaning: "The fraction of right answers on the held-out pairs (a, b) whose mirror image (b, a) was not trained on: \
              a memorised table is right on many of the others.",
    source: computed(|context, _| Some(unmirrored_accuracy(context.logits(), context.task()))),
    domain: Domain::Modular,
    ..ACCURACY
};

const RESTRICTED_LOSS: Measure = Measure {
    label: "restricted loss",
    short: "restricted",
    meaning: "Loss when only the key frequencies' waves in a + b and the mean of the logits are kept.",
    ..OF_PAIRS
};

/// Restricted loss on the pairs trained on.
pub static RESTRICTED_LOSS_TRAIN: Measure = Measure {
    id: "restricted_loss_train",
    column: "restricted_loss_train_nats",
    split: Some(Split::Train),
    source: Source::Field(|m| Some(m.restricted_loss.train)),
    ..RESTRICTED_LOSS
};

/// Restricted loss on the pairs held out.
pub static RESTRICTED_LOSS_TEST: Measure = Measure {
    id: "restricted_loss_test",
    column: "restricted_loss_test_nats",
    split: Some(Split::Test),
    source: Source::Field(|m| Some(m.restricted_loss.test)),
    ..RESTRICTED_LOSS
};

/// Restricted loss on all pairs.
pub static RESTRICTED_LOSS_ALL: Measure = Measure {
    id: "restricted_loss_all",
    column: "restricted_loss_all_nats",
    split: Some(Split::All),
    source: Source::Field(|m| Some(m.restricted_loss.all)),
    ..RESTRICTED_LOSS
};

/// The restricted loss with random frequencies.
pub static RESTRICTED_LOSS_RANDOM: Measure = Measure {
    id: "restricted_loss_random",
    column: "restricted_loss_random_nats",
    label: "restricted loss of random frequencies",
    short: "random frequencies",
    meaning: "The least restricted loss of twenty random sets of as many frequencies, none of them a key frequency: what \
              the restricted loss would be by chance.",
    source: computed(|context, freqs| Some(random_restricted_loss(context, freqs))),
    ..OF_PAIRS
};

const RESTRICTED_ACCURACY: Measure = Measure {
    label: "restricted accuracy",
    short: "restricted",
    meaning: "Accuracy when only the key frequencies' waves in a + b and the mean of the logits are kept.",
    unit: MeasureUnit::FractionCorrect,
    scale: Scale::Linear,
    ..OF_PAIRS
};

/// Restricted accuracy on the pairs trained on.
pub static RESTRICTED_ACCURACY_TRAIN: Measure = Measure {
    id: "restricted_accuracy_train",
    column: "restricted_accuracy_train",
    split: Some(Split::Train),
    source: Source::Field(|m| Some(m.restricted_accuracy.train)),
    ..RESTRICTED_ACCURACY
};

/// Restricted accuracy on the pairs held out.
pub static RESTRICTED_ACCURACY_TEST: Measure = Measure {
    id: "restricted_accuracy_test",
    column: "restricted_accuracy_test",
    split: Some(Split::Test),
    source: Source::Field(|m| Some(m.restricted_accuracy.test)),
    ..RESTRICTED_ACCURACY
};

/// Restricted accuracy on all pairs.
pub static RESTRICTED_ACCURACY_ALL: Measure = Measure {
    id: "restricted_accuracy_all",
    column: "restricted_accuracy_all",
    split: Some(Split::All),
    source: Source::Field(|m| Some(m.restricted_accuracy.all)),
    ..RESTRICTED_ACCURACY
};

/// Excluded loss on the pairs trained on.
pub static EXCLUDED_LOSS_TRAIN: Measure = Measure {
    id: "excluded_loss_train",
    column: "excluded_loss_train_nats",
    label: "excluded loss",
    short: "excluded",
    meaning: "Train loss after the key frequencies' waves in a + b are taken out of the logits.",
    split: Some(Split::Train),
    source: Source::Field(|m| Some(m.excluded_loss.train)),
    parts: Parts::ByFreq("excluded_loss_train_freq_", |m| &m.excluded_loss.per_freq),
    ..OF_PAIRS
};

/// Excluded accuracy on the pairs trained on.
pub static EXCLUDED_ACCURACY_TRAIN: Measure = Measure {
    id: "excluded_accuracy_train",
    column: "excluded_accuracy_train",
    label: "excluded accuracy",
    short: "excluded",
    meaning: "Train accuracy after the key frequencies' waves in a + b are taken out of the logits.",
    unit: MeasureUnit::FractionCorrect,
    scale: Scale::Linear,
    split: Some(Split::Train),
    source: Source::Field(|m| Some(m.excluded_accuracy.train)),
    parts: Parts::ByFreq("excluded_accuracy_train_freq_", |m| &m.excluded_accuracy.per_freq),
    ..OF_PAIRS
};

const GINI: Measure = Measure {
    label: "Gini coefficient",
    meaning: "How unevenly the Fourier norms of a matrix are spread: 0 where all are equal, near 1 where few have all.",
    unit: MeasureUnit::Index,
    scale: Scale::Linear,
    needs: Need::Weights,
    ..OF_PAIRS
};

/// Gini coefficient of the embedding's Fourier norms.
pub static GINI_W_E: Measure = Measure {
    id: "gini_w_e",
    column: "gini_w_e",
    short: "W_E",
    object: Some("W_E"),
    source: Source::Field(|m| Some(m.gini.w_e)),
    ..GINI
};

/// Gini coefficient of the neuron-logit map's Fourier norms.
pub static GINI_W_L: Measure = Measure {
    id: "gini_w_l",
    column: "gini_w_l",
    short: "W_L",
    object: Some("W_L"),
    source: Source::Field(|m| Some(m.gini.w_l)),
    ..GINI
};

/// The sum of squares of all parameters, and of each tensor.
pub static SUM_SQ_WEIGHTS: Measure = Measure {
    id: "sum_sq_weights",
    column: "sum_sq_weights",
    label: "sum of squared weights",
    short: "all parameters",
    meaning: "The sum of the squares of all parameters, which weight decay pulls down.",
    unit: MeasureUnit::SumOfSquares,
    scale: Scale::Linear,
    needs: Need::Weights,
    source: Source::Field(|m| Some(m.sum_sq_weights.total)),
    parts: Parts::ByTensor("sum_sq_", |m| &m.sum_sq_weights.tensors),
    domain: Domain::AnyTask,
    ..OF_PAIRS
};

/// The coefficients of the logits on cosines, one for each key frequency.
pub static COSINE_COEFFICIENT: Measure = Measure {
    id: "cosine_coefficient",
    column: "cosine_coefficient",
    label: "cosine coefficient",
    short: "cosine",
    meaning: "The inner product of the logits of all pairs with cos w_k(a + b \u{2212} c), scaled to norm 1.",
    unit: MeasureUnit::Logits,
    scale: Scale::Linear,
    parts: Parts::ByFreq("cosine_coefficient_freq_", |m| &m.cosine_coefficients),
    ..OF_PAIRS
};

/// Test loss over restricted loss.
pub static TEST_RESTRICTED_RATIO: Measure = Measure {
    id: "test_restricted_ratio",
    column: "test_restricted_ratio",
    label: "test-to-restricted ratio",
    short: "ratio",
    meaning: "Test loss over restricted loss: how much better the key frequencies' waves alone would do.",
    unit: MeasureUnit::Ratio,
    source: Source::Field(|m| Some(m.test_restricted_ratio)),
    ..OF_PAIRS
};

/// The fraction of the logits that cosines explain.
pub static LOGIT_FVE: Measure = Measure {
    id: "logit_fve",
    column: "logit_fve",
    label: "logits explained by cosines",
    short: "cosines",
    meaning: "The fraction of the logits' squared norm (not centred) that \u{3a3} \u{3b1}_k cos w_k(a + b \u{2212} c) over the key \
              frequencies explains.",
    unit: MeasureUnit::FractionOfVariance,
    scale: Scale::Linear,
    source: computed(|context, freqs| Some(context.cosine_fit().fve(freqs))),
    ..OF_PAIRS
};

/// The loss of the cosines by themselves.
pub static COSINE_FIT_LOSS: Measure = Measure {
    id: "cosine_fit_loss",
    column: "cosine_fit_loss_nats",
    label: "loss of the cosines alone",
    short: "cosines",
    meaning: "Loss of \u{3a3} \u{3b1}_k cos w_k(a + b \u{2212} c) over the key frequencies in the logits' place.",
    source: computed(|context, freqs| Some(context.cosine_fit().loss(freqs))),
    ..OF_PAIRS
};

/// The smallest margin of all pairs.
pub static MIN_MARGIN: Measure = Measure {
    id: "min_margin",
    column: "min_margin",
    label: "smallest margin",
    short: "margin",
    meaning: "The right answer's logit minus the largest other, at the pair where that is least: above 0 if every \
              answer is right.",
    unit: MeasureUnit::Logits,
    scale: Scale::Linear,
    source: computed(|context, _| Some(context.logits().min_margin())),
    ..OF_PAIRS
};

/// The norm of the gradient.
pub static GRADIENT_NORM: Measure = Measure {
    id: "gradient_norm",
    column: "gradient_norm",
    label: "gradient norm",
    short: "gradient",
    meaning: "The norm of the train loss's gradient over all parameters.",
    unit: MeasureUnit::Norm,
    split: Some(Split::Train),
    needs: Need::Gradient,
    source: computed(|context, _| context.gradient().map(|gradient| sum_sq(gradient.flat()).sqrt())),
    domain: Domain::AnyTask,
    ..OF_PAIRS
};

/// The norm of AdamW's running mean of the gradient.
pub static MOMENTUM_NORM: Measure = Measure {
    id: "momentum_norm",
    column: "momentum_norm",
    label: "momentum norm",
    short: "momentum",
    meaning: "The norm of the optimiser's running mean of the gradient.",
    unit: MeasureUnit::Norm,
    needs: Need::OptimiserState,
    source: computed(|context, _| context.optimiser().map(|state| sum_sq(state.first_moment.flat()).sqrt())),
    domain: Domain::AnyTask,
    ..OF_PAIRS
};
