//! How many steps to ask of the engine at once, and how fast they come.

use std::time::{Duration, Instant};

/// A Ctrl-C is obeyed, and a progress bar moves, within about this time; and a GPU, which gets all
/// steps of a chunk at once, keeps a desktop waiting no longer.
const CHUNK: Duration = Duration::from_millis(50);

/// Measures the steps of one session.
#[derive(Debug, Default)]
pub(super) struct Pace {
    secs_per_step: Option<f64>,
    n_steps: usize,
    secs: f64,
}

impl Pace {
    /// A number of steps that takes about [`CHUNK`], from 1 to `limit`.
    pub(super) fn chunk(&self, limit: usize) -> usize {
        match self.secs_per_step {
            Some(secs) if secs > 0.0 => ((CHUNK.as_secs_f64() / secs) as usize).clamp(1, limit),
            _ => 1,
        }
    }

    /// Takes note of `n_steps` that began at `start` and have just ended.
    pub(super) fn note(&mut self, n_steps: usize, start: Instant) {
        let secs = start.elapsed().as_secs_f64();
        self.secs_per_step = Some(secs / n_steps as f64);
        self.n_steps += n_steps;
        self.secs += secs;
    }

    /// Steps per second of training, evaluations left out; none before the first step.
    pub(super) fn steps_per_s(&self) -> Option<f64> {
        (self.secs > 0.0).then(|| self.n_steps as f64 / self.secs)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Pace;

    #[test]
    fn chunks_start_small_and_follow_the_speed() {
        let mut pace = Pace::default();
        assert_eq!(pace.chunk(1000), 1, "nothing known yet");
        pace.note(1, Instant::now() - Duration::from_millis(10));
        assert!((4..=5).contains(&pace.chunk(1000)), "{} steps of 10 ms", pace.chunk(1000));
        assert_eq!(pace.chunk(3), 3, "never past the next stop");
        pace.note(1, Instant::now() - Duration::from_secs(3));
        assert_eq!(pace.chunk(7), 1, "slow steps come one by one");
    }
}
