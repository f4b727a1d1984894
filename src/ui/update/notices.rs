//! Short messages to the reader.

use crate::ui::state::State;

/// The most sentences about files that could not be used: more would push the page out of sight.
pub(super) const MAX_PROBLEMS: usize = 12;

/// Tells of a file that could not be used, beside the others.
pub(super) fn refuse_file(state: &mut State, words: String) {
    state.file_problems.retain(|told| *told != words);
    state.file_problems.push(words);
    let surplus = state.file_problems.len().saturating_sub(MAX_PROBLEMS);
    state.file_problems.drain(..surplus);
}
