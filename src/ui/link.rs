//! The settings in the page's address: only what differs from the preset, with a schema version.
//!
//! `?v=1&preset=paper&weight_decay=0.3&backend=cpu`. Links outlive pages: what a link says that
//! this page does not understand is reported and ignored.

use super::draft::Draft;
use super::field::Field;
use crate::config::Preset;
use crate::error::LabError;

/// The version of the names and values below.
const SCHEMA: &str = "1";

/// The preset of a page opened without a link.
pub const DEFAULT_PRESET: Preset = Preset::Quick;

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
        draft.config().err().unwrap_or_default().into_iter().map(|problem| problem.field).collect();
    for field in changed {
        if !wrong.contains(&Some(field)) && field.write(&mut config, &draft.text(field)).is_ok() {
            // The value is written again from the configuration, so that it holds only letters,
            // digits and `:.-`, which need no escape in a query.
            query.push_str(&format!("&{}={}", field.name(), field.read(&config)));
        }
    }
    query
}

/// Reads the decoded name-value pairs of a query. Returns the settings, and a sentence for
/// everything that was ignored.
pub fn from_pairs(pairs: &[(String, String)]) -> (Draft, Vec<String>) {
    let mut notices = Vec::new();
    let get = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());

    if let Some(version) = get("v").filter(|v| *v != SCHEMA) {
        notices.push(format!(
            "v = {version}: this page reads links of version {SCHEMA}; what it knows of this one is used"
        ));
    }
    let preset = get("preset").map_or(Ok(DEFAULT_PRESET), Preset::from_name).unwrap_or_else(|error| {
        notices.push(error.to_string());
        DEFAULT_PRESET
    });

    let mut draft = Draft::new(preset);
    for (name, value) in pairs.iter().filter(|(name, _)| name != "v" && name != "preset") {
        let Some(field) = Field::from_name(name) else {
            notices.push(format!("{name} = {value}: there is no setting of this name"));
            continue;
        };
        match field.write(&mut preset.config(), value) {
            Ok(()) => draft.set(field, value.trim().to_owned()),
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
        let wrong: Vec<Field> = problems
            .iter()
            .filter_map(|problem| problem.field)
            .filter(|field| changed.contains(field))
            .collect();
        for problem in &problems {
            notices.push(match problem.field {
                Some(field) => {
                    LabError::setting(field.name(), draft.text(field), problem.message.as_str()).to_string()
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
        for field in dropped {
            draft.reset(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Draft, Field, from_pairs, to_query};
    use crate::config::{DeviceChoice, Preset};

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
        assert_eq!(to_query(&draft), "v=1&preset=paper");
        draft.set(Field::WeightDecay, "0.30".into());
        draft.set(Field::Lr, "0.00001".into());
        draft.set(Field::Device, "webgpu".into());
        for wrong in ["many", "100"] {
            draft.set(Field::P, wrong.into());
            assert!(!to_query(&draft).contains("&p="), "p = {wrong} cannot be started");
        }
        assert_eq!(to_query(&draft), "v=1&preset=paper&lr=1e-5&weight_decay=0.3&backend=webgpu");
    }

    #[test]
    fn every_link_the_page_writes_reads_back() {
        let mut draft = Draft::new(Preset::Paper);
        for (field, text) in [
            (Field::P, "97"),
            (Field::Split, "torch:3"),
            (Field::Eps, "1e-9"),
            (Field::Engine, "literal"),
            (Field::CheckpointEvery, "250"),
            (Field::Precision, "f64"),
            (Field::Reproducible, "true"),
            (Field::Device, "cpu"),
        ] {
            draft.set(field, text.into());
        }
        let (read, notices) = from_pairs(&pairs(&to_query(&draft)));
        assert_eq!(notices, [""; 0], "nothing to report");
        assert_eq!(read, draft);
        assert_eq!(read.device(), DeviceChoice::Cpu);
    }

    #[test]
    fn what_is_unknown_or_invalid_is_reported_and_ignored() {
        let (draft, notices) =
            from_pairs(&pairs("v=2&preset=paper&p=100&lr=fast&colour=red&backend=abacus&weight_decay=0.5"));
        assert_eq!(draft.changed(), [Field::WeightDecay], "what is valid stays");
        assert_eq!(draft.preset, Preset::Paper);
        for name in ["v = 2", "p = 100", "lr = fast", "colour = red", "backend = abacus"] {
            assert!(
                notices.iter().any(|notice| notice.starts_with(name)),
                "no word on {name} in {notices:?}"
            );
        }
        assert_eq!(notices.len(), 5, "{notices:?}");
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
        assert_eq!(draft.changed(), []);
        assert_eq!(notices.len(), 1, "{notices:?}");
    }
}
