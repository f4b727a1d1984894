//! A storage in memory, filled, damaged and read again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Change, Kind, RunToStore, StoredRun, add_checkpoint, checkpoints_of, decode_entry, encode_entry, key_of,
    newest_whole, parse_key, plan_delete, plan_save, states_of,
};
use crate::config::{Precision, Preset};
use crate::engine::state_file::StateFile;
use crate::engine::{DeviceKind, EngineInfo, EngineKind, TrainState};
use crate::model::ModelShape;
use crate::model::init::initial_weights;
use crate::model::safetensors::{WeightLayout, WeightsFile};
use crate::protocol::capsule::{Capsule, Saved, archive};

type Storage = BTreeMap<String, Vec<u8>>;

fn make(storage: &mut Storage, changes: Vec<Change>) {
    for change in changes {
        match change {
            Change::Put(key, value) => drop(storage.insert(key, value)),
            Change::Delete(key) => drop(storage.remove(&key)),
        }
    }
}

fn keys(storage: &Storage) -> Vec<String> {
    storage.keys().cloned().collect()
}

fn run_at(key: &str, step: usize, checkpoints: &[usize]) -> RunToStore {
    let config = Preset::Tiny.config();
    let shape = ModelShape::new(&config.data, &config.model);
    let engine = EngineInfo {
        engine: EngineKind::Folded,
        device: DeviceKind::Cpu,
        device_name: "a processor".into(),
        precision: Precision::F32,
        reason: None,
    };
    let state = TrainState { step, ..TrainState::start(initial_weights(&shape, 3)) };
    let state = StateFile { state, engine: engine.clone() }.to_bytes(&config);
    let weights = |step: usize| {
        let file = WeightsFile { weights: initial_weights(&shape, 1), config: None, step: Some(step) };
        (step, Arc::new(file.to_bytes(WeightLayout::PaperCode)))
    };
    let mut capsule = Capsule::new(config);
    capsule.head.engine = Some(engine);
    capsule.state = Some(Saved { step, state: Arc::new(state) });
    capsule.checkpoints = checkpoints.iter().map(|&step| weights(step)).collect();
    RunToStore { key: key.into(), capsule, remade_after: None }
}

fn entry(run: &RunToStore) -> StoredRun {
    StoredRun {
        key: run.key.clone(),
        title: None,
        config: run.capsule.config.clone(),
        began_ms: 1.0,
        saved_ms: 2.0,
        step: run.capsule.step(),
        n_bytes: 3,
        is_closed: false,
        engine: None,
    }
}

fn save(storage: &mut Storage, run: &RunToStore, with_checkpoints: bool) {
    let changes = plan_save(&keys(storage), run, &entry(run), with_checkpoints);
    make(storage, changes);
}

fn load(storage: &Storage, run: &str) -> (Capsule, Vec<String>) {
    let states = states_of(&keys(storage), run).into_iter();
    let states = states.map(|step| (step, storage[&key_of(run, Kind::State(step))].clone())).collect();
    let (mut capsule, mut remarks) = newest_whole(states).expect("a whole state is there");
    for step in checkpoints_of(&keys(storage), run) {
        remarks.extend(add_checkpoint(&mut capsule, step, &storage[&key_of(run, Kind::Checkpoint(step))]));
    }
    (capsule, remarks)
}

#[test]
fn keys_are_read_as_they_are_written() {
    for kind in [Kind::Entry, Kind::State(0), Kind::State(10_000_000), Kind::Checkpoint(120)] {
        assert_eq!(parse_key(&key_of("a-1", kind)), Some(("a-1", kind)));
    }
    for other in ["", "a", "a/b", "a/state/x", "a/other/1"] {
        assert_eq!(parse_key(other), None, "{other}");
    }
}

#[test]
fn a_run_comes_back_as_it_was_last_kept_and_takes_no_more_room_than_that() {
    let mut storage = Storage::new();
    save(&mut storage, &run_at("a", 10, &[0, 1, 10]), true);
    save(&mut storage, &run_at("b", 99, &[0]), true);
    save(&mut storage, &run_at("a", 20, &[0, 10, 20]), true);
    let last = run_at("a", 30, &[0, 20, 30]);
    save(&mut storage, &last, true);
    assert_eq!(states_of(&keys(&storage), "a"), [30, 20], "the last two states");
    let (found, remarks) = load(&storage, "a");
    assert_eq!(remarks, [""; 0], "nothing to remark");
    // Not assert_eq: thousands of bytes say nothing to a reader.
    assert!(found == last.capsule, "what was kept, and nothing that was thinned out");
    assert_eq!(decode_entry(&storage["a/entry"]), Ok(entry(&last)));

    let changes = plan_delete(&keys(&storage), "a");
    make(&mut storage, changes);
    assert_eq!(load(&storage, "b").0.step(), 99, "the other run stays");
    assert!(keys(&storage).iter().all(|key| key.starts_with("b/")), "{:?}", keys(&storage));
}

#[test]
fn a_damaged_newest_state_falls_back_to_the_one_before() {
    let mut storage = Storage::new();
    for step in [10, 20] {
        save(&mut storage, &run_at("a", step, &[0, 10]), true);
    }
    let newest = storage["a/state/0000000020"].clone();
    let torn = newest[..newest.len() / 2].to_vec();
    let mut flipped = newest.clone();
    flipped[newest.len() / 2] ^= 4;
    for damaged in [torn, flipped, Vec::new()] {
        storage.insert("a/state/0000000020".into(), damaged);
        let (capsule, remarks) = load(&storage, "a");
        assert_eq!(capsule.state.map(|saved| saved.step), Some(10));
        assert!(remarks[0].contains("step 20 is damaged") && remarks[1].contains("step 10"), "{remarks:?}");
    }
    storage.insert("a/state/0000000010".into(), vec![1]);
    let states = vec![(20, storage["a/state/0000000020"].clone()), (10, vec![1])];
    let error = newest_whole(states).unwrap_err().to_string();
    assert!(error.contains("No whole state is left"), "{error}");
}

#[test]
fn a_damaged_checkpoint_is_left_out_by_name() {
    let mut storage = Storage::new();
    save(&mut storage, &run_at("a", 10, &[0, 5, 10]), true);
    storage.get_mut("a/step/0000000005").unwrap()[100] ^= 1;
    let (capsule, remarks) = load(&storage, "a");
    assert_eq!(capsule.checkpoints.keys().copied().collect::<Vec<_>>(), [0, 10]);
    assert!(remarks.len() == 1 && remarks[0].contains("step 5"), "{remarks:?}");
}

#[test]
fn without_room_the_checkpoints_go_and_the_state_stays() {
    let mut storage = Storage::new();
    save(&mut storage, &run_at("a", 10, &[0, 5, 10]), true);
    save(&mut storage, &run_at("a", 20, &[0, 5, 10, 20]), false);
    let (capsule, _) = load(&storage, "a");
    assert_eq!((capsule.checkpoints.len(), capsule.state.map(|saved| saved.step)), (0, Some(20)));
}

#[test]
fn a_run_that_goes_on_from_an_older_state_never_costs_the_newest_one() {
    let mut storage = Storage::new();
    for step in [500, 600, 100, 150] {
        save(&mut storage, &run_at("a", step, &[]), true);
    }
    assert_eq!(states_of(&keys(&storage), "a"), [600, 150], "the newest, and the one just made");
}

#[test]
fn checkpoints_that_were_made_anew_take_the_place_of_the_old_ones() {
    let mut storage = Storage::new();
    save(&mut storage, &run_at("a", 30, &[0, 10, 20, 30]), true);
    let mut again = run_at("a", 25, &[0, 10, 20]);
    let other = run_at("a", 25, &[5]).capsule.checkpoints[&5].clone();
    again.capsule.checkpoints.insert(0, other.clone());
    again.capsule.checkpoints.insert(20, other.clone());
    again.remade_after = Some(10);
    save(&mut storage, &again, true);
    let steps: Vec<_> = checkpoints_of(&keys(&storage), "a").into_iter().collect();
    assert_eq!(steps, [0, 10, 20, 30], "a later one stays: it may be another tab's");
    let record = |step| archive::read(&storage[&key_of("a", Kind::Checkpoint(step))]).unwrap();
    assert_eq!(record(20)["weights.safetensors"], *other, "made anew");
    assert_ne!(record(0)["weights.safetensors"], *other, "the first is as it was kept");
}

#[test]
fn two_tabs_with_one_run_never_cost_the_checkpoints_of_the_one_that_is_ahead() {
    let mut storage = Storage::new();
    save(&mut storage, &run_at("a", 490, &[0, 100, 200, 300, 400, 490]), true);
    // The other tab goes on from step 200; a thinned checkpoint before it goes.
    let mut behind = run_at("a", 250, &[0, 200, 250]);
    behind.remade_after = Some(200);
    save(&mut storage, &behind, true);
    let steps: Vec<_> = checkpoints_of(&keys(&storage), "a").into_iter().collect();
    assert_eq!(steps, [0, 200, 250, 300, 400, 490]);
    save(&mut storage, &run_at("a", 500, &[0, 200, 490, 500]), true);
    let steps: Vec<_> = checkpoints_of(&keys(&storage), "a").into_iter().collect();
    assert_eq!(steps, [0, 200, 490, 500], "of its own it may let go");
}

#[test]
fn a_run_is_known_by_any_of_its_records() {
    let mut storage = Storage::new();
    save(&mut storage, &run_at("a", 10, &[0]), true);
    save(&mut storage, &run_at("b", 10, &[]), true);
    storage.remove("a/entry");
    storage.insert("a thing of another program".into(), Vec::new());
    let runs: Vec<_> = super::runs_of(&keys(&storage)).into_iter().collect();
    assert_eq!(runs, [("a".to_owned(), 2), ("b".to_owned(), 2)]);
    let changes = plan_delete(&keys(&storage), "a");
    assert_eq!(changes.len(), 2, "what is left of it can be deleted");
}

#[test]
fn a_damaged_entry_is_an_error() {
    let bytes = encode_entry(&entry(&run_at("a", 1, &[])));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 8;
        if let Ok(read) = decode_entry(&damaged) {
            assert_eq!(read, entry(&run_at("a", 1, &[])), "byte {at}");
        }
    }
}

/// The records of a run that an earlier version kept, a file each.
const SAVED_BEFORE: [(&str, &[u8]); 6] = [
    ("k1/entry", include_bytes!("../../../tests/fixtures/saved-v1/kept/k1.entry")),
    ("k1/state/0000000240", include_bytes!("../../../tests/fixtures/saved-v1/kept/k1.state.0000000240")),
    ("k1/step/0000000000", include_bytes!("../../../tests/fixtures/saved-v1/kept/k1.step.0000000000")),
    ("k1/step/0000000080", include_bytes!("../../../tests/fixtures/saved-v1/kept/k1.step.0000000080")),
    ("k1/step/0000000160", include_bytes!("../../../tests/fixtures/saved-v1/kept/k1.step.0000000160")),
    ("k1/step/0000000240", include_bytes!("../../../tests/fixtures/saved-v1/kept/k1.step.0000000240")),
];

#[test]
fn a_run_kept_by_an_earlier_version_opens_whole() {
    let storage: Storage =
        SAVED_BEFORE.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec())).collect();
    let keys = keys(&storage);
    let entry = decode_entry(&storage["k1/entry"]).expect("the line of the list reads");
    assert_eq!((entry.step, entry.title.as_deref()), (240, Some("a saved run")));
    let states = states_of(&keys, "k1");
    assert_eq!(states, [240]);
    let records = states.iter().map(|&step| (step, storage[&key_of("k1", Kind::State(step))].clone()));
    let (mut capsule, remarks) = newest_whole(records.collect()).expect("the state reads");
    assert_eq!(remarks, [""; 0], "nothing is damaged");
    for step in checkpoints_of(&keys, "k1") {
        let record = &storage[&key_of("k1", Kind::Checkpoint(step))];
        assert_eq!(
            add_checkpoint(&mut capsule, step, record),
            None,
            "the checkpoint of step {step} is whole"
        );
    }
    assert_eq!(capsule.rows.len(), 13, "a row at step 0 and every 20 steps");
    assert_eq!(capsule.state.as_ref().map(|saved| saved.step), Some(240));
    assert_eq!(capsule.checkpoints.keys().copied().collect::<Vec<_>>(), [0, 80, 160, 240]);
    assert_eq!(capsule.config, entry.config);
    let engine = capsule.head.engine.expect("it tells what computed it");
    assert_eq!(
        (engine.engine, engine.device, engine.reason.clone()),
        (EngineKind::Folded, DeviceKind::Cpu, None)
    );
    assert_eq!(entry.engine, Some(engine));
}
