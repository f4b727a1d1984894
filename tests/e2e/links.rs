//! The address bar: settings come from it and go to it.

use crate::lab::{Setting, visit};

#[test]
fn a_link_sets_what_it_names() {
    visit(&Setting::new("?preset=tiny&seed=3&backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.value("preset").await, "tiny");
        assert_eq!(lab.value("set-seed").await, "3");
        lab.open("?preset=tiny&seed=4&backend=cpu").await;
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.value("set-seed").await, "4");
    });
}

#[test]
fn a_changed_setting_goes_to_the_address_and_survives_a_reload() {
    visit(&Setting::new("?backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.choose("preset", "tiny").await;
        lab.enter("set-seed", "5").await;
        lab.wait_for_query(&["preset=tiny", "seed=5"]).await;
        lab.reload().await;
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.value("preset").await, "tiny");
        assert_eq!(lab.value("set-seed").await, "5");
        assert_eq!(lab.text("notices").await, None, "the page does not understand its own link");
    });
}

#[test]
fn values_that_mean_nothing_are_reported_and_ignored() {
    visit(&Setting::new("?preset=tiny&backend=cpu&colour=red&p=twelve&lr=-1"), async |lab| {
        for name in ["colour", "twelve", "lr"] {
            lab.wait_for_text("notices", name).await;
        }
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.value("set-p").await, "7", "the preset's value stays");
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
    });
}
