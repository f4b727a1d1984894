//! What is written where: the pure part of keeping runs.
//!
//! | key | value |
//! |---|---|
//! | `RUN/entry` | a [`StoredRun`], for the list |
//! | `RUN/state/0000000120` | a capsule without checkpoints: settings, curves and the state to go on from |
//! | `RUN/step/0000000100` | the weights of a checkpoint |
//!
//! Each value is an archive with checksums. The last two states are kept: should the newest be torn or
//! damaged, the one before takes its place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::protocol::capsule::archive::{self, Packing};
use crate::protocol::capsule::{Capsule, check_checkpoint};
use crate::ui::state::stored_runs::{RunToStore, StoredRun};

/// How many states of a run are kept.
const N_STATES: usize = 2;

const ENTRY: &str = "entry.json";
const WEIGHTS: &str = "weights.safetensors";

/// One change of the storage; all changes of a list are made, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Write a value.
    Put(String, Vec<u8>),
    /// Remove a key.
    Delete(String),
}

/// What a key stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The run's line in the list.
    Entry,
    /// All but its checkpoints, after so many updates.
    State(usize),
    /// A checkpoint after so many updates.
    Checkpoint(usize),
}

/// The key of a record.
pub fn key_of(run: &str, kind: Kind) -> String {
    match kind {
        Kind::Entry => format!("{run}/entry"),
        // Ten digits hold every step that can be asked for, and keep the order of text that of numbers.
        Kind::State(step) => format!("{run}/state/{step:010}"),
        Kind::Checkpoint(step) => format!("{run}/step/{step:010}"),
    }
}

/// The run and the meaning of a key; `None` for one of another kind.
pub fn parse_key(key: &str) -> Option<(&str, Kind)> {
    let (run, rest) = key.split_once('/')?;
    let kind = match rest.split_once('/') {
        None if rest == "entry" => Kind::Entry,
        Some(("state", step)) => Kind::State(step.parse().ok()?),
        Some(("step", step)) => Kind::Checkpoint(step.parse().ok()?),
        _ => return None,
    };
    Some((run, kind))
}

/// The runs that there are records of, with how many.
pub fn runs_of(keys: &[String]) -> BTreeMap<String, usize> {
    let mut runs = BTreeMap::new();
    for (run, _) in keys.iter().filter_map(|key| parse_key(key)) {
        *runs.entry(run.to_owned()).or_default() += 1;
    }
    runs
}

/// The steps of a run's states, the newest first.
pub fn states_of(keys: &[String], run: &str) -> Vec<usize> {
    let mut steps: Vec<usize> = kinds_of(keys, run)
        .filter_map(|kind| match kind {
            Kind::State(step) => Some(step),
            _ => None,
        })
        .collect();
    steps.sort_unstable_by(|a, b| b.cmp(a));
    steps
}

/// The steps of a run's checkpoints.
pub fn checkpoints_of(keys: &[String], run: &str) -> BTreeSet<usize> {
    let steps = kinds_of(keys, run).filter_map(|kind| match kind {
        Kind::Checkpoint(step) => Some(step),
        _ => None,
    });
    steps.collect()
}

fn kinds_of(keys: &[String], run: &str) -> impl Iterator<Item = Kind> {
    keys.iter().filter_map(|key| parse_key(key)).filter(move |(of, _)| *of == run).map(|(_, kind)| kind)
}

/// The changes that keep a run as it is now, given the keys there are. Without `with_checkpoints` only what is
/// needed to go on is kept, and its checkpoints make room for it.
pub fn plan_save(
    keys: &[String],
    run: &RunToStore,
    entry: &StoredRun,
    with_checkpoints: bool,
) -> Vec<Change> {
    let RunToStore { key, capsule, remade_after } = run;
    let step = entry.step;
    // Reports can be made again from the checkpoints.
    let state = Capsule { checkpoints: Default::default(), reports: Default::default(), ..capsule.clone() };
    let there = checkpoints_of(keys, key);
    let mut changes = vec![Change::Put(key_of(key, Kind::State(step)), state.to_bytes(Packing::Plain))];
    // A state of a later step is one of a run that went on elsewhere: the newest stays the newest.
    let old = states_of(keys, key).into_iter().filter(|&old| old != step);
    changes.extend(old.skip(N_STATES - 1).map(|old| Change::Delete(key_of(key, Kind::State(old)))));
    let is_new = |step: &usize| !there.contains(step) || remade_after.is_some_and(|after| *step > after);
    for (&step, file) in capsule.checkpoints.iter().filter(|(step, _)| with_checkpoints && is_new(step)) {
        changes.push(Change::Put(key_of(key, Kind::Checkpoint(step)), encode_checkpoint(file)));
    }
    // Those of later steps stay until they are made anew: another tab may have got further than this one.
    let is_gone = |at: &usize| !with_checkpoints || *at <= step && !capsule.checkpoints.contains_key(at);
    for &step in there.iter().filter(|at| is_gone(at)) {
        changes.push(Change::Delete(key_of(key, Kind::Checkpoint(step))));
    }
    changes.push(Change::Put(key_of(key, Kind::Entry), encode_entry(entry)));
    changes
}

/// The changes that remove a run.
pub fn plan_delete(keys: &[String], run: &str) -> Vec<Change> {
    let own = keys.iter().filter(|key| parse_key(key).is_some_and(|(of, _)| of == run));
    own.map(|key| Change::Delete(key.clone())).collect()
}

/// The newest state that is whole, of those given newest first, and a sentence for each that is not.
///
/// # Errors
/// [`LabError::Content`] if none is whole.
pub fn newest_whole(states: Vec<(usize, Vec<u8>)>) -> Result<(Capsule, Vec<String>)> {
    let mut remarks = Vec::new();
    for (step, bytes) in states {
        match Capsule::from_bytes(&bytes) {
            Ok(capsule) => {
                if !remarks.is_empty() {
                    remarks.push(format!("The state of step {step} took its place."));
                }
                return Ok((capsule, remarks));
            }
            Err(error) => remarks.push(format!("The kept state of step {step} is damaged ({error}).")),
        }
    }
    remarks.push("No whole state is left of this run; it can only be deleted.".into());
    Err(LabError::content("kept run", remarks.join(" ")))
}

/// Adds a checkpoint to a run, or says that it is damaged.
pub fn add_checkpoint(capsule: &mut Capsule, step: usize, record: &[u8]) -> Option<String> {
    let shape = ModelShape::new(&capsule.config.data, &capsule.config.model);
    let file = archive::read(record).and_then(|mut files| {
        let file =
            files.remove(WEIGHTS).ok_or_else(|| LabError::content("archive", "it holds no weights"))?;
        check_checkpoint(&file, step, &shape)?;
        Ok(file)
    });
    match file {
        Ok(file) => {
            capsule.checkpoints.insert(step, Arc::new(file));
            None
        }
        Err(error) => {
            Some(format!("The kept checkpoint of step {step} is damaged and was left out ({error})."))
        }
    }
}

/// The line of a run in the list, as a record.
pub fn encode_entry(entry: &StoredRun) -> Vec<u8> {
    let json = serde_json::to_vec(entry).expect("plain data with text keys");
    archive::write([(ENTRY, json.as_slice())], Packing::Plain)
}

/// Reads a line of the list.
///
/// # Errors
/// [`LabError::Content`] if the record is damaged.
pub fn decode_entry(record: &[u8]) -> Result<StoredRun> {
    let wrong = |reason: String| LabError::content("kept run's entry", reason);
    let json = archive::read(record)?.remove(ENTRY).ok_or_else(|| wrong("it is missing".into()))?;
    let entry: StoredRun = serde_json::from_slice(&json).map_err(|e| wrong(e.to_string()))?;
    entry.config.validate()?;
    Ok(entry)
}

fn encode_checkpoint(file: &[u8]) -> Vec<u8> {
    archive::write([(WEIGHTS, file)], Packing::Plain)
}

#[cfg(test)]
#[path = "run_records_tests.rs"]
mod tests;
