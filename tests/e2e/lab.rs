//! The page as a user sees it, through its `data-testid` hooks.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fantoccini::Locator;
use fantoccini::elements::Element;
use serde_json::Value;

use crate::browser::{Browser, WebGpu};
use crate::site::{Asked, Site};

/// How long the page may take for anything: the worker's program is compiled first, on a machine
/// that may be busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Between two looks at the page.
pub const POLL: Duration = Duration::from_millis(50);

/// What one test needs.
pub struct Setting {
    /// The query of the page's address.
    pub query: &'static str,
    /// The browser's WebGPU.
    pub web_gpu: WebGpu,
    /// Files that the server pretends not to have.
    pub missing: &'static [&'static str],
    /// A script that runs in the training worker before its own.
    pub prelude: &'static str,
    /// For so many seconds the server lets the browser keep a file; it says nothing if none.
    pub max_age_secs: Option<u32>,
    /// The line to the server, which then packs what it sends as a static host does; as fast as it can be if none.
    pub line: Option<Line>,
}

/// A line that carries so much.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Bits a second.
    pub bits_per_s: u32,
    /// Delay of each request.
    pub latency_ms: u32,
}

impl Setting {
    /// A page with this query, a software WebGPU adapter and all its files.
    pub fn new(query: &'static str) -> Self {
        Self { query, web_gpu: WebGpu::Software, missing: &[], prelude: "", max_age_secs: None, line: None }
    }
}

/// The open page.
pub struct Lab {
    site: Mutex<Site>,
    /// The browser.
    pub(crate) browser: Browser,
}

/// Opens the page, runs `test` and checks the page's manners: no error in its console, no file asked
/// for that is not there, no request to another machine. Says so and does nothing where there is no
/// built page.
pub fn visit(setting: &Setting, test: impl AsyncFnOnce(&Lab)) {
    visit_with_profile(setting, None, async |lab: &mut Lab| test(lab).await);
}

/// [`visit`] with a browser whose profile lies in a folder, and which the test may replace.
pub fn visit_with_profile(setting: &Setting, profile: Option<&Path>, test: impl AsyncFnOnce(&mut Lab)) {
    let Some(dist) = std::env::var_os("GROK_DIST").map(PathBuf::from) else {
        println!("skipped: GROK_DIST does not name a built page; `cargo xtask test` builds one");
        return;
    };
    assert!(dist.join("index.html").is_file(), "GROK_DIST={} holds no index.html", dist.display());
    // One browser at a time: several would starve each other on a small machine.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);

    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the system allows it");
    let site = Mutex::new(Site::serve(dist, setting));
    let browser = runtime.block_on(Browser::start(setting.web_gpu, profile));
    let mut lab = Lab { site, browser };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            if let Some(line) = setting.line {
                lab.browser.throttle(line).await;
            }
            lab.open(setting.query).await;
            test(&mut lab).await;
            lab.check_manners(!setting.missing.is_empty()).await;
        });
    }));
    if outcome.is_err() {
        runtime.block_on(lab.tell_state());
    }
    runtime.block_on(lab.browser.stop());
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl Lab {
    /// Goes to the page with a query.
    pub async fn open(&self, query: &str) {
        let url = self.site().url(query);
        self.browser.client.goto(&url).await.unwrap_or_else(|error| panic!("{url} does not load: {error}"));
    }

    /// Kills the browser, whatever it is doing, and opens the page in another one with the same profile.
    #[cfg(target_os = "linux")]
    pub async fn kill_browser(&mut self, setting: &Setting, profile: &Path) {
        self.browser.kill(profile);
        self.browser = Browser::start(setting.web_gpu, Some(profile)).await;
        self.open(setting.query).await;
    }

    fn site(&self) -> MutexGuard<'_, Site> {
        self.site.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the page's server away.
    pub fn lose_server(&self) {
        self.site().go_away();
    }

    /// The value of a script that calls its last argument when it is done.
    pub async fn evaluate_later(&self, script: &str) -> Value {
        let outcome = self.browser.client.execute_async(script, Vec::new()).await;
        outcome.unwrap_or_else(|error| panic!("{}: {error}", script.lines().next().unwrap_or_default()))
    }

    /// What the server was asked for so far.
    pub fn requests(&self) -> Vec<Asked> {
        self.site().requests()
    }

    /// Lets the server find the files that were missing so far.
    pub fn find_all_files(&self) {
        self.site().find_all_files();
    }

    /// Opens the page again so that the test can reach its training worker, as `lastWorker`.
    pub async fn reopen_with_worker_in_reach(&self, query: &str) {
        let script = "window.Worker = class extends Worker {
            constructor(url, options) {
                super(url, options);
                if (options?.name === 'training') { window.lastWorker = this; }
            }
        };";
        self.browser.run_first(script).await;
        self.open(query).await;
    }

    /// Runs a script in every page that is opened from now on, before the page's own.
    pub async fn run_first(&self, script: &str) {
        self.browser.run_first(script).await;
    }

    /// Opens the page again so that the test can reach what it saves, as `saved`; no file is written.
    pub async fn reopen_with_saves_in_reach(&self, query: &str) {
        let script = "window.saved = [];
        const toUrl = URL.createObjectURL.bind(URL);
        URL.createObjectURL = blob => { window.saved.push(blob); return toUrl(blob); };
        const click = HTMLAnchorElement.prototype.click;
        HTMLAnchorElement.prototype.click = function () { if (!this.download) { click.call(this); } };";
        self.browser.run_first(script).await;
        self.open(query).await;
    }

    /// Clicks a hook that saves a file, which is then the last of `saved`.
    pub async fn save(&self, hook: &str) {
        let before = self.evaluate("saved.length").await;
        self.click(hook).await;
        let start = Instant::now();
        while self.evaluate("saved.length").await == before {
            assert!(start.elapsed() < PATIENCE, "hook `{hook}` saved nothing");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Clicks a hook that saves a text file; the text.
    pub async fn saved_text(&self, hook: &str) -> String {
        self.save(hook).await;
        let text = self.evaluate_later("saved.at(-1).text().then(arguments[0])").await;
        text.as_str().expect("a blob gives its text").to_owned()
    }

    /// Drops a file with the bytes of a blob, which is a JavaScript expression, on the page.
    pub async fn drop_file(&self, blob: &str, name: &str) {
        self.evaluate(&format!(
            "(() => {{
                const data = new DataTransfer();
                data.items.add(new File([{blob}], '{name}'));
                const event = new DragEvent('drop', {{ dataTransfer: data, bubbles: true, cancelable: true }});
                document.body.dispatchEvent(event);
            }})()"
        ))
        .await;
    }

    /// Chooses a file in a hook that is a file input.
    pub async fn choose_file(&self, hook: &str, path: &Path) {
        let element = self.find(hook).await.unwrap_or_else(|| panic!("hook `{hook}` is not on the page"));
        let path = path.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let keys = path.to_str().expect("the repository's path is text");
        element.send_keys(keys).await.unwrap_or_else(|error| panic!("hook `{hook}` takes no file: {error}"));
    }

    /// Waits until a hook that is a control holds a value.
    pub async fn wait_for_value(&self, hook: &str, value: &str) {
        self.wait_for(hook, "was on the page", |_| true).await;
        let start = Instant::now();
        while self.value(hook).await != value {
            assert!(start.elapsed() < PATIENCE, "hook `{hook}` never held `{value}`");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Loads the address in the address bar again.
    pub async fn reload(&self) {
        self.browser.client.refresh().await.expect("the page loads again");
    }

    /// The value of a JavaScript expression.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let script = format!("return ({expression});");
        self.browser
            .client
            .execute(&script, Vec::new())
            .await
            .unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// The element of a hook; `None` if it is not on the page. If it is in a section that is not open, or behind a
    /// button of a figure, that is opened as a person would.
    pub async fn find(&self, hook: &str) -> Option<Element> {
        self.reveal(hook).await;
        self.browser.client.find(Locator::Css(&format!("[data-testid='{hook}']"))).await.ok()
    }

    /// Opens the section that holds a hook by its link in the menu, and the fold of the figure that hides it.
    pub async fn reveal(&self, hook: &str) {
        let script = format!(
            "(() => {{
                const found = document.querySelector(\"[data-testid='{hook}']\");
                const sections = found?.closest('[data-sections][hidden]')?.dataset.sections;
                if (sections) {{
                    document.querySelector(`[data-testid=to-${{sections.split(' ')[0]}}]`).click();
                }}
                if (!found?.closest('summary')) {{
                    found?.closest('details:not([open])')?.querySelector('summary').click();
                }}
                const folded = found?.closest('[popover]:not(:popover-open)');
                document.querySelector(`[popovertarget='${{folded?.id}}']`)?.click();
                return Boolean(sections);
            }})()"
        );
        // The page follows the address a moment later.
        if self.evaluate(&script).await == true {
            tokio::time::sleep(POLL).await;
        }
    }

    /// What a hook shows now; `None` if it is not on the page.
    pub async fn text(&self, hook: &str) -> Option<String> {
        // The element may be replaced between the two commands: then it is not there now.
        self.find(hook).await?.text().await.ok().map(|text| text.trim().to_owned())
    }

    /// The epoch shown, an integer.
    pub async fn epoch(&self) -> u64 {
        let text = self.text("epoch").await.expect("hook `epoch` is on the page");
        text.parse().unwrap_or_else(|_| panic!("hook `epoch` shows `{text}`, not an integer"))
    }

    /// Waits until `is_met` holds for the text of a hook, and returns that text; a missing hook has
    /// no text and never does. `what` completes "hook `…` never …". An error panel ends the wait for
    /// anything else.
    pub async fn wait_for(&self, hook: &str, what: &str, is_met: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let text = self.text(hook).await;
            if hook != "error"
                && let Some(error) = self.text("error").await
            {
                panic!("before hook `{hook}` {what}, the page showed an error: {error}");
            }
            match text {
                Some(text) if is_met(&text) => return text,
                _ if start.elapsed() > PATIENCE => panic!(
                    "hook `{hook}` never {what} within {} s; it shows {}",
                    PATIENCE.as_secs(),
                    text.map_or("nothing, it is not on the page".into(), |text| format!("`{text}`"))
                ),
                _ => tokio::time::sleep(POLL).await,
            }
        }
    }

    /// Waits until a hook's text contains `part`, capitals or not.
    pub async fn wait_for_text(&self, hook: &str, part: &str) -> String {
        let part = part.to_lowercase();
        self.wait_for(hook, &format!("contained `{part}`"), |text| text.to_lowercase().contains(&part)).await
    }

    /// Waits until a hook is no longer on the page.
    pub async fn wait_until_gone(&self, hook: &str) {
        let start = Instant::now();
        while let Some(text) = self.text(hook).await {
            assert!(start.elapsed() < PATIENCE, "hook `{hook}` never went away; it shows `{text}`");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until the epoch is above `epoch`.
    pub async fn wait_for_epoch_above(&self, epoch: u64) -> u64 {
        let what = format!("rose above {epoch}");
        let is_above = |text: &str| text.parse::<u64>().is_ok_and(|shown| shown > epoch);
        self.wait_for("epoch", &what, is_above).await.parse().expect("it was parsed a moment ago")
    }

    /// Waits until a hook shows a number.
    pub async fn wait_for_number(&self, hook: &str) -> f64 {
        let is_number = |text: &str| text.parse::<f64>().is_ok_and(f64::is_finite);
        self.wait_for(hook, "showed a number", is_number).await.parse().expect("it was parsed a moment ago")
    }

    /// Clicks a hook as soon as it is there and enabled.
    pub async fn click(&self, hook: &str) {
        let start = Instant::now();
        loop {
            if let Some(element) = self.find(hook).await
                && element.is_enabled().await.unwrap_or(false)
                && element.click().await.is_ok()
            {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "hook `{hook}` could not be clicked within {} s",
                PATIENCE.as_secs()
            );
            // What grew above it may have pushed it under the bar at the bottom: look again, as a person does.
            let centre = format!(
                "document.querySelector('[data-testid=\"{hook}\"]')?.scrollIntoView({{ block: 'center' }})"
            );
            self.evaluate(&centre).await;
            tokio::time::sleep(POLL).await;
        }
    }

    /// Chooses an option of a hook that is a `<select>`, by its value.
    pub async fn choose(&self, hook: &str, value: &str) {
        self.wait_for(hook, "was on the page", |_| true).await;
        let element = self.find(hook).await.unwrap_or_else(|| panic!("hook `{hook}` is on the page"));
        let choice = element.select_by_value(value).await;
        choice.unwrap_or_else(|error| panic!("hook `{hook}` has no option `{value}`: {error}"));
    }

    /// Replaces what a hook that is a text field holds.
    pub async fn enter(&self, hook: &str, text: &str) {
        let element = self.find(hook).await.unwrap_or_else(|| panic!("hook `{hook}` is not on the page"));
        element.clear().await.unwrap_or_else(|error| panic!("hook `{hook}` cannot be cleared: {error}"));
        element.send_keys(text).await.unwrap_or_else(|error| panic!("hook `{hook}` takes no keys: {error}"));
    }

    /// Waits until a JavaScript expression has a value.
    pub async fn wait_for_evaluation(&self, expression: &str, expected: impl Into<Value>) {
        let expected = expected.into();
        let start = Instant::now();
        loop {
            let value = self.evaluate(expression).await;
            if value == expected {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{expression} is {value}, never {expected}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// What a hook that is a control holds.
    pub async fn value(&self, hook: &str) -> String {
        let element = self.find(hook).await.unwrap_or_else(|| panic!("hook `{hook}` is not on the page"));
        let value = element.prop("value").await.unwrap_or_else(|error| panic!("hook `{hook}`: {error}"));
        value.unwrap_or_else(|| panic!("hook `{hook}` is not a control"))
    }

    /// Waits until the query in the address bar has all these parts.
    pub async fn wait_for_query(&self, parts: &[&str]) {
        let start = Instant::now();
        loop {
            let url = self.browser.client.current_url().await.expect("the browser has an address");
            if parts.iter().all(|part| url.query().unwrap_or_default().split('&').any(|found| found == *part))
            {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "the address {url} never had {parts:?}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Fails unless nothing else is shown by `hook` for a while: long enough for several training
    /// steps of the smallest preset, and several refreshes of the page.
    pub async fn stays(&self, hook: &str, while_: Duration) {
        let before = self.text(hook).await;
        tokio::time::sleep(while_).await;
        assert_eq!(self.text(hook).await, before, "hook `{hook}` changed while nothing should happen");
    }

    async fn check_manners(&self, files_are_missing: bool) {
        let forbidden = self.site().forbidden_requests();
        assert!(forbidden.is_empty(), "the page asked other origins: {forbidden:#?}");
        if files_are_missing {
            return;
        }
        let misses = self.site().misses();
        assert!(misses.is_empty(), "files were asked for that are not there: {misses:?}");
        let mut log = self.browser.take_log().await;
        log.retain(|line| line.starts_with("SEVERE"));
        assert!(log.is_empty(), "errors in the page's console: {log:#?}");
    }

    /// For the reader of a failed test: what the page showed, what its console holds.
    async fn tell_state(&self) {
        for hook in ["status", "epoch", "train-loss", "error"] {
            println!("hook `{hook}`: {:?}", self.text(hook).await);
        }
        println!("console: {:#?}", self.browser.take_log().await);
        if let Ok(image) = self.browser.client.screenshot().await {
            let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
            let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
            if std::fs::write(&path, image).is_ok() {
                println!("picture: {}", path.display());
            }
        }
    }
}
