//! Several workers on one run, and the bench.

use crate::lab::{Setting, visit};
use crate::oracle::last_losses;

#[test]
fn three_workers_share_a_run_and_give_its_numbers() {
    visit(&Setting::new("?preset=tiny&backend=cpu&threads=3"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        let status = lab.text("status").await.unwrap_or_default();
        assert!(status.contains("3 threads"), "all three were had: {status}");
        assert!(!status.contains("one worker only"), "none was refused: {status}");
        let expected = last_losses(2).await;
        for (hook, expected) in ["train-loss", "test-loss"].iter().zip(expected) {
            let shown = lab.wait_for_number(hook).await;
            // The page shows four digits.
            assert!(
                (shown - expected).abs() <= 5.1e-4 * expected,
                "{hook}: shown {shown}, computed {expected}"
            );
        }
    });
}

#[test]
fn the_bench_times_the_engines_and_can_be_stopped() {
    visit(&Setting::new("?preset=tiny&backend=cpu&threads=1"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.evaluate("document.querySelector('details.bench').open = true").await;
        lab.click("bench").await;
        let lines = lab.wait_for_text("bench-result", "folded on CPU").await;
        assert!(lines.contains("steps/s, p = ") && lines.contains("Chrome"), "{lines}");
        lab.click("bench-stop").await;
        lab.wait_for_text("bench-result", "autodiff on CPU").await;
        // The worker is free again.
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
    });
}
