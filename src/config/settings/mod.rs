//! Every setting of an experiment, described once: name, label, help, allowed values, and how it is read from an
//! [`ExperimentConfig`] and written into one.
//!
//! The page's form, the page's links, the options of `grok` and their help, [`ExperimentConfig::validate`] and
//! docs/settings.md are all made from [`GROUPS`]. To add a setting: a field of the configuration, an entry in
//! `table.rs` (or `task_table.rs`, if it belongs to a task), its place in [`GROUPS`].

mod groups;
mod kind;
mod range;
mod table;
mod task_table;

pub use groups::GROUPS;
pub use kind::{ChoiceOption, Kind};
pub use range::{DecimalRange, IntegerRange};
pub use table::*;
pub use task_table::*;

use std::fmt;

use super::{ExperimentConfig, Preset, TaskKind};
use crate::error::{LabError, Result};

/// A setting. Two are equal if they have the same name.
pub struct Setting {
    /// The name in links, in the page's test hooks (`set-NAME`, `reset-NAME`) and in [`LabError::Setting`]; lower
    /// case with underscores.
    pub name: &'static str,
    /// The option of `grok`, without the leading hyphens; lower case with hyphens.
    pub flag: &'static str,
    /// Other names that links and `grok` accept, besides name and flag.
    pub aliases: &'static [&'static str],
    /// The words beside the control.
    pub label: &'static str,
    /// What the setting means, in a sentence or two.
    pub help: &'static str,
    /// What a number counts, in the plural; empty where there is no unit.
    pub unit: &'static str,
    /// What it holds, and which values are allowed.
    pub kind: Kind,
}

/// A titled group of settings, as the form and `grok --help` show them.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// The title.
    pub title: &'static str,
    /// Its settings, in the order shown.
    pub settings: &'static [&'static Setting],
    /// The tasks that have these settings, at least one.
    pub tasks: &'static [TaskKind],
    /// Whether the form hides the group until it is opened.
    pub folded: bool,
    /// Whether the page has the group: it shows runs of sums, and none of the other tasks.
    pub on_page: bool,
}

/// All settings, in the order shown.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings).copied()
}

/// The setting that has this name, flag or alias, with hyphens or underscores.
pub fn find(name: &str) -> Option<&'static Setting> {
    let normal = |name: &str| name.replace('-', "_");
    let wanted = normal(name);
    all().find(|setting| setting.names().any(|name| normal(name) == wanted))
}

impl Setting {
    /// Every name that links and `grok` accept, the flag first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        let name = (self.name != self.flag).then_some(self.name);
        std::iter::once(self.flag).chain(name).chain(self.aliases.iter().copied())
    }

    /// The group that it stands in.
    pub fn group(&self) -> &'static Group {
        GROUPS.iter().find(|group| group.settings.contains(&self)).expect("every setting stands in a group")
    }

    /// Whether the task of a configuration has this setting.
    pub fn applies(&self, config: &ExperimentConfig) -> bool {
        self.group().tasks.contains(&config.data.kind())
    }

    /// An experiment that has this setting: the paper's, or with another task in its place.
    pub fn experiment_with(&self) -> ExperimentConfig {
        let mut config = Preset::Paper.config();
        if !self.applies(&config) {
            config.data = self.group().tasks[0].published(config.model.seed);
        }
        config
    }

    /// The setting in a configuration, as text that [`write`](Self::write) reads back to the same value.
    pub fn read(&self, config: &ExperimentConfig) -> String {
        self.kind.read(config)
    }

    /// Writes the setting into a configuration, which stays as it is on an error. Whether the value fits the
    /// others (heads must divide d_model) is left to [`ExperimentConfig::validate`].
    ///
    /// # Errors
    /// [`LabError::Setting`] under the setting's name if the text cannot be read, the value is not allowed, or the task
    /// does not have this setting and would have to change for it.
    pub fn write(&self, config: &mut ExperimentConfig, text: &str) -> Result<()> {
        let text = text.trim();
        if !self.applies(config) {
            return if self.read(config) == text { Ok(()) } else { Err(self.refusal_of_task(config, text)) };
        }
        match self.kind {
            // Has several forms, and an error for each.
            Kind::Text { set, .. } => set(config, text),
            _ if self.kind.write(config, text) => Ok(()),
            _ => Err(self.refusal(text)),
        }
    }

    /// Checks the value in a configuration by itself.
    ///
    /// # Errors
    /// [`LabError::Setting`] under the setting's name if it is outside the allowed range.
    pub fn check(&self, config: &ExperimentConfig) -> Result<()> {
        if self.kind.is_allowed(config) { Ok(()) } else { Err(self.refusal(&self.read(config))) }
    }

    /// The allowed values, as a phrase: `a whole number from 1 to 4`.
    pub fn allowed(&self) -> String {
        self.kind.allowed(self.unit)
    }

    /// The help with the allowed values, as whole sentences.
    pub fn full_help(&self) -> String {
        format!("{} Allowed: {}.", self.help, self.allowed())
    }

    fn refusal_of_task(&self, config: &ExperimentConfig, text: &str) -> LabError {
        let tasks: Vec<&str> = self.group().tasks.iter().map(|task| task.name()).collect();
        let allowed = format!(
            "it is a setting of the task {}, and the task here is {}",
            tasks.join(" or "),
            config.data.kind().name()
        );
        LabError::setting(self.name, text, allowed)
    }

    fn refusal(&self, text: &str) -> LabError {
        LabError::setting(self.name, text, format!("allowed is {}", self.allowed()))
    }
}

impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Setting {}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Setting").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests;
