//! The analyst's life: requests in, answers out, one after the other.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::MessageEvent;

use super::analyst::Analyst;
use super::worker_global::{post, report_panics, worker_global};
use crate::error::ErrorReport;
use crate::protocol::analyst::{AnalystReply, AnalystRequest};
use crate::protocol::{PROTOCOL_VERSION, codec};

/// Installs the message handler, says [`AnalystReply::Ready`] and answers until the worker ends.
///
/// # Panics
/// If it does not run in a dedicated worker.
pub fn start() {
    report_panics(failed);
    let mut analyst = Analyst::default();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        post(match codec::decode::<AnalystRequest>(&message.data()) {
            Ok(request) => analyst.answer(request),
            // The one after it may be fine.
            Err(error) => AnalystReply::Misread { error: error.into() },
        });
    });
    worker_global().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The handler lives as long as the worker.
    on_message.forget();
    post(AnalystReply::Ready { version: PROTOCOL_VERSION });
}

fn failed(error: ErrorReport) -> AnalystReply {
    AnalystReply::Failed { id: None, error }
}
