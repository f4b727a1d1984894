//! One checkpoint under analysis: the report and every measure are computed from it, each part when it is first asked
//! for and once.

use std::cell::OnceCell;

use super::modular::{check, embedding, neuron_logit_map};
use crate::analysis::effective_rank::EffectiveRanks;
use crate::analysis::modular::ablation::Ablator;
use crate::analysis::modular::attention::pattern::AttentionPattern;
use crate::analysis::modular::attention::similarity::HeadSimilarity;
use crate::analysis::modular::cosines::CosineFit;
use crate::analysis::modular::forward::HostModel;
use crate::analysis::modular::grid::{GridLogits, Scores};
use crate::analysis::modular::ildr::Ildr;
use crate::analysis::modular::spectra::Spectra;
use crate::analysis::modular::sum_waves::SumWaves;
use crate::analysis::progress::ProgressMeasures;
use crate::engine::TrainState;
use crate::error::Result;
use crate::maths::matrix::Matrix;
use crate::model::Weights;
use crate::task::modular::ModularTask;

/// A checkpoint, and what has been computed of it so far.
#[derive(Debug)]
pub struct AnalysisContext<'a> {
    weights: &'a Weights,
    task: &'a ModularTask,
    model: &'a HostModel,
    logits: &'a GridLogits,
    gradient: Option<&'a Weights>,
    optimiser: Option<&'a TrainState>,
    is_asked: bool,
    scores: OnceCell<Scores>,
    waves: OnceCell<SumWaves>,
    cosine_fit: OnceCell<CosineFit>,
    map_directions: OnceCell<Matrix>,
    spectra: OnceCell<Spectra>,
    ildr: OnceCell<Option<Ildr>>,
    head_similarity: OnceCell<HeadSimilarity>,
    effective_ranks: OnceCell<EffectiveRanks>,
    /// With the weights' own key frequencies, once they have been asked for.
    pub(super) own_measures: OnceCell<ProgressMeasures>,
}

impl<'a> AnalysisContext<'a> {
    /// The context of weights and of their model's logits on all pairs.
    ///
    /// # Errors
    /// [`LabError::Setting`](crate::error::LabError::Setting) if the task has another modulus than the weights,
    /// [`LabError::Content`](crate::error::LabError::Content) if a weight is not finite.
    pub fn new(
        weights: &'a Weights,
        task: &'a ModularTask,
        model: &'a HostModel,
        logits: &'a GridLogits,
    ) -> Result<Self> {
        check(weights, task)?;
        let (gradient, optimiser) = (None, None);
        let (scores, waves, cosine_fit) = Default::default();
        let (map_directions, spectra, own_measures) = Default::default();
        let (ildr, head_similarity, effective_ranks) = Default::default();
        Ok(Self {
            weights,
            task,
            model,
            logits,
            gradient,
            optimiser,
            is_asked: false,
            scores,
            waves,
            cosine_fit,
            map_directions,
            spectra,
            ildr,
            head_similarity,
            effective_ranks,
            own_measures,
        })
    }

    /// The context of a model that has run.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(ablator: &'a Ablator, task: &'a ModularTask) -> Result<Self> {
        let run = ablator.unablated();
        Self::new(ablator.weights(), task, &run.model, &run.logits)
    }

    /// The same with the gradient of the train loss, for the measures that need it.
    pub fn with_gradient(self, gradient: &'a Weights) -> Self {
        Self { gradient: Some(gradient), ..self }
    }

    /// The same with the optimiser's state, for the measures that need it.
    pub fn with_optimiser(self, state: &'a TrainState) -> Self {
        Self { optimiser: Some(state), ..self }
    }

    /// The same, asked for the measures that not every checkpoint is worth ([`Need::Asked`](super::measure::Need::Asked)).
    pub fn asked_for_all(self) -> Self {
        Self { is_asked: true, ..self }
    }

    /// Whether the measures that not every checkpoint is worth are asked for.
    pub fn is_asked(&self) -> bool {
        self.is_asked
    }

    /// The weights.
    pub fn weights(&self) -> &'a Weights {
        self.weights
    }

    /// The task.
    pub fn task(&self) -> &'a ModularTask {
        self.task
    }

    /// The logits on all pairs.
    pub fn logits(&self) -> &'a GridLogits {
        self.logits
    }

    /// The gradient of the train loss, if it is known.
    pub fn gradient(&self) -> Option<&'a Weights> {
        self.gradient
    }

    /// The optimiser's state, if it is known.
    pub fn optimiser(&self) -> Option<&'a TrainState> {
        self.optimiser
    }

    /// Losses and accuracies of the model itself.
    pub fn scores(&self) -> Scores {
        *self.scores.get_or_init(|| self.logits.scores(self.task))
    }

    /// The logits' waves in a + b.
    pub fn waves(&self) -> &SumWaves {
        self.waves.get_or_init(|| SumWaves::new(self.logits))
    }

    /// The logits as cosines of w_k(a + b - c).
    pub fn cosine_fit(&self) -> &CosineFit {
        self.cosine_fit.get_or_init(|| CosineFit::new(self.logits, self.waves().by_sum()))
    }

    /// The directions of W_L in neuron space, p × d_mlp.
    pub fn map_directions(&self) -> &Matrix {
        self.map_directions.get_or_init(|| neuron_logit_map::directions(self.model.map()))
    }

    /// W_E in the Fourier basis over its numbers, p × d_model.
    pub fn embedding_coefficients(&self) -> Matrix {
        embedding::fourier_rows(self.weights).transposed()
    }

    /// The Fourier norms of W_E and W_L.
    pub fn spectra(&self) -> &Spectra {
        self.spectra.get_or_init(|| Spectra {
            w_e: embedding::spectrum(self.weights),
            w_l: neuron_logit_map::spectrum(self.map_directions()),
        })
    }

    /// How far the held-out pairs' classes lie apart; none where that is not defined.
    pub fn ildr(&self) -> Option<Ildr> {
        *self.ildr.get_or_init(|| Ildr::new(self.weights, self.task))
    }

    /// What the heads of the first block have in common.
    pub fn head_similarity(&self) -> HeadSimilarity {
        *self.head_similarity.get_or_init(|| HeadSimilarity::new(&AttentionPattern::new(self.weights, true)))
    }

    /// How many directions the matrices use.
    pub fn effective_ranks(&self) -> EffectiveRanks {
        *self.effective_ranks.get_or_init(|| EffectiveRanks::new(self.weights, self.model.map()))
    }
}
