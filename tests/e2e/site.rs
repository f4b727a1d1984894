//! A web server for the built page, which also learns of every request that would go elsewhere.

use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use flate2::Compression;
use flate2::read::GzEncoder;
use tiny_http::{Header, Request, Response, Server};

use crate::lab::Setting;

/// The page is published under a path like this one, so it is tested under one.
const BASE: &str = "/lab/";

/// Where the browser reports what the policy below forbids.
const REPORTS: &str = "/reports";

/// Forbids the page and its worker everything that is not of this origin. (A browser makes requests
/// of its own, which a proxy could not tell from the page's.)
const POLICY: &str = "default-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' data: blob:; report-uri /reports";

/// Enough for a page, its workers and their files, and for the service worker that fetches all of them once
/// more: a browser that is slow to take one file must not hold up the others.
const N_THREADS: usize = 32;

/// Why the lists below are never poisoned.
const NO_PANIC: &str = "no thread panics while it holds the list";

/// The page, served on this machine until dropped.
pub struct Site {
    server: Option<Arc<Server>>,
    /// Where it listened, also once it is gone.
    address: SocketAddr,
    threads: Vec<JoinHandle<()>>,
    /// All requests.
    requests: Arc<Mutex<Vec<Asked>>>,
    /// Requests that found nothing.
    misses: List,
    /// Reports of requests to other origins.
    forbidden: List,
    /// Names of files that the server pretends not to have.
    missing: List,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// For which file.
    pub path: String,
    /// By which page or script of this origin, if it says so.
    pub by: String,
}

/// What the server's threads write and the test reads.
type List = Arc<Mutex<Vec<String>>>;

impl Site {
    /// Serves the folder `dist` as a test asks for.
    pub fn serve(dist: PathBuf, setting: &Setting) -> Self {
        let &Setting { missing, prelude, max_age_secs, line, .. } = setting;
        let headers = Headers { max_age_secs, packed: line.is_some() };
        let server = Arc::new(Server::http((Ipv4Addr::LOCALHOST, 0)).expect("a port is free on 127.0.0.1"));
        let missing: List = Arc::new(Mutex::new(missing.iter().map(|&name| name.to_owned()).collect()));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let misses = Arc::new(Mutex::new(Vec::new()));
        let forbidden = Arc::new(Mutex::new(Vec::new()));
        let threads = (0..N_THREADS)
            .map(|_| {
                let (server, dist, requests) = (Arc::clone(&server), dist.clone(), Arc::clone(&requests));
                let (misses, forbidden, missing) =
                    (Arc::clone(&misses), Arc::clone(&forbidden), Arc::clone(&missing));
                std::thread::spawn(move || {
                    // `recv` fails once the server is unblocked: the site was dropped.
                    while let Ok(request) = server.recv() {
                        requests.lock().expect(NO_PANIC).push(Asked::of(&request));
                        answer(request, &dist, prelude, headers, &missing, &misses, &forbidden);
                    }
                })
            })
            .collect();
        let address = server.server_addr().to_ip().expect("it listens on TCP");
        keep_knocking(Arc::downgrade(&server), address);
        Self { server: Some(server), address, threads, requests, misses, forbidden, missing }
    }

    /// The page's address with a query, which is empty or begins with `?`.
    pub fn url(&self, query: &str) -> String {
        format!("http://{}{BASE}{query}", self.address)
    }

    /// Takes the server away: from now on nobody answers at its address.
    pub fn go_away(&mut self) {
        let Some(server) = self.server.take() else { return };
        for _ in &self.threads {
            server.unblock();
        }
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }

    /// From now on nothing is missing.
    pub fn find_all_files(&self) {
        self.missing.lock().expect(NO_PANIC).clear();
    }

    /// What was asked for so far.
    pub fn requests(&self) -> Vec<Asked> {
        self.requests.lock().expect(NO_PANIC).clone()
    }

    /// Paths asked for that are not there, or not below the page's own path.
    pub fn misses(&self) -> Vec<String> {
        self.misses.lock().expect(NO_PANIC).clone()
    }

    /// The browser's reports of requests to other origins; each was refused.
    pub fn forbidden_requests(&self) -> Vec<String> {
        self.forbidden.lock().expect(NO_PANIC).clone()
    }
}

/// Opens a connection now and then while the server is there. Of two that arrive at once, tiny_http 0.12 may
/// leave one without a thread until the next comes: a page that waits for that file would wait for ever.
fn keep_knocking(server: Weak<Server>, address: SocketAddr) {
    std::thread::spawn(move || {
        while server.upgrade().is_some() {
            drop(TcpStream::connect(address));
            std::thread::sleep(Duration::from_millis(100));
        }
    });
}

impl Drop for Site {
    fn drop(&mut self) {
        self.go_away();
    }
}

impl Asked {
    fn of(request: &Request) -> Self {
        let by = request.headers().iter().find(|header| header.field.equiv("Referer"));
        let by = by.map(|header| header.value.as_str().to_owned()).unwrap_or_default();
        Self { path: request.url().split('?').next().unwrap_or_default().to_owned(), by }
    }
}

/// What is said of every file.
#[derive(Debug, Clone, Copy)]
struct Headers {
    max_age_secs: Option<u32>,
    /// Whether files travel packed.
    packed: bool,
}

/// A file as a static host sends it.
fn packed_bytes(file: impl Read) -> Vec<u8> {
    let mut packed = Vec::new();
    GzEncoder::new(file, Compression::default())
        .read_to_end(&mut packed)
        .expect("a file of the page is readable");
    packed
}

/// The training worker's entry.
const WORKER: &str = "worker_loader.js";

fn answer(
    mut request: Request,
    dist: &Path,
    prelude: &str,
    sent: Headers,
    missing: &List,
    misses: &List,
    forbidden: &List,
) {
    let add = |list: &List, text: String| list.lock().expect(NO_PANIC).push(text);
    let path = request.url().split('?').next().unwrap_or_default().to_owned();
    let found = file_for(dist, &path, &missing.lock().expect(NO_PANIC));
    // The browser may have gone away; that is its business.
    if path == REPORTS {
        let mut report = String::new();
        let _ = request.as_reader().read_to_string(&mut report);
        add(forbidden, report);
        let _ = request.respond(Response::empty(204));
    } else if let Some((file, content_type)) = found {
        let header = |name: &str, value: &str| Header::from_bytes(name, value).expect("both are plain text");
        let max_age = sent.max_age_secs.map(|secs| header("Cache-Control", &format!("max-age={secs}")));
        let packed = sent.packed.then(|| header("Content-Encoding", "gzip"));
        let headers = [header("Content-Type", content_type), header("Content-Security-Policy", POLICY)];
        let headers = headers.into_iter().chain(max_age).chain(packed);
        if path.ends_with(WORKER) {
            let own = std::io::read_to_string(file).expect("the loader is a text");
            let text = format!("{prelude}\n{own}").into_bytes();
            let mut response =
                Response::from_data(if sent.packed { packed_bytes(text.as_slice()) } else { text });
            headers.for_each(|header| response.add_header(header));
            let _ = request.respond(response);
        } else if sent.packed {
            let mut response = Response::from_data(packed_bytes(file));
            headers.for_each(|header| response.add_header(header));
            let _ = request.respond(response);
        } else {
            let mut response = Response::from_file(file);
            headers.for_each(|header| response.add_header(header));
            let _ = request.respond(response);
        }
    } else {
        add(misses, path);
        let _ = request.respond(Response::from_string("not found").with_status_code(404));
    }
}

/// The file for a path of a URL, with its media type.
fn file_for(dist: &Path, path: &str, missing: &[String]) -> Option<(File, &'static str)> {
    let name = match path.strip_prefix(BASE)? {
        "" => "index.html",
        name => name,
    };
    let is_inside = Path::new(name).components().all(|component| matches!(component, Component::Normal(_)));
    if !is_inside || missing.iter().any(|missing| Path::new(name).ends_with(missing)) {
        return None;
    }
    let content_type = match Path::new(name).extension()?.to_str()? {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript",
        "wasm" => "application/wasm",
        "css" => "text/css",
        "json" | "webmanifest" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    };
    let path = dist.join(name);
    path.is_file().then(|| File::open(path).ok())?.map(|file| (file, content_type))
}
