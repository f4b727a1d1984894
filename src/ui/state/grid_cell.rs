//! One sum on the grid of all pairs, at the cursor: what the model makes of it, and whether it was trained on. It is
//! known at every checkpoint, with or without its weights. Pure.

use std::cmp::Ordering;

use crate::analysis::checkpoint::CheckpointAnalysis;
use crate::ui::state::format::{count, number};

/// What is known of one sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridCell {
    /// The numbers.
    pub pair: (usize, usize),
    /// Their sum modulo p.
    pub answer: usize,
    /// The step of the checkpoint.
    pub step: usize,
    /// The answer's logit minus the largest other: above 0 the model is right.
    pub margin: f64,
    /// Whether a + b was trained on.
    pub is_trained: bool,
    /// Whether b + a was.
    pub is_mirror_trained: bool,
}

impl GridCell {
    /// Of a checkpoint; `train` says for each pair, row a, column b, whether it is trained on. None if there is no
    /// such pair.
    pub fn new(snapshot: &CheckpointAnalysis, train: &[bool], (a, b): (usize, usize)) -> Option<Self> {
        let modular = snapshot.modular.as_ref()?;
        let p = modular.report.p;
        let at = |a: usize, b: usize| (a < p && b < p).then_some(a * p + b);
        let margin = *modular.maps.margins.get(at(a, b)?)?;
        Some(Self {
            pair: (a, b),
            answer: (a + b) % p,
            step: snapshot.step,
            margin: f64::from(margin),
            is_trained: *train.get(at(a, b)?)?,
            is_mirror_trained: *train.get(at(b, a)?)?,
        })
    }

    /// Whether the model answers it rightly.
    pub fn is_right(&self) -> bool {
        self.margin.partial_cmp(&0.0) == Some(Ordering::Greater)
    }

    /// What the model says of it, in a line; `says` is its answer, if that is known: of a sum that it gets right it is.
    pub fn line(&self, says: Option<usize>) -> String {
        let ((a, b), answer) = (self.pair, self.answer);
        let says = match says.or_else(|| self.is_right().then_some(answer)) {
            Some(says) => format!("says {says}"),
            None => "says another number".to_owned(),
        };
        let trained = |is_trained: bool| if is_trained { "trained on" } else { "held out" };
        let set = trained(self.is_trained);
        if a == b {
            return format!("{a} + {b} = {answer}, {says}, {set}");
        }
        let was = if self.is_mirror_trained { "was trained on" } else { "was held out, too" };
        let was = if self.is_trained && !self.is_mirror_trained { "was held out" } else { was };
        format!("{a} + {b} = {answer}, {says}, {set}; its mirror {b} + {a} {was}")
    }

    /// All of it in a sentence.
    pub fn words(&self) -> String {
        let (a, b) = self.pair;
        let verdict = if self.is_right() { "right" } else { "wrong" };
        let set = match (self.is_trained, self.is_mirror_trained) {
            (true, _) => "trained on".to_owned(),
            (false, true) if a != b => format!("held out, its mirror {b} + {a} was trained on"),
            (false, _) => "held out".to_owned(),
        };
        format!(
            "{a} + {b} = {}: {verdict} at step {} (margin {}); {set}.",
            self.answer,
            count(self.step),
            number(self.margin)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::GridCell;
    use crate::ui::state::run_view_sample::snapshot;

    #[test]
    fn a_sum_is_right_or_wrong_and_knows_its_mirror() {
        let mut snapshot = snapshot(30);
        let modular = snapshot.modular.as_mut().expect("a model that adds");
        let p = modular.report.p;
        modular.maps.margins = vec![-2.0; p * p];
        modular.maps.margins[4 * p + 6] = 3.5;
        let mut train = vec![false; p * p];
        train[6 * p + 4] = true;
        let words = |pair| GridCell::new(&snapshot, &train, pair).map(|cell| cell.words());
        assert_eq!(
            words((4, 6)).as_deref(),
            Some("4 + 6 = 3: right at step 30 (margin 3.500); held out, its mirror 6 + 4 was trained on.")
        );
        assert_eq!(
            words((6, 4)).as_deref(),
            Some("6 + 4 = 3: wrong at step 30 (margin -2.000); trained on.")
        );
        assert_eq!(words((2, 2)).as_deref(), Some("2 + 2 = 4: wrong at step 30 (margin -2.000); held out."));
        assert_eq!(words((p, 0)), None, "there is no such pair");
        let line = |pair, says| GridCell::new(&snapshot, &train, pair).map(|cell| cell.line(says));
        let told = line((4, 6), None).expect("a pair");
        assert_eq!(told, "4 + 6 = 3, says 3, held out; its mirror 6 + 4 was trained on", "it is right");
        let told = line((6, 4), None).expect("a pair");
        assert_eq!(told, "6 + 4 = 3, says another number, trained on; its mirror 4 + 6 was held out");
        assert!(line((6, 4), Some(5)).expect("a pair").contains("says 5"), "it was asked");
        assert_eq!(line((2, 2), None).as_deref(), Some("2 + 2 = 4, says another number, held out"));
        let told = line((0, 1), None).expect("a pair");
        assert!(told.ends_with("held out; its mirror 1 + 0 was held out, too"), "{told}");
        snapshot.modular.as_mut().expect("a model that adds").maps.margins[0] = f32::NAN;
        assert!(!GridCell::new(&snapshot, &train, (0, 0)).expect("a pair").is_right());
    }
}
