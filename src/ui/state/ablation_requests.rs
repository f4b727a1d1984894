//! What was asked of the analyst for the reader: what an ablation leaves, and sums.

use crate::protocol::analyst::RequestId;
use crate::ui::state::ablation_editor::Answer;
use crate::ui::state::run_view::Origin;

/// Where the page stands with the analyst.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AblationRequests {
    /// The weights that are ablated.
    pub(in crate::ui) about: Option<(Origin, usize)>,
    /// Whether the analyst has them, as far as is known: it holds a few only.
    pub(in crate::ui) is_held: bool,
    /// What the ablation leaves.
    pub(in crate::ui) ablating: PendingRequest,
    /// The sum.
    pub(in crate::ui) asking: PendingRequest,
    /// The sum that is asked for.
    pub pair: Option<(usize, usize)>,
    /// The answer to it, of the ablated model.
    pub answer: Option<Answer>,
}

/// A request, from when it is wanted until it is answered.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::ui) struct PendingRequest {
    /// Its number with the analyst, from when it is sent until it is answered.
    pub(in crate::ui) sent: Option<RequestId>,
    /// Whether it failed once, and the weights were sent again.
    is_second_try: bool,
    /// Why it has no answer, once it is given up.
    pub(in crate::ui) failure: Option<String>,
}

impl PendingRequest {
    /// Whether it has still to be sent.
    pub(in crate::ui) fn is_to_be_sent(&self) -> bool {
        self.sent.is_none() && self.failure.is_none()
    }

    /// It is tried twice, not for ever.
    pub(in crate::ui) fn fail(&mut self, message: String) {
        let failure = self.is_second_try.then_some(message);
        *self = Self { sent: None, is_second_try: true, failure };
    }
}

impl AblationRequests {
    /// Whether the analyst was asked something that it has not answered.
    pub fn awaits_answer(&self) -> bool {
        self.ablating.sent.is_some() || self.asking.sent.is_some()
    }

    /// Why it is not known what the ablation leaves.
    pub fn ablation_failure(&self) -> Option<&str> {
        self.ablating.failure.as_deref()
    }

    /// Why the sum has no answer.
    pub fn answer_failure(&self) -> Option<&str> {
        self.asking.failure.as_deref()
    }
}
