//! Headless Chromium, driven through chromedriver.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::lab::Line;

/// Switches for every run. No sandbox, because tests also run as root in containers; the rest keeps
/// Chromium from talking to anyone on its own, and gives its store for fetched files a size that does not depend
/// on how full the disk is.
const SWITCHES: [&str; 14] = [
    "--headless",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disk-cache-size=268435456",
    "--disable-features=MediaRouter,OptimizationHints,Translate",
    "--window-size=1280,1000",
    // The recorded run would play by itself, and the cursor be somewhere else at each look.
    "--force-prefers-reduced-motion",
];

/// The switch that names the profile's folder.
const PROFILE: &str = "--user-data-dir=";

/// How often the driver is started: of the port that it chose on one address, another program may hold the
/// twin on the other, and then it ends.
const N_TRIES: usize = 5;

/// Whether the browser has a WebGPU adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebGpu {
    /// Chromium's own, computed by the processor.
    Software,
    /// `navigator.gpu` is there, but hands out no adapter.
    Absent,
}

/// One Chromium, and the driver that started it.
pub struct Browser {
    driver: Child,
    /// The WebDriver session.
    pub client: Client,
}

impl Browser {
    /// Starts chromedriver (`CHROMEDRIVER`, else found on the PATH) and through it Chromium, with a fresh profile or with
    /// the one in a folder.
    pub async fn start(web_gpu: WebGpu, profile: Option<&Path>) -> Self {
        let (mut driver, port) =
            (0..N_TRIES).find_map(|_| start_driver()).expect("chromedriver says on which port it listens");

        let mut switches: Vec<String> = SWITCHES.map(String::from).into();
        switches.extend(profile.map(|folder| format!("{}{}", PROFILE, folder.display())));
        if web_gpu == WebGpu::Software {
            switches.push("--enable-unsafe-webgpu".into());
        }
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".into(), json!({ "args": switches }));
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await;
        match client {
            Ok(client) => Self { driver, client },
            Err(error) => {
                let _ = driver.kill().and_then(|()| driver.wait());
                panic!("chromedriver could not start Chromium: {error}");
            }
        }
    }

    /// What the page wrote to its console and what went wrong in it, since last asked, as
    /// `LEVEL text`.
    pub async fn take_log(&self) -> Vec<String> {
        let command = OwnCommand { path: "se/log", body: json!({ "type": "browser" }) };
        let entries = self.client.issue_cmd(command).await.expect("chromedriver keeps a log");
        let entries = entries.as_array().cloned().unwrap_or_default();
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        entries.iter().map(|entry| format!("{} {}", text(entry, "level"), text(entry, "message"))).collect()
    }

    /// Runs a script in every page that is opened from now on, before the page's own.
    pub async fn run_first(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// Gives the page a screen of this size in CSS pixels: a window has a least width.
    pub async fn show_on_screen(&self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
    }

    /// Gives the page the screen of a phone, which is touched.
    pub async fn show_on_phone(&self, width: u32, height: u32) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true });
        self.devtools("Emulation.setDeviceMetricsOverride", screen).await;
        self.devtools("Emulation.setTouchEmulationEnabled", json!({ "enabled": true })).await;
    }

    /// Gives the page this line.
    pub async fn throttle(&self, Line { bits_per_s, latency_ms }: Line) {
        let bytes_per_s = bits_per_s / 8;
        self.devtools("Network.enable", json!({})).await;
        let line = json!({
            "offline": false, "latency": latency_ms, "downloadThroughput": bytes_per_s, "uploadThroughput": bytes_per_s,
        });
        self.devtools("Network.emulateNetworkConditions", line).await;
    }

    /// Sends Chromium a command of its developer tools.
    pub async fn devtools(&self, cmd: &str, params: Value) {
        let command = OwnCommand { path: "goog/cdp/execute", body: json!({ "cmd": cmd, "params": params }) };
        let done = self.client.issue_cmd(command).await;
        done.unwrap_or_else(|error| panic!("{cmd}: {error}"));
    }

    /// Kills the driver and every process of the Chromium that has this profile, so that none can write anything more.
    #[cfg(target_os = "linux")]
    pub fn kill(&mut self, profile: &Path) {
        let _ = self.driver.kill().and_then(|()| self.driver.wait());
        let switch = format!("{PROFILE}{}", profile.display());
        let processes = std::fs::read_dir("/proc").expect("Linux lists its processes").flatten();
        for process in processes {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            let pid = process.file_name().to_string_lossy().into_owned();
            if line.split(|&byte| byte == 0).any(|word| word == switch.as_bytes()) {
                // One that has just ended cannot be killed.
                let _ = Command::new("kill").args(["-KILL", &pid]).stderr(Stdio::null()).status();
            }
        }
    }

    /// Ends Chromium and its driver.
    pub async fn stop(mut self) {
        let _ = self.client.clone().close().await;
        let _ = self.driver.kill().and_then(|()| self.driver.wait());
    }
}

/// A driver that listens on a free port, and that port; none if it ended at once.
fn start_driver() -> Option<(Child, u16)> {
    let program = std::env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
    let mut driver = Command::new(&program)
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("cannot start {}: {error}; `cargo xtask test` can", program.display())
        });
    let port = port_of(&mut driver);
    if port.is_none() {
        // It has ended, or is about to.
        let _ = driver.kill().and_then(|()| driver.wait());
    }
    Some((driver, port?))
}

/// Reads on which port the driver listens; it chose a free one.
fn port_of(driver: &mut Child) -> Option<u16> {
    let mut lines = BufReader::new(driver.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let port = lines.by_ref().find_map(|line| {
        line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
    });
    // Read on, or the driver stops once the pipe is full.
    std::thread::spawn(move || lines.for_each(drop));
    port
}

/// A command that only chromedriver has.
#[derive(Debug)]
struct OwnCommand {
    /// The path below the session's.
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for OwnCommand {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/{}", session_id.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
