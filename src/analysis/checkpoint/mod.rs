//! The analysis of one checkpoint: what any model has, and what its task adds.

mod circle;
mod modular;

pub use circle::Circle;
pub use modular::{GridMaps, ModularAnalysis, NeuronActivationMap};

use serde::{Deserialize, Serialize};

use crate::analysis::general::{GeneralAnalysis, HeadAttention, PositionScores};
use crate::analysis::modular::report::Report;

/// One checkpoint, taken apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointAnalysis {
    /// Updates done.
    pub step: usize,
    /// What any model has, whatever its task.
    pub general: GeneralAnalysis,
    /// What a model that adds has besides; none of another task.
    pub modular: Option<ModularAnalysis>,
}

impl CheckpointAnalysis {
    /// The analysis of a model that adds. The general part is read off the report, and so has the attention of the
    /// first block only.
    pub fn of_modular(step: usize, modular: ModularAnalysis) -> Self {
        Self { step, general: general_part(&modular.report), modular: Some(modular) }
    }

    /// The report on a model that adds.
    pub fn report(&self) -> Option<&Report> {
        self.modular.as_ref().map(|modular| &modular.report)
    }
}

/// What [`GeneralAnalysis::new`] finds of the same weights, without running the model again; losses are over the p
/// numbers, as everywhere in the report.
fn general_part(report: &Report) -> GeneralAnalysis {
    let attention = report.attention.iter().map(|head| HeadAttention {
        layer: 0,
        head: head.head,
        mean_pattern: vec![head.mean_to.to_vec()],
    });
    GeneralAnalysis {
        loss: report.loss,
        accuracy: report.accuracy,
        positions: vec![PositionScores { position: 2, loss: report.loss, accuracy: report.accuracy }],
        sum_sq_weights: report.sum_sq_weights.clone(),
        attention: attention.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{CheckpointAnalysis, ModularAnalysis};
    use crate::analysis::general::GeneralAnalysis;
    use crate::config::Preset;
    use crate::model::ModelShape;
    use crate::model::init::initial_weights;
    use crate::task::modular::ModularTask;

    #[test]
    fn the_general_part_of_a_report_is_what_the_general_analysis_finds() {
        let config = Preset::Tiny.config();
        let task = ModularTask::of(&config.data).expect("the modular task");
        // An unembedding without a column for "=", over which the report does not take its losses.
        let shape = ModelShape { d_vocab_out: 7, ..ModelShape::new(&config.data, &config.model) };
        let weights = initial_weights(&shape, 1);
        let modular = ModularAnalysis::new(&weights, &task, None).expect("random weights can be analysed");
        let found = CheckpointAnalysis::of_modular(3, modular).general;
        let expected = GeneralAnalysis::new(&weights, &task.dataset()).expect("they fit the task");
        let numbers = |analysis: &GeneralAnalysis| {
            let GeneralAnalysis { loss, accuracy, positions, sum_sq_weights, attention } = analysis;
            let mut all = vec![sum_sq_weights.total];
            for part in [loss, accuracy, &positions[0].loss, &positions[0].accuracy] {
                all.extend([part.train, part.test, part.all]);
            }
            all.extend(attention.iter().flat_map(|head| head.mean_pattern.iter().flatten().copied()));
            all
        };
        let (found, expected) = (numbers(&found), numbers(&expected));
        assert_eq!((found.len(), expected.len()), (1 + 12 + 2 * 3, 1 + 12 + 2 * 3));
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!(
                (found - expected).abs() < 1e-11 * expected.abs().max(1e-3),
                "{i}: {found}, not {expected}"
            );
        }
    }
}
