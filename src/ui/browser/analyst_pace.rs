//! How long the analyst works and when it has rested as long. Pure: the caller has the clock.

/// What was asked of the analyst and not answered yet, and how long it has been at it.
#[derive(Debug, Default)]
pub(super) struct Pace {
    n_open: usize,
    busy_since: f64,
    rested_at: f64,
}

impl Pace {
    /// Something was asked; it is begun at once or after what was asked before.
    pub(super) fn asked(&mut self, now_ms: f64) {
        if self.n_open == 0 {
            self.busy_since = now_ms;
        }
        self.n_open += 1;
    }

    /// Something was answered. Once nothing is left to be, the time at which the analyst will have rested.
    pub(super) fn answered(&mut self, now_ms: f64) -> Option<f64> {
        // Its first word answers nothing.
        self.n_open = self.n_open.checked_sub(1)?;
        (self.n_open == 0).then(|| {
            // Something short in between does not end the rest after something long.
            self.rested_at = self.rested_at.max(now_ms + (now_ms - self.busy_since));
            self.rested_at
        })
    }

    /// Whether it has rested at this time, which [`Self::answered`] told: nothing was asked in between.
    pub(super) fn has_rested(&self, at_ms: f64) -> bool {
        self.n_open == 0 && self.rested_at <= at_ms
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;

    #[test]
    fn it_rests_as_long_as_all_that_was_asked_took() {
        let mut pace = Pace::default();
        assert_eq!(pace.answered(5.0), None, "a first word that nobody asked for");
        pace.asked(100.0);
        pace.asked(101.0);
        assert_eq!(pace.answered(110.0), None, "half of it");
        assert_eq!(pace.answered(400.0), Some(700.0));
        assert!(pace.has_rested(700.0) && !pace.has_rested(699.0));
    }

    #[test]
    fn what_is_asked_meanwhile_puts_the_end_off_and_never_forward() {
        let mut pace = Pace::default();
        pace.asked(0.0);
        assert_eq!(pace.answered(300.0), Some(600.0));
        pace.asked(590.0);
        assert!(!pace.has_rested(600.0), "it works");
        assert_eq!(pace.answered(650.0), Some(710.0));
        assert!(!pace.has_rested(600.0) && pace.has_rested(710.0));

        pace.asked(800.0);
        assert_eq!(pace.answered(1000.0), Some(1200.0));
        pace.asked(1010.0);
        assert_eq!(pace.answered(1020.0), Some(1200.0), "an ablation does not shorten it");
    }
}
