//! The console of one's own run beside its buttons: stop, the estimate, the screen kept awake, the memory that
//! is taken, and the settings that a claim proposes.

use grokking_lab::config::{Preset, cadence};

use crate::lab::{Lab, Setting, visit};
use crate::training::LONG_RUN;

const TINY: &str = "?preset=tiny&backend=cpu&threads=1";

#[test]
fn a_run_that_is_stopped_keeps_its_curves_and_can_go_on() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        lab.wait_for_text("status", "ready").await;
        let can_stop = "!document.querySelector('[data-testid=stop]').disabled";
        assert_eq!(lab.evaluate(can_stop).await, false, "nothing can be stopped");
        lab.click("start").await;
        lab.wait_for_epoch_above(20).await;
        lab.click("stop").await;
        lab.wait_for_text("status", "a kept run is on show").await;
        assert_eq!(lab.evaluate(can_stop).await, false, "it is stopped");
        let stopped = lab.epoch().await;
        lab.wait_for_number("train-loss").await;
        let offer = lab.wait_for_text("resume-kept", "Resume from step").await;
        assert_eq!(offer.replace(',', ""), format!("Resume from step {stopped}"));

        lab.click("resume-kept").await;
        lab.wait_for_epoch_above(stopped).await;
        lab.wait_for_text("status", "training").await;
    });
}

#[test]
fn the_estimate_is_measured_here_and_follows_the_settings() {
    visit(&Setting::new(TINY), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.click("preset").await;
        for preset in [Preset::Tiny, Preset::Quick] {
            lab.choose("preset", &preset.name()).await;
            let epochs = thousands(preset.config().run.epochs);
            let words = lab.wait_for_text("estimate", &format!("for all {epochs} steps")).await;
            assert!(words.starts_with("about "), "{words}");
        }
        // 100 is no prime.
        lab.enter("set-p", "100").await;
        lab.wait_for_text("estimate", "cannot be trained").await;
    });
}

/// A number as the page writes it.
fn thousands(n: usize) -> String {
    if n < 1_000 { n.to_string() } else { format!("{},{:03}", n / 1_000, n % 1_000) }
}

/// A browser that can keep a screen awake, whatever this machine can; `locks` holds what was asked for.
const COUNTED_LOCKS: &str = "
    window.locks = [];
    WakeLock.prototype.request = async () => {
        const lock = { isHeld: true, release: async () => { lock.isHeld = false; } };
        locks.push(lock);
        return lock;
    };";

#[test]
fn the_screen_is_kept_awake_while_a_run_trains_and_the_box_is_ticked() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        lab.run_first(COUNTED_LOCKS).await;
        lab.open(LONG_RUN).await;
        lab.wait_for_text("status", "ready").await;
        let held = "locks.filter(lock => lock.isHeld).length";
        lab.click("wake-lock").await;
        assert_eq!(lab.evaluate(held).await, 0, "nothing trains");
        for (button, status, n_held) in
            [("start", "training", 1), ("pause", "paused", 0), ("resume", "training", 1)]
        {
            lab.click(button).await;
            lab.wait_for_text("status", status).await;
            lab.wait_for_evaluation(held, n_held).await;
        }
        lab.click("wake-lock").await;
        lab.wait_for_evaluation(held, 0).await;
        let epoch = lab.epoch().await;
        lab.wait_for_epoch_above(epoch).await;
    });
}

#[test]
fn a_screen_that_cannot_be_kept_awake_is_told_and_the_run_goes_on() {
    visit(&Setting::new(LONG_RUN), async |lab| {
        let refusal = "new DOMException('the battery is low', 'NotAllowedError')";
        lab.run_first(&format!("WakeLock.prototype.request = async () => {{ throw {refusal}; }};")).await;
        lab.open(LONG_RUN).await;
        lab.wait_for_text("status", "ready").await;
        lab.click("wake-lock").await;
        lab.click("start").await;
        let trouble =
            "document.querySelector('#wake-lock-trouble').textContent.includes('the battery is low')";
        lab.wait_for_evaluation(trouble, true).await;
        let epoch = lab.epoch().await;
        lab.wait_for_epoch_above(epoch).await;
    });
}

#[test]
fn the_memory_that_checkpoints_take_is_told_while_there_are_some() {
    let run = Preset::Tiny.config().run;
    let n_checkpoints = (0..=run.epochs).filter(|&step| cadence::is_shown(&run, step)).count();
    visit(&Setting::new(TINY), async |lab| {
        lab.wait_for_text("status", "ready").await;
        assert_eq!(lab.text("memory").await, None, "nothing is trained");
        lab.click("start").await;
        lab.wait_for_text("status", "finished").await;
        let words = lab.wait_for_text("memory", "of 100 MB").await;
        assert!(
            words.contains(&format!("{n_checkpoints} checkpoints, ")),
            "{n_checkpoints} are due: {words}"
        );
        lab.click("reset").await;
        lab.wait_until_gone("memory").await;
    });
}

/// Presses the button of a claim, and waits for the settings that it proposes.
async fn follow_recipe(lab: &Lab, claim: usize, settings: &[(&str, &str)]) {
    lab.click(&format!("recipe-{claim}")).await;
    for (hook, value) in settings {
        lab.wait_for_value(hook, value).await;
    }
}

#[test]
fn a_claim_about_another_run_puts_its_settings_into_the_form() {
    visit(&Setting::new(TINY), async |lab| {
        lab.wait_for_text("status", "ready").await;
        lab.wait_for_text("exhibit", "Recorded run").await;
        follow_recipe(lab, 29, &[("preset", "no-decay"), ("set-weight_decay", "0")]).await;
        follow_recipe(lab, 30, &[("preset", "data-60"), ("set-frac_train", "0.6")]).await;
        follow_recipe(lab, 32, &[("preset", "paper"), ("set-p", "53"), ("set-weight_decay", "5")]).await;
        lab.wait_for_query(&["preset=paper", "p=53", "weight_decay=5"]).await;
        follow_recipe(lab, 33, &[("preset", "slingshot"), ("set-p", "113")]).await;
        lab.wait_for_text("exhibit", "Recorded run").await;
        assert_eq!(lab.text("notices").await, None, "the settings are understood");
    });
}
