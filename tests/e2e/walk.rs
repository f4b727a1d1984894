//! The whole visit in one go, as the README tells it: look at the recorded run, cut a frequency out of it,
//! train, leave and come back, hand a run out and take it in again. And the first visit of a stranger, with a mouse, by
//! keyboard alone and with a finger on a phone.

use std::time::{Duration, Instant};

use fantoccini::key::Key;
use serde_json::json;

use crate::hand::Hand;
use crate::lab::{Lab, POLL, Setting, visit};
use crate::oracle::{last_losses, reference_shaped_weights};
use crate::recorded::{assert_shown, open_on_the_recorded_run, recorded_model, recording, without};

const TINY: &str = "?preset=tiny&backend=cpu&threads=1";
const QUICK: &str = "?preset=quick&backend=cpu";

/// How long the quick run may take on a busy machine; it takes 20 s on one that is idle.
const RUN_PATIENCE: Duration = Duration::from_secs(300);

/// The least number of claims that a quick run is judged on.
const LEAST_JUDGED: usize = 14;

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

/// Whether the recorded run plays.
const IS_PLAYING: &str = "document.querySelector('[data-testid=play]').getAttribute('aria-pressed')";

/// A stranger's first visit: it plays; stop; walk to where the circle closes; ask a sum there and at the end; remove a
/// frequency and read what that does; copy the link and open it as whoever gets it; train a model and see it grok.
async fn first_visit(lab: &Lab, hand: Hand) {
    hand.prepare(lab).await;
    // As a browser whose user does not mind motion.
    lab.run_first(
        "const matchMedia = window.matchMedia.bind(window);
         window.matchMedia = query => query.includes('reduced-motion')
             ? { matches: false, media: query, addEventListener() {} }
             : matchMedia(query);",
    )
    .await;
    lab.run_first("navigator.clipboard.writeText = async text => { window.copied = text; };").await;
    lab.open(QUICK).await;
    lab.wait_for_evaluation(IS_PLAYING, "true").await;
    hand.press(lab, "play").await;
    lab.wait_for_evaluation(IS_PLAYING, "false").await;

    // A minute after memorising, the network answers held-out sums wrongly; where the circle closes, still most.
    hand.press(lab, "beat-3").await;
    lab.wait_for_text("try-says", "wrong").await;
    hand.press(lab, "beat-4").await;
    lab.wait_for_text("story", "circle closes").await;
    let step = lab.text("cursor-step").await.expect("the cursor is somewhere");

    let (_, freq) = recorded_model(&recording());
    let is_low =
        |text: &str| text.trim_end_matches(['%', ' ']).parse::<f64>().is_ok_and(|right| right < 20.0);
    lab.wait_for("read-accuracy-test", "was below 20 % where the circle closes", is_low).await;
    hand.press(lab, "beat-6").await;
    lab.wait_for_text("try-says", "right").await;
    hand.press(lab, &format!("ablate-freq-{freq}")).await;
    lab.wait_for_text("ablation-chip", &format!("k = {freq}")).await;
    let chip = lab.wait_for_text("ablation-chip", "of all sums right").await;

    hand.press(lab, "copy-link").await;
    lab.wait_for_text("share-says", "Link copied").await;
    let link = lab.evaluate("window.copied").await;
    let link = link.as_str().expect("the link is a text").to_owned();
    assert!(link.contains(&format!("ablate=freq-{freq}")), "{link}");
    // As whoever gets the link, whose browser has never been here.
    let origin = lab.evaluate("location.origin").await;
    lab.evaluate("location.assign('about:blank')").await;
    lab.browser
        .devtools("Storage.clearDataForOrigin", json!({ "origin": origin, "storageTypes": "all" }))
        .await;
    lab.evaluate(&format!("location.assign('{link}')")).await;
    lab.wait_for("ablation-chip", "was as before", |text| text == chip).await;
    assert_ne!(lab.text("cursor-step").await.as_deref(), Some(&*step), "the link leads to the last step");
    hand.press(lab, "chip-restore").await;
    lab.wait_until_gone("ablation-chip").await;

    hand.press(lab, "start").await;
    let start = Instant::now();
    while !lab.text("status").await.is_some_and(|text| text.contains("finished")) {
        assert!(start.elapsed() < RUN_PATIENCE, "the run did not end");
        tokio::time::sleep(10 * POLL).await;
    }
    lab.wait_for_text("headline", "understood at").await;
    hand.press(lab, "to-verdict").await;
    // The last checkpoint is still being analysed.
    let what = format!("said that {LEAST_JUDGED} claims and more are judged");
    lab.wait_for("verdict-summary", &what, |summary| judged(summary) >= LEAST_JUDGED).await;
}

/// How many claims a summary of the verdict says are judged.
fn judged(summary: &str) -> usize {
    let words = summary.split(" claims of the paper ").nth(1).and_then(|rest| rest.split(' ').next());
    words.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[test]
fn a_first_visit_with_a_mouse() {
    visit(&Setting::new(QUICK), async |lab| first_visit(lab, Hand::Mouse).await);
}

#[test]
fn a_first_visit_by_keyboard() {
    visit(&Setting::new(QUICK), async |lab| first_visit(lab, Hand::Keyboard).await);
}

#[test]
fn a_first_visit_by_touch_on_a_phone() {
    visit(&Setting::new(QUICK), async |lab| first_visit(lab, Hand::Touch).await);
}
