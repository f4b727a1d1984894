//! One checkpoint under analysis: the report and every measure are computed from it, each part when it is first asked
//! for and once.

use std::cell::OnceCell;

use super::ablation::{Ablator, check_freqs};
use super::cosines::CosineFit;
use super::excluded::excluded;
use super::forward::HostModel;
use super::grid::{GridLogits, Scores};
use super::measure::{MEASURES, Measure, Need, Source};
use super::progress::{ByFreq, Excluded, Gini, ProgressMeasures};
use super::report::Spectra;
use super::sum_waves::SumWaves;
use super::weight_norms::sum_sq_weights;
use super::{check, embedding, key_freqs, neuron_logit_map};
use crate::engine::TrainState;
use crate::error::Result;
use crate::maths::matrix::Matrix;
use crate::maths::stats;
use crate::model::Weights;
use crate::task::Task;

/// A checkpoint, and what has been computed of it so far.
#[derive(Debug)]
pub struct AnalysisContext<'a> {
    weights: &'a Weights,
    task: &'a Task,
    model: &'a HostModel,
    logits: &'a GridLogits,
    gradient: Option<&'a Weights>,
    optimiser: Option<&'a TrainState>,
    scores: OnceCell<Scores>,
    waves: OnceCell<SumWaves>,
    cosine_fit: OnceCell<CosineFit>,
    map_directions: OnceCell<Matrix>,
    spectra: OnceCell<Spectra>,
    own_measures: OnceCell<ProgressMeasures>,
}

impl<'a> AnalysisContext<'a> {
    /// The context of weights and of their model's logits on all pairs.
    ///
    /// # Errors
    /// [`LabError::Setting`](crate::error::LabError::Setting) if the task has another modulus than the weights,
    /// [`LabError::Content`](crate::error::LabError::Content) if a weight is not finite.
    pub fn new(
        weights: &'a Weights,
        task: &'a Task,
        model: &'a HostModel,
        logits: &'a GridLogits,
    ) -> Result<Self> {
        check(weights, task)?;
        let (gradient, optimiser) = (None, None);
        let (scores, waves, cosine_fit) = Default::default();
        let (map_directions, spectra, own_measures) = Default::default();
        Ok(Self {
            weights,
            task,
            model,
            logits,
            gradient,
            optimiser,
            scores,
            waves,
            cosine_fit,
            map_directions,
            spectra,
            own_measures,
        })
    }

    /// The context of a model that has run.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(ablator: &'a Ablator, task: &'a Task) -> Result<Self> {
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

    /// The weights.
    pub fn weights(&self) -> &'a Weights {
        self.weights
    }

    /// The task.
    pub fn task(&self) -> &'a Task {
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

    /// Whether what a measure needs is at hand.
    pub fn meets(&self, need: Need) -> bool {
        match need {
            Need::Weights | Need::Activations => true,
            Need::Gradient => self.gradient.is_some(),
            Need::OptimiserState => self.optimiser.is_some(),
        }
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

    /// The Fourier norms of W_E and W_L.
    pub fn spectra(&self) -> &Spectra {
        self.spectra.get_or_init(|| Spectra {
            w_e: embedding::spectrum(self.weights),
            w_l: neuron_logit_map::spectrum(self.map_directions()),
        })
    }

    /// The progress measures with the weights' own key frequencies.
    pub fn own_measures(&self) -> &ProgressMeasures {
        self.own_measures.get_or_init(|| self.measures_with(&key_freqs::from_spectrum(&self.spectra().w_l)))
    }

    /// The progress measures with given frequencies. A measure whose need is not met is absent.
    ///
    /// # Errors
    /// [`LabError::Setting`](crate::error::LabError::Setting) for a frequency that is not there.
    pub fn measures(&self, freqs: &[usize]) -> Result<ProgressMeasures> {
        check_freqs(self.task.p, freqs)?;
        let own = self.own_measures.get().filter(|own| own.key_freqs == freqs);
        Ok(own.cloned().unwrap_or_else(|| self.measures_with(freqs)))
    }

    /// One measure with given frequencies; none if what it needs is not at hand.
    ///
    /// # Errors
    /// As [`Self::measures`].
    pub fn measure(&self, measure: &Measure, freqs: &[usize]) -> Result<Option<f64>> {
        check_freqs(self.task.p, freqs)?;
        if !self.meets(measure.needs) {
            return Ok(None);
        }
        match measure.source {
            Source::Computed(compute) => Ok(compute(self, freqs)),
            Source::Field(read) => Ok(read(&self.measures(freqs)?)),
            Source::PartsOnly => Ok(None),
        }
    }

    fn measures_with(&self, freqs: &[usize]) -> ProgressMeasures {
        let Scores { loss, accuracy } = self.scores();
        let restricted = self.waves().restricted(self.task, freqs);
        let (excluded_loss, excluded_accuracy) = self.exclude(freqs);
        let coefficients = self.cosine_fit().coefficients();
        let computed = MEASURES.iter().filter(|measure| self.meets(measure.needs)).filter_map(|measure| {
            let Source::Computed(compute) = measure.source else { return None };
            // JSON has no other numbers than finite ones.
            let value = compute(self, freqs).filter(|value| value.is_finite())?;
            Some((measure.id.to_owned(), value))
        });
        ProgressMeasures {
            key_freqs: freqs.to_vec(),
            test_restricted_ratio: loss.test / restricted.loss.all,
            loss,
            accuracy: Some(accuracy),
            restricted_loss: restricted.loss,
            restricted_accuracy: restricted.accuracy,
            excluded_loss,
            excluded_accuracy,
            gini: Gini { w_e: stats::gini(&self.spectra().w_e), w_l: stats::gini(&self.spectra().w_l) },
            sum_sq_weights: sum_sq_weights(self.weights),
            cosine_coefficients: by_freq(freqs, |k| coefficients[k - 1]),
            further: computed.collect(),
        }
    }

    /// Excluded loss and accuracy: without all of some frequencies, and without each.
    fn exclude(&self, freqs: &[usize]) -> (Excluded, Excluded) {
        let sets = std::iter::once(freqs.to_vec()).chain(freqs.iter().map(|&k| vec![k]));
        let projections: Vec<_> = sets.map(|freqs| self.waves().projection(&freqs)).collect();
        let found = excluded(self.logits, self.task, &projections);
        let part = |pick: fn(&(f64, f64)) -> f64| Excluded {
            train: pick(&found[0]),
            per_freq: freqs.iter().copied().zip(found[1..].iter().map(pick)).collect(),
        };
        (part(|both| both.0), part(|both| both.1))
    }
}

/// `f(k)` for each of some frequencies.
pub(super) fn by_freq<T>(freqs: &[usize], f: impl Fn(usize) -> T) -> ByFreq<T> {
    freqs.iter().map(|&k| (k, f(k))).collect()
}
