//! The ring on the device that keeps the losses of the last steps, until the host reads them once a submit.

/// Word of `record` at which the ring of losses begins. Word 0 is the step counter; the others are padding.
pub(super) const RING_OFFSET: usize = 4;
/// Steps whose losses the ring keeps: more than one submit holds. Each takes three words: loss, correct, collapsed.
pub(super) const RING_LENGTH: usize = 1024;
/// The most steps in a submit: half of the ring and of the table of AdamW factors, so that neither wraps within one.
pub(super) const MAX_BATCH: usize = 512;
