//! The controls of an ablation, what it leaves, and the model's answers.

use leptos::prelude::*;

use super::subject::snapshot;
use crate::analysis::ablation::SkipEdit;
use crate::analysis::grid::Parts;
use crate::ui::format;
use crate::ui::state::State;
use crate::ui::store::Store;
use crate::ui::surgery::{Answer, Cut, PaperCut};
use crate::ui::update::{Message, weights_at};

/// The section.
#[component]
pub(crate) fn Knife() -> impl IntoView {
    let store = Store::get();
    let step = store.memo(|state| weights_at(state).filter(|_| snapshot(state).is_some()));
    let failure = store.memo(|state| state.desk.failure.clone());
    let body = move || match step.get() {
        None => {
            view! { <p class="finding">"There are no weights of this run at hand to cut."</p> }.into_any()
        }
        Some(step) => view! {
            <p class="finding">{format!("On the weights of step {}.", format::count(step))}</p>
            {controls(store)}
            {left(store)}
        }
        .into_any(),
    };
    view! {
        <section class="knife" id="ablate" aria-labelledby="ablate-title">
            <div class="section-head">
                <h2 id="ablate-title">"Cut it and ask it"</h2>
                <p>"Remove parts of the model and see what the rest still knows; or ask it a sum."</p>
            </div>
            <div class="panels">
                <section class="panel figure-panel" aria-label="Ablation">
                    {body}
                    <p class="problem" role="status">{move || failure.get()}</p>
                </section>
                {ask(store)}
            </div>
        </section>
    }
    .into_any()
}

/// A button that is pressed while a part is cut out.
fn toggle(store: Store, words: String, hook: String, cut: Cut, is_cut: fn(&State, &Cut) -> bool) -> AnyView {
    let (sent, seen) = (cut.clone(), cut);
    let pressed = store.memo(move |state| is_cut(state, &seen));
    let click = move |_| store.send(Message::Cut(sent.clone()));
    view! {
        <button type="button" class="cut" data-testid=hook aria-pressed=move || pressed.get().to_string() on:click=click>{words}</button>
    }
    .into_any()
}

fn is_cut(state: &State, cut: &Cut) -> bool {
    let ablation = &state.surgery.ablation;
    match cut {
        Cut::Freq(k) => state.surgery.removed_freqs().contains(k),
        Cut::Head(head) => ablation.attention.removed_heads.contains(head),
        Cut::AttentionSkip => !ablation.attention.skip,
        Cut::AttentionToEq => !ablation.attention.to_eq,
        Cut::MlpSkip(edit) => ablation.mlp_skip == *edit,
        Cut::Paper(_) | Cut::Undo | Cut::Whole => false,
    }
}

fn controls(store: Store) -> AnyView {
    let parts = store.memo(|state| {
        snapshot(state).map(|s| (s.report.key_freqs.clone(), s.report.attention.len())).unwrap_or_default()
    });
    let button = move |words: String, hook: String, cut: Cut| toggle(store, words, hook, cut, is_cut);
    let freqs = move || {
        let (freqs, _) = parts.get();
        freqs
            .into_iter()
            .map(|k| button(format!("k = {k}"), format!("ablate-freq-{k}"), Cut::Freq(k)))
            .collect_view()
    };
    let heads = move || {
        let (_, n) = parts.get();
        (0..n).map(|h| button(format!("head {h}"), format!("ablate-head-{h}"), Cut::Head(h))).collect_view()
    };
    let mlp = [(SkipEdit::Zero, "zero"), (SkipEdit::Mean, "mean")]
        .map(|(edit, words)| button(words.into(), format!("ablate-mlp-skip-{words}"), Cut::MlpSkip(edit)))
        .collect_view();
    let undo = store.memo(|state| state.surgery.can_undo());
    let whole = store.memo(|state| state.surgery.is_whole());
    let papers = PaperCut::ALL
        .map(|paper| {
            let (words, value) = paper.words();
            let click = move |_| store.send(Message::Cut(Cut::Paper(paper)));
            let ours = store.memo(move |state| {
                snapshot(state).map(|s| format::loss(paper.reported(&s.report.ablations)))
            });
            view! {
                <tr>
                    <td class="words"><button type="button" class="quiet" on:click=click>{words}</button></td>
                    <td>{value}</td>
                    <td>{move || ours.get()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="cuts" role="group" aria-label="Remove a frequency from the logits"><span>"Remove from the logits"</span>{freqs}</div>
        <div class="cuts" role="group" aria-label="Remove a head"><span>"Remove"</span>{heads}</div>
        <div class="cuts" role="group" aria-label="Attention"><span>"Attention"</span>
            {button("no skip".into(), "ablate-attention-skip".into(), Cut::AttentionSkip)}
            {button("none to \u{201c}=\u{201d}".into(), "ablate-to-eq".into(), Cut::AttentionToEq)}
        </div>
        <div class="cuts" role="group" aria-label="Skip around the MLP"><span>"Skip around the MLP"</span>{mlp}</div>
        <div class="cuts">
            <button type="button" data-testid="ablate-undo" disabled=move || !undo.get() on:click=move |_| store.send(Message::Cut(Cut::Undo))>"Undo"</button>
            <button type="button" data-testid="ablate-reset" disabled=move || whole.get() on:click=move |_| store.send(Message::Cut(Cut::Whole))>"Whole model again"</button>
        </div>
        <details class="fold">
            <summary>"The paper\u{2019}s ablations"</summary>
            <table class="papers">
                <thead><tr><th scope="col">"what"</th><th scope="col">"paper, loss over all"</th><th scope="col">"this run"</th></tr></thead>
                <tbody>{papers}</tbody>
            </table>
        </details>
    }
    .into_any()
}

/// Losses and accuracies, whole and cut.
fn left(store: Store) -> AnyView {
    let whole = store.memo(|state| snapshot(state).map(|s| (s.report.loss, s.report.accuracy)));
    let cut =
        store.memo(|state| state.surgery.left.as_ref().map(|left| (left.scores.loss, left.scores.accuracy)));
    let is_whole = store.memo(|state| state.surgery.is_whole());
    let row = move |name: &'static str, hook: &'static str, of: fn(&Parts) -> f64| {
        let words = move |both: Option<(Parts, Parts)>| {
            both.map(|(loss, accuracy)| (format::loss(of(&loss)), of(&accuracy)))
        };
        let after = move || if is_whole.get() { words(whole.get()) } else { words(cut.get()) };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td>{move || words(whole.get()).map(|both| both.0)}</td>
                <td data-testid=hook>{move || after().map_or_else(|| "…".into(), |both| both.0)}</td>
                <td>{move || after().map_or_else(|| "…".into(), |both| format::percent(both.1))}</td>
            </tr>
        }
    };
    view! {
        <table class="left">
            <thead><tr><th scope="col">"sums"</th><th scope="col">"loss, whole"</th><th scope="col">"loss, cut"</th><th scope="col">"right, cut"</th></tr></thead>
            <tbody aria-live="polite">
                {row("train", "ablated-train-loss", |parts| parts.train)}
                {row("test", "ablated-test-loss", |parts| parts.test)}
                {row("all", "ablated-all-loss", |parts| parts.all)}
            </tbody>
        </table>
    }
    .into_any()
}

/// Two numbers and the model's answer.
fn ask(store: Store) -> AnyView {
    let pair = RwSignal::new((8usize, 16usize));
    let p = store.memo(|state| state.exhibit.as_ref().map_or(0, |exhibit| exhibit.config.data.p));
    let send = move || {
        let (a, b) = pair.get_untracked();
        store.send(Message::Ask(a, b));
    };
    let number = move |hook: &'static str, first: bool| {
        let edit = move |text: String| {
            if let Ok(number) = text.trim().parse() {
                pair.update(|pair| if first { pair.0 = number } else { pair.1 = number });
                send();
            }
        };
        let value = pair.with_untracked(|pair| if first { pair.0 } else { pair.1 });
        view! {
            <input
                type="number"
                min="0"
                max=move || p.get().saturating_sub(1)
                data-testid=hook
                aria-label=if first { "a" } else { "b" }
                value=value
                on:input:target=move |event| edit(event.target().value())
            />
        }
    };
    let answer = store.memo(|state| state.desk.answer.clone());
    let view = move || answer.get().map(|answer| answer_view(&answer));
    view! {
        <section class="panel figure-panel" aria-labelledby="ask-title">
            <h3 id="ask-title">"Ask the model a + b"</h3>
            <div class="ask">
                {number("ask-a", true)} <span>"+"</span> {number("ask-b", false)}
                <span>{move || format!("mod {} =", p.get())}</span>
                <button type="button" data-testid="ask" on:click=move |_| send()>"Ask"</button>
            </div>
            <div data-testid="ask-answer" aria-live="polite">{view}</div>
            <p class="caption">
                "The answers with the largest logits, and how much of each is the vote of each key frequency: its waves \
                 cos and sin of w_k(a + b) in the logits. The right answer is where all of them are high."
            </p>
        </section>
    }
    .into_any()
}

/// How many answers are shown.
const N_TOP: usize = 5;

/// The likeliest answers with the frequencies' votes.
fn answer_view(answer: &Answer) -> AnyView {
    let mut order: Vec<usize> = (0..answer.logits.len()).collect();
    order.sort_by(|&c, &d| answer.logits[d].total_cmp(&answer.logits[c]));
    let (a, b) = answer.pair;
    let says = order.first().copied().unwrap_or(0);
    let is_right = !answer.logits.is_empty() && (a + b) % answer.logits.len() == says;
    let head =
        answer.votes.iter().map(|(k, _)| view! { <th scope="col">{format!("k = {k}")}</th> }).collect_view();
    let rows = order
        .into_iter()
        .take(N_TOP)
        .map(|c| {
            let votes = answer
                .votes
                .iter()
                .map(|(_, votes)| view! { <td>{format!("{:.1}", votes[c])}</td> })
                .collect_view();
            view! { <tr><th scope="row">{c}</th><td>{format!("{:.2}", answer.logits[c])}</td>{votes}</tr> }
        })
        .collect_view();
    let verdict = if is_right { "right" } else { "wrong" };
    view! {
        <p class="finding">{format!("It says {a} + {b} = {says}: {verdict}.")}</p>
        <div class="table-wide">
            <table>
                <thead><tr><th scope="col">"c"</th><th scope="col">"logit"</th>{head}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
