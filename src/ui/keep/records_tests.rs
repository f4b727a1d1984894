//! A storage in memory, filled, damaged and read again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Change, KeptRun, Kind, ToKeep, add_checkpoint, checkpoints_of, decode_entry, encode_entry, key_of,
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

fn run_at(key: &str, step: usize, checkpoints: &[usize]) -> ToKeep {
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
    ToKeep { key: key.into(), capsule, remade_after: None }
}

fn entry(run: &ToKeep) -> KeptRun {
    KeptRun {
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

fn save(storage: &mut Storage, run: &ToKeep, with_checkpoints: bool) {
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
    assert_eq!(steps, [0, 10, 20]);
    let record = |step| archive::read(&storage[&key_of("a", Kind::Checkpoint(step))]).unwrap();
    assert_eq!(record(20)["weights.safetensors"], *other, "made anew");
    assert_ne!(record(0)["weights.safetensors"], *other, "the first is as it was kept");
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

#[test]
fn a_run_that_the_first_version_kept_reads() {
    let entry = include_bytes!("../../../tests/fixtures/saved-v1/kept/k1.entry");
    let state = include_bytes!("../../../tests/fixtures/saved-v1/kept/k1.state.0000000240");
    let entry = decode_entry(entry).expect("it was written by version 0.1.0");
    let (capsule, remarks) = newest_whole(vec![(240, state.to_vec())]).expect("so was this");
    assert_eq!((entry.step, remarks), (240, Vec::new()));
    let engine = capsule.head.engine.expect("it tells what computed it");
    assert_eq!(
        (engine.engine, engine.device, engine.reason.clone()),
        (EngineKind::Folded, DeviceKind::Cpu, None)
    );
    assert_eq!(entry.engine, Some(engine));
}
