//! The first screen: it plays by itself, tells the story of the run, and its link leads back to what was on show.

use fantoccini::key::Key;
use serde_json::json;

use crate::lab::{Lab, Setting, visit};
use crate::recorded::{open_on_the_recorded_run, recorded_model, recording};

const TINY: &str = "?preset=tiny&backend=cpu&threads=1";

/// Moves the cursor to a step that was analysed.
async fn go_to(lab: &Lab, step: usize) {
    let query = format!("{TINY}&step={step}");
    lab.open(&query).await;
    lab.wait_for("cursor-step", &format!("was {step}"), |text| text == step.to_string()).await;
}

#[test]
fn a_sum_is_wrong_at_first_and_right_in_the_end() {
    let recording = recording();
    visit(&Setting::new(TINY), async |lab| {
        go_to(lab, 1_500).await;
        lab.wait_for_text("try-says", "26 wrong").await;
        go_to(lab, recording.weights.step.expect("a recording tells its last step")).await;
        lab.wait_for_text("try-says", "26 right").await;
        lab.enter("try-a", "8").await;
        lab.press("try-a", &Key::Enter.to_string()).await;
        lab.wait_for_text("try-says", "105 right").await;
    });
}

#[test]
fn the_story_walks_through_the_run_and_its_headline_sums_it_up() {
    let recording = recording();
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        lab.wait_for_text("headline", "understood at").await;
        lab.wait_for_text("story", "A clean algorithm").await;
        lab.click("beat-1").await;
        lab.wait_for("cursor-step", "was the first", |text| text == "0").await;
        for title in ["memorised", "Nothing seems", "circle closes", "groks", "clean algorithm"] {
            lab.click("story-next").await;
            lab.wait_for_text("story", title).await;
        }
        let end = "document.querySelector('[data-testid=story-next]').disabled";
        assert_eq!(lab.evaluate(end).await, true, "the story is over");
    });
}

#[test]
fn a_link_leads_to_the_same_step_ablation_and_section() {
    let recording = recording();
    let (_, freq) = recorded_model(&recording);
    visit(&Setting::new(TINY), async |lab| {
        go_to(lab, 6_400).await;
        lab.click(&format!("ablate-freq-{freq}")).await;
        lab.wait_for_text("ablation-chip", &format!("k = {freq}")).await;
        let chip = lab.wait_for_text("ablation-chip", "of all sums right").await;
        lab.wait_for_query(&["step=6400", &format!("ablate=freq-{freq}")]).await;
        lab.click("cite").await;
        lab.wait_for_text("citation", "step=6400").await;

        // As whoever gets the link.
        let link = lab.evaluate("location.href").await;
        assert!(link.as_str().is_some_and(|link| link.ends_with("#ablate")), "{link}");
        lab.evaluate("location.assign('about:blank')").await;
        lab.evaluate(&format!("location.assign({link})")).await;
        lab.wait_for("cursor-step", "was 6400", |text| text == "6400").await;
        lab.wait_for("ablation-chip", "was as before", |text| text == chip).await;
        let open = "document.querySelector('[data-testid=to-ablate]').getAttribute('aria-current')";
        assert_eq!(lab.evaluate(open).await, "page");
        lab.click("chip-restore").await;
        lab.wait_until_gone("ablation-chip").await;
    });
}

#[test]
fn the_recorded_run_plays_once_for_those_who_do_not_mind_motion() {
    let recording = recording();
    let last = recording.weights.step.expect("a recording tells its last step").to_string();
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        lab.run_first(
            "window.matchMedia = query => ({ matches: false, media: query, addEventListener() {} });",
        )
        .await;
        lab.open(TINY).await;
        let pressed = "document.querySelector('[data-testid=play]').getAttribute('aria-pressed')";
        lab.wait_for_evaluation(pressed, "true").await;
        lab.wait_for("cursor-step", "moved", |text| text != "0" && text != last).await;
        lab.wait_for("cursor-step", "came to the end", |text| text == last).await;
        lab.wait_for_evaluation(pressed, "false").await;
    });
}

#[test]
fn every_section_has_an_address_and_the_back_button_works() {
    visit(&Setting::new(TINY), async |lab| {
        lab.wait_for_text("exhibit", "Recorded run").await;
        for section in ["train", "ablate", "verdict", "runs", "figures", "reading", "explore"] {
            lab.click(&format!("to-{section}")).await;
            let open = "[...document.querySelectorAll('.page-section')].filter(it => !it.hidden)\
                 .map(it => it.dataset.sections)";
            lab.wait_for_evaluation(open, json!([section])).await;
        }
        lab.evaluate("history.back()").await;
        let open = "document.querySelector('.page-section:not([hidden])').dataset.sections";
        lab.wait_for_evaluation(open, "reading").await;
    });
}

#[test]
fn five_seeds_stand_side_by_side_and_over_the_run_on_show() {
    visit(&Setting::new(TINY), async |lab| {
        lab.wait_for_text("exhibit", "Recorded run").await;
        lab.click("load-seeds").await;
        lab.wait_for_text("seeds", "seed 4").await;
        lab.click("compare-seed-2").await;
        lab.wait_for_text("compare-runs", "seed 2").await;
        let legend = "document.querySelector('.compared .key')?.textContent.includes('seed 2')";
        lab.wait_for_evaluation(legend, true).await;
    });
}

#[test]
fn the_story_is_told_by_the_arrow_keys_and_esc_leads_back() {
    visit(&Setting::new(TINY), async |lab| {
        lab.wait_for_text("exhibit", "Recorded run").await;
        lab.click("to-present").await;
        lab.click("beat-1").await;
        lab.wait_for_text("story", "It knows nothing").await;
        let press = |key: &str| format!("dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}' }}))");
        lab.evaluate(&press("ArrowRight")).await;
        lab.wait_for_text("story", "It has memorised").await;
        lab.evaluate(&press("Escape")).await;
        lab.wait_for_evaluation("location.hash", "").await;
    });
}
