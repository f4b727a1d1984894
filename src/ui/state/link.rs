//! The settings in the page's address: only what differs from the preset, with a schema version.
//!
//! `?v=2&preset=paper&weight_decay=0.3&backend=cpu`. Links outlive pages: what a link says that
//! this page does not understand is reported and ignored.

use crate::config::settings::{self, Setting};
use crate::config::{Preset, TaskKind};
use crate::error::LabError;
use crate::ui::state::draft::Draft;

/// The version of the names and values below.
pub const SCHEMA: &str = "2";

/// The version before, in which `quick` was another experiment.
const SCHEMA_1: &str = "1";

/// What was different in the `quick` of that version.
static QUICK_OF_SCHEMA_1: [(&Setting, &str); 4] = [
    (&settings::FRAC_TRAIN, "0.5"),
    (&settings::WEIGHT_DECAY, "1"),
    (&settings::EPOCHS, "3000"),
    (&settings::CHECKPOINT_EVERY, "500"),
];

/// The names of what a link says of the view beside the settings: the cursor's step, the axis of steps, the frequency
/// of the circle, the parts that are removed. [`view_link`](super::view_link) reads them.
pub const VIEW_NAMES: [&str; 4] = [STEP, X, CIRCLE, ABLATE];
pub(super) const STEP: &str = "step";
pub(super) const X: &str = "x";
pub(super) const CIRCLE: &str = "circle";
pub(super) const ABLATE: &str = "ablate";

/// The preset of a page opened without a link.
pub const DEFAULT_PRESET: Preset = Preset::Quick;

/// What is said of a link to a run that the page cannot show.
const ONLY_SUMS: &str = "this page shows runs that learn sums a + b mod p; grok train makes the others";

/// The query of a link to these settings, without the question mark; empty if nothing differs
/// from the page's defaults. Settings that could not be started are
/// left out.
pub fn to_query(draft: &Draft) -> String {
    let mut config = draft.preset.config();
    let mut query = format!("v={SCHEMA}&preset={}", draft.preset.name());
    let changed = draft.changed();
    if changed.is_empty() && draft.preset == DEFAULT_PRESET {
        return String::new();
    }
    let wrong: Vec<_> =
        draft.config().err().unwrap_or_default().into_iter().map(|problem| problem.setting).collect();
    for setting in changed {
        if !wrong.contains(&Some(setting)) && setting.write(&mut config, &draft.text(setting)).is_ok() {
            // The value is written again from the configuration, so that it holds only letters,
            // digits and `:.-`, which need no escape in a query.
            query.push_str(&format!("&{}={}", setting.name, setting.read(&config)));
        }
    }
    query
}

/// Reads the decoded name-value pairs of a query. Returns the settings, and a sentence for
/// everything that was ignored.
pub fn from_pairs(pairs: &[(String, String)]) -> (Draft, Vec<String>) {
    let mut notices = Vec::new();
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());

    let version = get("v").unwrap_or(SCHEMA);
    if ![SCHEMA, SCHEMA_1].contains(&version) {
        notices.push(format!(
            "v = {version}: this page reads links of version {SCHEMA}; what it knows of this one is used"
        ));
    }
    let mut preset = get("preset").map_or(Ok(DEFAULT_PRESET), Preset::from_name).unwrap_or_else(|error| {
        notices.push(error.to_string());
        DEFAULT_PRESET
    });
    if !preset.is_on_page() {
        notices.push(format!("preset = {}: {ONLY_SUMS}", preset.name()));
        preset = DEFAULT_PRESET;
    }

    let mut draft = Draft::new(preset);
    if version == SCHEMA_1 && preset == Preset::Quick {
        QUICK_OF_SCHEMA_1.iter().for_each(|(setting, value)| draft.set(setting, (*value).to_owned()));
    }
    let is_setting = |name: &str| name != "v" && name != "preset" && !VIEW_NAMES.contains(&name);
    for (name, value) in pairs.iter().filter(|(name, _)| is_setting(name)) {
        let Some(setting) = settings::find(name) else {
            notices.push(format!("{name} = {value}: there is no setting of this name"));
            continue;
        };
        let mut config = preset.config();
        if setting.write(&mut config, value).is_ok() && config.data.kind() != TaskKind::Modular {
            notices.push(format!("{name} = {value}: {ONLY_SUMS}"));
            continue;
        }
        match setting.write(&mut config, value) {
            // As the form writes it, whatever spelling the link has.
            Ok(()) => draft.set(setting, setting.read(&config)),
            Err(error) => notices.push(error.to_string()),
        }
    }
    drop_invalid(&mut draft, &mut notices);
    (draft, notices)
}

/// Puts values outside their range back to the preset until the rest is valid.
fn drop_invalid(draft: &mut Draft, notices: &mut Vec<String>) {
    while let Err(problems) = draft.config() {
        let changed = draft.changed();
        let wrong: Vec<&Setting> = problems
            .iter()
            .filter_map(|problem| problem.setting)
            .filter(|setting| changed.contains(setting))
            .collect();
        for problem in &problems {
            notices.push(match problem.setting {
                Some(setting) => {
                    LabError::setting(setting.name, draft.text(setting), problem.message.as_str()).to_string()
                }
                None => problem.message.clone(),
            });
        }
        // A value can be out of range because of another one (heads must divide d_model): when
        // the control at fault was not in the link, all of the link's values go.
        let dropped = if wrong.is_empty() { changed } else { wrong };
        if dropped.is_empty() {
            break;
        }
        for setting in dropped {
            draft.reset(setting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Draft, from_pairs, to_query};
    use crate::config::{
        Activation, DeviceChoice, EngineChoice, ExperimentConfig, LossForm, Precision, Preset, SplitRule,
        settings,
    };

    fn pairs(query: &str) -> Vec<(String, String)> {
        query
            .split('&')
            .filter(|part| !part.is_empty())
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn a_link_holds_only_what_differs() {
        assert_eq!(to_query(&Draft::new(Preset::Quick)), "", "the default needs no link");
        let mut draft = Draft::new(Preset::Paper);
        assert_eq!(to_query(&draft), "v=2&preset=paper");
        draft.set(&settings::WEIGHT_DECAY, "0.30".into());
        draft.set(&settings::LR, "0.00001".into());
        draft.set(&settings::DEVICE, "webgpu".into());
        for wrong in ["many", "100"] {
            draft.set(&settings::P, wrong.into());
            assert!(!to_query(&draft).contains("&p="), "p = {wrong} cannot be started");
        }
        assert_eq!(to_query(&draft), "v=2&preset=paper&lr=1e-5&weight_decay=0.3&backend=webgpu");
    }

    #[test]
    fn every_link_the_page_writes_reads_back() {
        let mut draft = Draft::new(Preset::Paper);
        for (setting, text) in [
            (&settings::P, "97"),
            (&settings::SPLIT, "torch:3"),
            (&settings::EPS, "1e-9"),
            (&settings::ENGINE, "literal"),
            (&settings::CHECKPOINT_EVERY, "250"),
            (&settings::PRECISION, "f64"),
            (&settings::REPRODUCIBLE, "true"),
            (&settings::DEVICE, "cpu"),
        ] {
            draft.set(setting, text.into());
        }
        let (read, notices) = from_pairs(&pairs(&to_query(&draft)));
        assert_eq!(notices, [""; 0], "nothing to report");
        assert_eq!(read, draft);
        assert_eq!(read.device(), DeviceChoice::Cpu);
    }

    /// The preset as links of version 1 mean it.
    fn earlier_quick(config: &mut ExperimentConfig) {
        config.data.change_modular(|sums| sums.frac_train = 0.5);
        config.optim.weight_decay = 1.0;
        (config.run.epochs, config.run.checkpoint_every) = (3_000, 500);
    }

    /// What an old link says.
    type Change = fn(&mut ExperimentConfig);

    #[test]
    fn links_of_earlier_versions_open_as_they_did() {
        let links: [(&str, Preset, Change); 16] = [
            ("v=1&preset=quick&seed=2", Preset::Quick, |config| {
                earlier_quick(config);
                config.model.seed = 2;
            }),
            ("v=2&preset=quick&seed=2", Preset::Quick, |config| config.model.seed = 2),
            ("v=1&preset=paper&backend=webgpu&threads=2&frac_train=0.35", Preset::Paper, |config| {
                (config.run.device, config.run.threads) = (DeviceChoice::Gpu, 2);
                config.data.change_modular(|modular| modular.frac_train = 0.35);
            }),
            ("", Preset::Quick, |_| ()),
            ("backend=cpu", Preset::Quick, |config| config.run.device = DeviceChoice::Cpu),
            ("backend=auto", Preset::Quick, |_| ()),
            (
                "preset=tiny&backend=webgpu&epochs=10000000&eval_every=1000&checkpoint_every=100000",
                Preset::Tiny,
                |config| {
                    config.run.device = DeviceChoice::Gpu;
                    (config.run.epochs, config.run.eval_every, config.run.checkpoint_every) =
                        (10_000_000, 1_000, 100_000);
                },
            ),
            ("v=1&preset=paper&lr=1e-5&weight_decay=0.3&backend=webgpu", Preset::Paper, |config| {
                (config.optim.lr, config.optim.weight_decay) = (1e-5, 0.3);
                config.run.device = DeviceChoice::Gpu;
            }),
            (
                "v=1&preset=paper&p=97&split=torch:3&checkpoint_every=250&backend=cpu&engine=literal&precision=f64&reproducible=true&eps=1e-9",
                Preset::Paper,
                |config| {
                    config.data.change_modular(|sums| (sums.p, sums.split) = (97, SplitRule::Torch(3)));
                    config.optim.eps = 1e-9;
                    (config.run.checkpoint_every, config.run.device) = (250, DeviceChoice::Cpu);
                    config.run.engine = EngineChoice::Literal;
                    (config.run.precision, config.run.reproducible) = (Precision::F64, true);
                },
            ),
            (
                "v=1&preset=quick&d_model=32&n_heads=2&d_mlp=64&n_layers=2&activation=gelu&seed=7",
                Preset::Quick,
                |config| {
                    earlier_quick(config);
                    (config.model.d_model, config.model.n_heads, config.model.d_mlp) = (32, 2, 64);
                    (config.model.n_layers, config.model.seed) = (2, 7);
                    config.model.activation = Activation::Gelu;
                },
            ),
            ("v=1&preset=quick&loss=textbook&beta1=0.8&beta2=0.9&warmup_steps=0", Preset::Quick, |config| {
                earlier_quick(config);
                config.optim.loss = LossForm::Textbook;
                (config.optim.beta1, config.optim.beta2, config.optim.warmup_steps) = (0.8, 0.9, 0);
            }),
            ("preset=seed-3", Preset::Seed(3), |_| ()),
            ("preset=data-60&engine=folded", Preset::Data60, |config| {
                config.run.engine = EngineChoice::Folded;
            }),
            // What the command line says is understood too.
            ("device=gpu&frac=0.4", Preset::Quick, |config| {
                config.run.device = DeviceChoice::Gpu;
                config.data.change_modular(|sums| sums.frac_train = 0.4);
            }),
            ("device=webgpu&weight-decay=2", Preset::Quick, |config| {
                (config.run.device, config.optim.weight_decay) = (DeviceChoice::Gpu, 2.0);
            }),
            ("backend=gpu&frac-train=0.4", Preset::Quick, |config| {
                config.run.device = DeviceChoice::Gpu;
                config.data.change_modular(|sums| sums.frac_train = 0.4);
            }),
        ];
        for (link, preset, change) in links {
            let (draft, notices) = from_pairs(&pairs(link));
            assert_eq!(notices, [""; 0], "{link}");
            let mut config = preset.config();
            change(&mut config);
            assert_eq!((draft.preset, draft.config()), (preset, Ok(config)), "{link}");
            assert_eq!(from_pairs(&pairs(&to_query(&draft))).0, draft, "{link}");
        }
    }

    #[test]
    fn every_setting_of_every_preset_survives_a_link() {
        for preset in Preset::on_page() {
            let mut draft = Draft::new(Preset::Paper);
            for setting in settings::all() {
                draft.set(setting, setting.read(&preset.config()));
            }
            let (read, notices) = from_pairs(&pairs(&to_query(&draft)));
            assert_eq!((read.config(), notices), (Ok(preset.config()), Vec::new()), "{}", preset.name());
        }
    }

    #[test]
    fn what_is_unknown_or_invalid_is_reported_and_ignored() {
        let (draft, notices) =
            from_pairs(&pairs("v=3&preset=paper&p=100&lr=fast&colour=red&backend=abacus&weight_decay=0.5"));
        assert_eq!(draft.changed(), [&settings::WEIGHT_DECAY], "what is valid stays");
        assert_eq!(draft.preset, Preset::Paper);
        for name in ["v = 3", "p = 100", "lr = fast", "colour = red", "backend = abacus"] {
            assert!(
                notices.iter().any(|notice| notice.starts_with(name)),
                "no word on {name} in {notices:?}"
            );
        }
        assert_eq!(notices.len(), 5, "{notices:?}");
    }

    #[test]
    fn a_link_to_a_run_that_the_page_cannot_show_is_told_so() {
        for query in ["preset=addition", "preset=quick&task=induction"] {
            let (draft, notices) = from_pairs(&pairs(query));
            assert_eq!(draft, Draft::new(Preset::Quick), "{query}");
            assert_eq!(notices.len(), 1, "{query}: {notices:?}");
            assert!(notices[0].contains("grok train"), "{query}: {notices:?}");
        }
        let (draft, notices) = from_pairs(&pairs("preset=quick&digits=3"));
        assert_eq!(draft, Draft::new(Preset::Quick));
        assert!(notices[0].contains("the task addition"), "{notices:?}");
    }

    #[test]
    fn an_unknown_preset_falls_back_to_the_default() {
        let (draft, notices) = from_pairs(&pairs("preset=nonsense"));
        assert_eq!(draft, Draft::new(Preset::Quick));
        assert!(notices[0].contains("paper"), "the notice names what there is: {notices:?}");
    }

    #[test]
    fn a_value_that_only_fails_beside_another_ends_in_valid_settings() {
        let (draft, notices) = from_pairs(&pairs("preset=paper&d_model=6"));
        assert!(draft.config().is_ok(), "6 is not a multiple of the preset's 4 heads");
        assert!(draft.changed().is_empty());
        assert_eq!(notices.len(), 1, "{notices:?}");
    }
}
