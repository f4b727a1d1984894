//! A file of this site, with word of how much of it has come.

use js_sys::{Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::error::{LabError, Result};

/// Fetches a file piece by piece; `came` hears the bytes so far.
///
/// # Errors
/// [`LabError::File`] if the site does not have it or the connection breaks.
pub(in crate::ui) async fn bytes(url: &str, mut came: impl FnMut(usize)) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut take = |piece: Uint8Array| {
        bytes.extend(piece.to_vec());
        came(bytes.len());
    };
    pieces(url, &mut take).await?;
    Ok(bytes)
}

/// Fetches a file for the browser's cache, from which someone else will take it; `came` hears the bytes so far.
///
/// # Errors
/// As [`bytes`].
pub(in crate::ui) async fn prefetch(url: &str, mut came: impl FnMut(usize)) -> Result<()> {
    let mut n_bytes = 0;
    let mut take = |piece: Uint8Array| {
        n_bytes += piece.length() as usize;
        came(n_bytes);
    };
    pieces(url, &mut take).await
}

/// Hands the pieces of a file over as they come.
async fn pieces(url: &str, take: &mut dyn FnMut(Uint8Array)) -> Result<()> {
    let failed =
        |reason: JsValue| LabError::file("fetch", url, reason.as_string().unwrap_or(format!("{reason:?}")));
    let response = call(&js_sys::global(), "fetch", Some(&url.into())).await.map_err(failed)?;
    if get(&response, "ok").map_err(failed)? != JsValue::TRUE {
        let status = get(&response, "status").map_err(failed)?.as_f64().unwrap_or_default();
        return Err(LabError::file("fetch", url, format!("the site answers with status {status}")));
    }
    let body = get(&response, "body").map_err(failed)?;
    let open: Function = get(&body, "getReader").and_then(wasm_bindgen::JsCast::dyn_into).map_err(failed)?;
    let reader = open.call0(&body).map_err(failed)?;
    loop {
        let piece = call(&reader, "read", None).await.map_err(failed)?;
        if get(&piece, "done").map_err(failed)? == JsValue::TRUE {
            return Ok(());
        }
        take(get(&piece, "value").and_then(wasm_bindgen::JsCast::dyn_into).map_err(failed)?);
    }
}

/// Lets the browser draw and answer before what follows.
pub(in crate::ui) async fn yield_to_event_loop() {
    let mut wait = |resolve: Function, _: Function| {
        let later = get(&js_sys::global(), "setTimeout").and_then(wasm_bindgen::JsCast::dyn_into::<Function>);
        let waits = later.and_then(|later| later.call1(&JsValue::UNDEFINED, &resolve));
        if waits.is_err() {
            let _ = resolve.call0(&JsValue::UNDEFINED);
        }
    };
    let _ = JsFuture::from(Promise::new(&mut wait)).await;
}

async fn call(on: &JsValue, method: &str, argument: Option<&JsValue>) -> Result<JsValue, JsValue> {
    let method: Function = get(on, method)?.dyn_into()?;
    let promise = match argument {
        Some(argument) => method.call1(on, argument)?,
        None => method.call0(on)?,
    };
    JsFuture::from(promise.dyn_into::<Promise>()?).await
}

fn get(holder: &JsValue, field: &str) -> Result<JsValue, JsValue> {
    Reflect::get(holder, &field.into())
}
