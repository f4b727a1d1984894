//! The worker that has Burn, as the training worker sees it: begun when WebGPU or any engine but the folded one is first
//! asked for, because its program is larger than all others together.
//!
//! It speaks the page's protocol. Commands that it has to carry out are passed on to it, and what it says is passed on
//! to the page, so that the page knows one worker only.

use std::rc::Rc;

use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::incoming::Incoming;
use super::message_queue::MessageQueue;
use super::session::Session;
use super::worker_global::{failed, post};
use crate::config::DeviceChoice;
use crate::engine::needs_engine_feature;
use crate::error::{ErrorKind, ErrorReport, LabError, Result};
use crate::protocol::{Command, Event, PROTOCOL_VERSION, RunId, codec};

/// Its program, beside the training worker's own.
const URL: &str = "./burn_worker_loader.js";

/// Decides who carries out a command, and passes on what that worker has to do.
pub(super) struct BurnClient {
    /// Where what it says is put.
    message_queue: Rc<MessageQueue<Incoming>>,
    /// The worker, once something needed it.
    worker: Option<BurnWorker>,
    /// Whether its program has said that it is there.
    is_ready: bool,
    /// What it is told then: before that it loses messages.
    waiting: Vec<Command>,
    /// The run that it has.
    run_id: Option<RunId>,
}

impl BurnClient {
    /// Nothing is begun yet.
    pub(super) fn new(message_queue: Rc<MessageQueue<Incoming>>) -> Self {
        Self { message_queue, worker: None, is_ready: false, waiting: Vec::new(), run_id: None }
    }

    /// Passes a command on if it needs Burn or is about the run there; gives back every other. A run that begins takes
    /// the place of the one before, whoever has that.
    pub(super) fn route(&mut self, command: Command, session: &mut Session) -> Option<Command> {
        if let Command::Start { .. } = command {
            self.make_room(session.device());
        }
        if !self.takes(&command, session) {
            return Some(command);
        }
        match &command {
            Command::Start { run_id, .. } => {
                session.drop_run();
                self.run_id = Some(*run_id);
            }
            Command::Reset { .. } => self.run_id = None,
            // A guess is not worth the program's download.
            Command::MeasureSpeed { .. } if self.worker.is_none() => {
                post(Event::SpeedMeasured { timing: None });
                return None;
            }
            _ => {}
        }
        self.post(command, session.device());
        None
    }

    /// Before a run begins: ends a bench, as where one worker does all, and the run before.
    fn make_room(&mut self, device: DeviceChoice) {
        if self.worker.is_some() {
            self.post(Command::StopBench, device);
        }
        if let Some(run_id) = self.run_id.take() {
            self.post(Command::Reset { run_id }, device);
        }
    }

    /// Whether the worker with Burn has to carry out a command.
    fn takes(&self, command: &Command, session: &Session) -> bool {
        match command {
            Command::Start { config, .. } | Command::MeasureSpeed { config } => {
                let mut config = config.as_ref().clone();
                config.run.device = session.device_for(&config.run);
                config.validate().is_ok() && needs_engine_feature(&config)
            }
            Command::Pause { run_id }
            | Command::Resume { run_id }
            | Command::Step { run_id }
            | Command::Reset { run_id }
            | Command::Save { run_id }
            | Command::Acknowledge { run_id } => Some(*run_id) == self.run_id,
            // Both compare with Burn's engines. While a run is under way here, it is refused here.
            Command::Bench { .. } | Command::Verify => !session.is_training(),
            Command::StopBench => self.worker.is_some(),
            // Whether the worker with the run is still there. While its program loads, this one answers.
            Command::Ping => self.run_id.is_some() && self.is_ready,
            Command::Connect { .. } => false,
        }
    }

    /// Lets the worker look for a device, and the page have its answer.
    pub(super) fn connect(&mut self, device: DeviceChoice) {
        self.worker = None;
        self.run_id = None;
        self.begin(device, true);
    }

    /// Takes in that the worker's program is there: it is told what waited for that.
    pub(super) fn on_ready(&mut self) {
        self.is_ready = true;
        std::mem::take(&mut self.waiting).into_iter().for_each(|command| self.send(command));
    }

    /// Passes a command on. A worker that is begun for it looks for the device first that the page was told of.
    fn post(&mut self, command: Command, device: DeviceChoice) {
        if self.worker.is_none() {
            self.begin(device, false);
        }
        self.send(command);
    }

    fn begin(&mut self, device: DeviceChoice, tells_device: bool) {
        (self.is_ready, self.waiting) = (false, Vec::new());
        match BurnWorker::spawn(&self.message_queue, tells_device) {
            Ok(worker) => self.worker = Some(worker),
            Err(reason) => post(failed(not_there(&format!("{reason:?}")))),
        }
        self.send(Command::Connect { version: PROTOCOL_VERSION, device });
    }

    fn send(&mut self, command: Command) {
        match &self.worker {
            Some(worker) if self.is_ready => {
                if let Err(error) = worker.post(command) {
                    post(failed(error.into()));
                }
            }
            _ => self.waiting.push(command),
        }
    }
}

/// The worker itself; it ends when this is dropped.
struct BurnWorker {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(web_sys::Event)>,
}

impl BurnWorker {
    /// Begins the worker. What it says is put into the queue, except, unless the page has asked, which device it found.
    fn spawn(
        message_queue: &Rc<MessageQueue<Incoming>>,
        tells_device: bool,
    ) -> std::result::Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name("burn");
        let worker = Worker::new_with_options(URL, &options)?;
        let receiver = Rc::clone(message_queue);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            match codec::decode::<Event>(&message.data()) {
                Ok(Event::Device(_)) if !tells_device => {}
                Ok(event) => receiver.push(Incoming::FromBurn(event)),
                Err(error) => post(failed(error.into())),
            }
        });
        let receiver = Rc::clone(message_queue);
        let on_error = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            let reason = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
            receiver.push(Incoming::FromBurn(failed(not_there(&reason))));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.set_onmessageerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, _on_message: on_message, _on_error: on_error })
    }

    fn post(&self, command: Command) -> Result<()> {
        let message = codec::encode(command)?;
        self.worker.post_message_with_transfer(&message.value, &message.transfer).map_err(|reason| {
            LabError::Protocol(format!("the worker with Burn cannot be reached: {reason:?}"))
        })
    }
}

impl Drop for BurnWorker {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.set_onmessageerror(None);
        self.worker.terminate();
    }
}

/// A program that cannot be fetched or compiled gives no reason.
fn not_there(reason: &str) -> ErrorReport {
    match reason {
        "" => ErrorReport::new(
            ErrorKind::WorkerNotLoaded,
            "burn_worker_bg.wasm, the program that WebGPU and Burn's engines need, could not be loaded. The connection \
             may have failed: reload the page, or choose the CPU.",
        ),
        reason => {
            ErrorReport::new(ErrorKind::WorkerStopped, format!("the worker with Burn stopped: {reason}"))
        }
    }
}
