//! The settings as they stand in the form: a preset and what was changed.

use std::collections::BTreeMap;

use super::field::Field;
use crate::config::{DeviceChoice, ExperimentConfig, Preset};
use crate::error::LabError;

/// A preset and the texts that were entered over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The preset.
    pub preset: Preset,
    edits: BTreeMap<Field, String>,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The control it belongs to; none if the form has no control for it.
    pub field: Option<Field>,
    /// The error in words.
    pub message: String,
}

impl Draft {
    /// A preset, unchanged.
    pub fn new(preset: Preset) -> Self {
        Self { preset, edits: BTreeMap::new() }
    }

    /// The text in a control.
    pub fn text(&self, field: Field) -> String {
        self.edits.get(&field).cloned().unwrap_or_else(|| field.read(&self.preset.config()))
    }

    /// The preset's text for a control.
    pub fn preset_text(&self, field: Field) -> String {
        field.read(&self.preset.config())
    }

    /// Takes a control's new text.
    pub fn set(&mut self, field: Field, text: String) {
        if text == self.preset_text(field) {
            self.edits.remove(&field);
        } else {
            self.edits.insert(field, text);
        }
    }

    /// Puts a control back to the preset.
    pub fn reset(&mut self, field: Field) {
        self.edits.remove(&field);
    }

    /// Takes another preset. The device stays: it belongs to the reader's machine.
    pub fn choose(&mut self, preset: Preset) {
        let device = self.text(Field::Device);
        *self = Self::new(preset);
        self.set(Field::Device, device);
    }

    /// Whether a control's value differs from the preset: `0.30` does not differ from 0.3.
    pub fn is_changed(&self, field: Field) -> bool {
        self.edits.get(&field).is_some_and(|text| {
            let mut config = self.preset.config();
            field.write(&mut config, text).is_err() || field.read(&config) != self.preset_text(field)
        })
    }

    /// Controls that differ from the preset.
    pub fn changed(&self) -> Vec<Field> {
        Field::all().filter(|field| self.is_changed(*field)).collect()
    }

    /// The configuration, with the texts that cannot be read left at the preset.
    fn readable(&self) -> (ExperimentConfig, Vec<Problem>) {
        let mut config = self.preset.config();
        let mut problems = Vec::new();
        for (field, text) in &self.edits {
            if let Err(error) = field.write(&mut config, text) {
                problems.push(Problem::new(&error));
            }
        }
        (config, problems)
    }

    /// The configuration these settings stand for.
    ///
    /// # Errors
    /// Every text that cannot be read; if all can, the first value outside its range.
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
        match error {
            LabError::Setting { field, allowed, .. } if Field::from_name(field).is_some() => {
                Self { field: Field::from_name(field), message: allowed.clone() }
            }
            other => Self { field: None, message: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Draft, Field, Problem};
    use crate::config::{DeviceChoice, Preset};

    #[test]
    fn only_a_different_value_counts_as_changed() {
        let mut draft = Draft::new(Preset::Paper);
        draft.set(Field::FracTrain, "0.30".into());
        assert_eq!(draft.changed(), [], "0.30 is the preset's 0.3");
        draft.set(Field::FracTrain, "0.4".into());
        draft.set(Field::P, "nonsense".into());
        assert_eq!(draft.changed(), [Field::P, Field::FracTrain]);
        draft.reset(Field::P);
        draft.set(Field::FracTrain, "0.3".into());
        assert_eq!(draft, Draft::new(Preset::Paper), "back at the preset");
    }

    #[test]
    fn every_unreadable_text_is_reported_at_its_control() {
        let mut draft = Draft::new(Preset::Paper);
        draft.set(Field::P, "many".into());
        draft.set(Field::Lr, String::new());
        let problems = draft.config().expect_err("neither can be read");
        let fields: Vec<_> = problems.iter().map(|problem| problem.field).collect();
        assert_eq!(fields, [Some(Field::P), Some(Field::Lr)]);
    }

    #[test]
    fn a_value_outside_its_range_is_reported_at_its_control() {
        let mut draft = Draft::new(Preset::Paper);
        draft.set(Field::P, "100".into());
        let problems = draft.config().expect_err("100 is not prime");
        assert!(
            matches!(&problems[..], [Problem { field: Some(Field::P), message }] if message.contains("prime"))
        );
    }

    #[test]
    fn another_preset_drops_the_changes_but_keeps_the_device() {
        let mut draft = Draft::new(Preset::Paper);
        draft.set(Field::Lr, "0.01".into());
        draft.set(Field::Device, "cpu".into());
        draft.choose(Preset::Tiny);
        assert_eq!(draft.changed(), [Field::Device]);
        assert_eq!(draft.device(), DeviceChoice::Cpu);
        assert_eq!(draft.text(Field::P), "7");
    }
}
