//! Ctrl-C, `kill` and a closed terminal: the first asks the run to stop, the second ends it.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{LabError, Result};

static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// From now on the first signal only raises a flag. Whatever is on disk is whole at any moment, so
/// an impatient second signal may end the program at once.
///
/// # Errors
/// [`LabError::File`] if the system refuses the handler.
pub(super) fn listen() -> Result<()> {
    ctrlc::set_handler(|| {
        if IS_ASKED.swap(true, Ordering::SeqCst) {
            process::exit(130);
        }
    })
    .map_err(|error| LabError::file("listen to", "the keyboard's Ctrl-C", error))
}

/// Whether the user asked to stop.
pub(super) fn is_asked() -> bool {
    IS_ASKED.load(Ordering::SeqCst)
}
