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

#[test]
fn a_hundred_malformed_links_each_end_in_a_notice() {
    // Without the worker a page opens quickly.
    let setting = Setting { missing: &["worker_bg.wasm"], ..Setting::new("?preset=tiny") };
    visit(&setting, async |lab| {
        let names = ["p", "lr", "seed", "split", "frac_train", "preset", "backend", "v", "colour", "d_model"];
        let values = [
            "-1",
            "NaN",
            "1e999",
            "%00",
            "%F0%9F%A6%80",
            "a%26b",
            "'%22%3E%3Cscript%3E",
            "0x10",
            "%25",
            "9999999999999999999999",
        ];
        for (i, name) in names.iter().enumerate() {
            for value in values {
                lab.open(&format!("?{name}={value}")).await;
                let start = std::time::Instant::now();
                while lab.text("notices").await.is_none_or(|notices| !notices.contains(name)) {
                    assert!(
                        start.elapsed() < crate::lab::PATIENCE,
                        "link {i}: {name}={value} is passed over"
                    );
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
        }
    });
}

/// Notes the longest time for which the page answered nothing, in milliseconds, as `longestStall`.
const WATCH_STALLS: &str = "
    window.longestStall = 0;
    let last = performance.now();
    setInterval(() => {
        window.longestStall = Math.max(window.longestStall, performance.now() - last);
        last = performance.now();
    }, 50);";

#[test]
fn a_link_that_asks_for_millions_of_rows_or_checkpoints_leaves_the_page_calm() {
    const LINKS: [&str; 2] = [
        "?preset=tiny&backend=cpu&threads=1&epochs=10000000&checkpoint_every=10",
        "?preset=tiny&backend=cpu&threads=1&epochs=10000000&eval_every=1",
    ];
    visit(&Setting::new(LINKS[0]), async |lab| {
        lab.run_first(WATCH_STALLS).await;
        for link in LINKS {
            lab.open(link).await;
            lab.wait_for_text("status", "ready").await;
            lab.evaluate("window.longestStall = 0").await;
            lab.click("start").await;
            lab.wait_for_epoch_above(50_000).await;
            let words = lab.text("memory").await.expect("the memory of the run is told");
            assert!(words.contains("of at most 4,096 rows"), "{words}");
            let start = std::time::Instant::now();
            lab.click("pause").await;
            lab.wait_for_text("status", "paused").await;
            assert!(start.elapsed().as_secs() < 10, "{link}: a pause took {:?}", start.elapsed());
            let stall_ms = lab.evaluate("window.longestStall").await.as_f64().expect("a number");
            assert!(stall_ms < 2_000.0, "{link}: the page answered nothing for {stall_ms:.0} ms");
            lab.click("reset").await;
        }
    });
}
