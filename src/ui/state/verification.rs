//! How the check of the device stands.

use crate::protocol::Verification;

/// How the check of the device stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Verify {
    /// It was not asked for.
    #[default]
    Idle,
    /// The worker is at it.
    Running,
    /// It is done.
    Done(Verification),
    /// It could not be done; the reason in words.
    Failed(String),
}
