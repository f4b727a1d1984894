//! The settings of an experiment as options: a preset, then whatever differs from it. The options are those of
//! the table of settings.

use clap::builder::StyledStr;
use clap::{Arg, ArgGroup, ArgMatches, Args, Command, FromArgMatches};

use crate::config::settings::{self, GROUPS, Group, Kind, Setting};
use crate::config::{ExperimentConfig, Preset, SplitRule};
use crate::error::{LabError, Result};

/// The options given on the command line; what is not given stays as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct SettingArgs {
    /// The preset to start from, if one is named.
    pub(super) preset: Option<Preset>,
    /// Settings and their texts, in the order of the table.
    given: Vec<(&'static Setting, String)>,
}

/// Clap's group of all these options, for an option that excludes them.
pub(super) const SETTINGS_GROUP: &str = "settings";

/// Clap's identifier of `--preset`; a setting's is its name.
const PRESET: &str = "preset";

impl SettingArgs {
    /// The experiment asked for: the preset (the paper's if none is named), changed and checked.
    ///
    /// # Errors
    /// [`LabError::Setting`] for the first setting outside its range.
    pub(super) fn config(&self) -> Result<ExperimentConfig> {
        let preset = self.preset.unwrap_or(Preset::Paper);
        let config = self.change(preset.config())?;
        config.validate()?;
        Ok(config)
    }

    /// A configuration with every given option put in its place, not yet validated.
    ///
    /// # Errors
    /// [`LabError::Setting`] if a text is not allowed or the fraction is given twice.
    pub(super) fn change(&self, mut config: ExperimentConfig) -> Result<ExperimentConfig> {
        for (setting, text) in &self.given {
            if *setting == &settings::SPLIT {
                self.change_split(&mut config, text)?;
            } else {
                setting.write(&mut config, text)?;
            }
        }
        Ok(config)
    }

    /// Whether an option is given.
    pub(super) fn gives(&self, setting: &Setting) -> bool {
        self.text(setting).is_some()
    }

    /// Gives an option, in place of what may have been given before.
    pub(super) fn give(&mut self, setting: &'static Setting, text: String) {
        self.given.retain(|(other, _)| *other != setting);
        self.given.push((setting, text));
    }

    fn text(&self, setting: &Setting) -> Option<&str> {
        self.given.iter().find(|(given, _)| *given == setting).map(|(_, text)| text.as_str())
    }

    /// `--split` may carry the fraction, which is a setting of its own.
    fn change_split(&self, config: &mut ExperimentConfig, text: &str) -> Result<()> {
        let (rule, frac) = SplitRule::parse_with_frac(text)?;
        settings::SPLIT.write(config, &rule.to_string())?;
        let Some(frac) = frac else { return Ok(()) };
        if let Some(alone) = self.text(&settings::FRAC_TRAIN) {
            let allowed = format!("--split {text} already gives the fraction {frac}; give it in one place");
            return Err(LabError::setting("frac", alone, allowed));
        }
        settings::FRAC_TRAIN.write(config, &frac.to_string())
    }
}

impl Args for SettingArgs {
    fn augment_args(command: Command) -> Command {
        let preset = Arg::new(PRESET)
            .long("preset")
            .value_name("NAME")
            .value_parser(|name: &str| Preset::from_name(name).map_err(allowed_in))
            .help_heading("Settings")
            .help("The experiment to start from, one of those below [default: paper]");
        let settings =
            GROUPS.iter().flat_map(|group| group.settings.iter().map(|setting| arg(group, setting)));
        let ids = settings::all().map(|setting| setting.name).chain([PRESET]);
        let group = ArgGroup::new(SETTINGS_GROUP).multiple(true).args(ids);
        command.arg(preset).args(settings).group(group).after_help(presets_help())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = |setting: &'static Setting| {
            matches.get_one::<String>(setting.name).map(|text| (setting, text.clone()))
        };
        Ok(Self {
            preset: matches.get_one(PRESET).copied(),
            given: settings::all().filter_map(given).collect(),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let Self { preset, given } = Self::from_arg_matches(matches)?;
        self.preset = preset.or(self.preset);
        given.into_iter().for_each(|(setting, text)| self.give(setting, text));
        Ok(())
    }
}

/// The option of a setting; it holds text that the setting's own reader has allowed.
fn arg(group: &Group, setting: &'static Setting) -> Arg {
    let is_split = setting == &settings::SPLIT;
    let (value_name, more) = match setting.kind {
        _ if is_split => ("RULE:SEED[:FRAC]", " FRAC sets --frac."),
        Kind::Integer { .. } => ("N", ""),
        Kind::Decimal { .. } => ("F", ""),
        Kind::Text { .. } => ("TEXT", ""),
        Kind::Choice { .. } => ("NAME", ""),
        Kind::Switch { .. } => ("true|false", ""),
    };
    let check = move |text: &str| {
        let checked = if is_split {
            SplitRule::parse_with_frac(text).map(|_| ())
        } else {
            setting.write(&mut setting.experiment_with(), text)
        };
        checked.map(|()| text.to_owned()).map_err(allowed_in)
    };
    let arg = Arg::new(setting.name)
        .long(setting.flag)
        .aliases(setting.names().filter(|name| *name != setting.flag))
        .value_name(value_name)
        .value_parser(check)
        .allow_negative_numbers(true)
        .help_heading(group.title)
        .help(StyledStr::from(setting.full_help() + more));
    match setting.kind {
        Kind::Switch { .. } => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
        _ => arg,
    }
}

/// What is allowed, without name and value: clap says those itself.
fn allowed_in(error: LabError) -> String {
    match error {
        LabError::Setting { allowed, .. } => allowed,
        other => other.to_string(),
    }
}

/// The presets, one a line.
fn presets_help() -> StyledStr {
    let lines = Preset::ALL.map(|preset| format!("  {:<19} {}", preset.name(), preset.summary()));
    StyledStr::from(format!("Presets:\n{}", lines.join("\n")))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{SettingArgs, settings};
    use crate::config::{
        Activation, Batches, DeviceChoice, EngineChoice, ExperimentConfig, InitDraw, LossForm, Precision,
        Preset, QkvInit, SplitRule, TaskConfig,
    };
    use crate::engine::folded::MAX_SHARDS;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        settings: SettingArgs,
    }

    fn read(line: &str) -> SettingArgs {
        Line::try_parse_from(format!("test {line}").split_whitespace()).map(|line| line.settings).unwrap()
    }

    #[test]
    fn nothing_given_is_the_papers_run() {
        assert_eq!(read("").config(), Ok(Preset::Paper.config()));
    }

    #[test]
    fn options_change_the_preset_and_nothing_else() {
        let asked = read(
            "--preset tiny --p 11 --split torch:7:0.6 --n-heads 4 --seed 9 --lr 2e-3 --weight-decay 0 \
             --loss textbook --epochs 12 --eval-every 3 --engine literal --precision f64 --reproducible \
             --beta1 0.8 --beta2 0.95 --eps 1e-6",
        );
        let mut expected = Preset::Tiny.config();
        expected.data.change_modular(|modular| modular.p = 11);
        expected
            .data
            .change_modular(|modular| (modular.split, modular.frac_train) = (SplitRule::Torch(7), 0.6));
        (expected.model.n_heads, expected.model.seed) = (4, 9);
        (expected.optim.lr, expected.optim.weight_decay) = (2e-3, 0.0);
        (expected.optim.beta1, expected.optim.beta2, expected.optim.eps) = (0.8, 0.95, 1e-6);
        expected.optim.loss = LossForm::Textbook;
        (expected.run.epochs, expected.run.eval_every) = (12, 3);
        (expected.run.engine, expected.run.precision) = (EngineChoice::Literal, Precision::F64);
        expected.run.reproducible = true;
        assert_eq!(asked.config(), Ok(expected));
    }

    #[test]
    fn every_option_goes_by_all_names_of_its_setting() {
        for setting in settings::all() {
            let base = setting.experiment_with();
            let text = if setting == &settings::TASK {
                "addition".to_owned()
            } else {
                setting.read(&other_values(&base))
            };
            let mut expected = base.clone();
            setting.write(&mut expected, &text).unwrap();
            assert_ne!(expected, base, "{setting:?}: another value was meant");
            for name in setting.names() {
                for name in [name.to_owned(), name.replace('-', "_"), name.replace('_', "-")] {
                    let asked = read(&format!("--{name}={text}"));
                    assert_eq!(asked.change(base.clone()).as_ref(), Ok(&expected), "--{name}={text}");
                    assert!(asked.gives(setting));
                }
            }
        }
    }

    /// A configuration of the same task that has no setting as the paper's, or the published task, has it.
    fn other_values(base: &ExperimentConfig) -> ExperimentConfig {
        let mut config = Preset::Tiny.config();
        config.data.change_modular(|modular| modular.split = SplitRule::Torch(1));
        if base.data.modular().is_none() {
            config.data = base.data.clone();
        }
        match &mut config.data {
            TaskConfig::Modular(_) => {}
            TaskConfig::Addition(task) => task.digits = 3,
            TaskConfig::SkipTrigram(task) => (task.symbols, task.noise) = (3, 7),
            TaskConfig::Induction(task) => {
                (task.n_ctx, task.sub_len, task.repeats, task.d_vocab) = (40, 4, 2, 9);
            }
        }
        if let Some(batches) = config.data.batches_mut() {
            *batches = Batches { batch: 5, n_train: 10, data_seed: 11 };
        }
        (config.model.d_head, config.model.causal) = (3, false);
        (config.model.residual_scale, config.model.qkv_init) = (2.0, QkvInit::DHead);
        config.model.init_draw = InitDraw::Torch;
        (config.model.n_layers, config.model.seed) = (2, 5);
        config.model.activation = Activation::Gelu;
        (config.optim.lr, config.optim.weight_decay, config.optim.warmup_steps) = (0.01, 0.5, 3);
        (config.optim.beta1, config.optim.beta2, config.optim.eps) = (0.5, 0.6, 1e-5);
        (config.optim.loss, config.optim.dropout, config.optim.l1) = (LossForm::Textbook, 0.2, 1e-4);
        (config.run.engine, config.run.device) = (EngineChoice::Literal, DeviceChoice::Gpu);
        (config.run.precision, config.run.threads, config.run.reproducible) = (Precision::F64, 2, true);
        config
    }

    #[test]
    fn the_device_and_the_switch_are_read_as_links_have_them() {
        for text in ["gpu", "webgpu"] {
            for flag in ["device", "backend"] {
                let config = read(&format!("--{flag} {text}")).config().unwrap();
                assert_eq!(config.run.device, DeviceChoice::Gpu, "--{flag} {text}");
            }
        }
        for (line, expected) in [
            ("", false),
            ("--reproducible", true),
            ("--reproducible=false", false),
            ("--reproducible=true", true),
        ] {
            assert_eq!(read(line).config().unwrap().run.reproducible, expected, "{line}");
        }
    }

    #[test]
    fn a_fraction_given_twice_is_refused() {
        let error = read("--split python:0:0.4 --frac 0.3").config().unwrap_err().to_string();
        assert!(error.contains("0.4") && error.contains("0.3"), "{error}");
    }

    #[test]
    fn an_option_given_by_the_program_replaces_the_users() {
        let mut args = read("--checkpoint-every 7");
        args.give(&settings::CHECKPOINT_EVERY, "9".into());
        assert_eq!(args.config().unwrap().run.checkpoint_every, 9);
    }

    #[test]
    fn the_help_of_every_command_that_trains_has_every_setting_and_preset() {
        for name in ["train", "reproduce", "bench"] {
            let mut program = crate::cli::Cli::command();
            let command = program.find_subcommand_mut(name).expect("a command");
            for help in [command.render_help(), command.render_long_help()] {
                let help = help.to_string();
                // Without the breaks of lines.
                let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
                for setting in settings::all() {
                    assert!(
                        words.contains(&format!("--{} ", setting.flag))
                            || words.contains(&format!("--{}[", setting.flag)),
                        "{name}: {setting:?}"
                    );
                    assert!(words.contains(&setting.full_help()), "{name}: {setting:?}");
                }
                for preset in Preset::ALL {
                    assert!(
                        words.contains(&format!("{} {}", preset.name(), preset.summary())),
                        "{name}: {preset:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_help_knows_how_many_workers_share_a_step() {
        assert!(settings::THREADS.help.contains(&format!("at most {MAX_SHARDS}")));
    }
}
