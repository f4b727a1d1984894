//! What the training worker and the workers that share its steps say to each other.

use serde::{Deserialize, Serialize};

use crate::config::ExperimentConfig;
use crate::engine::folded::{Exchange, PackedState, Request, Score};
use crate::error::ErrorReport;

/// Said to a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Gives it the state of the run. Answered by [`PeerReply::Loaded`].
    Load {
        /// In the engine's own layout; its arrays are transferred.
        state: PackedState,
    },
    /// Asks for the share's part. Answered by [`PeerReply::Told`] or [`PeerReply::Scores`].
    Ask {
        /// Which part.
        request: Request,
    },
    /// Tells it what it needs of the other shares. After sums it is answered by [`PeerReply::Told`].
    Tell {
        /// What it is.
        what: Exchange,
        /// See [`Collective::broadcast`](crate::engine::folded::Collective::broadcast); transferred.
        #[serde(skip)]
        told: Vec<f32>,
    },
}

/// Said by a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerReply {
    /// It listens. The first message.
    Ready {
        /// Its protocol version.
        version: u32,
    },
    /// Its share is prepared.
    Joined,
    /// It holds the state.
    Loaded,
    /// What the other shares need of it.
    Told {
        /// In the engine's own layout; transferred.
        #[serde(skip)]
        told: Vec<f32>,
    },
    /// The scores of its train and its test pairs.
    Scores {
        /// Train, then test.
        scores: [Score; 2],
    },
    /// It cannot go on.
    Failed {
        /// What failed.
        error: ErrorReport,
    },
}
