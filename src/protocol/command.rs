//! What the page asks of the worker.

use serde::{Deserialize, Serialize};

use super::RunId;
use crate::config::{DeviceChoice, ExperimentConfig};

/// A request. Each takes effect between two training steps, and is answered unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Finds a device. The first message; answered by [`Event::Device`](super::Event::Device) or
    /// [`Event::Failed`](super::Event::Failed).
    Connect {
        /// The page's protocol version.
        version: u32,
        /// Which device the page's link asks for.
        device: DeviceChoice,
    },
    /// Prepares a new run, replacing the one there is; begins training unless `paused`.
    Start {
        /// The new run's number.
        run_id: RunId,
        /// The experiment.
        config: Box<ExperimentConfig>,
        /// Stop before the first update.
        paused: bool,
        /// A saved state to go on from, as [`Event::Saved`](super::Event::Saved) carried it; empty
        /// for drawn weights. Transferred.
        #[serde(skip)]
        saved: Vec<u8>,
    },
    /// Sends the run's state. Answered by [`Event::Saved`](super::Event::Saved).
    Save {
        /// The run meant.
        run_id: RunId,
    },
    /// Times every engine at hand on an experiment. Answered by [`Event::Timed`](super::Event::Timed) and
    /// [`Event::NotTimed`](super::Event::NotTimed), one an engine, then by
    /// [`Event::BenchOver`](super::Event::BenchOver).
    Bench {
        /// The experiment; its engine and device are left out of account.
        config: Box<ExperimentConfig>,
    },
    /// Ends the bench; what is measured so far is told.
    StopBench,
    /// Times the one engine that an experiment would get, for about two seconds, while no run is trained. Any
    /// command ends it. Answered by [`Event::SpeedMeasured`](super::Event::Probed).
    MeasureSpeed {
        /// The experiment.
        config: Box<ExperimentConfig>,
    },
    /// Computes a few steps on every engine at hand and compares. Answered by
    /// [`Event::Verified`](super::Event::Verified) or [`Event::VerifyFailed`](super::Event::VerifyFailed).
    Verify,
    /// The page has taken in an [`Event::Progress`](super::Event::Progress) or
    /// [`Event::Checkpoint`](super::Event::Checkpoint). The next ones come only when all are acknowledged: so a
    /// busy page is not flooded. Not answered.
    Acknowledge {
        /// The run that the event was about.
        run_id: RunId,
    },
    /// Asks whether the worker is still there. Answered by [`Event::Pong`](super::Event::Pong). Not to be sent
    /// while engines are timed: any command ends that.
    Ping,
    /// Stops after the step in hand.
    Pause {
        /// The run meant.
        run_id: RunId,
    },
    /// Trains on.
    Resume {
        /// The run meant.
        run_id: RunId,
    },
    /// Does one update and stays paused.
    Step {
        /// The run meant.
        run_id: RunId,
    },
    /// Drops the run.
    Reset {
        /// The run meant.
        run_id: RunId,
    },
}
