//! The life of a worker that does a share of another one's steps.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;

use super::message_queue::MessageQueue;
use super::worker_global::{post, post_in, report_panics, worker_global};
use crate::engine::folded::{Request, WorkerRank};
use crate::error::{ErrorReport, LabError, Result};
use crate::model::ModelShape;
use crate::protocol::PROTOCOL_VERSION;
use crate::protocol::codec::{self, BufferPool};
use crate::protocol::peer::{PeerCommand, PeerReply};
use crate::task::Dataset;

/// Installs the message handler, says [`PeerReply::Ready`] and serves until the worker ends.
///
/// # Panics
/// If it does not run in a dedicated worker.
pub fn start() {
    report_panics(failed);
    let message_queue = Rc::new(MessageQueue::default());
    let pool = Rc::new(BufferPool::default());
    let (receiver, buffers) = (Rc::clone(&message_queue), Rc::clone(&pool));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        receiver.push(codec::decode_keeping::<PeerCommand>(&message.data(), &buffers));
    });
    worker_global().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The handler lives as long as the worker.
    on_message.forget();
    spawn_local(async move {
        let mut peer = None;
        loop {
            let reply = message_queue.next().await.and_then(|command| answer(&mut peer, command));
            if let Some(reply) = reply.unwrap_or_else(|error| Some(failed(error.into()))) {
                post_in(reply, &pool);
            }
            // The next command may be on its way; this needs none.
            if let Some(peer) = &mut peer {
                peer.compute_attention_tables();
            }
        }
    });
    post(PeerReply::Ready { version: PROTOCOL_VERSION });
}

fn answer(peer: &mut Option<WorkerRank>, command: PeerCommand) -> Result<Option<PeerReply>> {
    let joined = |peer| Option::ok_or_else(peer, || LabError::Protocol("asked before it joined".into()));
    let reply = match command {
        PeerCommand::Join { version, .. } if version != PROTOCOL_VERSION => {
            return Err(LabError::Version { theirs: version, ours: PROTOCOL_VERSION });
        }
        PeerCommand::Join { config, index, count, .. } => {
            config.validate()?;
            let shape = ModelShape::new(&config.data, &config.model);
            *peer = Some(WorkerRank::new(&config, &Dataset::new(&config.data), &shape, index, count)?);
            PeerReply::Joined
        }
        PeerCommand::Load { state } => {
            joined(peer.as_mut())?.load(&state)?;
            PeerReply::Loaded
        }
        PeerCommand::Ask { request: Request::PartialGradients } => {
            PeerReply::Told { told: joined(peer.as_mut())?.partial_gradients() }
        }
        PeerCommand::Ask { request: Request::Scores } => {
            PeerReply::Scores { scores: joined(peer.as_mut())?.scores() }
        }
        PeerCommand::Tell { what, told } => {
            return Ok(joined(peer.as_mut())?.receive(what, &told)?.map(|told| PeerReply::Told { told }));
        }
    };
    Ok(Some(reply))
}

fn failed(error: ErrorReport) -> PeerReply {
    PeerReply::Failed { error }
}
