//! The page's end of the wire to the training worker.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::error::{ErrorKind, ErrorReport, LabError, Result};
use crate::protocol::{Command, codec};
use crate::ui::browser::dom;
use crate::ui::update::Message;

/// The worker's entry.
const WORKER: &str = "worker_loader.js";

/// A living worker; ends it when dropped.
#[derive(Debug)]
pub(in crate::ui) struct WorkerClient {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(web_sys::Event)>,
}

impl WorkerClient {
    /// Begins a worker that delivers its events, and its end, through `deliver`.
    ///
    /// # Errors
    /// [`LabError::Protocol`] if the browser has no module workers.
    pub(in crate::ui) fn spawn(deliver: impl Fn(Message) + Clone + 'static) -> Result<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name("training");
        let worker = Worker::new_with_options(&dom::asset(WORKER), &options)
            .map_err(|reason| LabError::Protocol(format!("the worker could not be started: {reason:?}")))?;

        dom::end_with_page(&worker);
        let on_message = {
            let deliver = deliver.clone();
            Closure::new(move |message: MessageEvent| {
                deliver(match codec::decode(&message.data()) {
                    Ok(event) => Message::FromWorker(event),
                    Err(error) => Message::WorkerDied(error.into()),
                });
            })
        };
        let on_error =
            Closure::new(move |event: web_sys::Event| deliver(Message::WorkerDied(reason(&event))));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker
            .add_event_listener_with_callback("messageerror", on_error.as_ref().unchecked_ref())
            .map_err(|reason| LabError::Protocol(format!("the worker cannot be listened to: {reason:?}")))?;
        Ok(Self { worker, _on_message: on_message, _on_error: on_error })
    }

    /// Sends a command.
    ///
    /// # Errors
    /// [`LabError::Protocol`] if it cannot be written as a message.
    pub(in crate::ui) fn post(&self, command: Command) -> Result<()> {
        let message = codec::encode(command)?;
        self.worker
            .post_message_with_transfer(&message.value, &message.transfer)
            .map_err(|reason| LabError::Protocol(format!("could not send: {reason:?}")))
    }
}

impl Drop for WorkerClient {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        dom::end_worker(&self.worker);
    }
}

/// What an error event of a worker means. A program that cannot be fetched or compiled gives an event without a
/// message.
pub(in crate::ui) fn reason(event: &web_sys::Event) -> ErrorReport {
    match event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).filter(|message| !message.is_empty()) {
        Some(message) => ErrorReport::new(ErrorKind::WorkerStopped, format!("{message}.")),
        None if event.type_() == "messageerror" => {
            ErrorReport::new(ErrorKind::Protocol, "it sent a message that this browser cannot read.")
        }
        None => ErrorReport::new(
            ErrorKind::WorkerNotLoaded,
            "its program could not be loaded. The connection may have failed, or the page and the worker are of \
             different builds: reload the page.",
        ),
    }
}
