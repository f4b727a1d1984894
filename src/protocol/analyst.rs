//! What the page asks of the analyst, the worker that takes weights apart while another one trains.
//!
//! Requests carry a number that comes back with the answer. They are answered in order, but those that a
//! later one makes needless (a cursor that has moved on) may be dropped by the page before they are sent.

use serde::{Deserialize, Serialize};

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::analysis::modular::ablation::Ablation;
use crate::analysis::modular::grid::Scores;
use crate::analysis::progress::ProgressMeasures;
use crate::config::ExperimentConfig;
use crate::error::ErrorReport;

/// Numbers a request.
pub type RequestId = u32;

/// Numbers a set of weights that the analyst holds.
pub type WeightsId = u32;

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnalystRequest {
    /// Takes in weights; the analyst holds the last few. Answered by [`AnalystReply::WeightsLoaded`].
    LoadWeights {
        /// The request.
        id: RequestId,
        /// The name the weights get.
        weights_id: WeightsId,
        /// The experiment, if the file does not say; its split tells train from test pairs.
        config: Option<Box<ExperimentConfig>>,
        /// A safetensors file in either layout; transferred.
        #[serde(skip)]
        file: Vec<u8>,
    },
    /// Everything the panels show. Answered by [`AnalystReply::Snapshot`].
    Snapshot {
        /// The request.
        id: RequestId,
        /// Which weights.
        weights_id: WeightsId,
        /// The frequencies that the run is followed by; none for the weights' own key frequencies.
        followed_freqs: Option<Vec<usize>>,
    },
    /// The progress measures alone. Answered by [`AnalystReply::Measures`].
    Measure {
        /// The request.
        id: RequestId,
        /// Which weights.
        weights_id: WeightsId,
        /// As for a snapshot.
        followed_freqs: Option<Vec<usize>>,
    },
    /// The losses without each of some frequencies of the logits in turn (paper figure 6). Answered by
    /// [`AnalystReply::WithoutFreqs`].
    WithoutFreqs {
        /// The request.
        id: RequestId,
        /// Which weights.
        weights_id: WeightsId,
        /// The frequencies, from 1 to (p - 1) / 2.
        freqs: Vec<usize>,
    },
    /// What is left without a part. Answered by [`AnalystReply::Ablated`].
    Ablate {
        /// The request.
        id: RequestId,
        /// Which weights.
        weights_id: WeightsId,
        /// What is kept or removed.
        ablation: Box<Ablation>,
    },
    /// Makes ready for [`AnalystRequest::Ablate`] and [`AnalystRequest::Ask`], whose first answer would else
    /// take several times as long as the next. Answered by [`AnalystReply::Prepared`].
    Prepare {
        /// The request.
        id: RequestId,
        /// Which weights.
        weights_id: WeightsId,
    },
    /// The model's answer to a + b, and how each key frequency votes. Answered by
    /// [`AnalystReply::Answer`].
    Ask {
        /// The request.
        id: RequestId,
        /// Which weights.
        weights_id: WeightsId,
        /// The first number.
        a: usize,
        /// The second number.
        b: usize,
        /// What is kept or removed before; the default is the whole model.
        ablation: Box<Ablation>,
    },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnalystReply {
    /// It listens. The first message.
    Ready {
        /// Its protocol version.
        version: u32,
    },
    /// The weights are held.
    WeightsLoaded {
        /// The request.
        id: RequestId,
        /// The weights.
        weights_id: WeightsId,
        /// The experiment the file tells of, or the one that was given.
        config: Option<Box<ExperimentConfig>>,
        /// The step the file tells of.
        step: Option<usize>,
    },
    /// The panels' data.
    Snapshot {
        /// The request.
        id: RequestId,
        /// The data.
        snapshot: Box<CheckpointAnalysis>,
    },
    /// The progress measures.
    Measures {
        /// The request.
        id: RequestId,
        /// Updates done.
        step: usize,
        /// The measures.
        measures: Box<ProgressMeasures>,
    },
    /// The losses without each of the frequencies asked for.
    WithoutFreqs {
        /// The request.
        id: RequestId,
        /// Over all pairs, in nats, in the order of the request.
        losses: Vec<f64>,
    },
    /// What an ablation left.
    Ablated {
        /// The request.
        id: RequestId,
        /// Losses and accuracies.
        scores: Scores,
        /// The answer's logit minus the largest other, length p², row a, column b.
        #[serde(skip)]
        margins: Vec<f32>,
    },
    /// The weights are ready to be ablated.
    Prepared {
        /// The request.
        id: RequestId,
    },
    /// One sum.
    Answer {
        /// The request.
        id: RequestId,
        /// The p logits.
        logits: Vec<f32>,
        /// For each key frequency, its part of them: the waves cos, sin w_k(a + b) of the logits at this
        /// pair, for every c.
        votes: Vec<(usize, Vec<f32>)>,
    },
    /// A message could not be read, whatever it was; the next one may be.
    Misread {
        /// What was wrong.
        error: ErrorReport,
    },
    /// A request failed, or the analyst itself if no request is named.
    Failed {
        /// The request.
        id: Option<RequestId>,
        /// What failed.
        error: ErrorReport,
    },
}
