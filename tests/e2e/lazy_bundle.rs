//! The rest of the page, which is fetched after the first paint.

use crate::lab::{Setting, visit};

#[test]
fn the_first_program_alone_trains_and_the_rest_can_be_fetched_later() {
    let setting =
        Setting { missing: &["split_lazy_bundle.wasm"], ..Setting::new("?preset=tiny&backend=cpu") };
    visit(&setting, async |lab| {
        lab.wait_for_text("rest-error", "the rest of the page").await;
        lab.wait_for_text("status", "ready").await;
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
        lab.click("fetch-rest").await;
        lab.wait_for_text("rest-error", "the rest of the page").await;
        assert_eq!(lab.text("verdict").await, None, "it is still missing");

        lab.find_all_files();
        lab.click("fetch-rest").await;
        lab.wait_until_gone("rest-error").await;
        lab.wait_for_text("verdict-summary", "of").await;
        lab.wait_for_text("show-recorded", "Recorded run").await;
        assert_eq!(lab.text("error").await, None, "training goes on");
    });
}
