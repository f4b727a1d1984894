//! The address bar: settings come from it and go to it.

use crate::lab::{Setting, visit};

#[test]
fn a_link_sets_what_it_names() {
    visit(&Setting::new("?preset=tiny&seed=3&backend=cpu"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.property("preset", "value").await.as_deref(), Some("tiny"));
        assert_eq!(lab.property("seed", "value").await.as_deref(), Some("3"));
        lab.open("?preset=tiny&seed=4&backend=cpu").await;
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.property("seed", "value").await.as_deref(), Some("4"));
    });
}

#[test]
fn values_that_mean_nothing_are_reported_and_ignored() {
    visit(&Setting::new("?preset=tiny&backend=cpu&colour=red&p=twelve"), async |lab| {
        lab.wait_for_text("status", "ready").await;
        let shown = lab.evaluate("document.body.innerText").await;
        let shown = shown.as_str().expect("a page has text");
        for name in ["colour", "twelve"] {
            assert!(shown.contains(name), "`{name}` of the address is not reported on the page:\n{shown}");
        }
        lab.click("start").await;
        lab.wait_for_epoch_above(0).await;
    });
}
