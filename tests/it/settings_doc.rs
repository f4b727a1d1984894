//! docs/settings.md is the table of settings, written out.

use std::fs;
use std::path::Path;

use grokking_lab::config::settings::{GROUPS, Setting};
use grokking_lab::config::{Preset, PresetInfo, TaskKind};

const INTRODUCTION: &str = "\
# Settings

Every setting of an experiment. A link to the page holds it as `NAME=VALUE`, `grok train`, `grok reproduce` and
`grok bench` take it as `--OPTION VALUE`; both accept every name of a row, with hyphens or underscores. What is not
given is the preset's: `quick` on the page and `paper` for `grok`, unless another is named (`preset=NAME`,
`--preset NAME`). The default below is that of `paper`, or of the task in its published form where `paper` has no such
setting; presets that have another value are named with it. A setting of another task than the run's is refused.

`--split RULE:SEED:FRAC` sets the train fraction too. `--reproducible` alone means `--reproducible=true`.
";

/// What `threads` is where: of the settings only this one counts different things.
const THREADS: &str = "\
## What `threads` counts

| run | is the number of | 0 is | bits depend on it |
|---|---|---|---|
| `grok` | CPU threads | all that the machine offers | no |
| `grok --reproducible` | CPU threads, and shards that each step is cut into | all threads, one shard | yes |
| in a browser, on the CPU | workers, each with one shard of a step | what the machine offers | yes |

There are at most 8 shards. Runs with equally many have the same bits, natively and in a browser. A run in
a browser writes the number it got into its link and its files.

All this is of the folded engine. The general engine computes in one thread in a browser; natively its bits depend on
the number of CPU threads, unless the run is reproducible.
";

fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    for group in &GROUPS {
        text += &format!("\n## {}\n\n", group.title);
        if group.tasks.len() < TaskKind::ALL.len() {
            let tasks: Vec<String> = group.tasks.iter().map(|task| format!("`{}`", task.name())).collect();
            text += &format!("Of the task {} alone.\n\n", tasks.join(", "));
        }
        text += "| name | option | label | allowed | default | presets | meaning |\n|---|---|---|---|---|---|---|\n";
        for setting in group.settings {
            text += &row(setting);
        }
    }
    text += &format!("\n{THREADS}\n## Presets\n\n| name | what it shows | source |\n|---|---|---|\n");
    for preset in Preset::ALL {
        let PresetInfo { name, summary, source, .. } = preset.info();
        text += &format!("| `{name}` | {summary} | {source} |\n");
    }
    text
}

fn row(setting: &Setting) -> String {
    let default = setting.read(&setting.experiment_with());
    let having = Preset::ALL.into_iter().filter(|preset| setting.applies(&preset.config()));
    let others = having.map(|preset| (preset.name(), setting.read(&preset.config())));
    let others = others.filter(|(_, value)| *value != default);
    let others: Vec<String> = others.map(|(name, value)| format!("{name}: {value}")).collect();
    let Setting { name, flag, label, help, .. } = setting;
    let others = others.join(", ");
    format!("| `{name}` | `--{flag}` | {label} | {} | `{default}` | {others} | {help} |\n", setting.allowed())
}

#[test]
fn the_page_on_settings_is_the_table_in_the_source() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/settings.md");
    let text = markdown();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, &text).expect("docs can be written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let hint = "to write it anew: UPDATE_SNAPSHOTS=1 cargo test --release --test it settings_doc";
    for (i, (new, kept)) in text.lines().zip(kept.lines()).enumerate() {
        assert_eq!(new, kept, "docs/settings.md, line {}; {hint}", i + 1);
    }
    assert_eq!(text.len(), kept.len(), "docs/settings.md has another end; {hint}");
}
