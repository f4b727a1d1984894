//! With a GPU, without one, and without a worker.

use std::time::Duration;

use crate::browser::WebGpu;
use crate::lab::{Setting, visit};
use crate::training::LONG_RUN;

#[test]
fn without_an_adapter_web_gpu_is_refused_by_name() {
    let setting = Setting { web_gpu: WebGpu::Absent, ..Setting::new("?preset=tiny&backend=webgpu") };
    visit(&setting, async |lab| {
        lab.wait_for_text("error", "WebGPU").await;
        lab.click("use-cpu").await;
        lab.wait_until_gone("error").await;
        lab.wait_for_text("status", "CPU").await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
    });
}

#[test]
fn without_an_adapter_the_page_trains_on_the_processor() {
    let setting = Setting { web_gpu: WebGpu::Absent, ..Setting::new("?preset=tiny") };
    visit(&setting, async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.wait_for_text("status", "CPU").await;
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
        assert_eq!(lab.text("error").await, None, "the processor is a way on, not an error");
    });
}

#[test]
fn with_an_adapter_the_page_trains_on_web_gpu() {
    visit(&Setting::new("?preset=tiny&backend=webgpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.wait_for_text("status", "WebGPU").await;
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
        lab.wait_for_number("train-loss").await;
    });
}

/// Burn is fetched for WebGPU and to compare with, not to train on the processor.
#[test]
fn the_processor_trains_without_burn_and_a_check_that_needs_it_says_so() {
    let setting = Setting { missing: &["burn_worker_bg.wasm"], ..Setting::new("?preset=tiny&backend=cpu") };
    visit(&setting, async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        lab.evaluate("document.querySelector('details.verify').open = true").await;
        lab.click("verify-device").await;
        lab.wait_for_text("error", "burn_worker_bg.wasm").await;
        lab.find_all_files();
        lab.click("restart").await;
        lab.wait_until_gone("error").await;
        lab.wait_for_text("status", "finished").await;
        lab.evaluate("document.querySelector('details.verify').open = true").await;
        lab.click("verify-device").await;
        lab.wait_for_text("verify-result", "is verified").await;
    });
}

#[test]
fn a_worker_that_does_not_load_is_reported_and_can_be_restarted() {
    let setting = Setting { missing: &["worker_bg.wasm"], ..Setting::new("?preset=tiny&backend=cpu") };
    visit(&setting, async |lab| {
        lab.wait_for_text("error", "worker_bg.wasm").await;
        lab.find_all_files();
        lab.click("restart").await;
        lab.wait_until_gone("error").await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
    });
}

#[test]
fn a_worker_that_dies_in_a_run_is_reported_and_can_be_restarted() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        lab.reopen_with_worker_in_reach(LONG_RUN).await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
        // What the page hears of a worker whose program has panicked.
        lab.evaluate("lastWorker.dispatchEvent(new ErrorEvent('error', { message: 'out of luck' }))").await;
        lab.wait_for_text("error", "out of luck").await;
        let epoch = lab.epoch().await;
        assert!(epoch > 0, "what was measured is gone");
        lab.stays("epoch", Duration::from_millis(500)).await;

        lab.click("restart").await;
        lab.wait_until_gone("error").await;
        lab.click("start").await;
        lab.wait_for_text("status", "training").await;
    });
}
