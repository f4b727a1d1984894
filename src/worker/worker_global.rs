//! What a worker needs of the browser around it: its messages out, its clock, its last words.

use js_sys::global;
use wasm_bindgen::JsCast;
use web_sys::DedicatedWorkerGlobalScope;

use crate::error::{ErrorKind, ErrorReport};
#[cfg(feature = "worker")]
use crate::protocol::Event;
use crate::protocol::codec::{self, BufferPool, Message};

/// The worker's global object.
///
/// # Panics
/// If this program does not run in a dedicated worker.
pub(super) fn worker_global() -> DedicatedWorkerGlobalScope {
    global().dyn_into().expect("this program runs in a dedicated worker")
}

/// Sends a message to whoever made this worker.
pub(super) fn post(message: impl Message) {
    post_in(message, &BufferPool::default());
}

/// [`post`] in arrays that came in before.
pub(super) fn post_in(message: impl Message, pool: &BufferPool) {
    let encoded = codec::encode_in(message, pool).expect("messages are plain data");
    worker_global().post_message_with_transfer(&encoded.value, &encoded.transfer).expect("the maker listens");
}

/// A panic ends the worker's program; its last words still get out.
pub(super) fn report_panics<M: Message + 'static>(failed: fn(ErrorReport) -> M) {
    std::panic::set_hook(Box::new(move |info| {
        console_error_panic_hook::hook(info);
        post(failed(ErrorReport::new(ErrorKind::WorkerStopped, format!("the worker stopped: {info}"))));
    }));
}

/// That the worker as a whole cannot go on.
#[cfg(feature = "worker")]
pub(super) fn failed(error: ErrorReport) -> Event {
    Event::Failed { run_id: None, error, probe_checks: Vec::new() }
}

/// Seconds since the worker began.
#[cfg(feature = "worker")]
pub(super) fn now_secs() -> f64 {
    worker_global().performance().map_or(0.0, |clock| clock.now() / 1000.0)
}
