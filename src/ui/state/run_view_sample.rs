//! Small runs for the tests of the page's pure parts.

use std::collections::BTreeMap;

use crate::analysis::checkpoint::{CheckpointAnalysis, GridMaps, ModularAnalysis};
use crate::analysis::checkpoint_measures::measure;
use crate::analysis::general::BySplit;
use crate::analysis::general::SumSqWeights;
use crate::analysis::modular::report::analyse;
use crate::analysis::progress::{Excluded, Gini, ProgressMeasures};
use crate::config::Preset;
use crate::engine::{Evaluation, MetricsRow};
use crate::model::ModelShape;
use crate::model::init::initial_weights;
use crate::task::modular::ModularTask;
use crate::ui::state::run_view::RunView;

/// A run with `n` rows of metrics, every ten steps.
pub(crate) fn run_view(n: usize) -> RunView {
    let row = |i: usize| MetricsRow {
        step: 10 * i,
        evaluation: Evaluation {
            train_loss: 1.0 / (1 + i) as f64,
            test_loss: if i == 0 { 0.0 } else { 4.0 },
            train_accuracy: 1.0,
            test_accuracy: 0.25,
            softmax_collapse_fraction: None,
        },
    };
    RunView { rows: (0..n).map(row).collect(), ..RunView::own(Preset::Tiny.config()) }
}

/// Measures that are all the same number.
pub(crate) fn measures(value: f64) -> ProgressMeasures {
    let parts = BySplit { train: value, test: value, all: value };
    let excluded = Excluded { train: value, per_freq: BTreeMap::from([(1, value)]) };
    ProgressMeasures {
        key_freqs: vec![1],
        loss: parts,
        accuracy: Some(parts),
        restricted_loss: parts,
        restricted_accuracy: parts,
        excluded_loss: excluded.clone(),
        excluded_accuracy: excluded,
        gini: Gini { w_e: value, w_l: value },
        sum_sq_weights: SumSqWeights { total: value, tensors: BTreeMap::new() },
        cosine_coefficients: BTreeMap::from([(1, value)]),
        further: BTreeMap::new(),
        test_restricted_ratio: 1.0,
    }
}

/// A row of metrics, whatever its step.
pub(crate) fn row(step: usize) -> MetricsRow {
    let evaluation = Evaluation {
        train_loss: 1.0,
        test_loss: 2.0,
        train_accuracy: 0.5,
        test_accuracy: 0.25,
        softmax_collapse_fraction: None,
    };
    MetricsRow { step, evaluation }
}

/// The initial weights of the tiny preset, analysed at a step; without what is only drawn.
pub(crate) fn snapshot(step: usize) -> CheckpointAnalysis {
    let config = Preset::Tiny.config();
    let task = ModularTask::of(&config.data).expect("a modular task");
    let weights = initial_weights(&ModelShape::new(&config.data, &config.model), 1);
    let report = analyse(&weights, &task).expect("random weights can be analysed");
    let measures = measure(&weights, &task, &[1]).expect("and measured");
    let fields = GridMaps {
        attention_scores: Vec::new(),
        margins: Vec::new(),
        logit_norms: Vec::new(),
        circles: Vec::new(),
        neurons: Vec::new(),
    };
    CheckpointAnalysis::of_modular(step, ModularAnalysis { report, measures, maps: fields })
}
