//! The bench: how many steps a second each engine makes here, as lines to copy.

use leptos::prelude::*;

use crate::protocol::Timing;
use crate::ui::browser::dom;
use crate::ui::state::State;
use crate::ui::state::bench::Bench;
use crate::ui::store::Store;
use crate::ui::update::Message;

/// The button and the lines.
#[component]
pub(in crate::ui) fn BenchPanel() -> impl IntoView {
    let store = Store::get();
    let bench = store.memo(|state| state.bench.clone());
    let enabled = store.memo(State::can_bench);
    let running = move || bench.with(|bench| bench.running);
    let lines = move || bench.with(|bench| lines(bench, &browser(&dom::user_agent())));
    view! {
        <details class="fold bench">
            <summary>"Measure this device"</summary>
            <p>
                "Each engine at hand makes steps of the model in the form for ten seconds. The lines below it are \
                 for copying."
            </p>
            <button type="button" data-testid="bench" disabled=move || !enabled.get() on:click=move |_| store.send(Message::Bench)>
                "Measure"
            </button>
            <button
                type="button"
                class="quiet"
                data-testid="bench-stop"
                hidden=move || !running()
                on:click=move |_| store.send(Message::StopBench)
            >
                "Stop"
            </button>
            <p role="status">{move || running().then_some("Measuring…")}</p>
            <pre data-testid="bench-result" tabindex="0" hidden=move || lines().is_empty()>{lines}</pre>
        </details>
    }
}

/// One line an engine: what, on what, how fast, in which browser.
fn lines(bench: &Bench, browser: &str) -> String {
    let measured = bench.timings.iter().map(|timing| {
        let Timing { engine, steps_per_s, p, d_model, n_train } = timing;
        format!(
            "{} on {} ({}): {} steps/s, p = {p}, d_model = {d_model}, {n_train} pairs, {browser}\n",
            engine.engine,
            engine.device,
            engine.device_name,
            digits(*steps_per_s)
        )
    });
    let failed = bench.failures.iter().map(|reason| format!("not measured: {reason}\n"));
    measured.chain(failed).collect()
}

/// The browser's name and major version, of how it calls itself; most call themselves others too.
fn browser(user_agent: &str) -> String {
    let marks = [("Firefox/", "Firefox"), ("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Version/", "Safari")];
    let found = marks.iter().find_map(|(mark, name)| {
        let version = user_agent.split_once(mark)?.1;
        let major: String = version.chars().take_while(char::is_ascii_digit).collect();
        Some(format!("{name} {major}"))
    });
    found.unwrap_or_else(|| "an unknown browser".into())
}

/// Three digits are what a bench of ten seconds can tell.
fn digits(steps_per_s: f64) -> String {
    match steps_per_s {
        rate if rate >= 100.0 => format!("{rate:.0}"),
        rate if rate >= 10.0 => format!("{rate:.1}"),
        rate => format!("{rate:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Bench, browser, lines};
    use crate::config::Precision;
    use crate::engine::{DeviceKind, EngineInfo, EngineKind};
    use crate::protocol::Timing;

    #[test]
    fn browsers_are_told_apart() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        let safari =
            "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15";
        for (user_agent, name) in [
            (chrome, "Chrome 156"),
            (&format!("{chrome} Edg/156.0"), "Edge 156"),
            (safari, "Safari 26"),
            ("Mozilla/5.0 (X11; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox 150"),
            ("", "an unknown browser"),
        ] {
            assert_eq!(browser(user_agent), name);
        }
    }

    #[test]
    fn a_line_names_engine_device_speed_and_browser() {
        let engine = EngineInfo {
            engine: EngineKind::Folded,
            device: DeviceKind::Cpu,
            device_name: "2 threads, WebAssembly SIMD".into(),
            precision: Precision::F32,
            reason: None,
        };
        let timing = Timing { engine, steps_per_s: 21.04, p: 113, d_model: 128, n_train: 3830 };
        let bench =
            Bench { running: false, timings: vec![timing], failures: vec!["no WebGPU: no adapter".into()] };
        let expected = "folded on CPU (2 threads, WebAssembly SIMD): 21.0 steps/s, p = 113, d_model = 128, 3830 pairs, \
                        Chrome 156\nnot measured: no WebGPU: no adapter\n";
        assert_eq!(lines(&bench, "Chrome 156"), expected);
    }
}
