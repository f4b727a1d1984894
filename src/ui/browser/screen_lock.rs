//! Keeping the screen awake (the Screen Wake Lock API).

use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::error::{LabError, Result};

/// Whether the browser can keep the screen awake.
pub(in crate::ui) fn has_wake_lock() -> bool {
    js_sys::Reflect::has(&window().navigator(), &"wakeLock".into()).unwrap_or(false)
}

/// Keeps the screen awake until the lock is released or the page goes out of sight.
///
/// # Errors
/// [`LabError::Content`] if the browser refuses, for example to save power.
pub(in crate::ui) async fn lock_screen() -> Result<JsValue> {
    let lock = async {
        let locks = js_sys::Reflect::get(&window().navigator(), &"wakeLock".into())?;
        let request: js_sys::Function = js_sys::Reflect::get(&locks, &"request".into())?.dyn_into()?;
        JsFuture::from(request.call1(&locks, &"screen".into())?.dyn_into::<js_sys::Promise>()?).await
    };
    lock.await.map_err(|reason| {
        let words = js_sys::Reflect::get(&reason, &"message".into()).ok().and_then(|words| words.as_string());
        LabError::content("wake lock", words.unwrap_or_else(|| "the browser refuses it".into()))
    })
}

/// Lets the screen sleep again.
pub(in crate::ui) fn unlock_screen(lock: &JsValue) {
    let release = js_sys::Reflect::get(lock, &"release".into())
        .and_then(wasm_bindgen::JsCast::dyn_into::<js_sys::Function>);
    // A lock that the browser has taken back already needs no release.
    let _ = release.and_then(|release| release.call0(lock));
}
