//! The page's end of the wire to the analyst. It has the watch: only here is it known when a request leaves and
//! when its answer comes.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::{set_timeout, window};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::error::{LabError, Result};
use crate::protocol::analyst::{AnalystReply, AnalystRequest};
use crate::protocol::codec;
use crate::ui::browser::analyst_pace::Pace;
use crate::ui::browser::dom;
use crate::ui::browser::worker_client::reason;
use crate::ui::update::Message;

/// The worker's entry.
const WORKER: &str = "analyst_loader.js";

/// A living worker; ends it when dropped.
#[derive(Debug)]
pub(in crate::ui) struct AnalystClient {
    worker: Worker,
    pace: Rc<RefCell<Pace>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(web_sys::Event)>,
}

impl AnalystClient {
    /// Begins a worker that delivers its answers, and its end, through `deliver`; and while it `rests`, the end
    /// of that.
    ///
    /// # Errors
    /// [`LabError::Protocol`] if the browser has no module workers.
    pub(in crate::ui) fn spawn(
        deliver: impl Fn(Message) + Clone + 'static,
        rests: impl Fn() -> bool + 'static,
    ) -> Result<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name("analyst");
        let worker = Worker::new_with_options(&dom::asset(WORKER), &options)
            .map_err(|reason| LabError::Protocol(format!("the worker could not be started: {reason:?}")))?;

        dom::end_with_page(&worker);
        let pace = Rc::new(RefCell::new(Pace::default()));
        let on_message = {
            let (deliver, pace) = (deliver.clone(), Rc::clone(&pace));
            Closure::new(move |message: MessageEvent| {
                let now = now_ms();
                let rested_at = pace.borrow_mut().answered(now);
                deliver(match codec::decode(&message.data()) {
                    Ok(reply) => Message::FromAnalyst(reply),
                    Err(error) => Message::FromAnalyst(AnalystReply::Misread { error: error.into() }),
                });
                if let Some(at) = rested_at.filter(|_| rests()) {
                    let (deliver, pace) = (deliver.clone(), Rc::downgrade(&pace));
                    let tell = move || {
                        if pace.upgrade().is_some_and(|pace| pace.borrow().has_rested(at)) {
                            deliver(Message::AnalystRested);
                        }
                    };
                    set_timeout(tell, Duration::from_secs_f64((at - now).max(0.0) / 1000.0));
                }
            })
        };
        let on_error =
            Closure::new(move |event: web_sys::Event| deliver(Message::AnalystDied(reason(&event).message)));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker
            .add_event_listener_with_callback("messageerror", on_error.as_ref().unchecked_ref())
            .map_err(|reason| LabError::Protocol(format!("the worker cannot be listened to: {reason:?}")))?;
        Ok(Self { worker, pace, _on_message: on_message, _on_error: on_error })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// [`LabError::Protocol`] if it cannot be written as a message.
    pub(in crate::ui) fn post(&self, request: AnalystRequest) -> Result<()> {
        let message = codec::encode(request)?;
        self.worker
            .post_message_with_transfer(&message.value, &message.transfer)
            .map_err(|reason| LabError::Protocol(format!("could not send: {reason:?}")))?;
        self.pace.borrow_mut().asked(now_ms());
        Ok(())
    }
}

/// Milliseconds on a clock that nobody sets.
fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}

impl Drop for AnalystClient {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        dom::end_worker(&self.worker);
    }
}
