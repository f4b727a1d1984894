//! The measures of one checkpoint, taken from its [`AnalysisContext`].

use super::modular::{check, key_freqs};
use crate::analysis::context::AnalysisContext;
use crate::analysis::general::sum_sq_weights;
use crate::analysis::measure::{MEASURES, Measure, Need, Source};
use crate::analysis::modular::ablation::check_freqs;
use crate::analysis::modular::excluded::excluded;
use crate::analysis::modular::forward::{AttentionEdit, HostModel};
use crate::analysis::modular::grid::Scores;
use crate::analysis::progress::{Excluded, Gini, ProgressMeasures, by_freq};
use crate::error::Result;
use crate::maths::stats;
use crate::model::Weights;
use crate::task::modular::ModularTask;

/// The measures of some weights, with given key frequencies (see [`current_key_freqs`](key_freqs::current_key_freqs)).
///
/// # Errors
/// As [`analyse`](crate::analysis::modular::report::analyse), and [`LabError::Setting`](crate::error::LabError::Setting) for a
/// frequency that is not there.
pub fn measure(weights: &Weights, task: &ModularTask, key_freqs: &[usize]) -> Result<ProgressMeasures> {
    check(weights, task)?;
    let model = HostModel::new(weights, &AttentionEdit::default());
    let logits = model.logits();
    measures(&AnalysisContext::new(weights, task, &model, &logits)?, key_freqs)
}

/// The same with the measures that not every checkpoint is worth.
///
/// # Errors
/// As [`measure`].
pub fn measure_all(weights: &Weights, task: &ModularTask, key_freqs: &[usize]) -> Result<ProgressMeasures> {
    check(weights, task)?;
    let model = HostModel::new(weights, &AttentionEdit::default());
    let logits = model.logits();
    measures(&AnalysisContext::new(weights, task, &model, &logits)?.asked_for_all(), key_freqs)
}

/// The progress measures with the weights' own key frequencies.
pub(super) fn own_measures<'a>(context: &'a AnalysisContext<'_>) -> &'a ProgressMeasures {
    context
        .own_measures
        .get_or_init(|| measures_with(context, &key_freqs::from_spectrum(&context.spectra().w_l)))
}

/// The progress measures with given frequencies. A measure whose need is not met is absent.
///
/// # Errors
/// [`LabError::Setting`](crate::error::LabError::Setting) for a frequency that is not there.
pub fn measures(context: &AnalysisContext<'_>, freqs: &[usize]) -> Result<ProgressMeasures> {
    check_freqs(context.task().p, freqs)?;
    let own = context.own_measures.get().filter(|own| own.key_freqs == freqs);
    Ok(own.cloned().unwrap_or_else(|| measures_with(context, freqs)))
}

/// One measure with given frequencies; none if what it needs is not at hand.
///
/// # Errors
/// As [`measures`].
pub fn value_of(context: &AnalysisContext<'_>, measure: &Measure, freqs: &[usize]) -> Result<Option<f64>> {
    check_freqs(context.task().p, freqs)?;
    if !meets(context, measure.needs) {
        return Ok(None);
    }
    match measure.source {
        Source::Computed(compute) => Ok(compute(context, freqs)),
        Source::Field(read) => Ok(read(&measures(context, freqs)?)),
        Source::PartsOnly => Ok(None),
    }
}

fn measures_with(context: &AnalysisContext<'_>, freqs: &[usize]) -> ProgressMeasures {
    let Scores { loss, accuracy } = context.scores();
    let restricted = context.waves().restricted(context.task(), freqs);
    let (excluded_loss, excluded_accuracy) = exclude(context, freqs);
    let coefficients = context.cosine_fit().coefficients();
    let computed = MEASURES.iter().filter(|measure| meets(context, measure.needs)).filter_map(|measure| {
        let Source::Computed(compute) = measure.source else { return None };
        // JSON has no other numbers than finite ones.
        let value = compute(context, freqs).filter(|value| value.is_finite())?;
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
        gini: Gini { w_e: stats::gini(&context.spectra().w_e), w_l: stats::gini(&context.spectra().w_l) },
        sum_sq_weights: sum_sq_weights(context.weights()),
        cosine_coefficients: by_freq(freqs, |k| coefficients[k - 1]),
        further: computed.collect(),
    }
}

/// Excluded loss and accuracy: without all of some frequencies, and without each.
fn exclude(context: &AnalysisContext<'_>, freqs: &[usize]) -> (Excluded, Excluded) {
    let sets = std::iter::once(freqs.to_vec()).chain(freqs.iter().map(|&k| vec![k]));
    let projections: Vec<_> = sets.map(|freqs| context.waves().projection(&freqs)).collect();
    let found = excluded(context.logits(), context.task(), &projections);
    let part = |pick: fn(&(f64, f64)) -> f64| Excluded {
        train: pick(&found[0]),
        per_freq: freqs.iter().copied().zip(found[1..].iter().map(pick)).collect(),
    };
    (part(|both| both.0), part(|both| both.1))
}

/// Whether what a measure needs is at hand.
pub fn meets(context: &AnalysisContext<'_>, need: Need) -> bool {
    match need {
        Need::Weights | Need::Activations => true,
        Need::Gradient => context.gradient().is_some(),
        Need::OptimiserState => context.optimiser().is_some(),
        Need::Asked => context.is_asked(),
    }
}
