//! The life of a worker that does a share of another one's steps.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::spawn_local;
use web_sys::MessageEvent;

use super::inbox::Inbox;
use super::scope::{post, post_in, report_panics, scope};
use crate::engine::folded::{Peer, Request};
use crate::error::{LabError, Result};
use crate::model::ModelShape;
use crate::protocol::PROTOCOL_VERSION;
use crate::protocol::codec::{self, Spare};
use crate::protocol::peer::{PeerCommand, PeerReply};
use crate::task::Task;

/// Installs the message handler, says [`PeerReply::Ready`] and serves until the worker ends.
///
/// # Panics
/// If it does not run in a dedicated worker.
pub fn start() {
    report_panics(failed);
    let inbox = Rc::new(Inbox::default());
    let spare = Rc::new(Spare::default());
    let (receiver, keeper) = (Rc::clone(&inbox), Rc::clone(&spare));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        receiver.push(codec::decode_keeping::<PeerCommand>(&message.data(), &keeper));
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The handler lives as long as the worker.
    on_message.forget();
    spawn_local(async move {
        let mut peer = None;
        loop {
            let reply = inbox.next().await.and_then(|command| answer(&mut peer, command));
            post_in(reply.unwrap_or_else(|error| failed(error.to_string())), &spare);
        }
    });
    post(PeerReply::Ready { version: PROTOCOL_VERSION });
}

fn answer(peer: &mut Option<Peer>, command: PeerCommand) -> Result<PeerReply> {
    match command {
        PeerCommand::Join { version, .. } if version != PROTOCOL_VERSION => Err(LabError::Protocol(format!(
            "the leader speaks version {version}, its peer {PROTOCOL_VERSION}: reload the page"
        ))),
        PeerCommand::Join { config, index, count, .. } => {
            config.validate()?;
            let shape = ModelShape::new(&config.data, &config.model);
            *peer = Some(Peer::new(&config, &Task::new(&config.data), &shape, index, count)?);
            Ok(PeerReply::Joined)
        }
        PeerCommand::Ask { request, weights } => {
            let peer = peer.as_mut().ok_or_else(|| LabError::Protocol("asked before it joined".into()))?;
            Ok(match request {
                Request::Gradient => PeerReply::Gradient { gradient: peer.gradient(&weights)? },
                Request::Scores => PeerReply::Scores { scores: peer.scores(&weights)? },
            })
        }
    }
}

fn failed(message: String) -> PeerReply {
    PeerReply::Failed { message }
}
