//! What differs between the runs of a sweep.

use crate::config::settings::{self, Setting};
use crate::config::sweep_plan::PlannedRun;
use crate::config::{ExperimentConfig, SplitRule};

/// The settings that have not the same value in all runs, in the order of the table of settings.
#[derive(Debug, Clone)]
pub(super) struct VariedSettings {
    settings: Vec<&'static Setting>,
    /// Whether every run's split has the seed of its weights: then the seed alone tells both.
    split_follows_seed: bool,
}

impl VariedSettings {
    /// Finds them.
    pub(super) fn of(plan: &[PlannedRun]) -> Self {
        let varies = |setting: &&Setting| {
            let mut texts = plan.iter().map(|run| setting.read(&run.config));
            let first = texts.next();
            texts.any(|text| Some(&text) != first.as_ref())
        };
        let split_seed = |config: &ExperimentConfig| {
            config.data.modular().map(|modular| match modular.split {
                SplitRule::Python(seed) | SplitRule::Torch(seed) => seed,
            })
        };
        Self {
            settings: settings::all().filter(varies).collect(),
            split_follows_seed: plan.iter().all(|run| split_seed(&run.config) == Some(run.config.model.seed)),
        }
    }

    /// Those that are no seeds: runs that are equal in them are one group.
    pub(super) fn group_settings(&self) -> Vec<&'static Setting> {
        let seeds = [&settings::SEED, &settings::SPLIT, &settings::DATA_SEED];
        let is_seed = |setting: &Setting| seeds.contains(&setting);
        self.settings.iter().copied().filter(|setting| !is_seed(setting)).collect()
    }

    /// What a run has in place of the others' values: `weight_decay = 1, seed = 2`.
    pub(super) fn words(&self, config: &ExperimentConfig) -> String {
        let is_told = |setting: &&&Setting| !(self.split_follows_seed && **setting == &settings::SPLIT);
        let told = self.settings.iter().filter(is_told);
        let words: Vec<_> =
            told.map(|setting| format!("{} = {}", setting.name, setting.read(config))).collect();
        if words.is_empty() { "the only run".to_owned() } else { words.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::VariedSettings;
    use crate::config::sweep_plan::PlannedRun;
    use crate::config::{Preset, SplitRule};

    #[test]
    fn a_run_is_told_by_what_others_have_otherwise() {
        let run = |seed: u32, split: u32, weight_decay: f64| {
            let mut config = Preset::Tiny.config();
            (config.model.seed, config.optim.weight_decay) = (seed, weight_decay);
            config.data.change_modular(|modular| modular.split = SplitRule::Python(split));
            PlannedRun::new(config)
        };
        let plan = [run(0, 0, 1.0), run(1, 1, 1.0), run(1, 1, 0.5)];
        let varied = VariedSettings::of(&plan);
        assert_eq!(varied.words(&plan[2].config), "seed = 1, weight_decay = 0.5");
        let names: Vec<_> = varied.group_settings().iter().map(|setting| setting.name).collect();
        assert_eq!(names, ["weight_decay"]);
        let plan = [run(0, 0, 1.0), run(0, 1, 1.0)];
        assert_eq!(VariedSettings::of(&plan).words(&plan[1].config), "split = python:1");
        assert_eq!(VariedSettings::of(&plan[..1]).words(&plan[0].config), "the only run");
    }
}
