//! The settings as they stand in the form: a preset and what was changed.

use std::collections::BTreeMap;

use crate::config::settings::{self, Setting};
use crate::config::{DeviceChoice, ExperimentConfig, Preset};
use crate::error::LabError;

/// A preset and the texts that were entered over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The preset.
    pub preset: Preset,
    /// The texts that differ from the preset's, by the name of their setting.
    edits: BTreeMap<&'static str, String>,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The control it belongs to; none if the form has no control for it.
    pub setting: Option<&'static Setting>,
    /// The error in words.
    pub message: String,
}

impl Draft {
    /// A preset, unchanged.
    pub fn new(preset: Preset) -> Self {
        Self { preset, edits: BTreeMap::new() }
    }

    /// The text in a control.
    pub fn text(&self, setting: &'static Setting) -> String {
        self.edits.get(setting.name).cloned().unwrap_or_else(|| self.preset_text(setting))
    }

    /// The preset's text for a control.
    pub fn preset_text(&self, setting: &'static Setting) -> String {
        setting.read(&self.preset.config())
    }

    /// Takes a control's new text.
    pub fn set(&mut self, setting: &'static Setting, text: String) {
        if text == self.preset_text(setting) {
            self.edits.remove(setting.name);
        } else {
            self.edits.insert(setting.name, text);
        }
    }

    /// Puts a control back to the preset.
    pub fn reset(&mut self, setting: &'static Setting) {
        self.edits.remove(setting.name);
    }

    /// Takes another preset. The device stays: it belongs to the reader's machine.
    pub fn choose(&mut self, preset: Preset) {
        let device = self.text(&settings::DEVICE);
        *self = Self::new(preset);
        self.set(&settings::DEVICE, device);
    }

    /// Whether a control's value differs from the preset: `0.30` does not differ from 0.3.
    pub fn is_changed(&self, setting: &'static Setting) -> bool {
        self.edits.get(setting.name).is_some_and(|text| {
            let mut config = self.preset.config();
            setting.write(&mut config, text).is_err() || setting.read(&config) != self.preset_text(setting)
        })
    }

    /// Controls that differ from the preset.
    pub fn changed(&self) -> Vec<&'static Setting> {
        settings::all().filter(|setting| self.is_changed(setting)).collect()
    }

    /// The configuration, with the texts that are not allowed left at the preset.
    fn readable(&self) -> (ExperimentConfig, Vec<Problem>) {
        let mut config = self.preset.config();
        let mut problems = Vec::new();
        for setting in settings::all() {
            let Some(text) = self.edits.get(setting.name) else { continue };
            if let Err(error) = setting.write(&mut config, text) {
                problems.push(Problem::new(&error));
            }
        }
        (config, problems)
    }

    /// The configuration these settings stand for.
    ///
    /// # Errors
    /// Every text that is not allowed; if all are, the first value that does not fit the others.
    pub fn config(&self) -> Result<ExperimentConfig, Vec<Problem>> {
        let (config, problems) = self.readable();
        if !problems.is_empty() {
            return Err(problems);
        }
        match config.validate() {
            Ok(()) => Ok(config),
            Err(error) => Err(vec![Problem::new(&error)]),
        }
    }

    /// The device that is asked for.
    pub fn device(&self) -> DeviceChoice {
        self.readable().0.run.device
    }
}

impl Problem {
    fn new(error: &LabError) -> Self {
        if let LabError::Setting { field, allowed, .. } = error
            && let Some(setting) = settings::find(field)
        {
            return Self { setting: Some(setting), message: allowed.clone() };
        }
        Self { setting: None, message: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use crate::config::{DeviceChoice, Preset, settings};

    #[test]
    fn only_a_different_value_counts_as_changed() {
        let mut draft = Draft::new(Preset::Paper);
        draft.set(&settings::FRAC_TRAIN, "0.30".into());
        assert!(draft.changed().is_empty(), "0.30 is the preset's 0.3");
        draft.set(&settings::FRAC_TRAIN, "0.4".into());
        draft.set(&settings::P, "nonsense".into());
        assert_eq!(draft.changed(), [&settings::P, &settings::FRAC_TRAIN]);
        draft.reset(&settings::P);
        draft.set(&settings::FRAC_TRAIN, "0.3".into());
        assert_eq!(draft, Draft::new(Preset::Paper), "back at the preset");
    }

    #[test]
    fn every_text_that_is_not_allowed_is_reported_at_its_control() {
        let mut draft = Draft::new(Preset::Paper);
        draft.set(&settings::P, "many".into());
        draft.set(&settings::LR, String::new());
        draft.set(&settings::EPOCHS, "0".into());
        let problems = draft.config().expect_err("none is allowed");
        let at: Vec<_> = problems.iter().map(|problem| problem.setting).collect();
        assert_eq!(at, [Some(&settings::P), Some(&settings::LR), Some(&settings::EPOCHS)]);
    }

    #[test]
    fn a_value_outside_its_range_is_reported_at_its_control() {
        let mut draft = Draft::new(Preset::Paper);
        draft.set(&settings::P, "100".into());
        let problems = draft.config().expect_err("100 is not prime");
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].setting, Some(&settings::P));
        assert!(problems[0].message.contains("odd prime from 3"), "{problems:?}");
    }

    #[test]
    fn another_preset_drops_the_changes_but_keeps_the_device() {
        let mut draft = Draft::new(Preset::Paper);
        draft.set(&settings::LR, "0.01".into());
        draft.set(&settings::DEVICE, "cpu".into());
        draft.choose(Preset::Tiny);
        assert_eq!(draft.changed(), [&settings::DEVICE]);
        assert_eq!(draft.device(), DeviceChoice::Cpu);
        assert_eq!(draft.text(&settings::P), "7");
    }
}
