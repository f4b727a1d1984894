//! Start, pause, step, resume, reset; numbers that move.

use std::time::Duration;

use crate::lab::{Setting, visit};

/// Long enough that a training page would have shown several more epochs.
const A_WHILE: Duration = Duration::from_millis(1500);

/// The tiny model, but with so many epochs that it cannot finish while a test watches it, and few
/// points on its curves.
pub const LONG_RUN: &str = "?preset=tiny&backend=cpu&epochs=10000000&eval_every=1000";

#[test]
fn the_page_opens_and_is_ready() {
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.text("error").await, None, "an error is shown");
        assert_eq!(lab.epoch().await, 0);
        // Nothing of the page may rely on headers that a plain web server does not send.
        assert_eq!(lab.evaluate("crossOriginIsolated").await, false);
    });
}

#[test]
fn a_run_trains_to_its_end_and_lowers_the_loss() {
    visit(&Setting::new("?backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.choose("preset", "tiny").await;
        // A single step first: the whole run may take less than a look at the page.
        lab.click("step").await;
        lab.wait_for_epoch_above(0).await;
        let early = lab.wait_for_number("train-loss").await;
        lab.click("resume").await;
        lab.wait_for_text("status", "finished").await;
        assert_eq!(lab.epoch().await, 300, "the preset has 300 epochs");
        let late = lab.wait_for_number("train-loss").await;
        assert!(
            late < early.min(7_f64.ln()),
            "train loss was {early}, ended at {late}; chance is ln 7 = 1.95"
        );
        assert!(lab.wait_for_number("test-loss").await > 0.0);
    });
}

#[test]
fn pause_step_resume_and_reset_do_what_they_say() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_epoch_above(20).await;

        lab.click("pause").await;
        lab.wait_for_text("status", "paused").await;
        lab.stays("epoch", A_WHILE).await;

        let before = lab.epoch().await;
        lab.click("step").await;
        lab.wait_for_epoch_above(before).await;
        lab.stays("epoch", A_WHILE).await;
        assert_eq!(lab.epoch().await, before + 1, "a step is one epoch");

        lab.click("resume").await;
        lab.wait_for_epoch_above(before + 20).await;

        lab.click("reset").await;
        lab.wait_for("epoch", "went back to 0", |text| text == "0").await;
        lab.stays("epoch", A_WHILE).await;

        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
    });
}

#[test]
fn a_second_run_repeats_the_first() {
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        let mut losses = Vec::new();
        for _ in 0..2 {
            lab.wait_for_text("status", "ready").await;
            lab.click("start").await;
            lab.wait_for_text("status", "finished").await;
            losses.push((lab.text("train-loss").await, lab.text("test-loss").await));
            lab.reload().await;
        }
        assert_eq!(losses[0], losses[1], "the same settings gave other numbers");
        assert!(losses[0].0.is_some(), "no loss is shown");
    });
}
