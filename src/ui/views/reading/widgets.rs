//! Two widgets of the text: one neuron, whose ReLU makes a wave of a + b, and a network of ideal clocks that the reader
//! makes stronger.

use std::f64::consts::TAU;
use std::rc::Rc;

use leptos::prelude::*;

use crate::error::Result;
use crate::plot::figures::heat_map::HeatMap;
use crate::plot::figures::sheet::{Chart, Panel, Row, Shape, Sheet};
use crate::plot::{Axis, PixelMap, Theme};
use crate::ui::browser::canvas::{Area, Painter};
use crate::ui::state::format::{number, percent};
use crate::ui::views::charts::canvas::FigureCanvas;
use crate::ui::views::reading::example::{P, PAPER_FREQS, Slider};
use crate::ui::views::reading::ideal_clocks::{IdealClocks, strength_of_one};
use crate::ui::views::reading::neuron_ridge::Neuron;

/// The phase slider's steps, in degrees.
const PHASE_STEP_DEGREES: usize = 15;
/// The strength slider's steps: so many to a unit.
const STRENGTH_STEPS: usize = 2;
/// The strongest clocks that can be set: five of them have a loss far below what float32 resolves.
const STRONGEST: usize = 12;

/// The neuron.
#[component]
pub(super) fn NeuronWidget() -> impl IntoView {
    let freq = RwSignal::new(3);
    let phase_steps = RwSignal::new(0);
    let has_relu = RwSignal::new(true);
    let neuron = Memo::new(move |_| Neuron {
        p: P,
        freq: freq.get(),
        phase: phase(phase_steps.get()),
        has_relu: has_relu.get(),
    });
    let figure_canvas = FigureCanvas::new(Rc::new(NeuronPainter { neuron }), move || neuron.track());
    let words = Memo::new(move |_| neuron_words(neuron.get()));
    view! {
        <div class="example" role="group" aria-label="One neuron" data-testid="neuron-widget">
            <div class="example-numbers">
                <Slider name="k" value=freq min=1 max=P / 2 />
                <Slider name="phase, in steps of 15\u{b0}" value=phase_steps min=0 max={360 / PHASE_STEP_DEGREES - 1} />
            </div>
            <label class="widget-switch">
                <input
                    type="checkbox"
                    data-testid="neuron-relu"
                    prop:checked=move || has_relu.get()
                    on:change:target=move |event| has_relu.set(event.target().checked())
                />
                " with the ReLU"
            </label>
            <div class="sheet widget-map" role="img" aria-label=move || words.get()>
                <canvas node_ref=figure_canvas.canvas aria-hidden="true"></canvas>
            </div>
            <p class="example-answer" role="status" data-testid="neuron-says">{move || words.get()}</p>
        </div>
    }
}

/// The angle of a place of the slider, in radians.
fn phase(steps: usize) -> f64 {
    TAU * (steps * PHASE_STEP_DEGREES) as f64 / 360.0
}

fn neuron_words(neuron: Neuron) -> String {
    let fraction = percent(neuron.sum_wave_fraction());
    if neuron.has_relu {
        format!(
            "With the ReLU {fraction} of the neuron\u{2019}s variance is a wave of a + b: a ridge along a + b."
        )
    } else {
        format!(
            "Without the ReLU {fraction} of its variance is a wave of a + b: it is a sum of a wave of a and one of b."
        )
    }
}

/// Draws the neuron's values on all pairs.
struct NeuronPainter {
    neuron: Memo<Neuron>,
}

impl NeuronPainter {
    fn sheet(&self) -> Sheet {
        let (values, axis) = (self.neuron.get_untracked().values(), Axis::linear(0.0, P as f64));
        let range = HeatMap::range_of(&values);
        let chart = HeatMap { n_cols: P, values, x: axis, y: axis, range };
        let panel = Panel::new("", "b", "a", Chart::Heat(chart));
        Sheet { rows: vec![Row { panels: vec![panel], shape: Shape::Map }] }
    }
}

impl Painter for NeuronPainter {
    fn height(&self, width: f64, theme: &Theme) -> Option<f64> {
        Some(self.sheet().height(width, theme))
    }

    fn draw(&self, area: &Area, theme: &Theme) -> Result<Vec<PixelMap>> {
        self.sheet().draw(area, theme)
    }
}

/// The network that the reader is.
#[component]
pub(super) fn NetworkWidget() -> impl IntoView {
    let n_clocks = RwSignal::new(1);
    let strength_steps = RwSignal::new(2 * STRENGTH_STEPS);
    let words = Memo::new(move |_| network_words(n_clocks.get(), strength_steps.get()));
    view! {
        <div class="example" role="group" aria-label="Be the network" data-testid="network-widget">
            <div class="example-numbers">
                <Slider name="clocks" value=n_clocks min=1 max={PAPER_FREQS.len()} />
                <Slider name="strength, in halves" value=strength_steps min=0 max={STRONGEST * STRENGTH_STEPS} />
            </div>
            <p class="example-answer" role="status" data-testid="network-says">{move || words.get()}</p>
        </div>
    }
}

/// The lead, the loss and the bill of some of the paper's clocks, and what a single clock has for the same bill.
fn network_words(n_clocks: usize, strength_steps: usize) -> String {
    let strength = strength_steps as f64 / STRENGTH_STEPS as f64;
    let freqs = &PAPER_FREQS[..n_clocks.min(PAPER_FREQS.len())];
    let clocks = IdealClocks { p: P, freqs, strength };
    let of = |clocks: IdealClocks<'_>| {
        format!("the answer leads by {}, the loss is {}", number(clocks.lead()), number(clocks.loss_nats()))
    };
    let bill = number(clocks.cost());
    let own = format!(
        "Strength {strength}, clocks {n_clocks}: {}, and the bill, the sum of squared strengths, is {bill}.",
        of(clocks)
    );
    if n_clocks < 2 {
        return own;
    }
    let one = IdealClocks { p: P, freqs: &PAPER_FREQS[..1], strength: strength_of_one(clocks.cost()) };
    format!("{own} A single clock with the same bill: {}.", of(one))
}

#[cfg(test)]
mod tests {
    use super::{Neuron, P, network_words, neuron_words, phase};

    #[test]
    fn the_network_reads_its_loss_and_its_bill() {
        let guess = network_words(1, 0);
        assert!(guess.contains("the loss is 4.727") && guess.contains("is 0."), "{guess}");
        let one = network_words(1, 2);
        assert!(one.contains("leads by 0.001545"), "{one}");
        let five = network_words(5, 2);
        assert!(five.contains("leads by 2.410, the loss is 1.030"), "{five}");
        assert!(five.contains("squared strengths, is 5.000") && five.contains("loss is 3.484"), "{five}");
    }

    #[test]
    fn the_neuron_says_what_its_relu_makes() {
        let neuron = |has_relu| Neuron { p: P, freq: 1, phase: phase(0), has_relu };
        assert!(neuron_words(neuron(true)).contains("10.87 %"), "{}", neuron_words(neuron(true)));
        assert!(neuron_words(neuron(false)).contains(" 0.00 %"), "{}", neuron_words(neuron(false)));
        assert!((phase(12) - std::f64::consts::PI).abs() < 1e-12);
    }
}
