//! The recorded run that the page opens on: fetched after the first paint, shown piece by piece.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasm_bindgen_futures::spawn_local;

use crate::error::Result;
use crate::model::safetensors::WeightLayout;
use crate::protocol::recording::Recording;
use crate::ui::browser::{dom, fetch};
use crate::ui::state::run_view::{Exhibit, Origin};
use crate::ui::store::Store;
use crate::ui::update::Message;

/// The file, beside the page's programs.
const FILE: &str = "data/recorded-run.grok";

/// Between two words on how much of it has come.
const WORD_EVERY_BYTES: usize = 50_000;

/// Snapshots unpacked before the browser may draw: together some 20 ms.
const AT_ONCE: usize = 4;

/// Begins to fetch it. What it holds is read by the rest of the page.
pub(in crate::ui) fn load(store: Store) {
    spawn_local(async move {
        fetch::breathe().await;
        let mut told = 0;
        let came = |n_bytes: usize| {
            if n_bytes - told >= WORD_EVERY_BYTES {
                told = n_bytes;
                store.send(Message::RecordedBytes(Some(n_bytes)));
            }
        };
        store.send(Message::RecordedBytes(Some(0)));
        match fetch::bytes(&dom::asset(FILE), came).await {
            Ok(bytes) => store.with_rest(move |rest| (rest.show_recorded)(store, bytes)),
            Err(error) => over(store, Err(error)),
        }
    });
}

/// Shows a recorded run: its curves first; then the workers begin, and the snapshots follow, the last one
/// first.
pub(in crate::ui) fn show(store: Store, bytes: Vec<u8>) {
    spawn_local(async move { over(store, show_all(store, &bytes).await) });
}

fn over(store: Store, result: Result<()>) {
    if let Err(error) = result {
        store.send(Message::Remark(format!("The recorded run could not be opened: {error}")));
    }
    store.send(Message::RecordedBytes(None));
    // If nothing came, nothing need be waited for.
    store.begin_workers();
}

async fn show_all(store: Store, bytes: &[u8]) -> Result<()> {
    let recording = Recording::from_bytes(bytes)?;
    store.send(Message::AddExhibit { exhibit: Box::new(exhibit(&recording)), show: false });
    store.begin_workers();
    let places: Vec<usize> = (0..recording.steps().len()).rev().collect();
    for places in places.chunks(AT_ONCE) {
        fetch::breathe().await;
        let snapshots = places.iter().map(|&i| Ok(Arc::new(recording.snapshot(i)?)));
        let snapshots = snapshots.collect::<Result<_>>()?;
        store.send(Message::TakenApart { origin: Origin::Recorded, snapshots });
    }
    Ok(())
}

/// The run without its snapshots.
fn exhibit(recording: &Recording) -> Exhibit {
    let last = recording.weights.step.unwrap_or_default();
    let file = Arc::new(recording.weights.to_bytes(WeightLayout::PaperCode));
    Exhibit {
        origin: Origin::Recorded,
        rows: recording.rows.clone(),
        progress: recording.progress.clone(),
        phases: recording.phases,
        weights: BTreeMap::from([(last, file)]),
        ..Exhibit::own(recording.config.clone())
    }
}
