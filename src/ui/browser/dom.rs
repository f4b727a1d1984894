//! The only file that touches the document.

use std::cell::RefCell;
use std::time::Duration;

use js_sys::WebAssembly::RuntimeError;
use leptos::prelude::{document, request_animation_frame, set_timeout, window};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, DragEvent, Element, File, FileList, HtmlAnchorElement, HtmlElement,
    HtmlInputElement, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit,
    KeyboardEvent, MediaQueryList, ScrollBehavior, ScrollIntoViewOptions, ScrollLogicalPosition, Url,
    UrlSearchParams,
};

use crate::error::{LabError, Result};

/// How long something is marked that the text points at: time to find it on a full page.
const FLASH: Duration = Duration::from_millis(2_400);

/// How long a file to be saved is held in memory: time to answer the browser's question where to.
const BLOB_LIFE: Duration = Duration::from_secs(60);

const THEME_KEY: &str = "grokking-lab.theme";

/// The element the lab lives in, without the text shown while it loads.
pub(in crate::ui) fn empty_root() -> HtmlElement {
    let root = document()
        .get_element_by_id("lab")
        .and_then(|element| element.dyn_into::<HtmlElement>().ok())
        .expect("index.html has an element with the id lab");
    root.set_inner_html("");
    root
}

thread_local! {
    /// The workers of this page, which end with it.
    static WORKERS: RefCell<Vec<web_sys::Worker>> = const { RefCell::new(Vec::new()) };
}

/// Lets a worker end when the page's program has broken down: nobody would listen to it.
pub(in crate::ui) fn end_with_page(worker: &web_sys::Worker) {
    WORKERS.with_borrow_mut(|workers| workers.push(worker.clone()));
}

/// Ends a worker.
pub(in crate::ui) fn end_worker(worker: &web_sys::Worker) {
    worker.terminate();
    WORKERS.with_borrow_mut(|workers| workers.retain(|other| other != worker));
}

/// Puts a message in the place of the whole view and ends the workers. For a program that has broken down: it calls
/// nothing of the page's own, and the first message stays.
pub(in crate::ui) fn replace_page(title: &str, message: &str, advice: &str) {
    let root = document().get_element_by_id("lab");
    let Some(root) = root.filter(|root| !root.has_attribute("data-stopped")) else { return };
    // Each call fails only on names that are none; what is left of the message is shown.
    let _ = root.set_attribute("data-stopped", "");
    root.set_inner_html(
        "<main class='lab'><section class='panel error' data-testid='error' role='alert'><h2></h2>\
         <p class='error-message'></p><p data-testid='advice'></p><p><a data-testid='reload'>Reload the page</a></p>\
         </section></main>",
    );
    for (selector, text) in [("h2", title), (".error-message", message), ("[data-testid=advice]", advice)] {
        if let Ok(Some(element)) = root.query_selector(selector) {
            element.set_text_content(Some(text));
        }
    }
    if let Ok(Some(link)) = root.query_selector("a") {
        let _ = link.set_attribute("href", &window().location().href().unwrap_or_default());
    }
    document().set_title(&format!("{title} · Grokking Lab"));
    // The program may have broken down while it had the list in hand.
    let _ = WORKERS.try_with(|workers| {
        if let Ok(workers) = workers.try_borrow() {
            workers.iter().for_each(web_sys::Worker::terminate);
        }
    });
}

/// Calls back with the browser's reason if it ends something of this program without a panic, for example because
/// there is no memory left.
pub(in crate::ui) fn watch_traps(trapped: impl Fn(String) + 'static) {
    let on_error = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
        // An error that escaped, or one in a task, which is the reason why its promise is rejected.
        let error = js_sys::Reflect::get(&event, &"error".into()).unwrap_or_default();
        let reason = js_sys::Reflect::get(&event, &"reason".into()).unwrap_or_default();
        let found = [error, reason].into_iter().find_map(|error| error.dyn_into::<RuntimeError>().ok());
        if let Some(error) = found {
            trapped(String::from(error.message()));
        }
    });
    for kind in ["error", "unhandledrejection"] {
        // Adding a listener does not fail; it lives as long as the page.
        let _ = window().add_event_listener_with_callback(kind, on_error.as_ref().unchecked_ref());
    }
    on_error.forget();
}

/// How the browser calls itself.
pub(in crate::ui) fn user_agent() -> String {
    window().navigator().user_agent().unwrap_or_default()
}

/// The address of a file that was built with this page: the publishing step puts all of them into a
/// folder named by the build, so that an old worker never meets a new page, and tells the page its
/// name. Without that step they lie beside index.html.
pub(in crate::ui) fn asset(file: &str) -> String {
    build_name().map_or_else(|| format!("./{file}"), |folder| format!("./{folder}/{file}"))
}

/// The decoded name-value pairs of the page's query.
pub(in crate::ui) fn query_pairs() -> Vec<(String, String)> {
    let search = window().location().search().unwrap_or_default();
    let Ok(params) = UrlSearchParams::new_with_str(&search) else { return Vec::new() };
    js_sys::try_iter(&params)
        .ok()
        .flatten()
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry: js_sys::Array = entry.ok()?.dyn_into().ok()?;
            Some((entry.get(0).as_string()?, entry.get(1).as_string()?))
        })
        .collect()
}

/// Puts a query and a fragment, either of which may be empty, in the page's address, without a new entry in the
/// history.
pub(in crate::ui) fn save_address(query: &str, fragment: &str) {
    let path = window().location().pathname().unwrap_or_default();
    let part = |mark: &str, text: &str| if text.is_empty() { String::new() } else { format!("{mark}{text}") };
    let address = format!("{path}{}{}", part("?", query), part("#", fragment));
    if let Ok(history) = window().history() {
        // A browser may refuse when it is asked too often; the next change asks again.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// The page's whole address.
pub(in crate::ui) fn address() -> String {
    window().location().href().unwrap_or_default()
}

/// Copies a text to the clipboard, and calls back with whether the browser allowed it.
pub(in crate::ui) fn copy_text(text: String, done: impl FnOnce(bool) + 'static) {
    leptos::task::spawn_local(async move {
        let navigator = window().navigator();
        // Where the page is not served securely, browsers have no clipboard at all.
        let is_there = js_sys::Reflect::has(&navigator, &"clipboard".into()).unwrap_or(false);
        done(is_there && JsFuture::from(navigator.clipboard().write_text(&text)).await.is_ok());
    });
}

/// The fragment of the page's address, without `#`.
pub(in crate::ui) fn fragment() -> String {
    window().location().hash().unwrap_or_default().trim_start_matches('#').to_owned()
}

/// Calls back with the fragment whenever the reader follows a link within the page, for as long as the page lives.
pub(in crate::ui) fn watch_fragment(changed: impl Fn(String) + 'static) {
    let on_change = Closure::<dyn Fn()>::new(move || changed(fragment()));
    // Adding a listener does not fail; it lives as long as the page.
    let _ = window().add_event_listener_with_callback("hashchange", on_change.as_ref().unchecked_ref());
    on_change.forget();
}

/// Calls back with every key that is pressed, for as long as the page lives.
pub(in crate::ui) fn watch_key_events(pressed: impl Fn(KeyboardEvent) + 'static) {
    let on_key = Closure::<dyn Fn(KeyboardEvent)>::new(pressed);
    // Adding a listener does not fail; it lives as long as the page.
    let _ = window().add_event_listener_with_callback("keydown", on_key.as_ref().unchecked_ref());
    on_key.forget();
}

/// Whether a dialog or something else that was opened lies over the page.
pub(in crate::ui) fn is_covered() -> bool {
    document().query_selector("dialog[open], :popover-open").ok().flatten().is_some()
}

/// Shows the page from its top.
pub(in crate::ui) fn scroll_to_top() {
    window().scroll_to_with_x_and_y(0.0, 0.0);
}

/// The height of the window, in CSS pixels.
pub(in crate::ui) fn window_height() -> f64 {
    window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or(0.0)
}

/// Whether the keyboard's focus went down with a control that was disabled.
pub(in crate::ui) fn focus_is_lost() -> bool {
    match document().active_element() {
        None => true,
        Some(element) => element.tag_name() == "BODY" || element.has_attribute("disabled"),
    }
}

/// Lets an element keep a pointer that was pressed on it, wherever it goes.
pub(in crate::ui) fn hold_pointer(event: &web_sys::PointerEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    if let Some(element) = target {
        // A pointer that has gone since cannot be held, and need not.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

/// Scrolls an element into sight: gently, unless the reader asked for little motion.
pub(in crate::ui) fn scroll_to(element: &Element) {
    let options = ScrollIntoViewOptions::new();
    options.set_behavior(if prefers_little_motion() {
        ScrollBehavior::Instant
    } else {
        ScrollBehavior::Smooth
    });
    options.set_block(ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Opens the section of the page with an id.
type OpenSection = Box<dyn Fn(&str)>;

thread_local! {
    static OPEN_SECTION: RefCell<Option<OpenSection>> = const { RefCell::new(None) };
}

/// From now on `open` opens the sections of what is shown.
pub(in crate::ui) fn open_sections_with(open: impl Fn(&str) + 'static) {
    OPEN_SECTION.with_borrow_mut(|slot| *slot = Some(Box::new(open)));
}

/// Opens whatever hides an element, section and details, and scrolls to it when that is done.
pub(in crate::ui) fn reveal(element: &Element) {
    let hidden = element.closest("[data-sections][hidden]").ok().flatten();
    let sections = hidden.and_then(|section| section.get_attribute("data-sections")).unwrap_or_default();
    if let Some(first) = sections.split(' ').next().filter(|first| !first.is_empty()) {
        OPEN_SECTION.with_borrow(|open| open.iter().for_each(|open| open(first)));
    }
    choose_tab_of(element);
    let mut around = element.closest("details").ok().flatten();
    while let Some(details) = around {
        // Neither call fails on an attribute of this name.
        let _ = details.set_attribute("open", "");
        around = details.parent_element().and_then(|parent| parent.closest("details").ok().flatten());
    }
    if let Some(folded) =
        element.closest("[popover]").ok().flatten().and_then(|it| it.dyn_into::<HtmlElement>().ok())
    {
        // One that is open already need not be opened.
        let _ = folded.show_popover();
    }
    let element = element.clone();
    // What was opened is laid out by the next frame.
    request_animation_frame(move || scroll_to(&element));
}

/// Draws the eye to the part of the page with this `data-testid`: opens what hides it, scrolls to it
/// and marks it for a moment. Whether there is such a part.
pub(in crate::ui) fn flash(hook: &str) -> bool {
    by_hook(hook).is_some_and(flash_element)
}

/// Marks the part of the page with this `data-testid` for a moment, without scrolling.
pub(in crate::ui) fn mark(hook: &str) {
    if let Some(element) = by_hook(hook) {
        choose_tab_of(&element);
        mark_element(element);
    }
}

/// The same for the part of the page with this id.
pub(in crate::ui) fn flash_part(id: &str) -> bool {
    document().get_element_by_id(id).is_some_and(flash_element)
}

/// Presses the button with this `data-testid`. Whether there is one.
pub(in crate::ui) fn press(hook: &str) -> bool {
    let button = by_hook(hook).and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    button.inspect(web_sys::HtmlElement::click).is_some()
}

/// Gives the part of the page with this `data-testid` the keyboard's focus.
pub(in crate::ui) fn focus(hook: &str) {
    if let Some(element) = by_hook(hook).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // What is there and in sight takes it.
        let _ = element.focus();
    }
}

/// Chooses the tab of a panel that is out of sight.
fn choose_tab_of(element: &Element) {
    let panel = element.closest("[role=tabpanel][hidden]").ok().flatten();
    let tab = panel.and_then(|panel| {
        document().query_selector(&format!("[role=tab][aria-controls='{}']", panel.id())).ok().flatten()
    });
    if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
        tab.click();
    }
}

fn by_hook(hook: &str) -> Option<Element> {
    document().query_selector(&format!("[data-testid='{hook}']")).ok().flatten()
}

fn flash_element(element: Element) -> bool {
    reveal(&element);
    mark_element(element);
    true
}

fn mark_element(element: Element) {
    // Neither call fails on an attribute of this name.
    let _ = element.set_attribute("data-flash", "");
    set_timeout(
        move || {
            let _ = element.remove_attribute("data-flash");
        },
        FLASH,
    );
}

/// Registers the service worker, so that the page opens without a network from now on. Only a published
/// page has one. `kept` is called when a worker is at its post.
pub(in crate::ui) fn keep_offline(kept: impl FnOnce() + 'static) {
    let is_published = document().document_element().is_some_and(|root| root.has_attribute("data-assets"));
    let navigator = window().navigator();
    // Where the page is not served securely, browsers have no service workers at all.
    let is_possible = js_sys::Reflect::has(&navigator, &"serviceWorker".into()).unwrap_or(false);
    if !is_published || !is_possible {
        return;
    }
    let container = navigator.service_worker();
    leptos::task::spawn_local(async move {
        // A browser may refuse, as in a private window: the page works without, but not offline.
        if JsFuture::from(container.register("./offline.js")).await.is_ok()
            && let Ok(ready) = container.ready()
            && JsFuture::from(ready).await.is_ok()
        {
            kept();
        }
    });
}

/// Whether the reader asked the system for little motion.
pub(in crate::ui) fn prefers_little_motion() -> bool {
    matches_media("(prefers-reduced-motion: reduce)")
}

/// A name that no other tab has.
pub(in crate::ui) fn new_tab_name() -> String {
    let random = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    format!("{:011x}{random:08x}", now_ms() as u64)
}

/// Milliseconds since 1970.
pub(in crate::ui) fn now_ms() -> f64 {
    js_sys::Date::now()
}

/// A time as the reader's system writes it.
pub(in crate::ui) fn local_time(ms: f64) -> String {
    let date = js_sys::Date::new(&ms.into());
    String::from(date.to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED))
}

/// Waits. In a page that is out of sight the browser may make it longer.
pub(in crate::ui) async fn sleep(duration: Duration) {
    let mut wait = |resolve: js_sys::Function, _| {
        set_timeout(
            move || {
                // A promise's resolve function does not throw.
                let _ = resolve.call0(&JsValue::UNDEFINED);
            },
            duration,
        );
    };
    let _ = JsFuture::from(js_sys::Promise::new(&mut wait)).await;
}

/// The name of the build this page is of; none for one that was not published.
pub(in crate::ui) fn build_name() -> Option<String> {
    document().document_element().and_then(|root| root.get_attribute("data-assets"))
}

/// The size of the training worker's program, unpacked, in bytes; none for a page that was not published.
pub(in crate::ui) fn worker_size() -> Option<usize> {
    document().document_element()?.get_attribute("data-worker-bytes")?.parse().ok()
}

/// Calls back when the page goes out of sight, which may be the last that is heard of it.
pub(in crate::ui) fn watch_hidden(hidden: impl Fn() + 'static) {
    watch_sight(true, hidden);
}

/// Calls back when the page comes into sight again.
pub(in crate::ui) fn watch_shown(shown: impl Fn() + 'static) {
    watch_sight(false, shown);
}

fn watch_sight(is_hidden: bool, changed: impl Fn() + 'static) {
    let on_change = Closure::<dyn Fn()>::new(move || {
        if document().hidden() == is_hidden {
            changed();
        }
    });
    // Adding a listener does not fail; it lives as long as the page.
    let _ =
        document().add_event_listener_with_callback("visibilitychange", on_change.as_ref().unchecked_ref());
    on_change.forget();
}

/// Lets the browser ask whether the reader means to leave, whenever something would be lost by it.
pub(in crate::ui) fn warn_before_leaving(would_lose: impl Fn() -> bool + 'static) {
    let on_leave = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
        if would_lose() {
            event.prevent_default();
            // Older browsers ask for this instead; the words are theirs anyway.
            let _ = js_sys::Reflect::set(&event, &"returnValue".into(), &JsValue::TRUE);
        }
    });
    // As above.
    let _ = window().add_event_listener_with_callback("beforeunload", on_leave.as_ref().unchecked_ref());
    on_leave.forget();
}

/// Sets the text on the browser's tab.
pub(in crate::ui) fn set_title(title: &str) {
    document().set_title(title);
}

/// The theme that was chosen on an earlier visit; none where the browser keeps nothing.
pub(in crate::ui) fn stored_theme() -> Option<String> {
    window().local_storage().ok()??.get_item(THEME_KEY).ok()?
}

/// Uses a theme from now on (`light`, `dark`), or the system's (`auto`).
pub(in crate::ui) fn use_theme(name: &str) {
    if let Some(root) = document().document_element() {
        // Neither call fails on an attribute of this name; storage may be forbidden.
        let _ = root.set_attribute("data-theme", name);
    }
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(THEME_KEY, name);
    }
}

/// Whether the system asks for dark pages, now and whenever that changes.
pub(in crate::ui) fn watch_prefers_dark(changed: impl FnMut(bool) + 'static) {
    watch_media("(prefers-color-scheme: dark)", changed);
}

/// Whether a media query holds now.
pub(in crate::ui) fn matches_media(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|query| query.matches())
}

/// Whether a media query holds, now and whenever that changes, for as long as the page lives.
pub(in crate::ui) fn watch_media(query: &str, mut changed: impl FnMut(bool) + 'static) {
    let Ok(Some(query)) = window().match_media(query) else { return };
    changed(query.matches());
    let on_change = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
        let query: Option<MediaQueryList> = event.target().and_then(|target| target.dyn_into().ok());
        if let Some(query) = query {
            changed(query.matches());
        }
    });
    // The listener lives as long as the page.
    let _ = query.add_event_listener_with_callback("change", on_change.as_ref().unchecked_ref());
    on_change.forget();
}

/// Calls back whenever an element's size changes, for as long as the page lives.
pub(in crate::ui) fn watch_size(element: &Element, changed: impl FnMut() + 'static) {
    let on_change = Closure::<dyn FnMut()>::new(changed);
    if let Ok(observer) = web_sys::ResizeObserver::new(on_change.as_ref().unchecked_ref()) {
        observer.observe(element);
    }
    on_change.forget();
}

/// Calls back with whether an element is on the screen or about to be, for as long as the page lives.
pub(in crate::ui) fn watch_visible(element: &Element, mut changed: impl FnMut(bool) + 'static) {
    let on_change = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let last = entries.pop().dyn_into::<IntersectionObserverEntry>();
        changed(last.is_ok_and(|entry| entry.is_intersecting()));
    });
    let options = IntersectionObserverInit::new();
    // Half a screen ahead, so that a figure is there before the reader is.
    options.set_root_margin("50% 0px");
    let callback = on_change.as_ref().unchecked_ref();
    if let Ok(observer) = IntersectionObserver::new_with_options(callback, &options) {
        observer.observe(element);
    }
    on_change.forget();
}

/// Lets the reader save a text as a file.
pub(in crate::ui) fn save_text(name: &str, media_type: &str, text: &str) {
    save_bytes(name, media_type, text.as_bytes());
}

/// Calls back with files that are dropped anywhere on the page, and with whether some hover over it, for as
/// long as the page lives.
pub(in crate::ui) fn watch_drops(hovers: impl Fn(bool) + 'static, dropped: impl Fn(Vec<File>) + 'static) {
    let on_event = Closure::<dyn Fn(DragEvent)>::new(move |event: DragEvent| {
        let Some(data) = event.data_transfer() else { return };
        // A text that is dragged about is none of ours.
        if !data.types().iter().any(|kind| kind == "Files") {
            return;
        }
        event.prevent_default();
        match event.type_().as_str() {
            "dragleave" => hovers(event.related_target().is_some()),
            "drop" => {
                hovers(false);
                dropped(files_of(data.files()));
            }
            _ => hovers(true),
        }
    });
    for kind in ["dragenter", "dragover", "dragleave", "drop"] {
        // Adding a listener does not fail; the listener lives as long as the page.
        let _ = document().add_event_listener_with_callback(kind, on_event.as_ref().unchecked_ref());
    }
    on_event.forget();
}

/// The files chosen in a file input.
pub(in crate::ui) fn chosen_files(input: &HtmlInputElement) -> Vec<File> {
    files_of(input.files())
}

fn files_of(list: Option<FileList>) -> Vec<File> {
    list.map_or_else(Vec::new, |list| (0..list.length()).filter_map(|i| list.get(i)).collect())
}

/// Reads a whole file.
///
/// # Errors
/// [`LabError::Content`] if the browser cannot, for example because the file has gone.
pub(in crate::ui) async fn read_file(file: &File) -> Result<Vec<u8>> {
    let buffer = JsFuture::from(file.array_buffer()).await.map_err(|reason| {
        LabError::content("file", format!("the browser cannot read it ({reason:?}); it may have moved"))
    })?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// A canvas that is nowhere in the page; none if the browser has none.
pub(in crate::ui) fn new_canvas() -> Option<web_sys::HtmlCanvasElement> {
    document().create_element("canvas").ok()?.dyn_into().ok()
}

/// Lets the reader save what a URL holds as a file.
pub(in crate::ui) fn save_url(name: &str, url: &str) {
    let link = document().create_element("a").ok().and_then(|a| a.dyn_into::<HtmlAnchorElement>().ok());
    if let Some(link) = link {
        link.set_href(url);
        link.set_download(name);
        link.click();
    }
}

/// Lets the reader save bytes as a file.
pub(in crate::ui) fn save_bytes(name: &str, media_type: &str, bytes: &[u8]) {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let url = Blob::new_with_u8_array_sequence_and_options(&parts, &options)
        .and_then(|blob| Url::create_object_url_with_blob(&blob));
    if let Ok(url) = url {
        save_url(name, &url);
        // Some browsers take the blob only after the reader has said where to.
        set_timeout(
            move || {
                let _ = Url::revoke_object_url(&url);
            },
            BLOB_LIFE,
        );
    }
}
