//! What waits to be sent to the page: rows of metrics and checkpoints. Both can come faster than a page takes them
//! in, and a page with a long queue of messages answers no click. So nothing is sent until the page has acknowledged
//! what was sent before; what comes meanwhile is thinned, and a busy page gets time to draw.

use std::collections::BTreeMap;

use crate::config::RunConfig;
use crate::config::cadence::{least_missed, n_evaluated};
use crate::engine::MetricsRow;
use crate::engine::row_thinning::{MAX_ROWS, thin};

/// The page hears of progress about this often, whatever the speed.
const SEND_EVERY_SECS: f64 = 0.1;
/// A page that took long is left alone as long, but not longer than this: it may only have been out of sight.
const MAX_REST_SECS: f64 = 1.0;
/// The most rows that are sent at once of a run that has too many: a tenth of a second is a few pixels of a chart.
const ROWS_AT_ONCE: usize = 256;
/// The most checkpoints that are sent at once, and the bytes after which no further one is: each takes the page
/// some milliseconds.
const CHECKPOINTS_AT_ONCE: usize = 16;
const BYTES_AT_ONCE: usize = 4_000_000;
/// The most checkpoints that wait: as many as a page holds,
const MAX_CHECKPOINTS: usize = 600;
/// and what they may take: a third of what a page holds, because it holds that at the same time.
const MAX_BYTES: usize = 32_000_000;

/// Rows and checkpoints that the page has not got yet.
#[derive(Debug)]
pub(super) struct Pending {
    rows: Vec<MetricsRow>,
    /// Rows that were taken out since the last were sent.
    n_rows_left_out: usize,
    /// How many rows may wait.
    max_rows: usize,
    checkpoints: BTreeMap<usize, Vec<u8>>,
    n_bytes: usize,
    /// Messages that the page has got and not acknowledged.
    n_unacknowledged: usize,
    sent_at_secs: f64,
    /// The earliest time at which something is sent again.
    due_at_secs: f64,
}

/// What is sent at once.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Rows of metrics, oldest first.
    pub(super) rows: Vec<MetricsRow>,
    /// How many rows were taken out between these.
    pub(super) n_rows_left_out: usize,
    /// Files of weights by step.
    pub(super) checkpoints: Vec<(usize, Vec<u8>)>,
}

impl Pending {
    /// Nothing waits yet of a run that begins or goes on now.
    pub(super) fn new(run: &RunConfig, now_secs: f64) -> Self {
        Self {
            rows: Vec::new(),
            n_rows_left_out: 0,
            max_rows: if n_evaluated(run) <= MAX_ROWS { MAX_ROWS } else { ROWS_AT_ONCE },
            checkpoints: BTreeMap::new(),
            n_bytes: 0,
            n_unacknowledged: 0,
            sent_at_secs: now_secs,
            due_at_secs: now_secs + SEND_EVERY_SECS,
        }
    }

    /// Adds a row, unless a row of its step or of a later one waits: an engine that takes over from another makes
    /// some steps again.
    pub(super) fn add_row(&mut self, row: MetricsRow) {
        if self.rows.last().is_none_or(|last| last.step < row.step) {
            self.rows.push(row);
            self.n_rows_left_out += thin(&mut self.rows, self.max_rows);
        }
    }

    /// Adds a checkpoint. If too many wait, those with near neighbours go, regular ones before log-spaced ones.
    pub(super) fn add_checkpoint(&mut self, step: usize, file: Vec<u8>) {
        self.n_bytes += file.len();
        if let Some(old) = self.checkpoints.insert(step, file) {
            self.n_bytes -= old.len();
        }
        while self.checkpoints.len() > MAX_CHECKPOINTS || self.n_bytes > MAX_BYTES {
            let gone = least_missed(self.checkpoints.keys().copied());
            let Some(file) = gone.and_then(|step| self.checkpoints.remove(&step)) else { break };
            self.n_bytes -= file.len();
        }
    }

    /// Whether the page has taken in all that it was sent.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.n_unacknowledged == 0
    }

    /// Whether it is time to send.
    pub(super) fn is_due(&self, now_secs: f64) -> bool {
        self.is_acknowledged() && now_secs >= self.due_at_secs
    }

    /// The page has taken in a message.
    pub(super) fn acknowledge(&mut self, now_secs: f64) {
        self.n_unacknowledged = self.n_unacknowledged.saturating_sub(1);
        if self.is_acknowledged() {
            let took_secs = (now_secs - self.sent_at_secs).clamp(0.0, MAX_REST_SECS);
            self.due_at_secs = (now_secs + took_secs).max(self.sent_at_secs + SEND_EVERY_SECS);
        }
    }

    /// What is sent now: `all` that waits, or a part that does not hold up the page. It counts as one message for
    /// the rows, even if there are none, and one for each checkpoint.
    pub(super) fn take(&mut self, all: bool, now_secs: f64) -> Batch {
        let mut batch = Batch {
            rows: std::mem::take(&mut self.rows),
            n_rows_left_out: std::mem::take(&mut self.n_rows_left_out),
            checkpoints: Vec::new(),
        };
        let mut n_bytes = 0;
        while all || batch.checkpoints.len() < CHECKPOINTS_AT_ONCE && n_bytes < BYTES_AT_ONCE {
            let Some((step, file)) = self.checkpoints.pop_first() else { break };
            n_bytes += file.len();
            batch.checkpoints.push((step, file));
        }
        self.n_bytes -= n_bytes;
        self.n_unacknowledged += 1 + batch.checkpoints.len();
        self.sent_at_secs = now_secs;
        self.due_at_secs = now_secs + SEND_EVERY_SECS;
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECKPOINTS_AT_ONCE, MAX_BYTES, MAX_CHECKPOINTS, Pending, ROWS_AT_ONCE};
    use crate::config::{Preset, RunConfig};
    use crate::engine::{Evaluation, MetricsRow};

    fn long_run() -> RunConfig {
        RunConfig { epochs: 10_000_000, eval_every: 1, checkpoint_every: 10, ..Preset::Tiny.config().run }
    }

    fn row(step: usize) -> MetricsRow {
        let evaluation = Evaluation {
            train_loss: if step == 777 { 9.0 } else { 1.0 / (1 + step) as f64 },
            test_loss: 1.0,
            train_accuracy: 0.5,
            test_accuracy: 0.5,
            softmax_collapse_fraction: None,
        };
        MetricsRow { step, evaluation }
    }

    #[test]
    fn a_page_that_never_answers_gets_one_batch_and_what_waits_stays_small() {
        let mut pending = Pending::new(&long_run(), 0.0);
        let mut n_sent = 0;
        for step in 0..50_000 {
            let now_secs = step as f64 * 0.001;
            pending.add_row(row(step));
            if step % 10 == 0 {
                pending.add_checkpoint(step, vec![0; 1_000]);
            }
            if pending.is_due(now_secs) {
                pending.take(false, now_secs);
                n_sent += 1;
            }
            assert!(pending.rows.len() <= ROWS_AT_ONCE && pending.checkpoints.len() <= MAX_CHECKPOINTS);
        }
        assert_eq!(n_sent, 1);
        let rest = pending.take(true, 60.0);
        assert_eq!(rest.rows.last(), Some(&row(49_999)), "the last row is as it was measured");
        assert!(rest.rows.contains(&row(777)), "the spike is there");
        assert_eq!(rest.rows.len() + rest.n_rows_left_out, 50_000 - 101, "every row is counted");
        assert_eq!(rest.checkpoints.last().map(|(step, _)| *step), Some(49_990));
    }

    #[test]
    fn large_checkpoints_are_bounded_by_what_they_take() {
        let mut pending = Pending::new(&long_run(), 0.0);
        for step in 0..200 {
            pending.add_checkpoint(step, vec![0; 1_000_000]);
            assert!(pending.n_bytes <= MAX_BYTES);
        }
        pending.add_checkpoint(199, vec![0; 500_000]);
        let batch = pending.take(false, 1.0);
        assert_eq!(batch.checkpoints.len(), 4, "four of a megabyte at once");
        let rest = pending.take(true, 1.0);
        assert_eq!((rest.checkpoints.last().map(|(step, _)| *step), pending.n_bytes), (Some(199), 0));
    }

    #[test]
    fn a_run_that_a_page_can_hold_is_not_thinned_however_slow_the_page_is() {
        let mut pending = Pending::new(&Preset::Paper.config().run, 0.0);
        (0..=4_000).for_each(|i| pending.add_row(row(10 * i)));
        let batch = pending.take(false, 1.0);
        assert_eq!((batch.rows.len(), batch.n_rows_left_out), (4_001, 0));
    }

    #[test]
    fn a_busy_page_is_left_alone_as_long_as_it_took() {
        let mut pending = Pending::new(&long_run(), 0.0);
        (0..40).for_each(|step| pending.add_checkpoint(step, vec![1]));
        assert!(!pending.is_due(0.05) && pending.is_due(0.1));
        assert_eq!(pending.take(false, 0.1).checkpoints.len(), CHECKPOINTS_AT_ONCE);
        for _ in 0..CHECKPOINTS_AT_ONCE {
            pending.acknowledge(0.5);
        }
        assert!(!pending.is_due(9.0), "one message is still under way");
        pending.acknowledge(0.5);
        assert!(!pending.is_due(0.85) && pending.is_due(0.95), "it took 0.4 s");
        pending.take(true, 1.0);
        (0..=24).for_each(|_| pending.acknowledge(100.0));
        assert!(pending.is_due(101.1), "a page that was out of sight for long is not");
    }
}
