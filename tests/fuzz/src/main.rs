//! One program for all readers; `GROK_FUZZ` names the one that is fed. A reader may refuse whatever it likes; it may not
//! panic, hang or take memory without bound, and what it accepts must survive being written and read again.

#![no_main]

use std::sync::OnceLock;

use grokking_lab::config::sweep_plan;
use grokking_lab::config::{ExperimentConfig, Preset};
use grokking_lab::engine::metrics_csv;
use grokking_lab::engine::state_file::StateFile;
use grokking_lab::model::ModelShape;
use grokking_lab::model::safetensors::{WeightLayout, WeightsFile};
use grokking_lab::protocol::capsule::{Capsule, Packing};
use grokking_lab::protocol::recording::Recording;
use grokking_lab::ui::state::{link, opened_file, run_records};
use libfuzzer_sys::fuzz_target;

/// Feeds a reader.
type Reader = fn(&[u8]);

/// Every reader by its name, which is also that of its folder in `corpus/`.
const READERS: [(&str, Reader); 9] = [
    ("capsule", capsule),
    ("config", config),
    ("kept-run", kept_run),
    ("link", link),
    ("metrics", metrics),
    ("opened-file", opened_file),
    ("recording", recording),
    ("sweep-plan", plan),
    ("weights", weights),
];

fuzz_target!(|bytes: &[u8]| reader()(bytes));

fn reader() -> Reader {
    static READER: OnceLock<Reader> = OnceLock::new();
    *READER.get_or_init(|| {
        let wanted = std::env::var("GROK_FUZZ").unwrap_or_default();
        let found = READERS.iter().find(|(name, _)| *name == wanted);
        let names = READERS.map(|(name, _)| name).join(", ");
        found.unwrap_or_else(|| panic!("GROK_FUZZ = {wanted:?}: allowed is {names}")).1
    })
}

/// Weights in either layout, and the state of a run.
fn weights(bytes: &[u8]) {
    let shape = ModelShape::new(&Preset::Tiny.config().data, &Preset::Tiny.config().model);
    let _ = StateFile::from_bytes(bytes, &shape);
    let Ok(file) = WeightsFile::from_bytes(bytes) else { return };
    let again = WeightsFile::from_bytes(&file.to_bytes(WeightLayout::PaperCode)).expect("weights that were written");
    assert_eq!(again.weights.shape(), file.weights.shape());
}

fn capsule(bytes: &[u8]) {
    let Ok(capsule) = Capsule::from_bytes(bytes) else { return };
    let again = Capsule::from_bytes(&capsule.to_bytes(Packing::Plain)).expect("a capsule that was written");
    assert_eq!(again.rows.len(), capsule.rows.len());
}

fn recording(bytes: &[u8]) {
    let _ = Recording::from_bytes(bytes);
}

fn metrics(bytes: &[u8]) {
    let Ok(rows) = metrics_csv::read(bytes) else { return };
    let again = metrics_csv::read(metrics_csv::write(&rows)).expect("rows that were written");
    assert_eq!(again.len(), rows.len());
}

fn config(bytes: &[u8]) {
    let Ok(config) = serde_json::from_slice::<ExperimentConfig>(bytes) else { return };
    if config.validate().is_err() {
        return;
    }
    let text = serde_json::to_vec(&config).expect("plain data");
    assert_eq!(serde_json::from_slice::<ExperimentConfig>(&text).ok(), Some(config));
}

/// The query of a link, split as a browser splits it, but for its escapes.
fn link(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.to_owned(), value.to_owned())
    };
    let pairs: Vec<_> = text.split('&').map(pair).collect();
    let (draft, _) = link::from_pairs(&pairs);
    let query = link::to_query(&draft);
    let pairs: Vec<_> = query.split('&').filter(|part| !part.is_empty()).map(pair).collect();
    let (again, notices) = link::from_pairs(&pairs);
    assert!(notices.is_empty(), "our own link {query} says {notices:?}");
    assert_eq!(link::to_query(&again), query);
}

/// A file that was dropped on the page.
fn opened_file(bytes: &[u8]) {
    let _ = opened_file::read(bytes.to_vec());
}

/// What the page keeps in the browser's storage.
fn kept_run(bytes: &[u8]) {
    let _ = run_records::decode_entry(bytes);
    if let Ok(key) = std::str::from_utf8(bytes) {
        let _ = run_records::parse_key(key);
    }
    let _ = run_records::newest_whole(vec![(0, bytes.to_vec())]);
}

fn plan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(runs) = sweep_plan::expand(text) else { return };
    assert!(runs.iter().all(|run| run.is_consistent() && run.config.validate().is_ok()));
}
