//! What is learned, as data: one variant a task.

use serde::{Deserialize, Deserializer, Serialize};

use super::SplitRule;

/// The task of an experiment. `crate::task` makes its examples.
///
/// The form in which it is saved has no tag: a file without one is of the modular task, as all files were when there
/// was no other.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TaskConfig {
    /// The sums a + b mod p.
    Modular(ModularConfig),
}

/// The table of sums a + b mod p and its split (paper section 3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModularConfig {
    /// The modulus, an odd prime.
    pub p: usize,
    /// The fraction of the p² pairs that is trained on, strictly between 0 and 1; the train set
    /// has `int(frac_train * p²)` pairs.
    pub frac_train: f64,
    /// Which pairs those are.
    pub split: SplitRule,
}

impl<'de> Deserialize<'de> for TaskConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ModularConfig::deserialize(deserializer).map(Self::Modular)
    }
}

impl TaskConfig {
    /// The sums, if that is the task.
    pub fn modular(&self) -> Option<&ModularConfig> {
        match self {
            Self::Modular(modular) => Some(modular),
        }
    }

    /// Changes the sums, if that is the task; leaves another task as it is.
    ///
    /// ```
    /// use grokking_lab::config::Preset;
    ///
    /// let mut config = Preset::Paper.config();
    /// config.data.change_modular(|modular| modular.p = 53);
    /// assert_eq!(config.data.modular().map(|modular| modular.p), Some(53));
    /// ```
    pub fn change_modular(&mut self, change: impl FnOnce(&mut ModularConfig)) {
        match self {
            Self::Modular(modular) => change(modular),
        }
    }

    /// Takes over the choice of the train set of another experiment on the same kind of task.
    pub fn copy_seed(&mut self, other: &Self) {
        match (self, other) {
            (Self::Modular(own), Self::Modular(other)) => own.split = other.split,
        }
    }
}

impl ModularConfig {
    /// Number of pairs in the whole table, p².
    pub fn n_pairs(&self) -> usize {
        self.p * self.p
    }

    /// Number of pairs in the train set, `int(frac_train * p²)` as Python truncates it.
    ///
    /// ```
    /// use grokking_lab::config::{ModularConfig, SplitRule};
    ///
    /// let paper = ModularConfig { p: 113, frac_train: 0.3, split: SplitRule::Python(0) };
    /// assert_eq!(paper.n_train(), 3830, "30 % of 113²");
    /// ```
    pub fn n_train(&self) -> usize {
        (self.frac_train * self.n_pairs() as f64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::TaskConfig;
    use crate::config::Preset;

    #[test]
    fn the_modular_task_is_saved_without_a_tag_and_what_is_missing_is_named() {
        let paper = Preset::Paper.config().data;
        let text = r#"{"p":113,"frac_train":0.3,"split":"python:0"}"#;
        assert_eq!(serde_json::to_string(&paper).expect("plain data"), text);
        assert_eq!(serde_json::from_str::<TaskConfig>(text).expect("it was saved so"), paper);
        let error = serde_json::from_str::<TaskConfig>(r#"{"p":113}"#).expect_err("no split").to_string();
        assert!(error.contains("frac_train"), "{error}");
    }
}
