//! What the training worker and the workers that share its steps say to each other.

use serde::{Deserialize, Serialize};

use crate::config::ExperimentConfig;
use crate::engine::folded::{Request, Score};

/// Said to a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum PeerCommand {
    /// Prepares a share of each step. Answered by [`PeerReply::Joined`].
    Join {
        /// The page's protocol version.
        version: u32,
        /// The experiment.
        config: Box<ExperimentConfig>,
        /// Which share; the leader's is 0.
        index: usize,
        /// How many shares there are.
        count: usize,
    },
    /// Asks for the share's part. Answered by [`PeerReply::Gradient`] or [`PeerReply::Scores`].
    Ask {
        /// Which part.
        request: Request,
        /// The weights in the engine's own layout; transferred.
        #[serde(skip)]
        weights: Vec<f32>,
    },
}

/// Said by a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum PeerReply {
    /// It listens. The first message.
    Ready {
        /// Its protocol version.
        version: u32,
    },
    /// Its share is prepared.
    Joined,
    /// The gradient over its train pairs, in the engine's own layout; transferred.
    Gradient {
        /// One number for each weight.
        #[serde(skip)]
        gradient: Vec<f32>,
    },
    /// The scores of its train and its test pairs.
    Scores {
        /// Train, then test.
        scores: [Score; 2],
    },
    /// It cannot go on.
    Failed {
        /// What was tried, what was wrong, what is allowed.
        message: String,
    },
}
