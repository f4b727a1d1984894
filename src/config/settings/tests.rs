//! Every entry of the table keeps what the table promises.

use std::ops::Bound::{self, Excluded, Included, Unbounded};

use super::{BATCH, DATA_SEED, DIGITS, GROUPS, Kind, P, SEED, Setting, TASK, all, find};
use crate::config::{ExperimentConfig, InitDraw, Preset, QkvInit, TaskKind};
use crate::error::LabError;

/// Fails unless the text is refused under the setting's own name, by `write`.
fn check_refused(setting: &Setting, text: &str) {
    let mut config = setting.experiment_with();
    let Err(LabError::Setting { field, allowed, .. }) = setting.write(&mut config, text) else {
        panic!("{setting:?} took {text:?}");
    };
    assert_eq!(field, setting.name, "the error lands at the control");
    assert!(allowed.contains(&setting.allowed()), "{setting:?} says what is allowed: {allowed}");
    assert_eq!(config, setting.experiment_with(), "{setting:?} left the configuration alone");
}

/// Fails unless the text is allowed and reads back.
fn check_taken(setting: &Setting, text: &str) {
    let mut config = setting.experiment_with();
    setting.write(&mut config, text).unwrap_or_else(|error| panic!("{setting:?}: {error}"));
    assert_eq!(setting.check(&config), Ok(()), "{setting:?} = {text}");
    let read = setting.read(&config);
    let mut again = setting.experiment_with();
    setting.write(&mut again, &read).expect("its own text is allowed");
    assert_eq!(again, config, "{setting:?} = {text}, read as {read}");
}

#[test]
fn every_setting_of_every_preset_survives_reading_and_writing() {
    for preset in Preset::ALL {
        let config = preset.config();
        let mut written = Preset::Paper.config();
        for setting in all() {
            setting.write(&mut written, &setting.read(&config)).expect("its own text is allowed");
        }
        assert_eq!(written, config, "preset {}", preset.name());
    }
}

#[test]
fn every_field_of_the_configuration_is_in_the_table() {
    fn n_leaves(value: &serde_json::Value) -> usize {
        value.as_object().map_or(1, |fields| fields.values().map(n_leaves).sum())
    }
    for kind in TaskKind::ALL {
        let mut config = Preset::Paper.config();
        config.data = kind.published(1);
        // Of these the usual values are not written.
        (config.model.d_head, config.model.causal, config.model.residual_scale) = (8, false, 2.0);
        (config.model.qkv_init, config.model.init_draw) = (QkvInit::DHead, InitDraw::Torch);
        (config.optim.dropout, config.optim.l1) = (0.1, 1e-4);
        let n_settings = all().filter(|setting| setting.applies(&config)).count();
        // The name of the modular task is not written.
        let n_unwritten = usize::from(kind == TaskKind::Modular);
        let n_fields = n_leaves(&serde_json::to_value(config).expect("plain data"));
        assert_eq!(n_settings, n_fields + n_unwritten, "{kind:?}: one setting a field");
    }
}

#[test]
fn whole_numbers_are_held_to_both_ends_of_their_range() {
    for setting in all() {
        let Kind::Integer { range, set, .. } = setting.kind else { continue };
        check_taken(setting, &range.min.to_string());
        check_taken(setting, &range.max.to_string());
        check_refused(setting, &(range.max + 1).to_string());
        for text in ["-1", "1.5", "1e3", "4294967296", "18446744073709551616"] {
            check_refused(setting, text);
        }
        if range.min > 0 {
            check_refused(setting, &(range.min - 1).to_string());
            check_invalid(setting, |config| set(config, range.min - 1));
        }
        if range.max < u64::from(u32::MAX) {
            check_invalid(setting, |config| set(config, range.max + 1));
        }
        assert!(setting.allowed().contains(&range.max.to_string()), "{}", setting.allowed());
    }
}

#[test]
fn decimal_numbers_are_held_to_both_ends_of_their_range() {
    // The number at the end if the end is allowed, and the nearest that are and are not.
    let at = |end: Bound<f64>, inside: fn(f64) -> f64, outside: fn(f64) -> f64| match end {
        Included(x) => Some((x, outside(x))),
        Excluded(x) => Some((inside(x), x)),
        Unbounded => None,
    };
    for setting in all() {
        let Kind::Decimal { range, set, .. } = setting.kind else { continue };
        let ends =
            [at(range.low, f64::next_up, f64::next_down), at(range.high, f64::next_down, f64::next_up)];
        for (allowed, refused) in ends.into_iter().flatten() {
            check_taken(setting, &allowed.to_string());
            check_refused(setting, &refused.to_string());
            check_invalid(setting, |config| set(config, refused));
        }
        for text in ["nan", "inf", "-inf", "0,3", "1e999"] {
            check_refused(setting, text);
        }
    }
}

/// Fails unless the whole configuration is refused under the setting's name: what a file holds is checked too.
fn check_invalid(setting: &Setting, change: impl FnOnce(&mut ExperimentConfig)) {
    let mut config = setting.experiment_with();
    change(&mut config);
    let Err(LabError::Setting { field, .. }) = config.validate() else { panic!("{setting:?} is valid") };
    assert_eq!(field, setting.name);
}

#[test]
fn every_option_is_taken_in_each_spelling_and_reads_back_as_its_value() {
    for setting in all() {
        for option in setting.kind.options().unwrap_or_default() {
            for spelling in std::iter::once(&option.value).chain(option.aliases) {
                let mut config = setting.experiment_with();
                setting.write(&mut config, spelling).expect("an offered choice is allowed");
                assert_eq!(setting.read(&config), option.value, "{setting:?} = {spelling}");
            }
        }
    }
}

#[test]
fn a_setting_of_another_task_is_refused_with_both_tasks() {
    let mut config = Preset::Paper.config();
    let error = DIGITS.write(&mut config, "3").expect_err("sums mod p have no digits").to_string();
    assert!(error.contains("the task addition, and the task here is modular"), "{error}");
    DIGITS.write(&mut config, "5").expect("what it has anyway");
    assert_eq!(config, Preset::Paper.config());
    TASK.write(&mut config, "addition").expect("a task");
    DIGITS.write(&mut config, "3").expect("now it has digits");
    let error = P.write(&mut config, "53").expect_err("and no modulus").to_string();
    assert!(error.contains("the task modular, and the task here is addition"), "{error}");
    assert_eq!(BATCH.write(&mut config, "8"), Ok(()));
    assert_eq!((DIGITS.read(&config), BATCH.read(&config)), ("3".into(), "8".into()));
}

#[test]
fn examples_have_the_initial_seed_unless_they_are_given_one() {
    let mut config = Preset::Paper.config();
    config.model.seed = 3;
    TASK.write(&mut config, "induction").expect("a task");
    assert_eq!(DATA_SEED.read(&config), "3");
    SEED.write(&mut config, "4").expect("a seed");
    assert_eq!(DATA_SEED.read(&config), "4");
    DATA_SEED.write(&mut config, "5").expect("a seed");
    assert_eq!((SEED.read(&config), DATA_SEED.read(&config)), ("4".into(), "5".into()));
    let place = |wanted: &Setting| all().position(|setting| setting == wanted);
    assert!(
        place(&TASK) < place(&SEED) && place(&SEED) < place(&DATA_SEED),
        "who writes all in order has all"
    );
}

#[test]
fn nonsense_is_refused_under_the_settings_own_name() {
    for setting in all() {
        for text in ["x;1", ""] {
            check_refused(setting, text);
        }
    }
}

#[test]
fn names_are_of_one_form_and_lead_to_one_setting() {
    for setting in all() {
        let is_plain = |name: &str, mark: char| {
            name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == mark)
        };
        assert!(is_plain(setting.name, '_') && is_plain(setting.flag, '-'), "{setting:?}");
        for name in setting.names() {
            assert_eq!(find(name), Some(setting), "{name}");
            assert_eq!(find(&name.replace('_', "-")), Some(setting), "{name}");
            assert_eq!(find(&name.replace('-', "_")), Some(setting), "{name}");
        }
    }
    assert_eq!(find("nonsense"), None);
    assert_eq!(find("device").map(|setting| setting.name), find("backend").map(|setting| setting.name));
}

#[test]
fn every_setting_stands_in_one_group_and_says_what_it_means() {
    let in_groups: usize = GROUPS.iter().map(|group| group.settings.len()).sum();
    let mut names: Vec<&str> = all().map(|setting| setting.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), in_groups, "none is there twice");
    for setting in all() {
        let help = setting.full_help();
        assert!(setting.help.ends_with('.') && !help.contains("  "), "{setting:?}: {help}");
        assert!(help.contains(&setting.allowed()) && !setting.label.is_empty(), "{setting:?}");
    }
}
