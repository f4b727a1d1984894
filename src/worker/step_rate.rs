//! Steps per second, honest: nothing is said until the device is warm.

use std::collections::VecDeque;

/// The first steps build shaders and fill caches; they are not counted.
const WARM_UP_STEPS: usize = 3;
/// The mean is taken over about this long.
const WINDOW_SECS: f64 = 3.0;

/// Measures a run between two pauses.
#[derive(Debug, Default)]
pub(super) struct StepRate {
    started_at: Option<usize>,
    samples: VecDeque<(f64, usize)>,
}

impl StepRate {
    /// Forgets everything: after a pause a new measurement begins.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Notes that `step` updates were done at `now_secs`.
    pub(super) fn note(&mut self, now_secs: f64, step: usize) {
        let started_at = *self.started_at.get_or_insert(step);
        if step < started_at + WARM_UP_STEPS {
            return;
        }
        self.samples.push_back((now_secs, step));
        while self.samples.len() > 2 && now_secs - self.samples[1].0 >= WINDOW_SECS {
            self.samples.pop_front();
        }
    }

    /// Updates per second; `None` until warm.
    pub(super) fn steps_per_s(&self) -> Option<f64> {
        let (&(from_secs, from), &(to_secs, to)) = (self.samples.front()?, self.samples.back()?);
        (to > from && to_secs > from_secs).then(|| (to - from) as f64 / (to_secs - from_secs))
    }
}

#[cfg(test)]
mod tests {
    use super::StepRate;

    #[test]
    fn slow_first_steps_do_not_count() {
        let mut meter = StepRate::default();
        meter.note(0.0, 1);
        meter.note(9.0, 2);
        assert_eq!(meter.steps_per_s(), None, "two steps are not warm");
        for step in 4..20 {
            meter.note(10.0 + 0.1 * step as f64, step);
        }
        let rate = meter.steps_per_s().expect("warm after four steps");
        assert!((rate - 10.0).abs() < 1e-9, "{rate}");
    }

    #[test]
    fn the_rate_follows_a_change_of_speed() {
        let mut meter = StepRate::default();
        for i in 0..100 {
            meter.note(i as f64 * 0.1, i);
        }
        for i in 0..100 {
            meter.note(10.0 + i as f64 * 0.05, 100 + i);
        }
        let rate = meter.steps_per_s().expect("warm");
        assert!((rate - 20.0).abs() < 0.5, "{rate}");
    }
}
