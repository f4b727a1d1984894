//! What a run is called: its preset, and what differs from it.

use crate::config::settings::{self, Setting};
use crate::config::{ExperimentConfig, Preset};
use crate::ui::state::draft::Draft;
use crate::ui::state::run_view::{Origin, RunView};

/// The preset of the same task with the fewest differences, and the settings that differ, with their values.
pub fn nearest_preset(config: &ExperimentConfig) -> (Preset, Vec<(&'static Setting, String)>) {
    let of_task = Preset::ALL.into_iter().filter(|preset| preset.config().data.kind() == config.data.kind());
    let all = of_task.map(|preset| (preset, differences(config, &preset.config())));
    all.min_by_key(|(_, differences)| differences.len()).expect("every task has a preset")
}

/// The settings of `config` that `other` has otherwise, with the values of `config`. The device is none of
/// them: it belongs to the machine.
pub fn differences(config: &ExperimentConfig, other: &ExperimentConfig) -> Vec<(&'static Setting, String)> {
    settings::all()
        .filter(|setting| *setting != &settings::DEVICE)
        .map(|setting| (setting, setting.read(config)))
        .filter(|(setting, text)| *text != setting.read(other))
        .collect()
}

/// A name made of the settings: `quick`, or `paper, weight_decay 0.3, seed 4`.
pub fn name(config: &ExperimentConfig) -> String {
    let (preset, differences) = nearest_preset(config);
    let parts = differences.into_iter().map(|(setting, text)| format!("{} {text}", setting.name));
    std::iter::once(preset.name()).chain(parts).collect::<Vec<_>>().join(", ")
}

/// A name that can be a file's: `paper-weight_decay-0.3-seed-4`.
pub fn file_name(config: &ExperimentConfig) -> String {
    plain(&name(config))
}

/// What the files of a figure begin with: the run, by what determines its result, and the step that is shown.
pub fn of_figure(run_view: &RunView, step: usize) -> String {
    let run = match &run_view.origin {
        Origin::Recorded => "recorded-run".to_owned(),
        Origin::File(name) | Origin::Stored { name, .. } => plain(name),
        Origin::Own => {
            let (preset, differences) = nearest_preset(&run_view.config);
            let how =
                [&settings::EVAL_EVERY, &settings::CHECKPOINT_EVERY, &settings::THREADS, &settings::ENGINE];
            let what = differences.into_iter().filter(|(setting, _)| !how.contains(setting));
            let parts = what.map(|(setting, text)| format!("{} {text}", setting.name));
            plain(&std::iter::once(preset.name()).chain(parts).collect::<Vec<_>>().join(", "))
        }
    };
    format!("{run}-step-{step}")
}

/// A name as a part of a file's name.
pub fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._".contains(c) { c } else { '-' };
    name.replace(", ", "-").chars().map(plain).take(100).collect()
}

/// The form with these settings, the device as it is in them.
pub fn draft(config: &ExperimentConfig) -> Draft {
    let (preset, differences) = nearest_preset(config);
    let mut draft = Draft::new(preset);
    for (setting, text) in differences.into_iter().chain([(&settings::DEVICE, settings::DEVICE.read(config))])
    {
        draft.set(setting, text);
    }
    draft
}

#[cfg(test)]
mod tests {
    use super::{differences, draft, file_name, name, of_figure};
    use crate::config::{DeviceChoice, EngineChoice, Precision, Preset, settings};
    use crate::ui::state::run_view::{Origin, RunView};
    use crate::ui::state::run_view_sample::run_view;

    #[test]
    fn a_name_holds_what_differs_and_nothing_else() {
        let mut config = Preset::Paper.config();
        assert_eq!(name(&config), "paper");
        config.run.device = DeviceChoice::Cpu;
        assert_eq!(name(&config), "paper", "the device is the machine's");
        (config.optim.weight_decay, config.model.seed) = (0.3, 4);
        let name = name(&config);
        assert!(
            name.starts_with("paper, ") && name.contains("weight_decay 0.3") && name.contains("seed 4"),
            "{name}"
        );
        assert!(!name.contains("lr"), "{name}");
        assert!(file_name(&config).starts_with("paper-") && !file_name(&config).contains([' ', ',']));
    }

    #[test]
    fn a_figure_is_named_by_its_run_and_step() {
        let mut run = RunView { origin: Origin::Recorded, ..run_view(1) };
        assert_eq!(of_figure(&run, 6_400), "recorded-run-step-6400");
        run.origin = Origin::Own;
        run.config = Preset::Paper.config();
        (run.config.model.seed, run.config.run.threads, run.config.run.checkpoint_every) = (4, 2, 50);
        assert_eq!(of_figure(&run, 7), "paper-seed-4-step-7", "how it was computed does not matter");
    }

    #[test]
    fn every_preset_is_nearest_to_itself() {
        for preset in Preset::ALL {
            assert_eq!(name(&preset.config()), preset.name());
            assert_eq!(draft(&preset.config()).config().as_ref(), Ok(&preset.config()));
        }
    }

    #[test]
    fn the_form_of_a_run_stands_for_its_settings() {
        let mut config = Preset::Quick.config();
        config.data.change_modular(|modular| modular.p = 61);
        (config.optim.lr, config.run.device) = (2e-3, DeviceChoice::Gpu);
        assert_eq!(draft(&config).config(), Ok(config.clone()));
        let changed = differences(&config, &Preset::Quick.config());
        assert_eq!(
            changed.iter().map(|(setting, _)| *setting).collect::<Vec<_>>(),
            [&settings::P, &settings::LR]
        );
    }

    #[test]
    fn the_form_leaves_out_no_setting_that_a_run_can_have() {
        let mut config = Preset::Paper.config();
        (config.run.checkpoint_every, config.run.reproducible) = (250, true);
        (config.run.precision, config.run.engine) = (Precision::F64, EngineChoice::Literal);
        assert_eq!(draft(&config).config(), Ok(config.clone()), "as in a capsule of the command line");
        let name = name(&config);
        for part in ["checkpoint_every 250", "reproducible true", "precision f64", "engine literal"] {
            assert!(name.contains(part), "{part} in {name}");
        }
    }
}
