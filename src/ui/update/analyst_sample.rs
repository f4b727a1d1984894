//! Weights with known key frequencies, and an analyst that answers at once, for tests of the page's pure parts.

use std::collections::{BTreeMap, VecDeque};
use std::f64::consts::TAU;
use std::sync::Arc;

use crate::analysis::checkpoint::{CheckpointAnalysis, ModularAnalysis};
use crate::analysis::checkpoint_measures::measure;
use crate::analysis::modular::ablation::Ablator;
use crate::analysis::modular::freq_ablation::losses_without_freqs;
use crate::analysis::modular::key_freqs::current_key_freqs;
use crate::config::Preset;
use crate::model::init::initial_weights;
use crate::model::safetensors::{WeightLayout, WeightsFile};
use crate::model::shape::Param;
use crate::model::{ModelShape, Weights};
use crate::protocol::analyst::{AnalystReply, AnalystRequest, WeightsId};
use crate::task::modular::ModularTask;
use crate::ui::state::State;
use crate::ui::update::{Effect, Message, update};

/// A tiny model whose outputs are waves of these frequencies, so that they are its key frequencies.
pub(crate) fn with_key_freqs(freqs: &[usize], seed: u32) -> Weights {
    let config = Preset::Tiny.config();
    let mut weights = initial_weights(&ModelShape::new(&config.data, &config.model), seed);
    let (p, n_out) = (weights.shape().d_vocab - 1, weights.shape().d_vocab_out);
    for (d, row) in weights.get_mut(Param::W_U).chunks_exact_mut(n_out).enumerate() {
        let freq = freqs[d % freqs.len()];
        for (c, value) in row.iter_mut().enumerate().take(p) {
            *value = (TAU * (freq * c) as f64 / p as f64 + d as f64).cos();
        }
    }
    weights
}

/// Such weights as a file.
pub(crate) fn file_with_key_freqs(freqs: &[usize], step: usize) -> Arc<Vec<u8>> {
    let file = WeightsFile {
        weights: with_key_freqs(freqs, step as u32),
        config: Some(Preset::Tiny.config()),
        step: Some(step),
    };
    Arc::new(file.to_bytes(WeightLayout::PaperCode))
}

/// The weights of a file, and the sums of its experiment.
pub(crate) fn weights_and_task(file: &[u8]) -> (Weights, ModularTask) {
    let file = WeightsFile::from_bytes(file).expect("a whole file");
    let config = file.config.expect("with its experiment");
    (file.weights, ModularTask::of(&config.data).expect("a modular task"))
}

/// An analyst that answers by the definitions.
#[derive(Default)]
pub(crate) struct PromptAnalyst {
    held: BTreeMap<WeightsId, Vec<u8>>,
    /// What it was asked, in short: `snapshot 30`, `measure 10 [1, 2]`, with the frequencies that were given.
    pub(crate) asked: Vec<String>,
}

impl PromptAnalyst {
    /// Answers all that is asked, and what is asked because of the answers.
    pub(crate) fn work_off(&mut self, state: &mut State, effects: Vec<Effect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            if let Effect::AskAnalyst(request) = effect {
                let reply = self.answer(request);
                effects.extend(update(state, Message::FromAnalyst(reply)));
            }
        }
    }

    /// Answers one request.
    pub(crate) fn answer(&mut self, request: AnalystRequest) -> AnalystReply {
        if let AnalystRequest::LoadWeights { id, weights_id, config, file } = request {
            self.held.insert(weights_id, file);
            return AnalystReply::WeightsLoaded { id, weights_id, config, step: None };
        }
        let (AnalystRequest::Snapshot { weights_id, .. }
        | AnalystRequest::Measure { weights_id, .. }
        | AnalystRequest::WithoutFreqs { weights_id, .. }
        | AnalystRequest::Prepare { weights_id, .. }) = &request
        else {
            panic!("nobody asks this here: {request:?}");
        };
        let file = self.held.get(weights_id).expect("weights are held");
        let (weights, task) = weights_and_task(file);
        let step = WeightsFile::from_bytes(file).expect("a file").step.unwrap_or_default();
        let words = |freqs: &Option<Vec<usize>>| freqs.as_ref().map_or(String::new(), |f| format!(" {f:?}"));
        match request {
            AnalystRequest::Snapshot { id, followed_freqs, .. } => {
                self.asked.push(format!("snapshot {step}{}", words(&followed_freqs)));
                let modular = ModularAnalysis::new(&weights, &task, followed_freqs.as_deref());
                let modular = modular.expect("it can be taken apart");
                AnalystReply::Snapshot {
                    id,
                    snapshot: Box::new(CheckpointAnalysis::of_modular(step, modular)),
                }
            }
            AnalystRequest::Measure { id, followed_freqs, .. } => {
                self.asked.push(format!("measure {step}{}", words(&followed_freqs)));
                let freqs = followed_freqs.unwrap_or_else(|| current_key_freqs(&weights));
                let measures = measure(&weights, &task, &freqs).expect("it can be measured");
                AnalystReply::Measures { id, step, measures: Box::new(measures) }
            }
            AnalystRequest::WithoutFreqs { id, freqs, .. } => {
                self.asked.push(format!("without {freqs:?}"));
                let ablator = Ablator::new(&weights, &[]);
                let losses = losses_without_freqs(&ablator.unablated().logits, &task, &freqs);
                AnalystReply::WithoutFreqs { id, losses: losses.expect("the frequencies are there") }
            }
            AnalystRequest::Prepare { id, .. } => {
                self.asked.push(format!("prepare {step}"));
                AnalystReply::Prepared { id }
            }
            other => panic!("nobody asks this here: {other:?}"),
        }
    }
}
