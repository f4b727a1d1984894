//! Runs outlive the page: reloads, dead workers, storage that refuses.

use fantoccini::key::Key;

use crate::lab::{Lab, Setting, visit};
use crate::training::LONG_RUN;

const TINY: &str = "?preset=tiny&backend=cpu";

/// Rows that are due by the preset's cadence: single steps add others.
fn due(csv: &str) -> Vec<&str> {
    let is_due = |line: &&str| {
        line.split(',').next().and_then(|step| step.parse::<u64>().ok()).is_some_and(|s| s % 5 == 0)
    };
    csv.lines().filter(is_due).collect()
}

/// Trains the tiny preset to its end in one go, and returns its metrics.
async fn unbroken(lab: &Lab) -> String {
    lab.wait_for_text("status", "ready").await;
    lab.click("start").await;
    lab.wait_for_text("status", "finished").await;
    lab.saved_text("download-metrics").await
}

#[test]
fn a_run_that_was_paused_survives_a_reload_and_ends_with_the_same_numbers() {
    visit(&Setting::new(TINY), async |lab| {
        lab.reopen_with_saves_in_reach(TINY).await;
        let whole = unbroken(lab).await;
        assert_eq!(due(&whole).len(), 61, "rows of steps 0 to 300");

        lab.reload().await;
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.text("resume-kept").await, None, "a finished run has nothing left to do");
        lab.click("step").await;
        lab.wait_for_text("status", "paused").await;
        lab.wait_for_text("status", "step 1 kept").await;

        lab.reload().await;
        lab.wait_for_text("resume-kept", "step 1").await;
        lab.click("resume-kept").await;
        lab.wait_for_text("status", "finished").await;
        let resumed = lab.saved_text("download-metrics").await;
        assert_eq!(due(&resumed), due(&whole), "the resumed run has other numbers");
    });
}

#[test]
fn a_worker_that_is_killed_in_a_run_costs_nothing_that_was_saved() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        lab.reopen_with_worker_in_reach(LONG_RUN).await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        let words = lab.wait_for_text("status", "kept").await;
        assert!(words.contains("ago"), "the age of the checkpoint is told: {words}");
        lab.evaluate("lastWorker.terminate()").await;
        lab.evaluate("lastWorker.dispatchEvent(new ErrorEvent('error', { message: 'killed' }))").await;
        lab.wait_for_text("error", "killed").await;
        let words = lab.text("go-on").await.expect("a way on is offered");
        let saved: u64 = words
            .chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .expect("the step is named");
        assert!(saved > 0, "{words}");
        lab.click("go-on").await;
        lab.wait_until_gone("error").await;
        lab.wait_for_epoch_above(saved).await;
        lab.wait_for_text("status", "training").await;
    });
}

#[test]
fn storage_that_is_refused_is_told_and_the_run_goes_on() {
    visit(&Setting::new(TINY), async |lab| {
        lab.run_first(
            "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };",
        )
        .await;
        lab.open(TINY).await;
        lab.wait_for_text("storage-notice", "storage").await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        assert_eq!(lab.epoch().await, 300);
        lab.wait_for_text("status", "held in memory").await;
    });
}

#[test]
fn a_question_about_storage_that_nobody_answers_holds_nothing_up() {
    visit(&Setting::new(TINY), async |lab| {
        lab.run_first("StorageManager.prototype.persist = () => new Promise(() => {});").await;
        lab.open(TINY).await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "step 300 kept").await;
        lab.reload().await;
        lab.wait_for_text("kept-facts", "step 300").await;
    });
}

#[test]
fn storage_that_never_answers_is_told_and_what_it_missed_is_kept_once_it_does() {
    visit(&Setting::new(TINY), async |lab| {
        // Requests that wait for `answer()`.
        lab.run_first(
            "window.waiting = [];
            window.answer = () => waiting.splice(0).forEach(open => open());
            const open = IDBFactory.prototype.open;
            IDBFactory.prototype.open = function (...what) {
                const request = {};
                waiting.push(() => {
                    const real = open.apply(this, what);
                    real.onupgradeneeded = event => request.onupgradeneeded?.(event);
                    real.onsuccess = event => request.onsuccess?.(event);
                });
                return request;
            };",
        )
        .await;
        lab.open(TINY).await;
        lab.wait_for_text("storage-notice", "has not answered").await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        lab.wait_for_text("status", "held in memory").await;
        lab.wait_for_text("status-remarks", "has not answered").await;
        lab.evaluate("answer()").await;
        // It is tried again every half minute.
        lab.wait_for_text("status", "step 300 kept").await;
        lab.wait_until_gone("storage-notice").await;
    });
}

#[test]
fn storage_that_is_full_is_told_and_the_run_goes_on() {
    visit(&Setting::new(TINY), async |lab| {
        lab.run_first(
            "IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError'); };",
        )
        .await;
        lab.open(TINY).await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        lab.wait_for_text("storage-notice", "full").await;
    });
}

#[test]
fn kept_runs_are_listed_renamed_and_deleted() {
    visit(&Setting::new(TINY), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("step").await;
        lab.wait_for_text("status", "step 1 kept").await;
        // An empty field would get the name made of the settings back: so all of it is replaced at once.
        let all = format!("{}a{}", Key::Control, Key::Null);
        lab.press("kept-name", &format!("{all}my first{}", Key::Enter)).await;
        // The list is read anew from the storage once the name is in it.
        let label = "document.querySelector('[data-testid=open-kept]').getAttribute('aria-label')";
        lab.wait_for_evaluation(label, "Open my first").await;
        lab.reload().await;
        lab.wait_for_text("resume-kept", "step 1").await;
        lab.wait_for_value("kept-name", "my first").await;
        lab.click("delete-kept").await;
        lab.click("delete-kept").await;
        lab.wait_until_gone("kept-name").await;
        lab.reload().await;
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.text("resume-kept").await, None, "a deleted run came back");
    });
}

#[test]
fn the_device_can_be_verified() {
    visit(&Setting::new(TINY), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.evaluate("document.querySelector('details.verify').open = true").await;
        lab.click("verify-device").await;
        let words = lab.wait_for_text("verify-result", "is verified").await;
        for engine in ["folded", "autodiff"] {
            assert!(words.contains(engine), "{words}");
        }
    });
}

#[test]
fn a_run_that_trains_in_one_tab_is_neither_offered_nor_taken_in_another() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "kept").await;
        let first = lab.browser.client.window().await.expect("the first tab has a handle");
        let second = lab.browser.client.new_window(true).await.expect("a second tab opens");
        lab.browser.client.switch_to_window(second.handle).await.expect("and is there");
        lab.open(LONG_RUN).await;
        lab.wait_for_text("status", "ready").await;
        lab.wait_for_text("kept-facts", "another tab").await;
        assert_eq!(lab.text("resume-kept").await, None, "the first tab's run is offered");
        lab.browser.client.switch_to_window(first).await.expect("the first tab is there");
        lab.browser.client.close_window().await.expect("and closes");
        let handles = lab.browser.client.windows().await.expect("one is left");
        lab.browser.client.switch_to_window(handles[0].clone()).await.expect("the second tab");
        lab.wait_for_text("resume-kept", "Resume from step").await;
        lab.click("resume-kept").await;
        lab.wait_for_text("status", "training").await;
    });
}
