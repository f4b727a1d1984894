//! A plan of a sweep, as a TOML file: a preset, what is set for all runs, what varies, and the seeds.

mod planned_run;
mod setting_values;

pub use planned_run::PlannedRun;

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::{Table, Value};

use crate::config::cadence::checkpoint_every_for_figures;
use crate::config::settings::{self, Setting};
use crate::config::{ExperimentConfig, Preset, SplitRule};
use crate::error::{LabError, Result};

/// The most runs of a plan that does not say `max_runs`: a list too long by a factor of ten is more often a slip than
/// wanted.
const MAX_RUNS: usize = 1_000;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    /// The experiment that the others differ from; the paper's if none is named.
    preset: Option<String>,
    /// A plan with more runs is refused.
    max_runs: Option<usize>,
    /// Seeds, a list or a range: each sets the seed of the weights, and that of the split unless the plan sets it.
    seeds: Option<Value>,
    /// Settings that all runs share.
    #[serde(default)]
    set: Table,
    /// Settings of which every combination is run.
    #[serde(default)]
    cross: Table,
    /// Settings that vary together: the first value of each, then the second of each.
    #[serde(default)]
    zip: Vec<Table>,
}

/// One setting and a value of it, as text.
type SettingValue = (&'static Setting, String);

/// Makes the runs of a plan, in its order; the seeds vary fastest.
///
/// ```
/// use grokking_lab::config::sweep_plan::expand;
///
/// let runs = expand("preset = \"tiny\"\nseeds = [0, 1]\n[cross]\nweight_decay = [0.5, 1.0, 2.0]\n")?;
/// assert_eq!(runs.len(), 6);
/// assert_eq!((runs[5].config.model.seed, runs[5].config.optim.weight_decay), (1, 2.0));
/// # Ok::<(), grokking_lab::error::LabError>(())
/// ```
///
/// # Errors
/// [`LabError::Content`] or [`LabError::Setting`] if the text is no plan, if a value is not allowed, if two runs are the
/// same or if there are too many.
pub fn expand(text: &str) -> Result<Vec<PlannedRun>> {
    let file: PlanFile = toml::from_str(text).map_err(|error| refused(error.to_string()))?;
    let preset = file.preset.as_deref().map_or(Ok(Preset::Paper), Preset::from_name)?;
    let named = names(&file)?;
    let mut base = preset.config();
    // One run a core, and the same bits on every machine: a sweep is spread over several. A plan may say otherwise.
    (base.run.threads, base.run.reproducible) = (1, true);
    for (name, value) in &file.set {
        let setting = find(name)?;
        setting.write(&mut base, &setting_values::one(setting, value)?)?;
    }
    if !named.contains(settings::CHECKPOINT_EVERY.name) {
        base.run.checkpoint_every = checkpoint_every_for_figures(&base.run);
    }
    let axes = axes(&file)?;
    let n_runs = axes.iter().map(Vec::len).try_fold(1, usize::checked_mul);
    let max_runs = file.max_runs.unwrap_or(MAX_RUNS);
    let n_runs = n_runs.filter(|n| *n <= max_runs).ok_or_else(|| {
        let n = n_runs.map_or_else(|| "more than can be counted".to_owned(), |n| n.to_string());
        refused(format!("it has {n} runs, and max_runs allows {max_runs}; raise max_runs if all are meant"))
    })?;
    let follows_seed = !named.contains(settings::SPLIT.name);
    let runs = (0..n_runs).map(|i| run(&base, &axes, i, follows_seed)).collect::<Result<Vec<_>>>()?;
    check_different(&runs)?;
    Ok(runs)
}

/// Run number `i` of all combinations, the last axis fastest.
fn run(
    base: &ExperimentConfig,
    axes: &[Vec<Vec<SettingValue>>],
    i: usize,
    follows_seed: bool,
) -> Result<PlannedRun> {
    let (mut config, mut rest) = (base.clone(), i);
    let mut chosen = Vec::new();
    for axis in axes.iter().rev() {
        chosen.push(&axis[rest % axis.len()]);
        rest /= axis.len();
    }
    for (setting, text) in chosen.into_iter().rev().flatten() {
        setting.write(&mut config, text)?;
        if *setting == &settings::SEED && follows_seed {
            let seed = config.model.seed;
            config.data.change_modular(|modular| {
                modular.split = match modular.split {
                    SplitRule::Python(_) => SplitRule::Python(seed),
                    SplitRule::Torch(_) => SplitRule::Torch(seed),
                };
            });
        }
    }
    config.validate().map_err(|error| refused(format!("run {} of the plan: {error}", i + 1)))?;
    Ok(PlannedRun::new(config))
}

/// What varies: for each axis the choices that are made together, one after the other.
fn axes(file: &PlanFile) -> Result<Vec<Vec<Vec<SettingValue>>>> {
    let mut axes = Vec::new();
    for (name, values) in &file.cross {
        let setting = find(name)?;
        let texts = setting_values::all(setting, values)?;
        axes.push(texts.into_iter().map(|text| vec![(setting, text)]).collect());
    }
    for group in &file.zip {
        let columns = group.iter().map(|(name, values)| {
            let setting = find(name)?;
            Ok((setting, setting_values::all(setting, values)?))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let lengths: BTreeSet<usize> = columns.iter().map(|(_, texts)| texts.len()).collect();
        let [n] = lengths.into_iter().collect::<Vec<_>>()[..] else {
            let names: Vec<&str> = group.keys().map(String::as_str).collect();
            return Err(refused(format!(
                "the settings of a [[zip]] vary together and need equally many values: {}",
                names.join(", ")
            )));
        };
        let row = |i: usize| columns.iter().map(|(setting, texts)| (*setting, texts[i].clone())).collect();
        axes.push((0..n).map(row).collect());
    }
    if let Some(seeds) = &file.seeds {
        let texts = setting_values::all(&settings::SEED, seeds)?;
        axes.push(texts.into_iter().map(|text| vec![(&settings::SEED, text)]).collect());
    }
    Ok(axes)
}

/// The names of all settings that the plan mentions; each may be mentioned once.
fn names(file: &PlanFile) -> Result<BTreeSet<&'static str>> {
    let mut named = BTreeSet::new();
    let tables = [&file.set, &file.cross].into_iter().chain(&file.zip);
    for name in tables.flat_map(Table::keys).map(String::as_str).chain(file.seeds.as_ref().map(|_| "seed")) {
        let setting = find(name)?;
        if !named.insert(setting.name) {
            return Err(refused(format!("{name} is given twice; a setting stands in one place of a plan")));
        }
    }
    Ok(named)
}

fn find(name: &str) -> Result<&'static Setting> {
    settings::find(name).ok_or_else(|| {
        let all: Vec<&str> = settings::all().map(|setting| setting.name).collect();
        refused(format!("there is no setting {name}; the settings are {}", all.join(", ")))
    })
}

fn check_different(runs: &[PlannedRun]) -> Result<()> {
    let mut first = std::collections::BTreeMap::new();
    for (i, run) in runs.iter().enumerate() {
        if let Some(earlier) = first.insert(&run.id, i) {
            return Err(refused(format!(
                "runs {} and {} are the same; a value stands in a list twice",
                earlier + 1,
                i + 1
            )));
        }
    }
    Ok(())
}

fn refused(reason: impl Into<String>) -> LabError {
    LabError::content("plan", reason.into())
}

#[cfg(test)]
mod tests {
    use super::expand;
    use crate::config::{ExperimentConfig, Preset, SplitRule};

    fn configs(text: &str) -> Vec<ExperimentConfig> {
        expand(text).unwrap_or_else(|error| panic!("{error}")).into_iter().map(|run| run.config).collect()
    }

    fn refusal(text: &str) -> String {
        expand(text).expect_err("it is refused").to_string()
    }

    #[test]
    fn every_combination_is_run_and_the_seeds_vary_fastest() {
        let configs = configs(
            "preset = \"tiny\"\nseeds = [4, 5]\n[set]\nepochs = 50\n[cross]\nweight_decay = [0, 1.5]\nlr = [0.01]\n",
        );
        let found: Vec<_> =
            configs.iter().map(|config| (config.optim.weight_decay, config.model.seed)).collect();
        assert_eq!(found, [(0.0, 4), (0.0, 5), (1.5, 4), (1.5, 5)]);
        for config in &configs {
            assert_eq!((config.run.epochs, config.optim.lr), (50, 0.01));
            assert_eq!((config.run.threads, config.run.reproducible), (1, true));
            let split = config.data.modular().map(|modular| modular.split);
            assert_eq!(split, Some(SplitRule::Python(config.model.seed)), "the split follows the seed");
        }
    }

    #[test]
    fn a_plan_without_anything_is_the_papers_run() {
        let [config] = &configs("")[..] else { panic!("one run") };
        let mut paper = Preset::Paper.config();
        (paper.run.threads, paper.run.reproducible) = (1, true);
        paper.run.checkpoint_every = 100;
        assert_eq!(*config, paper);
    }

    #[test]
    fn settings_of_a_zip_vary_together() {
        let configs = configs(
            "preset = \"tiny\"\nseeds = { from = 0, n = 2 }\n[set]\nsplit = \"torch:7\"\n\
             [[zip]]\np = [11, 13]\nfrac = [0.5, 0.6]\n",
        );
        let found: Vec<_> = configs
            .iter()
            .map(|config| {
                let modular = config.data.modular().expect("the only task");
                (modular.p, modular.frac_train, modular.split, config.model.seed)
            })
            .collect();
        let split = SplitRule::Torch(7);
        assert_eq!(
            found,
            [(11, 0.5, split, 0), (11, 0.5, split, 1), (13, 0.6, split, 0), (13, 0.6, split, 1)]
        );
    }

    #[test]
    fn what_is_wrong_is_said_and_what_is_allowed() {
        for (text, words) in [
            ("presets = \"tiny\"", &["presets", "preset"][..]),
            ("preset = \"huge\"", &["huge", "tiny"]),
            ("[set]\nwidth = 3", &["no setting width", "d_model"]),
            ("[set]\np = 12", &["p = 12", "prime"]),
            ("[set]\np = [11, 13]", &["p", "one value"]),
            ("[cross]\np = 11", &["p", "a list"]),
            ("[cross]\nlr = []", &["lr", "empty"]),
            ("[set]\np = 11\n[cross]\np = [13]", &["p is given twice"]),
            ("seeds = [1]\n[cross]\nseed = [2]", &["seed is given twice"]),
            ("[[zip]]\np = [11, 13]\nfrac = [0.5]", &["equally many", "frac"]),
            ("max_runs = 3\nseeds = [1, 2, 3, 4]", &["4 runs", "max_runs allows 3"]),
            ("seeds = { from = 0, n = 1001 }", &["1001 runs", "max_runs allows 1000"]),
            ("seeds = [1, 1]", &["runs 1 and 2 are the same"]),
            ("[cross]\nn_heads = [4, 3]", &["run 2", "n_heads"]),
            ("seeds = [", &["line 1"]),
        ] {
            let said = refusal(text);
            assert!(words.iter().all(|word| said.contains(word)), "{text:?}: {said}");
        }
    }

    #[test]
    fn the_id_is_that_of_the_configuration() {
        let ids = |text: &str| expand(text).unwrap().into_iter().map(|run| run.id).collect::<Vec<_>>();
        let (some, more) =
            (ids("preset = \"tiny\"\nseeds = [1, 2]"), ids("preset = \"tiny\"\nseeds = [2, 3, 1]"));
        assert_eq!(some, [more[2].clone(), more[0].clone()], "whatever the plan");
        assert!(some.iter().all(|id| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }
}
