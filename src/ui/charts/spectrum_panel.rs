//! The Fourier spectrum of the embedding.

use leptos::prelude::*;

use super::figure::{Figure, Go, Mark};
use super::table::SpectrumTable;
use crate::plot::SpectrumChart;
use crate::ui::format;
use crate::ui::state::{Spectrum, State};
use crate::ui::store::Store;

/// The panel.
#[component]
pub(crate) fn SpectrumPanel() -> impl IntoView {
    let store = Store::get();
    let cursor = RwSignal::new(None::<usize>);
    let spectrum = store.memo(|state| spectrum_of(state).cloned());
    let chart = Memo::new(move |_| {
        SpectrumChart::from_norms(&spectrum.with(|s| s.as_ref().map(|s| s.norms.clone()).unwrap_or_default()))
    });
    let harmonic = Memo::new(move |_| chart.with(|chart| chart.harmonics.get(cursor.get()?).copied()));
    let mark = Signal::derive(move || {
        harmonic.get().map(|h| Mark { x: h.k as f64, dots: vec![("cos", h.cos), ("sin", h.sin)] })
    });
    let go = move |go: Go| {
        let next = chart.with_untracked(|chart| {
            go.apply(cursor.get_untracked(), chart.harmonics.len(), |x| chart.nearest(x).map(|h| h.k - 1))
        });
        cursor.set(next);
    };
    let draw = move |area: &_, theme: &_| chart.with_untracked(|chart| chart.draw(area, theme));
    let description = Memo::new(move |_| spectrum.with(|s| describe(s.as_ref(), &chart.get())));
    let live = move || if cursor.get().is_some() { "polite" } else { "off" };
    let step = move || spectrum.with(|s| s.as_ref().map(|s| format!("at step {}", format::count(s.step))));
    let read = move |cos: bool| harmonic.get().map(|h| format!("{:.3}", if cos { h.cos } else { h.sin }));
    let at = move || harmonic.get().map(|h| format!("frequency {}", h.k));
    view! {
        <section class="panel chart" aria-label="Spectrum">
            <div class="panel-head">
                <h2>"Spectrum of W_E"</h2>
                <span class="unit">"norm by frequency k"</span>
            </div>
            <p class="legend" aria-live=live>
                <span class="key" data-key="cos">"cos "<b>{move || read(true)}</b></span>
                <span class="key" data-key="sin">"sin "<b>{move || read(false)}</b></span>
                <span class="at">{move || at().or_else(step)}</span>
            </p>
            <div class="stage" class:blank=move || spectrum.with(Option::is_none)>
                <Figure test_id="spectrum-chart" description draw track=move || chart.with(|_| ()) mark go />
                <p class="empty" hidden=move || spectrum.with(Option::is_some)>
                    "The embedding's frequencies appear here: first all alike, in the end only a few."
                </p>
            </div>
            <SpectrumTable chart />
        </section>
    }
}

fn spectrum_of(state: &State) -> Option<&Spectrum> {
    state.run.as_ref()?.spectrum.as_ref()
}

/// The figure in a sentence: its largest frequencies.
fn describe(spectrum: Option<&Spectrum>, chart: &SpectrumChart) -> String {
    let Some(spectrum) = spectrum else { return "Fourier spectrum of W_E: nothing measured yet.".into() };
    let mut order: Vec<_> = chart.harmonics.iter().map(|h| (h.cos.hypot(h.sin), h.k)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let top: Vec<_> = order.iter().take(5).map(|(norm, k)| format!("{k} ({norm:.2})")).collect();
    format!(
        "Fourier spectrum of W_E at step {}, {} frequencies. The largest: {}.",
        spectrum.step,
        chart.harmonics.len(),
        top.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::{Spectrum, SpectrumChart, describe};

    #[test]
    fn the_description_names_the_largest_frequencies_first() {
        let norms = vec![9.0, 0.1, 0.1, 3.0, 4.0, 1.0, 0.0];
        let text =
            describe(Some(&Spectrum { step: 70, norms: norms.clone() }), &SpectrumChart::from_norms(&norms));
        assert!(
            text.contains("step 70") && text.contains("The largest: 2 (5.00), 3 (1.00), 1 (0.14)"),
            "{text}"
        );
    }
}
