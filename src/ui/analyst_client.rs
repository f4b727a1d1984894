//! The page's end of the wire to the analyst.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use super::dom;
use super::update::Message;
use super::worker_client::reason;
use crate::error::{LabError, Result};
use crate::protocol::analyst::{AnalystReply, AnalystRequest};
use crate::protocol::codec;

/// The worker's entry.
const WORKER: &str = "analyst_loader.js";

/// A living worker; ends it when dropped.
#[derive(Debug)]
pub(super) struct AnalystClient {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(web_sys::Event)>,
}

impl AnalystClient {
    /// Begins a worker that delivers its answers, and its end, through `deliver`.
    ///
    /// # Errors
    /// [`LabError::Protocol`] if the browser has no module workers.
    pub(super) fn spawn(deliver: impl Fn(Message) + Clone + 'static) -> Result<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name("analyst");
        let worker = Worker::new_with_options(&dom::asset(WORKER), &options)
            .map_err(|reason| LabError::Protocol(format!("the worker could not be started: {reason:?}")))?;

        let on_message = {
            let deliver = deliver.clone();
            Closure::new(move |message: MessageEvent| {
                deliver(match codec::decode(&message.data()) {
                    Ok(reply) => Message::FromAnalyst(reply),
                    Err(error) => Message::FromAnalyst(AnalystReply::Misread { message: error.to_string() }),
                });
            })
        };
        let on_error =
            Closure::new(move |event: web_sys::Event| deliver(Message::AnalystDied(reason(&event))));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker
            .add_event_listener_with_callback("messageerror", on_error.as_ref().unchecked_ref())
            .map_err(|reason| LabError::Protocol(format!("the worker cannot be listened to: {reason:?}")))?;
        Ok(Self { worker, _on_message: on_message, _on_error: on_error })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`LabError::Protocol`] if it cannot be written as a message.
    pub(super) fn post(&self, request: AnalystRequest) -> Result<()> {
        let message = codec::encode(request)?;
        self.worker
            .post_message_with_transfer(&message.value, &message.transfer)
            .map_err(|reason| LabError::Protocol(format!("could not send: {reason:?}")))
    }
}

impl Drop for AnalystClient {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}
