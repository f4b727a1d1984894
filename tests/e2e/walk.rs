//! The whole visit in one go, as the README tells it: look at the recorded run, cut a frequency out of it,
//! train, leave and come back, hand a run out and take it in again. And once around by keyboard alone.

use fantoccini::key::Key;

use crate::lab::{Setting, visit};
use crate::oracle::{last_losses, reference_shaped_weights};
use crate::recorded::{assert_shown, open_on_the_recorded_run, recorded_model, recording, without};

const TINY: &str = "?preset=tiny&backend=cpu&threads=1";

#[test]
fn a_visit_from_the_recorded_run_to_ones_own() {
    let recording = recording();
    let (ablator, freq) = recorded_model(&recording);
    visit(&Setting::new(TINY), async |lab| {
        lab.reopen_with_saves_in_reach(TINY).await;
        open_on_the_recorded_run(lab, &recording).await;

        lab.press("scrub", &Key::Home.to_string()).await;
        lab.wait_for("cursor-step", "was the first", |text| text == "0").await;
        let start = recording.rows[0].evaluation;
        assert_shown("read-loss-test", lab.wait_for_number("read-loss-test").await, start.test_loss);
        lab.press("scrub", &Key::End.to_string()).await;

        lab.click(&format!("ablate-freq-{freq}")).await;
        let left = without(&ablator, &recording, freq);
        for (hook, expected) in [
            ("ablated-train-loss", left.loss.train),
            ("ablated-test-loss", left.loss.test),
            ("ablated-all-loss", left.loss.all),
        ] {
            assert_shown(hook, lab.wait_for_number(hook).await, expected);
        }
        lab.click("ablate-undo").await;

        lab.wait_for_text("status", "ready").await;
        lab.click("step").await;
        lab.wait_for_text("status", "step 1 kept").await;
        lab.reload().await;
        lab.click("resume-kept").await;
        lab.wait_for_text("status", "finished").await;
        for (hook, expected) in ["train-loss", "test-loss"].into_iter().zip(last_losses(0).await) {
            assert_shown(hook, lab.wait_for_number(hook).await, expected);
        }

        let loss = lab.text("test-loss").await;
        lab.save("download-capsule").await;
        lab.evaluate("window.capsule = window.saved.at(-1)").await;
        lab.click("reset").await;
        lab.wait_for("epoch", "went back to 0", |text| text == "0").await;
        lab.drop_file("window.capsule", "capsule.zip").await;
        lab.wait_for("epoch", "was that of the file", |text| text == "300").await;
        assert_eq!(lab.text("test-loss").await, loss, "the capsule's loss");

        lab.choose_file("open-file", &reference_shaped_weights()).await;
        lab.wait_for_text("exhibit", "golden_a.init.safetensors").await;
        lab.drop_file("new Blob(['no weights'])", "broken.safetensors").await;
        lab.wait_for_text("file-error", "broken.safetensors").await;
        lab.wait_for_text("exhibit", "golden_a.init.safetensors").await;
    });
}

#[test]
fn all_of_it_by_keyboard() {
    let recording = recording();
    let (ablator, freq) = recorded_model(&recording);
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        lab.wait_for_text("status", "ready").await;

        lab.tab_to("theme-dark").await;
        lab.press_focused(" ").await;
        let theme = "document.documentElement.getAttribute('data-theme')";
        assert_eq!(lab.evaluate(theme).await, "dark");

        lab.tab_to("loss-chart").await;
        lab.press_focused(&Key::Home.to_string()).await;
        lab.wait_for("cursor-step", "was the first", |text| text == "0").await;
        lab.press_focused(&Key::Escape.to_string()).await;

        lab.tab_to("start").await;
        lab.press_focused(&Key::Enter.to_string()).await;
        lab.wait_for_text("status", "finished").await;
        // The reader's own run took the stage; back to the recorded one.
        lab.tab_to("show-recorded").await;
        lab.press_focused(" ").await;
        lab.wait_for_text("exhibit", "Recorded run").await;

        let cut = format!("ablate-freq-{freq}");
        lab.wait_for(&cut, "was on the page", |_| true).await;
        lab.tab_to(&cut).await;
        lab.press_focused(" ").await;
        let expected = without(&ablator, &recording, freq).loss.test;
        assert_shown("ablated-test-loss", lab.wait_for_number("ablated-test-loss").await, expected);
        lab.tab_to("ablate-undo").await;
        lab.press_focused(&Key::Enter.to_string()).await;

        lab.tab_to("chapter-next").await;
        lab.press_focused(&Key::Enter.to_string()).await;
        let focused = "document.activeElement.getAttribute('data-testid')";
        lab.wait_for_evaluation(focused, "chapter").await;
    });
}
