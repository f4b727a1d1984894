//! The three moments of a service worker's life: install, activate, fetch.

use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, Function, Promise, Uint8Array, WebAssembly};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{
    Cache, CacheQueryOptions, ExtendableEvent, FetchEvent, Request, RequestCache, RequestInit, Response,
    ResponseInit, ServiceWorkerGlobalScope,
};

use crate::build::{Build, Wanted};

/// How long a page waits for the network before the kept one is taken: most networks that answer at all
/// do so by then.
const PATIENCE_MS: i32 = 4_000;

type Outcome = Result<JsValue, JsValue>;

/// What the handlers share.
struct Keeper {
    global: ServiceWorkerGlobalScope,
    build: Build,
    /// The address the page is published at.
    scope: String,
}

/// Takes the handlers on. A browser accepts them only while the script first runs.
pub fn attach() {
    let global: ServiceWorkerGlobalScope = js_sys::global().unchecked_into();
    let scope = global.registration().scope();
    let build = own_build().expect("`cargo xtask finish` names the build");
    let keeper = Rc::new(Keeper { global, build, scope });

    on(&keeper, "install", |keeper, event: ExtendableEvent| {
        event.wait_until(&future_to_promise(async move { keeper.install().await })).ok();
    });
    on(&keeper, "activate", |keeper, event: ExtendableEvent| {
        event.wait_until(&future_to_promise(async move { keeper.activate().await })).ok();
    });
    on(&keeper, "fetch", |keeper, event: FetchEvent| {
        let request = event.request();
        if request.method() != "GET" {
            return;
        }
        let answer = match keeper.build.wanted(&request.url(), &keeper.scope) {
            Wanted::Page => future_to_promise(async move { keeper.page(&request).await }),
            Wanted::File => future_to_promise(async move { keeper.file(&request).await }),
            // Not answered by us: the browser asks the network, as if we were not here.
            Wanted::Other => return,
        };
        event.respond_with(&answer).ok();
    });
}

/// Calls `handle` for each event of a kind, as long as the worker lives.
fn on<E: JsCast + 'static>(keeper: &Rc<Keeper>, kind: &str, handle: fn(Rc<Keeper>, E)) {
    let shared = Rc::clone(keeper);
    let handler = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        handle(Rc::clone(&shared), event.unchecked_into());
    });
    keeper
        .global
        .add_event_listener_with_callback(kind, handler.as_ref().unchecked_ref())
        .expect("a service worker has these events");
    handler.forget();
}

/// The build that this program's module says it is of.
fn own_build() -> Option<Build> {
    let module: WebAssembly::Module = wasm_bindgen::module().unchecked_into();
    let section = WebAssembly::Module::custom_sections(&module, "build").get(0);
    Build::parse(&String::from_utf8(Uint8Array::new(&section).to_vec()).ok()?)
}

impl Keeper {
    async fn cache(&self) -> Result<Cache, JsValue> {
        let name = self.build.cache_name(&self.scope);
        wait(self.global.caches()?.open(&name)).await.map(JsCast::unchecked_into)
    }

    /// Keeps all files of the build. A browser tries again later if any of them cannot be had.
    async fn install(&self) -> Outcome {
        let cache = self.cache().await?;
        let folder = format!("{}{}/", self.scope, self.build.name);
        for file in &self.build.files {
            self.keep(&cache, &format!("{folder}{file}")).await?;
        }

        // A page from the browser's own store may be of an older build.
        let options = RequestInit::new();
        options.set_cache(RequestCache::NoCache);
        let request = Request::new_with_str_and_init(&self.scope, &options)?;
        let page: Response = wait(self.global.fetch_with_request(&request)).await?.unchecked_into();
        let copy = page.clone()?;
        let text = wait(page.text()?).await?.as_string().unwrap_or_default();
        if !page.ok() || !text.contains(&self.build.name) {
            return Err(JsValue::from("the page on the server is of another build"));
        }
        wait(cache.put_with_str(&self.scope, &copy)).await
    }

    /// Keeps the file at an address. Its bytes go through memory: Chromium on a disk that is nearly full refuses
    /// to stream a large file into a cache that has room for it.
    async fn keep(&self, cache: &Cache, address: &str) -> Outcome {
        let fetched: Response = wait(self.global.fetch_with_str(address)).await?.unchecked_into();
        if !fetched.ok() {
            return Err(JsValue::from(format!("{address} is not on the server")));
        }
        let init = ResponseInit::new();
        init.set_headers(&fetched.headers());
        let bytes: ArrayBuffer = wait(fetched.array_buffer()?).await?.unchecked_into();
        let copy = Response::new_with_opt_buffer_source_and_init(Some(&bytes), &init)?;
        wait(cache.put_with_str(address, &copy)).await
    }

    /// Drops the caches of other builds: no page uses them once this worker is active.
    async fn activate(&self) -> Outcome {
        let caches = self.global.caches()?;
        let names: Array = wait(caches.keys()).await?.unchecked_into();
        for name in names.iter().filter_map(|name| name.as_string()) {
            if self.build.outlived(&name, &self.scope) {
                wait(caches.delete(&name)).await?;
            }
        }
        // The first page was loaded before there was a service worker.
        wait(self.global.clients().claim()).await
    }

    /// The page from the network, else the one that is kept: also if the network neither answers nor fails.
    async fn page(&self, request: &Request) -> Outcome {
        let fetched = self.global.fetch_with_request(request);
        let failure = match wait(Promise::race(&Array::of2(&fetched, &self.late()))).await {
            Ok(page) => return Ok(page),
            Err(failure) => failure,
        };
        let kept = wait(self.cache().await?.match_with_str(&self.scope)).await?;
        if kept.is_undefined() { Err(failure) } else { Ok(kept) }
    }

    /// Fails once the network has had its time.
    fn late(&self) -> Promise {
        let mut begin = |_: Function, fail: Function| {
            // Without a clock only a network that fails is noticed.
            let _ = self.global.set_timeout_with_callback_and_timeout_and_arguments_1(
                &fail,
                PATIENCE_MS,
                &JsValue::from("the server does not answer"),
            );
        };
        Promise::new(&mut begin)
    }

    /// A file of this build as it is kept, else from the network.
    async fn file(&self, request: &Request) -> Outcome {
        let options = CacheQueryOptions::new();
        options.set_ignore_search(true);
        let kept = wait(self.cache().await?.match_with_request_and_options(request, &options)).await?;
        if kept.is_undefined() { wait(self.global.fetch_with_request(request)).await } else { Ok(kept) }
    }
}

async fn wait(promise: Promise) -> Outcome {
    JsFuture::from(promise).await
}
