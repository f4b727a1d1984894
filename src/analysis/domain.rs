//! What an analysis is of: any task, or one kind of task alone.

use crate::config::TaskConfig;

/// Which tasks a measure, a chart or a figure is of. Of another task it is absent, not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// Every task: it is of losses, accuracies, weights or gradients.
    AnyTask,
    /// Sums a + b mod p: it is of frequencies, or of the table of pairs.
    Modular,
}

impl Domain {
    /// Whether it is of this task.
    pub fn applies(self, task: &TaskConfig) -> bool {
        match self {
            Self::AnyTask => true,
            Self::Modular => task.modular().is_some(),
        }
    }

    /// What is made of several is of the tasks that all of them are of.
    pub fn of_all(parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().find(|domain| *domain == Self::Modular).unwrap_or(Self::AnyTask)
    }
}
