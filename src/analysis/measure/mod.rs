//! The measures of a checkpoint, each described once: the page's charts and tables, the files, the figures and the
//! glossary take their names, units and scales from here.
//!
//! A measure with a field of its own in [`ProgressMeasures`] reads it. Any other gives a function of the
//! [`AnalysisContext`]: an entry in [`MEASURES`] is all that a new measure takes, for its values are kept in
//! [`ProgressMeasures::further`] under its id.

mod follow_ups;
mod list;
mod template;

pub use follow_ups::*;
pub use list::*;

use std::collections::BTreeMap;

use crate::analysis::context::AnalysisContext;
use crate::analysis::domain::Domain;
use crate::analysis::progress::{ByFreq, ProgressMeasures};
use crate::engine::Evaluation;
use crate::format::{number, percent};
use crate::task::Split;

/// One number of a checkpoint.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    /// Its name in `progress.csv` and in saved measures.
    pub id: &'static str,
    /// The name of its column in tables of figures and charts, with its unit.
    pub column: &'static str,
    /// What is measured: the name on axes and in the glossary. Measures that differ in the pairs they are taken over
    /// share it.
    pub label: &'static str,
    /// Its name beside those of the same chart.
    pub short: &'static str,
    /// What it means, in a sentence of the glossary.
    pub meaning: &'static str,
    /// What it is counted in.
    pub unit: MeasureUnit,
    /// The matrix it is taken of, where there is a choice.
    pub object: Option<&'static str>,
    /// The pairs it is taken over; none if it is not of pairs.
    pub split: Option<Split>,
    /// How its values are best laid along an axis.
    pub scale: Scale,
    /// The tasks it is of.
    pub domain: Domain,
    /// What it is computed from.
    pub needs: Need,
    /// How it is computed and kept.
    pub source: Source,
    /// Where a row of metrics has it, too.
    pub evaluated: Option<fn(&Evaluation) -> f64>,
    /// The numbers that it is made of, or that are told beside it.
    pub parts: Parts,
}

/// How values are laid along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Equal differences, equal distances.
    #[default]
    Linear,
    /// Equal ratios, equal distances.
    Log,
}

/// What a measure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasureUnit {
    /// Losses.
    Nats,
    /// Accuracies, from 0 to 1.
    FractionCorrect,
    /// Variances explained, from 0 to 1.
    FractionOfVariance,
    /// A coefficient from 0 to 1.
    Index,
    /// Sums of squares.
    SumOfSquares,
    /// Differences and coefficients of logits.
    Logits,
    /// A quotient of two numbers of the same kind.
    Ratio,
    /// The Euclidean norm of all parameters' numbers.
    Norm,
    /// Directions of a space.
    Directions,
}

/// What a measure is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The weights alone.
    Weights,
    /// What the model does on the pairs, those held out included.
    Activations,
    /// The gradient of the train loss.
    Gradient,
    /// The optimiser's moments.
    OptimiserState,
    /// The weights alone, but at a price that not every checkpoint is worth: it is measured where it is asked for, in a
    /// report and by `grok lead-times`.
    Asked,
}

/// A function of a checkpoint and of some key frequencies.
pub type Compute = fn(&AnalysisContext<'_>, &[usize]) -> Option<f64>;

/// How a measure is computed and kept.
#[derive(Debug, Clone, Copy)]
pub enum Source {
    /// It has a field of its own; none where an older file has not.
    Field(fn(&ProgressMeasures) -> Option<f64>),
    /// It is computed with some key frequencies, and kept under its id; none where it cannot be.
    Computed(Compute),
    /// It is made of its parts, and has no number of its own.
    PartsOnly,
}

/// Numbers that belong to a measure.
#[derive(Debug, Clone, Copy)]
pub enum Parts {
    /// There are none.
    None,
    /// One for each key frequency, named by this and the frequency.
    ByFreq(&'static str, fn(&ProgressMeasures) -> &ByFreq<f64>),
    /// One for each tensor, named by this and the tensor.
    ByTensor(&'static str, fn(&ProgressMeasures) -> &BTreeMap<String, f64>),
}

impl Measure {
    /// Its value among measures that were kept; none if it was not measured.
    pub fn value(&self, measures: &ProgressMeasures) -> Option<f64> {
        match self.source {
            Source::Field(read) => read(measures),
            Source::Computed(_) => measures.further.get(self.id).copied(),
            Source::PartsOnly => None,
        }
    }

    /// The numbers that belong to it, by their names.
    pub fn part_values(&self, measures: &ProgressMeasures) -> Vec<(String, f64)> {
        match self.parts {
            Parts::None => Vec::new(),
            Parts::ByFreq(prefix, of) => {
                of(measures).iter().map(|(freq, value)| (format!("{prefix}{freq}"), *value)).collect()
            }
            Parts::ByTensor(prefix, of) => {
                of(measures).iter().map(|(tensor, value)| (format!("{prefix}{tensor}"), *value)).collect()
            }
        }
    }

    /// A value in words.
    pub fn words(&self, value: f64) -> String {
        match self.unit {
            MeasureUnit::FractionCorrect | MeasureUnit::FractionOfVariance => percent(value),
            _ => number(value),
        }
    }

    /// Its name with what it is taken over or of: `test loss`, `restricted loss, all pairs`, `Gini coefficient of W_E`.
    pub fn name(&self) -> String {
        match (self.split, self.object) {
            (Some(Split::Train), _) => format!("train {}", self.label),
            (Some(Split::Test), _) => format!("test {}", self.label),
            (Some(Split::All), _) => format!("{}, all pairs", self.label),
            (None, Some(object)) => format!("{} of {object}", self.label),
            (None, None) => self.label.to_owned(),
        }
    }

    /// The name of an axis of it, with its unit.
    pub fn axis(&self) -> String {
        format!("{} ({})", self.label, self.unit.words())
    }
}

impl MeasureUnit {
    /// The unit in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Nats => "nats",
            Self::FractionCorrect => "fraction correct",
            Self::FractionOfVariance => "fraction of variance",
            Self::Index => "0 to 1",
            Self::SumOfSquares => "Σ w²",
            Self::Logits => "logits",
            Self::Ratio => "ratio",
            Self::Norm => "Euclidean norm",
            Self::Directions => "directions",
        }
    }
}

/// Every number among some measures, by its name in `progress.csv`, in the order of [`MEASURES`].
pub fn named_values(measures: &ProgressMeasures) -> Vec<(String, f64)> {
    let mut all = Vec::new();
    for measure in MEASURES {
        all.extend(measure.value(measures).map(|value| (measure.id.to_owned(), value)));
        all.extend(measure.part_values(measures));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{
        ACCURACY_TEST, Domain, GRADIENT_NORM, MEASURES, MOMENTUM_NORM, Need, Parts, Source, named_values,
    };
    use crate::analysis::checkpoint_measures::{measure, measure_all, measures, value_of};
    use crate::analysis::context::AnalysisContext;
    use crate::analysis::modular::ablation::Ablator;
    use crate::config::Preset;
    use crate::engine::TrainState;
    use crate::model::init::initial_weights;
    use crate::model::{ModelShape, Weights};
    use crate::task::modular::ModularTask;

    fn tiny() -> (Weights, ModularTask) {
        let config = Preset::Tiny.config();
        (
            initial_weights(&ModelShape::new(&config.data, &config.model), 3),
            ModularTask::of(&config.data).expect("a modular task"),
        )
    }

    #[test]
    fn no_two_measures_share_a_name_and_a_label_has_one_meaning() {
        let ids: BTreeSet<_> = MEASURES.iter().map(|measure| measure.id).collect();
        let columns: BTreeSet<_> = MEASURES.iter().map(|measure| measure.column).collect();
        let names: BTreeSet<_> = MEASURES.iter().map(|measure| measure.name()).collect();
        assert_eq!([ids.len(), columns.len(), names.len()], [MEASURES.len(); 3]);
        for (i, measure) in MEASURES.iter().enumerate() {
            for other in MEASURES[..i].iter().filter(|other| other.label == measure.label) {
                assert_eq!((other.meaning, other.unit), (measure.meaning, measure.unit), "{}", measure.label);
            }
        }
    }

    #[test]
    fn what_any_task_has_is_said_of_losses_accuracies_and_parameters() {
        let of_any = MEASURES.iter().filter(|measure| measure.domain == Domain::AnyTask);
        let labels: BTreeSet<_> = of_any.map(|measure| measure.label).collect();
        let expected = [
            "accuracy",
            "gradient norm",
            "gradient participation ratio",
            "gradient tail index",
            "loss",
            "momentum norm",
            "sum of squared weights",
        ];
        assert!(labels.into_iter().eq(expected));
        for measure in MEASURES.iter().filter(|measure| matches!(measure.parts, Parts::ByFreq(..))) {
            assert_eq!(measure.domain, Domain::Modular, "{} is of frequencies", measure.id);
        }
    }

    #[test]
    fn every_measure_of_weights_has_a_value_and_the_rest_is_absent() {
        let (weights, task) = tiny();
        let measures = measure(&weights, &task, &[1, 2]).expect("random weights can be measured");
        for measure in MEASURES {
            let is_met = matches!(measure.needs, Need::Weights | Need::Activations);
            let has_any = measure.value(&measures).is_some() || !measure.part_values(&measures).is_empty();
            assert_eq!(has_any, is_met, "{}", measure.id);
        }
        let names: Vec<String> = named_values(&measures).into_iter().map(|(name, _)| name).collect();
        for name in
            ["loss_train", "accuracy_test", "excluded_loss_train_freq_2", "sum_sq_embed.W_E", "min_margin"]
        {
            assert!(names.iter().any(|other| other == name), "no {name} among {names:?}");
        }
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "names differ");
        let text = serde_json::to_string(&measures).expect("plain numbers");
        assert_eq!(serde_json::from_str(&text).ok(), Some(measures), "they come back from a file");
    }

    #[test]
    fn what_is_asked_for_is_measured_too_and_nothing_else_changes() {
        let (weights, task) = tiny();
        let all = measure_all(&weights, &task, &[1, 2]).expect("random weights can be measured");
        let mut some = measure(&weights, &task, &[1, 2]).expect("the same");
        for measure in MEASURES.iter().filter(|measure| measure.needs == Need::Asked) {
            let value = measure.value(&all).unwrap_or_else(|| panic!("{} was asked for", measure.id));
            some.further.insert(measure.id.to_owned(), value);
        }
        assert_eq!(some, all);
        let report = crate::analysis::modular::report::analyse(&weights, &task).expect("and reported on");
        for measure in MEASURES {
            let value = measure.value(&report.measures());
            assert!(
                value.is_some() || !matches!(measure.needs, Need::Asked),
                "{}: the report has it",
                measure.id
            );
        }
    }

    #[test]
    fn gradients_and_moments_are_measured_where_they_are_given() {
        let (weights, task) = tiny();
        let ablator = Ablator::with_own_freqs(&weights);
        let mut state = TrainState::start(weights.clone());
        state.first_moment = Weights::from_flat(weights.shape().clone(), vec![0.5; weights.flat().len()]);
        let context = AnalysisContext::of(&ablator, &task).expect("the same modulus");
        assert_eq!(value_of(&context, &GRADIENT_NORM, &[1]), Ok(None), "not known, and not zero");
        let context = context.with_gradient(&weights).with_optimiser(&state);
        let norm = weights.flat().iter().map(|w| w * w).sum::<f64>().sqrt();
        let found = value_of(&context, &GRADIENT_NORM, &[1]).expect("a frequency").expect("it is given");
        assert!((found - norm).abs() < 1e-12 * norm, "{found}, not {norm}");
        let moments = 0.5 * (weights.flat().len() as f64).sqrt();
        let all = measures(&context, &[1]).expect("a frequency");
        let found = MOMENTUM_NORM.value(&all).expect("it is kept with the others");
        assert!((found - moments).abs() < 1e-12 * moments, "{found}, not {moments}");
        assert!(value_of(&context, &ACCURACY_TEST, &[9]).is_err(), "p = 7 has three frequencies");
    }

    #[test]
    fn what_a_row_of_metrics_has_is_the_same_measure() {
        for measure in MEASURES.iter().filter(|measure| measure.evaluated.is_some()) {
            assert!(matches!(measure.source, Source::Field(_)), "{}", measure.id);
            assert!(
                measure.column.starts_with("train_") || measure.column.starts_with("test_"),
                "{}",
                measure.id
            );
        }
    }
}
