//! What is learned, as data: one variant a task.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{AdditionConfig, Batches, InductionConfig, SkipTrigramConfig, SplitRule};

/// The task of an experiment. `crate::task` makes its examples.
///
/// In the form in which it is saved `task` names the task. The modular one has no such tag: a file without one is of
/// it, as all files were when there was no other.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TaskConfig {
    /// The sums a + b mod p.
    Modular(ModularConfig),
    /// Addition of two numbers digit by digit.
    Addition(AdditionConfig),
    /// A signal token in noise.
    SkipTrigram(SkipTrigramConfig),
    /// A run of random tokens that comes again.
    Induction(InductionConfig),
}

/// Which task it is, without its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    /// The sums a + b mod p.
    #[default]
    Modular,
    /// Addition of two numbers digit by digit.
    Addition,
    /// A signal token in noise.
    SkipTrigram,
    /// A run of random tokens that comes again.
    Induction,
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
        #[derive(Deserialize)]
        struct Tagged {
            #[serde(default)]
            task: TaskKind,
            #[serde(flatten)]
            settings: Map<String, Value>,
        }
        let Tagged { task, settings } = Tagged::deserialize(deserializer)?;
        let settings = Value::Object(settings);
        match task {
            TaskKind::Modular => ModularConfig::deserialize(settings).map(Self::Modular),
            TaskKind::Addition => AdditionConfig::deserialize(settings).map(Self::Addition),
            TaskKind::SkipTrigram => SkipTrigramConfig::deserialize(settings).map(Self::SkipTrigram),
            TaskKind::Induction => InductionConfig::deserialize(settings).map(Self::Induction),
        }
        .map_err(D::Error::custom)
    }
}

impl TaskKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Modular, Self::Addition, Self::SkipTrigram, Self::Induction];

    /// The name, as files, links and the command line have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Modular => "modular",
            Self::Addition => "addition",
            Self::SkipTrigram => "skip-trigram",
            Self::Induction => "induction",
        }
    }

    /// The published settings of the task, with a seed for its examples; the sums have the paper's split instead.
    pub fn published(self, data_seed: u32) -> TaskConfig {
        let mut task = match self {
            Self::Modular => TaskConfig::Modular(ModularConfig::PUBLISHED),
            Self::Addition => TaskConfig::Addition(AdditionConfig::PUBLISHED),
            Self::SkipTrigram => TaskConfig::SkipTrigram(SkipTrigramConfig::PUBLISHED),
            Self::Induction => TaskConfig::Induction(InductionConfig::PUBLISHED),
        };
        if let Some(batches) = task.batches_mut() {
            batches.data_seed = data_seed;
        }
        task
    }
}

impl TaskConfig {
    /// Which task it is.
    pub fn kind(&self) -> TaskKind {
        match self {
            Self::Modular(_) => TaskKind::Modular,
            Self::Addition(_) => TaskKind::Addition,
            Self::SkipTrigram(_) => TaskKind::SkipTrigram,
            Self::Induction(_) => TaskKind::Induction,
        }
    }

    /// What is learned from which examples, in a few words: `addition of numbers of 5 digits, 64 fresh examples a step`.
    pub fn words(&self) -> String {
        let examples = match self.batches() {
            Some(Batches { batch, n_train: 0, .. }) => format!(", {batch} fresh examples a step"),
            Some(Batches { n_train, .. }) => format!(", {n_train} examples in the train set"),
            None => String::new(),
        };
        let task = match self {
            Self::Modular(ModularConfig { p, .. }) => format!("sums a + b mod {p}"),
            Self::Addition(AdditionConfig { digits, .. }) => {
                format!("addition of numbers of {digits} digits")
            }
            Self::SkipTrigram(SkipTrigramConfig { symbols, noise, .. }) => {
                format!("one of {symbols} signals in {noise} tokens of noise")
            }
            Self::Induction(InductionConfig { sub_len, repeats, n_ctx, .. }) => {
                format!("{sub_len} tokens that stand {repeats} times in {n_ctx}")
            }
        };
        task + &examples
    }

    /// The sums, if that is the task.
    pub fn modular(&self) -> Option<&ModularConfig> {
        match self {
            Self::Modular(modular) => Some(modular),
            Self::Addition(_) | Self::SkipTrigram(_) | Self::Induction(_) => None,
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
        if let Self::Modular(modular) = self {
            change(modular);
        }
    }

    /// The examples of a sequence task; none of the sums, whose split takes their place.
    pub fn batches(&self) -> Option<&Batches> {
        match self {
            Self::Modular(_) => None,
            Self::Addition(AdditionConfig { batches, .. })
            | Self::SkipTrigram(SkipTrigramConfig { batches, .. })
            | Self::Induction(InductionConfig { batches, .. }) => Some(batches),
        }
    }

    /// The same, to be written.
    pub fn batches_mut(&mut self) -> Option<&mut Batches> {
        match self {
            Self::Modular(_) => None,
            Self::Addition(AdditionConfig { batches, .. })
            | Self::SkipTrigram(SkipTrigramConfig { batches, .. })
            | Self::Induction(InductionConfig { batches, .. }) => Some(batches),
        }
    }

    /// Takes over the choice of the train set of another experiment on the same kind of task.
    pub fn copy_seed(&mut self, other: &Self) {
        if self.kind() != other.kind() {
            return;
        }
        if let (Self::Modular(own), Self::Modular(other)) = (&mut *self, other) {
            own.split = other.split;
        }
        if let (Some(own), Some(other)) = (self.batches_mut(), other.batches()) {
            own.data_seed = other.data_seed;
        }
    }
}

impl ModularConfig {
    /// The paper's.
    pub const PUBLISHED: Self = Self { p: 113, frac_train: 0.3, split: SplitRule::Python(0) };

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
    use super::{TaskConfig, TaskKind};
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

    #[test]
    fn the_other_tasks_are_saved_with_their_name() {
        let text = r#"{"task":"addition","digits":5,"batch":64,"n_train":0,"data_seed":7}"#;
        assert_eq!(serde_json::to_string(&TaskKind::Addition.published(7)).expect("plain data"), text);
        for kind in TaskKind::ALL {
            let task = kind.published(u32::MAX);
            assert_eq!(task.kind(), kind);
            let text = serde_json::to_string(&task).expect("plain data");
            assert_eq!(serde_json::from_str::<TaskConfig>(&text).expect("it was saved so"), task, "{text}");
        }
        let error = serde_json::from_str::<TaskConfig>(r#"{"task":"addition","digits":5}"#).expect_err("cut");
        assert!(error.to_string().contains("batch"), "{error}");
        let error = serde_json::from_str::<TaskConfig>(r#"{"task":"chess"}"#).expect_err("no task");
        assert!(error.to_string().contains("skip-trigram"), "{error}");
    }

    #[test]
    fn another_seed_of_the_examples_is_the_same_task_with_another_seed() {
        for kind in [TaskKind::Addition, TaskKind::SkipTrigram, TaskKind::Induction] {
            let (mut ours, other) = (kind.published(1), kind.published(2));
            assert_ne!(ours, other);
            ours.copy_seed(&other);
            assert_eq!(ours, other);
            ours.copy_seed(&TaskKind::Modular.published(0));
            assert_eq!(ours, other, "another task has no seed to take over");
        }
    }
}
