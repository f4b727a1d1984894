//! The published folder: its security policy, and opening without a network.

use std::path::PathBuf;

use crate::lab::{Setting, visit};

#[test]
fn once_visited_the_page_opens_and_trains_without_its_server() {
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.wait_for_text("offline", "kept in your browser").await;
        lab.lose_server();
        lab.reload().await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
    });
}

#[test]
fn a_page_kept_in_the_browser_opens_with_any_link() {
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        lab.wait_for_text("offline", "kept in your browser").await;
        lab.lose_server();
        lab.open("?preset=tiny&seed=7&backend=cpu").await;
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.value("set-seed").await, "7");
    });
}

#[test]
fn the_page_forbids_itself_everything_but_its_own_files() {
    let Some(dist) = std::env::var_os("GROK_DIST").map(PathBuf::from) else {
        println!("skipped: GROK_DIST does not name a built page; `cargo xtask test` builds one");
        return;
    };
    let page = std::fs::read_to_string(dist.join("index.html")).expect("a built page has an index.html");
    let policy = page.split_once("http-equiv=\"Content-Security-Policy\"").map(|(_, rest)| rest);
    let policy = policy.and_then(|rest| rest.split('"').nth(1)).expect("the page has a policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for loophole in ["'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"] {
        let parts: Vec<&str> = policy.split([' ', ';']).collect();
        assert!(!parts.contains(&loophole), "{loophole} in {policy}");
    }
    for script in page.split("<script").skip(1) {
        assert!(
            script.split('>').next().is_some_and(|tag| tag.contains("src=\"./build-")),
            "<script{script}"
        );
    }
    assert!(!page.contains("integrity="), "a checksum of a file that was changed since");
}
