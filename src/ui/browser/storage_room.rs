//! How full the browser's storage is, and whether the browser may clear it by itself.

use leptos::prelude::window;
use wasm_bindgen_futures::JsFuture;

use crate::ui::state::stored_runs::Room;

/// Asks the browser not to clear this page's storage by itself. A browser that asks its reader answers when the
/// reader does, which may be never: nothing must wait for it. `answered` hears whether the browser agreed.
pub(in crate::ui) fn ask_for_persistence(answered: impl FnOnce(bool) + 'static) {
    let Ok(answer) = window().navigator().storage().persist() else { return };
    leptos::task::spawn_local(async move {
        answered(JsFuture::from(answer).await.is_ok_and(|answer| answer.is_truthy()));
    });
}

/// How full this page's storage is; none where the browser does not tell.
pub(in crate::ui) async fn storage_room() -> Option<Room> {
    let storage = window().navigator().storage();
    let estimate = JsFuture::from(storage.estimate().ok()?).await.ok()?;
    let number = |name: &str| js_sys::Reflect::get(&estimate, &name.into()).ok()?.as_f64();
    let is_persistent = match storage.persisted() {
        Ok(answer) => JsFuture::from(answer).await.is_ok_and(|answer| answer.is_truthy()),
        Err(_) => false,
    };
    Some(Room { used_bytes: number("usage")?, quota_bytes: number("quota")?, is_persistent })
}
