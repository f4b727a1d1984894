//! The live example: two numbers, a few clocks, and the answer that their hands agree on.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use leptos::prelude::*;

use crate::ui::views::reading::clock_demo::{candidate_ranking, scores, turns};

/// The paper's modulus.
pub(super) const P: usize = 113;

/// The key frequencies of the paper's main run (section 4.1); each clock's slider can be moved from there.
pub(super) const PAPER_FREQS: [usize; 5] = [14, 35, 41, 42, 52];

/// Half the side of a clock's picture, in its own units; its circle has the radius 1.
const CLOCK_HALF: f64 = 1.15;

/// Sides of the scores' picture, in its own units.
const PLOT: (f64, f64) = (340.0, 110.0);

/// One clock: a frequency that can be set and switched off.
#[derive(Debug, Clone, Copy)]
struct Clock {
    freq: RwSignal<usize>,
    is_on: RwSignal<bool>,
}

/// The example. It begins with a single clock, which cannot tell the answer from its neighbours.
#[component]
pub(super) fn Example() -> impl IntoView {
    let a = RwSignal::new(41);
    let b = RwSignal::new(97);
    let clocks = PAPER_FREQS
        .map(|freq| Clock { freq: RwSignal::new(freq), is_on: RwSignal::new(freq == PAPER_FREQS[0]) });
    let freqs = move || -> Vec<usize> {
        clocks.iter().filter(|clock| clock.is_on.get()).map(|clock| clock.freq.get()).collect()
    };
    let sum = move || a.get() + b.get();
    let scores = Memo::new(move |_| scores(P, &freqs(), sum()));
    let reset = move |n_on: usize| {
        for (i, clock) in clocks.iter().enumerate() {
            clock.freq.set(PAPER_FREQS[i]);
            clock.is_on.set(i < n_on);
        }
    };
    let n_on = move || clocks.iter().filter(|clock| clock.is_on.get()).count();
    view! {
        <div class="example" role="group" aria-label="Addition by clock hands" data-testid="clock-example">
            <div class="example-numbers">
                <Slider name="a" value=a min=0 max={P - 1} />
                <Slider name="b" value=b min=0 max={P - 1} />
            </div>
            <div class="clocks">{clocks.map(|clock| view! { <ClockRow clock a b /> }).collect_view()}</div>
            <Scores scores sum=Signal::derive(sum) />
            <p class="example-answer" role="status" data-testid="clock-answer">
                {move || answer(a.get(), b.get(), n_on(), &scores.get())}
            </p>
            <p class="example-buttons">
                <button type="button" on:click=move |_| reset(1)>"One clock"</button>
                <button type="button" data-testid="clock-five" on:click=move |_| reset(5)>
                    "The paper's five"
                </button>
            </p>
        </div>
    }
}

/// What the clocks say, in words.
fn answer(a: usize, b: usize, n_on: usize, scores: &[f64]) -> String {
    let sum = format!("{a} + {b} = {} mod {P}.", (a + b) % P);
    match candidate_ranking(scores) {
        Some(candidate_ranking) if n_on > 0 => format!(
            "{sum} The hands agree best on c = {}, which leads c = {} by {:.4} of {n_on}.",
            candidate_ranking.first, candidate_ranking.second, candidate_ranking.lead
        ),
        _ => format!("{sum} No clock is on, so nothing points at it."),
    }
}

/// A slider for a whole number.
#[component]
pub(super) fn Slider(name: &'static str, value: RwSignal<usize>, min: usize, max: usize) -> impl IntoView {
    let set = move |text: String| value.set(text.parse().map_or(min, |number: usize| number.clamp(min, max)));
    view! {
        <label class="slider">
            <span>{name} " = " <output>{move || value.get()}</output></span>
            <input
                type="range"
                min=min
                max=max
                prop:value=move || value.get().to_string()
                on:input:target=move |event| set(event.target().value())
            />
        </label>
    }
}

#[component]
fn ClockRow(clock: Clock, a: RwSignal<usize>, b: RwSignal<usize>) -> impl IntoView {
    let Clock { freq, is_on } = clock;
    let angle = move |x: usize| turns(P, freq.get(), x);
    let first = move || hand(angle(a.get()), 0.82);
    let both = move || hand(angle(a.get() + b.get()), 1.0);
    let sweep = move || arc(angle(a.get()), angle(b.get()), 0.5);
    let side = format!("{} {} {} {}", -CLOCK_HALF, -CLOCK_HALF, 2.0 * CLOCK_HALF, 2.0 * CLOCK_HALF);
    view! {
        <div class="clock" class:off=move || !is_on.get()>
            <label class="clock-switch">
                <input
                    type="checkbox"
                    prop:checked=move || is_on.get()
                    on:change:target=move |event| is_on.set(event.target().checked())
                />
                <span class="visually-hidden">"Clock of frequency " {move || freq.get()}</span>
            </label>
            <svg viewBox=side aria-hidden="true">
                <circle cx="0" cy="0" r="1" class="rim" />
                <path d=sweep class="sweep" />
                <path d=first class="hand-a" />
                <path d=both class="hand-sum" />
            </svg>
            <Slider name="k" value=freq min=1 max={P / 2} />
        </div>
    }
}

/// The score of every c as bars, the sum's marked.
#[component]
fn Scores(scores: Memo<Vec<f64>>, sum: Signal<usize>) -> impl IntoView {
    let (width, height) = PLOT;
    let bars = move |of_sum: bool| {
        let scores = scores.get();
        let sum = sum.get() % P;
        let largest = scores.iter().fold(1.0_f64, |max, score| max.max(score.abs()));
        let mut path = String::new();
        for (c, score) in scores.iter().enumerate().filter(|(c, _)| (*c == sum) == of_sum) {
            let x = (c as f64 + 0.5) / P as f64 * width;
            let y = height / 2.0 * (1.0 - score / largest);
            // Writing to a String cannot fail.
            let _ = write!(path, "M{x:.1} {:.1}V{y:.1}", height / 2.0);
        }
        path
    };
    view! {
        <figure class="scores">
            <svg
                viewBox=format!("0 -4 {width} {}", height + 8.0)
                role="img"
                aria-label="The summed cosines for every answer c; the sum's own is marked"
            >
                <path d=format!("M0 {}H{width}", height / 2.0) class="zero" />
                <path d=move || bars(false) class="bars" />
                <path d=move || bars(true) class="bars of-sum" />
            </svg>
            <figcaption>"The sum of the cosines for c = 0 to 112; marked: c = (a + b) mod 113"</figcaption>
        </figure>
    }
}

/// A point on a circle: 0 turns points up, and turning is clockwise, as on a clock.
fn point(turns: f64, radius: f64) -> (f64, f64) {
    let (sin, cos) = (TAU * turns).sin_cos();
    (radius * sin, -radius * cos)
}

fn hand(turns: f64, length: f64) -> String {
    let (x, y) = point(turns, length);
    format!("M0 0L{x:.4} {y:.4}")
}

/// The way from one hand to the other, forward.
fn arc(from: f64, by: f64, radius: f64) -> String {
    let (x0, y0) = point(from, radius);
    let (x1, y1) = point(from + by, radius);
    let is_long = u8::from(by > 0.5);
    format!("M{x0:.4} {y0:.4}A{radius} {radius} 0 {is_long} 1 {x1:.4} {y1:.4}")
}

#[cfg(test)]
mod tests {
    use super::{answer, arc, hand};
    use crate::ui::views::reading::clock_demo::scores;

    #[test]
    fn hands_turn_as_on_a_clock() {
        assert_eq!(hand(0.0, 1.0), "M0 0L0.0000 -1.0000", "up");
        assert_eq!(hand(0.25, 1.0), "M0 0L1.0000 -0.0000", "then to the right");
        assert!(arc(0.0, 0.75, 0.5).contains(" 0 1 1 "), "three quarters is the long way");
        assert!(arc(0.9, 0.2, 0.5).contains(" 0 0 1 "), "a fifth is the short way");
    }

    #[test]
    fn the_answer_tells_the_sum_the_runner_up_and_the_lead() {
        let words = answer(41, 97, 1, &scores(113, &[14], 138));
        assert!(words.starts_with("41 + 97 = 25 mod 113."), "{words}");
        assert!(words.contains("c = 25") && words.contains("0.0015 of 1"), "{words}");
        assert!(answer(1, 2, 0, &scores(113, &[], 3)).contains("No clock is on"));
    }
}
