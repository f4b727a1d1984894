//! Things that break in the middle of a run: the device, the worker, the storage. Each ends in a message that
//! says what happened, and no saved step is lost.

use std::time::Duration;

use crate::lab::{Setting, visit};
use crate::training::LONG_RUN;

/// On the GPU, and so long that it cannot end while a test watches; with little to show, for the processor is fast.
const LONG_GPU_RUN: &str =
    "?preset=tiny&backend=webgpu&epochs=10000000&eval_every=1000&checkpoint_every=100000";

/// Lets a page's message destroy the worker's GPU device, as a driver that crashes does.
const DEVICE_CAN_BE_LOST: &str = "
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...all) {
        const device = await request.apply(this, all);
        self.loss = self.loss ?? new BroadcastChannel('lose the device');
        self.loss.addEventListener('message', () => device.destroy());
        return device;
    };";

#[test]
fn a_device_that_is_lost_in_a_run_is_named_and_the_run_goes_on() {
    let setting = Setting { prelude: DEVICE_CAN_BE_LOST, ..Setting::new(LONG_GPU_RUN) };
    visit(&setting, async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.wait_for_text("status", "WebGPU").await;
        lab.click("start").await;
        let before = lab.wait_for_epoch_above(200).await;
        lab.evaluate("new BroadcastChannel('lose the device').postMessage('now')").await;
        lab.wait_for_text("status-remarks", "failed at step").await;
        lab.wait_for_epoch_above(before + 200).await;
        lab.wait_for_text("status", "CPU").await;
        assert_eq!(lab.text("error").await, None, "the processor goes on by itself");
    });
}

#[test]
fn storage_that_is_taken_away_in_a_run_is_told_and_comes_back() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "kept").await;
        lab.evaluate(
            "(() => {
                window.transaction = IDBDatabase.prototype.transaction;
                IDBDatabase.prototype.transaction = () => { throw new DOMException('gone', 'InvalidStateError'); };
            })()",
        )
        .await;
        lab.wait_for_text("storage-notice", "storage").await;
        let epoch = lab.epoch().await;
        lab.wait_for_epoch_above(epoch).await;
        lab.evaluate("(() => { IDBDatabase.prototype.transaction = window.transaction; })()").await;
        lab.click("pause").await;
        lab.wait_for_text("status", "paused").await;
        let epoch = lab.epoch().await;
        let is_kept = |text: &str| text.replace(',', "").contains(&format!("step {epoch} kept"));
        lab.wait_for("status", "told that the last step is kept", is_kept).await;
    });
}

#[test]
fn a_worker_that_falls_silent_is_noticed_and_nothing_saved_is_lost() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        lab.reopen_with_worker_in_reach(LONG_RUN).await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "kept").await;
        // No event tells the page: so a browser ends a worker whose memory it needs.
        lab.evaluate("lastWorker.terminate()").await;
        lab.wait_for("error", "told of the silence", |_| true).await;
        let shown = lab.epoch().await;
        lab.click("go-on").await;
        lab.wait_until_gone("error").await;
        lab.wait_for_text("status", "training").await;
        let saved = lab.epoch().await;
        assert!(saved > 0 && saved <= shown + 1_000_000, "it went on from step {saved} of {shown}");
        lab.stays("error", Duration::from_millis(500)).await;
    });
}

#[test]
fn an_analysis_worker_that_falls_silent_is_told_of_and_begun_again() {
    visit(&Setting::new("?preset=tiny&backend=cpu"), async |lab| {
        lab.run_first(
            "window.analysts = [];
            window.Worker = class extends Worker {
                constructor(url, options) {
                    super(url, options);
                    if (options?.name === 'analyst') {
                        window.analysts.push(this);
                        this.addEventListener('message', () => { window.hasAnswered = true; });
                    }
                }
            };",
        )
        .await;
        lab.open("?preset=tiny&backend=cpu").await;
        lab.wait_for_text("status", "ready").await;
        // While it loads it has more time than this test.
        lab.wait_for_evaluation("analysts.length === 1 && window.hasAnswered === true", true).await;
        lab.evaluate("analysts[0].terminate()").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        lab.wait_for_text("remarks", "analysis worker has not answered").await;
        lab.wait_for_evaluation("analysts.length", 2).await;
        // It takes up what the first one left. A panel far from the screen does not follow the state.
        lab.evaluate("document.getElementById('spectrum').scrollIntoView()").await;
        let is_missing = "document.querySelector('[data-testid=spectrum-chart]').hidden";
        lab.wait_for_evaluation(is_missing, false).await;
    });
}

#[test]
fn a_page_that_breaks_down_says_so_and_nothing_else() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "kept").await;
        // What the browser tells when the page's program finds no memory.
        lab.evaluate(
            "window.dispatchEvent(new ErrorEvent('error', { error: new WebAssembly.RuntimeError('unreachable') }))",
        )
        .await;
        lab.wait_for_text("error", "The page stopped").await;
        assert_eq!(lab.text("status").await, None, "it would go on saying that a run trains");
        lab.click("reload").await;
        lab.wait_until_gone("error").await;
        lab.wait_for_text("resume-kept", "Resume from step").await;
    });
}
