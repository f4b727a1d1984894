//! The analyst as a state machine: requests in, answers out; no browser, no clock.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::analysis::checkpoint::{CheckpointAnalysis, ModularAnalysis};
use crate::analysis::checkpoint_measures::measure;
use crate::analysis::modular::ablation::{Ablation, Ablator};
use crate::analysis::modular::freq_ablation::losses_without_freqs;
use crate::analysis::modular::key_freqs::current_key_freqs;
use crate::analysis::modular::modulus::{check_shape, modulus};
use crate::analysis::modular::paper_experiment::paper_experiment_for;
use crate::analysis::modular::sum_waves::SumWaves;
use crate::config::ExperimentConfig;
use crate::error::{LabError, Result};
use crate::model::safetensors::WeightsFile;
use crate::protocol::analyst::{AnalystReply, AnalystRequest, RequestId, WeightsId};
use crate::task::modular::ModularTask;

/// As many sets of weights are held. Once they were ablated, those of the paper take 20 MB each.
const MOST_HELD: usize = 4;

/// The weights at hand, and what is known of them.
#[derive(Debug, Default)]
pub struct Analyst {
    /// By their numbers, the ones asked for last at the end. Equal weights are held once.
    held: VecDeque<(WeightsId, Rc<LoadedWeights>)>,
}

#[derive(Debug)]
struct LoadedWeights {
    file: WeightsFile,
    config: ExperimentConfig,
    task: ModularTask,
    ablator: OnceCell<Ablator>,
    waves: OnceCell<SumWaves>,
}

impl Analyst {
    /// Answers a request; what cannot be answered is [`AnalystReply::Failed`].
    pub fn answer(&mut self, request: AnalystRequest) -> AnalystReply {
        let id = id_of(&request);
        self.try_answer(request)
            .unwrap_or_else(|error| AnalystReply::Failed { id: Some(id), error: error.into() })
    }

    fn try_answer(&mut self, request: AnalystRequest) -> Result<AnalystReply> {
        Ok(match request {
            AnalystRequest::LoadWeights { id, weights_id, config, file } => {
                // What cannot be read must not be taken for what had its number before.
                self.held.retain(|(id, _)| *id != weights_id);
                let held = self.equal_or(LoadedWeights::new(&file, config.map(|config| *config))?);
                let (config, step) = (Some(Box::new(held.config.clone())), held.file.step);
                if self.held.len() == MOST_HELD {
                    self.held.pop_front();
                }
                self.held.push_back((weights_id, held));
                AnalystReply::WeightsLoaded { id, weights_id, config, step }
            }
            AnalystRequest::Snapshot { id, weights_id, followed_freqs } => {
                let held = self.get(weights_id)?;
                let freqs = followed_freqs.as_deref();
                let modular = ModularAnalysis::from_ablator(held.ablator(), &held.task, freqs)?;
                let snapshot = Box::new(CheckpointAnalysis::of_modular(held.step(), modular));
                AnalystReply::Snapshot { id, snapshot }
            }
            AnalystRequest::Measure { id, weights_id, followed_freqs } => {
                let held = self.get(weights_id)?;
                let freqs = followed_freqs.unwrap_or_else(|| current_key_freqs(&held.file.weights));
                let measures = Box::new(measure(&held.file.weights, &held.task, &freqs)?);
                AnalystReply::Measures { id, step: held.step(), measures }
            }
            AnalystRequest::WithoutFreqs { id, weights_id, freqs } => {
                let held = self.get(weights_id)?;
                let losses = losses_without_freqs(&held.ablator().unablated().logits, &held.task, &freqs)?;
                AnalystReply::WithoutFreqs { id, losses }
            }
            AnalystRequest::Ablate { id, weights_id, ablation } => {
                let held = self.get(weights_id)?;
                let (scores, margins) = held.ablator().scores_and_margins(&held.task, &ablation)?;
                let margins = margins.into_iter().map(|margin| margin as f32).collect();
                AnalystReply::Ablated { id, scores, margins }
            }
            AnalystRequest::Prepare { id, weights_id } => {
                self.get(weights_id)?.ablator();
                AnalystReply::Prepared { id }
            }
            AnalystRequest::Ask { id, weights_id, a, b, ablation } => {
                self.get(weights_id)?.ask(id, a, b, &ablation)?
            }
        })
    }

    /// The weights of a number, which now count as the ones asked for last.
    fn get(&mut self, id: WeightsId) -> Result<&LoadedWeights> {
        let place = self.held.iter().position(|(held, _)| *held == id);
        let held = place
            .and_then(|place| self.held.remove(place))
            .ok_or_else(|| LabError::Protocol(format!("the weights {id} are not held; send them again")))?;
        self.held.push_back(held);
        Ok(&self.held[self.held.len() - 1].1)
    }

    /// The same weights, if they are held under another number: what is known of them need not be found again.
    fn equal_or(&self, new: LoadedWeights) -> Rc<LoadedWeights> {
        let mut others = self.held.iter().map(|(_, held)| held);
        let equal = others.find(|held| held.file == new.file && held.config == new.config);
        equal.cloned().unwrap_or_else(|| Rc::new(new))
    }
}

impl LoadedWeights {
    fn new(file: &[u8], given: Option<ExperimentConfig>) -> Result<Self> {
        let file = WeightsFile::from_bytes(file)?;
        let shape = file.weights.shape();
        let config = match (&file.config, given) {
            (Some(own), _) => own.clone(),
            (None, Some(given)) => {
                let p = ModularTask::of(&given.data)?.p;
                check_shape(shape)?;
                if p != modulus(shape) {
                    let reason = format!("they add modulo {}, the settings modulo {p}", modulus(shape));
                    return Err(LabError::content("weights", reason));
                }
                given
            }
            (None, None) => paper_experiment_for(shape)?,
        };
        config.validate()?;
        let task = ModularTask::of(&config.data)?;
        Ok(Self { task, config, file, ablator: OnceCell::new(), waves: OnceCell::new() })
    }

    fn step(&self) -> usize {
        self.file.step.unwrap_or(0)
    }

    fn ablator(&self) -> &Ablator {
        self.ablator.get_or_init(|| Ablator::with_own_freqs(&self.file.weights))
    }

    fn ask(&self, id: RequestId, a: usize, b: usize, ablation: &Ablation) -> Result<AnalystReply> {
        let p = self.task.p;
        for (field, number) in [("a", a), ("b", b)] {
            if number >= p {
                return Err(LabError::setting(field, number, format!("the numbers are 0 to {}", p - 1)));
            }
        }
        let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect();
        let logits = self.ablator().ablated_logits(&self.task, ablation)?;
        let cut;
        let waves = match &logits {
            Cow::Borrowed(whole) => self.waves.get_or_init(|| SumWaves::new(whole)),
            Cow::Owned(left) => {
                cut = SumWaves::new(left);
                &cut
            }
        };
        let vote = |&freq: &usize| (freq, narrow(waves.projection(&[freq]).row((a + b) % p)));
        let votes = self.ablator().key_freqs().iter().map(vote).collect();
        Ok(AnalystReply::Answer { id, logits: narrow(logits.row(a, b)), votes })
    }
}

fn id_of(request: &AnalystRequest) -> RequestId {
    match request {
        AnalystRequest::LoadWeights { id, .. }
        | AnalystRequest::Snapshot { id, .. }
        | AnalystRequest::Measure { id, .. }
        | AnalystRequest::WithoutFreqs { id, .. }
        | AnalystRequest::Ablate { id, .. }
        | AnalystRequest::Prepare { id, .. }
        | AnalystRequest::Ask { id, .. } => *id,
    }
}

#[cfg(test)]
#[path = "analyst_tests.rs"]
mod tests;
