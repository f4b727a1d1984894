//! One run, one tab: the tab that trains a run holds a lock of the browser in its name (the Web Locks API). Another
//! tab sees it and neither offers the run nor goes on with it. A tab that closes or crashes loses its locks.
//!
//! Browsers have locks for pages that are served securely only. Without them every tab may go on with any run.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::window;
use leptos::task::spawn_local;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::ui::browser::dom;
use crate::ui::browser::time_limit::before;
use crate::ui::state::own_lock::LockOutcome;

/// What the names of the locks begin with; the run's key follows.
const PREFIX: &str = "grokking-lab.run.";

/// How long the browser may take to list the locks: it takes a millisecond, and nothing must wait for it for ever.
const LISTING: Duration = Duration::from_secs(2);

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub(in crate::ui) struct HeldLock {
    release: Function,
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // A promise's resolve function does not throw.
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// Asks for the lock of a run without waiting for another tab to give it up.
pub(in crate::ui) async fn take(key: &str) -> (LockOutcome, Option<HeldLock>) {
    let release: Rc<RefCell<Option<Function>>> = Rc::default();
    let Ok(answer) = request(key, Rc::clone(&release)) else { return (LockOutcome::Unsupported, None) };
    match JsFuture::from(answer).await.ok().and_then(|answer| answer.as_bool()) {
        None => (LockOutcome::Unsupported, None),
        Some(false) => (LockOutcome::HeldElsewhere, None),
        Some(true) => {
            let release = release.borrow_mut().take();
            (LockOutcome::Held, release.map(|release| HeldLock { release }))
        }
    }
}

/// The keys of the runs whose locks any tab holds, this one included; none where the browser does not tell.
pub(in crate::ui) async fn held_keys() -> BTreeSet<String> {
    let list = async {
        let locks = manager()?;
        let query: Function = Reflect::get(&locks, &"query".into())?.dyn_into()?;
        let found = JsFuture::from(query.call0(&locks)?.dyn_into::<Promise>()?).await?;
        Reflect::get(&found, &"held".into())?.dyn_into::<Array>()
    };
    let listed = before(&mut Box::pin(list), dom::sleep(LISTING)).await;
    let Some(Ok(held)) = listed else { return BTreeSet::new() };
    let name = |lock: JsValue| Reflect::get(&lock, &"name".into()).ok()?.as_string();
    held.iter().filter_map(name).filter_map(|name| Some(name.strip_prefix(PREFIX)?.to_owned())).collect()
}

/// A promise of whether the lock was free. While it is held, `release` gives it back.
fn request(key: &str, release: Rc<RefCell<Option<Function>>>) -> Result<Promise, JsValue> {
    let locks = manager()?;
    let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
    let mut asked = Err(JsValue::UNDEFINED);
    let answer = Promise::new(&mut |answer, refuse| {
        let release = Rc::clone(&release);
        // The browser holds the lock until the promise that this returns is kept.
        let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            let is_free = !lock.is_null();
            let held = Promise::new(&mut |resolve, _| {
                if is_free {
                    *release.borrow_mut() = Some(resolve);
                } else {
                    let _ = resolve.call0(&JsValue::UNDEFINED);
                }
            });
            // As above.
            let _ = answer.call1(&JsValue::UNDEFINED, &is_free.into());
            held.into()
        });
        let name = format!("{PREFIX}{key}");
        asked = request.call3(&locks, &name.into(), &options, &granted).map(|end| (end, refuse));
    });
    let (end, refuse) = asked?;
    spawn_local(async move {
        // Once the lock was granted the answer is given, and refusing it changes nothing.
        if let Err(error) = JsFuture::from(end.unchecked_into::<Promise>()).await {
            let _ = refuse.call1(&JsValue::UNDEFINED, &error);
        }
    });
    Ok(answer)
}

fn manager() -> Result<JsValue, JsValue> {
    let locks = Reflect::get(&window().navigator(), &"locks".into())?;
    if locks.is_object() { Ok(locks) } else { Err(JsValue::UNDEFINED) }
}
