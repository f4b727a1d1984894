//! The time line, its cursor, the verdict and the presets.

use fantoccini::key::Key;

use crate::lab::{Setting, visit};

/// The number of claims of the paper that the lab looks at.
const N_CLAIMS: u64 = 34;

#[test]
fn the_cursor_walks_over_a_run_by_slider_and_by_keys() {
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        lab.wait_for_text("exhibit", "Your run").await;
        lab.wait_for("cursor-step", "was the last", |text| text == "300").await;
        let last = lab.wait_for_number("read-loss-train").await;

        lab.press("scrub", &Key::Home.to_string()).await;
        lab.wait_for("cursor-step", "was the first", |text| text == "0").await;
        let first = lab.wait_for_number("read-loss-train").await;
        assert!(first > last, "train loss {first} at first, {last} at last");

        lab.press("loss-chart", &Key::Right.to_string()).await;
        lab.wait_for("cursor-step", "went on", |text| text != "0").await;
        lab.press("loss-chart", &Key::Escape.to_string()).await;
        lab.wait_for("cursor-step", "was free again", |text| text == "300").await;
    });
}

#[test]
fn a_zoom_by_keys_can_be_undone() {
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        let is_whole = "document.querySelector('[data-testid=reset-zoom]').disabled";
        assert_eq!(lab.evaluate(is_whole).await, true, "nothing is zoomed");
        lab.press("loss-chart", "+").await;
        assert_eq!(lab.evaluate(is_whole).await, false, "a key zooms");
        lab.click("reset-zoom").await;
        assert_eq!(lab.evaluate(is_whole).await, true, "all steps again");
    });
}

#[test]
fn every_claim_has_a_row_in_the_verdict() {
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        let rows = "document.querySelectorAll('[data-testid=verdict] tbody tr').length";
        assert_eq!(lab.evaluate(rows).await, N_CLAIMS);
        lab.wait_for_text("verdict-summary", "34 claims").await;
    });
}

#[test]
fn another_seed_is_a_preset_and_a_link() {
    visit(&Setting::new("?backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.choose("preset", "seed-2").await;
        lab.wait_for_query(&["preset=seed-2"]).await;
        assert_eq!(lab.value("set-seed").await, "2");
        assert_eq!(lab.value("set-split").await, "python:2");
        lab.reload().await;
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.value("preset").await, "seed-2");
    });
}
