//! Short messages to the reader.

use crate::ui::state::State;

/// The most sentences about files that could not be used: more would push the page out of sight.
pub(super) const MAX_TROUBLES: usize = 12;

/// Tells of a file that could not be used, beside the others.
pub(super) fn refuse_file(state: &mut State, words: String) {
    state.file_troubles.retain(|told| *told != words);
    state.file_troubles.push(words);
    let surplus = state.file_troubles.len().saturating_sub(MAX_TROUBLES);
    state.file_troubles.drain(..surplus);
}
