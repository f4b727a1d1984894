//! What the page knows of the analyst.

use std::sync::Arc;

use crate::protocol::analyst::RequestId;
use crate::ui::state::run_view::Origin;

/// As often the analyst is begun anew without having answered anything.
pub const MOST_ENDS: usize = 3;

/// What is known of the analyst.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Analyst {
    /// It listens, and its version is the page's.
    pub ready: bool,
    /// What it works at.
    pub job: Option<Job>,
    /// It has done a job beside a run that wants the processors, and not yet rested as long as that took.
    pub rests: bool,
    /// The number of the last request.
    pub last_request: RequestId,
    /// Files that it could not read or analyse; they are not sent again.
    pub refused: Vec<Arc<Vec<u8>>>,
    /// The file that was sent to it for the page's own wishes.
    pub held: Option<Arc<Vec<u8>>>,
    /// It is no more; the next wish begins another one.
    pub is_down: bool,
    /// How often it ended since it last answered.
    pub n_ends: usize,
    /// For how long it has owed an answer and said nothing, in seconds.
    pub silent_secs: f64,
    /// What the reader was last told of its silence; empty if nothing.
    pub silence_remark: String,
    /// The file it worked at when it ended.
    pub suspect: Option<Arc<Vec<u8>>>,
}

/// A checkpoint that the analyst analyses or measures.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The run it belongs to.
    pub origin: Origin,
    /// Its step.
    pub step: usize,
    /// Its file of weights.
    pub file: Arc<Vec<u8>>,
    /// What is asked of it.
    pub work: Work,
    /// The request that brings the file, if the analyst did not have it.
    pub hold: Option<RequestId>,
    /// The request whose answer ends the job.
    pub request: RequestId,
}

/// What the analyst does with a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// It analyses all of it.
    Snapshot,
    /// It measures it.
    Measure,
    /// It removes each of these frequencies from the logits in turn.
    WithoutFreqs(Vec<usize>),
    /// It prepares for ablations.
    Prepare,
}
