//! The time line under a mouse: it reads, pins, zooms, and lets the page scroll.

use fantoccini::key::Key;
use grokking_lab::protocol::recording::Recording;

use crate::input::Spot;
use crate::lab::{Lab, Setting, visit};
use crate::recorded::{is_shown, open_on_the_recorded_run, recording};

const TINY: &str = "?preset=tiny&backend=cpu&threads=1";
const CHART: &str = "loss-chart";
const IS_WHOLE: &str = "document.querySelector('[data-testid=reset-zoom]').disabled";

fn last_step(recording: &Recording) -> usize {
    recording.weights.step.expect("a recording tells its last step")
}

/// A place half-way up the chart, at this part of its width.
async fn across(lab: &Lab, part: f64) -> Spot {
    lab.part_of_figure(CHART, part, 0.5).await
}

/// Waits until the cursor is at another step than `before`; that step.
async fn step_after(lab: &Lab, before: usize) -> usize {
    let is_other = |text: &str| text.parse::<usize>().is_ok_and(|step| step != before);
    let text = lab.wait_for("cursor-step", &format!("was another than {before}"), is_other).await;
    text.parse().expect("it was parsed a moment ago")
}

async fn wait_for_step(lab: &Lab, step: usize) {
    lab.wait_for("cursor-step", &format!("was {step}"), |text| text == step.to_string()).await;
}

/// The step under the mouse at a part of the chart's width, where another was before.
async fn read_at(lab: &Lab, part: f64, before: usize) -> usize {
    lab.point_at(CHART, across(lab, part).await).await;
    step_after(lab, before).await
}

#[test]
fn a_mouse_over_the_time_line_reads_what_was_measured_there() {
    let recording = recording();
    let last = last_step(&recording);
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        let mut before = last;
        for (i, part) in [0.2, 0.4, 0.6, 0.8].into_iter().enumerate() {
            let step = read_at(lab, part, before).await;
            assert!(i == 0 || step > before, "further right is later: {step} after {before}");
            let row = recording.rows.iter().min_by_key(|row| row.step.abs_diff(step)).expect("it has rows");
            for (hook, expected) in
                [("read-loss-train", row.evaluation.train_loss), ("read-loss-test", row.evaluation.test_loss)]
            {
                let is_it = |text: &str| text.parse().is_ok_and(|shown| is_shown(shown, expected));
                lab.wait_for(hook, &format!("showed {expected}, measured at step {}", row.step), is_it).await;
            }
            before = step;
        }
        lab.point_away().await;
        wait_for_step(lab, last).await;
    });
}

#[test]
fn a_click_pins_the_cursor_and_arrow_keys_go_on_from_there() {
    let recording = recording();
    let last = last_step(&recording);
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        lab.click_figure(CHART, across(lab, 0.5).await, 1).await;
        let pinned = step_after(lab, last).await;
        let beyond = read_at(lab, 0.8, pinned).await;
        assert!(beyond > pinned, "the mouse still reads: {beyond}, pinned at {pinned}");
        lab.point_away().await;
        wait_for_step(lab, pinned).await;

        lab.press_focused(&Key::Right.to_string()).await;
        let next = step_after(lab, pinned).await;
        assert!(next > pinned, "the right arrow goes on: {next} after {pinned}");
        lab.press_focused(&Key::Right.to_string()).await;
        let after = step_after(lab, next).await;
        assert!(after > next, "and on: {after} after {next}");
        lab.press_focused(&Key::Left.to_string()).await;
        wait_for_step(lab, next).await;
        lab.press_focused(&Key::Escape.to_string()).await;
        wait_for_step(lab, last).await;
    });
}

#[test]
fn a_drag_zooms_and_a_double_click_shows_all_again() {
    let recording = recording();
    let last = last_step(&recording);
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        lab.click_figure(CHART, across(lab, 0.2).await, 1).await;
        let pinned = step_after(lab, last).await;
        let from = read_at(lab, 0.4, pinned).await;
        let to = read_at(lab, 0.6, from).await;
        assert_eq!(lab.evaluate(IS_WHOLE).await, true, "to read is not to zoom");

        lab.drag_in_figure(CHART, across(lab, 0.4).await, across(lab, 0.6).await).await;
        lab.wait_for_evaluation(IS_WHOLE, false).await;
        // Beside the plot the value is that at its edge; what is drawn there is measured every few steps.
        let near = |step: usize, end: usize| step.abs_diff(end) * 50 <= last;
        let right = read_at(lab, 0.995, pinned).await;
        assert!(near(right, to), "the right edge is at {right}, dragged to {to}");
        let left = read_at(lab, 0.005, right).await;
        assert!(near(left, from), "the left edge is at {left}, dragged from {from}");

        lab.click_figure(CHART, across(lab, 0.5).await, 2).await;
        lab.wait_for_evaluation(IS_WHOLE, true).await;
        lab.point_away().await;
        wait_for_step(lab, pinned).await;
    });
}

#[test]
fn a_wheel_over_a_figure_scrolls_the_page_and_changes_nothing() {
    let recording = recording();
    visit(&Setting::new(TINY), async |lab| {
        open_on_the_recorded_run(lab, &recording).await;
        lab.wait_for("spectrum-chart", "was on the page", |_| true).await;
        for figure in [CHART, "spectrum-chart"] {
            let middle = lab.part_of_figure(figure, 0.5, 0.5).await;
            lab.point_at(figure, middle).await;
            let before = lab.evaluate("scrollY").await.as_f64().expect("a page is scrolled somewhere");
            lab.turn_wheel(figure, middle, 200).await;
            lab.wait_for_evaluation(&format!("scrollY > {before} + 100"), true).await;
            assert_eq!(lab.evaluate(IS_WHOLE).await, true, "a wheel over `{figure}` zoomed");
        }
        lab.point_away().await;
        wait_for_step(lab, last_step(&recording)).await;
        assert_eq!(lab.text("ablation-result").await.as_deref(), Some(""), "a wheel cut something out");
    });
}
