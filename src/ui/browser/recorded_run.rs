//! The recorded run that the page opens on: fetched after the first paint, shown piece by piece.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::error::Result;
use crate::model::safetensors::WeightLayout;
use crate::protocol::recording::Recording;
use crate::protocol::recording::published_weights::{PUBLISHED_STEPS, file_name};
use crate::ui::browser::{dom, fetch};
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::update::Message;

/// The file, beside the page's programs.
const FILE: &str = "data/recorded-run.grok";

/// Between two words on how much of it has come.
const WORD_EVERY_BYTES: usize = 50_000;

/// Snapshots unpacked before the browser may draw: together some 20 ms.
const AT_ONCE: usize = 4;

/// Fetches it; `send` hears how much has come. What it holds is read by the lazy bundle.
///
/// # Errors
/// [`LabError::File`](crate::error::LabError::File) if the site does not have it or the connection breaks.
pub(in crate::ui) async fn fetch(send: impl Fn(Message)) -> Result<Vec<u8>> {
    fetch::yield_to_event_loop().await;
    let mut told = 0;
    let came = |n_bytes: usize| {
        if n_bytes - told >= WORD_EVERY_BYTES {
            told = n_bytes;
            send(Message::RecordedBytes(Some(n_bytes)));
        }
    };
    send(Message::RecordedBytes(Some(0)));
    fetch::bytes(&dom::asset(FILE), came).await
}

/// Shows a recorded run: its curves first; then the workers begin, and the snapshots follow, the last one
/// first.
pub(in crate::ui) async fn show(bytes: Vec<u8>, send: impl Fn(Message)) {
    let result = show_all(&bytes, &send).await;
    end(result, send);
}

/// Fetches the weights of one of its steps, which lie beside the page's programs.
pub(in crate::ui) async fn fetch_weights(step: usize, send: impl Fn(Message)) {
    let file = fetch::bytes(&dom::asset(&format!("data/weights/{}", file_name(step))), |_| ()).await;
    send(Message::WeightsFetched { step, file });
}

/// Nothing more comes of it.
pub(in crate::ui) fn end(result: Result<()>, send: impl Fn(Message)) {
    if let Err(error) = result {
        send(Message::Remark(format!("The recorded run could not be opened: {error}")));
    }
    send(Message::RecordedBytes(None));
    // If nothing came, nothing need be waited for.
    send(Message::BeginWorkers);
}

async fn show_all(bytes: &[u8], send: &impl Fn(Message)) -> Result<()> {
    let recording = Recording::from_bytes(bytes)?;
    send(Message::AddRunView { run_view: Box::new(run_view(&recording)), show: false });
    send(Message::BeginWorkers);
    let places: Vec<usize> = (0..recording.steps().len()).rev().collect();
    for places in places.chunks(AT_ONCE) {
        fetch::yield_to_event_loop().await;
        let snapshots = places.iter().map(|&i| Ok(Arc::new(recording.snapshot(i)?)));
        let snapshots = snapshots.collect::<Result<_>>()?;
        send(Message::CheckpointsAnalysed { origin: Origin::Recorded, snapshots });
    }
    send(Message::PlayOnce);
    Ok(())
}

/// The run without its snapshots.
fn run_view(recording: &Recording) -> RunView {
    let last = recording.weights.step.unwrap_or_default();
    let file = Arc::new(recording.weights.to_bytes(WeightLayout::PaperCode));
    RunView {
        origin: Origin::Recorded,
        rows: recording.rows.clone(),
        progress: recording.progress.clone(),
        phases: recording.phases,
        weights: BTreeMap::from([(last, file)]),
        fetchable: PUBLISHED_STEPS.into(),
        ..RunView::own(recording.config.clone())
    }
}
