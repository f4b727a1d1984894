//! The story of the run on show, moment by moment, beside what it speaks of.

use leptos::prelude::*;

use crate::ui::browser::{dom, keys};
use crate::ui::state::State;
use crate::ui::state::format;
use crate::ui::state::page_section::PageSection;
use crate::ui::state::run_view::{Origin, RunView};
use crate::ui::state::shortcuts::{Shortcut, shortcut};
use crate::ui::state::story::{Beat, N_BEATS, beat_at, beats};
use crate::ui::state::view_choices::ViewChange;
use crate::ui::store::Store;
use crate::ui::update::Message;

/// Changes whenever the moments of the run on show may have changed.
fn revision(state: &State) -> Option<(Origin, (usize, usize), usize, usize)> {
    let run_view = state.run_view.as_ref()?;
    let RunView { origin, edition, snapshots, .. } = run_view;
    Some((origin.clone(), run_view.rows_revision(), *edition, snapshots.len()))
}

/// The panel.
#[component]
pub(in crate::ui) fn Story() -> impl IntoView {
    let store = Store::get();
    // Only a run's own news change its moments; the cursor only chooses among them.
    let revision = store.memo(revision);
    let told = Memo::new(move |_| {
        revision.get();
        store.peek(|state| state.run_view.as_ref().map(beats).unwrap_or_default())
    });
    let step = store.memo(|state| state.run_view.as_ref().map_or(0, |run_view| state.view.step(run_view)));
    let at = Memo::new(move |_| told.with(|beats| beat_at(beats, step.get())));
    let now = Memo::new(move |_| told.with(|beats| beats.get(at.get()?).cloned()));
    let go = move |beat: &Beat| {
        store.send(Message::ChangeView(ViewChange::Pin(beat.step as f64)));
        if let Some(freq) = beat.circle {
            store.send(Message::ChangeView(ViewChange::ShowCircle(freq)));
        }
        dom::mark(beat.figure);
    };
    let walk = move |by: isize| {
        let to = at.get_untracked().unwrap_or(0).checked_add_signed(by);
        if let Some(beat) = told.with_untracked(|beats| beats.get(to?).cloned()) {
            go(&beat);
        }
    };
    let can_walk = move |by: isize| {
        let to = at.get().and_then(|at| at.checked_add_signed(by));
        to.is_some_and(|to| told.with(|beats| to < beats.len()))
    };
    let is_presented = store.memo(|state| state.section == PageSection::Present);
    keys::watch_keys(move |key, focus| {
        let Some(shortcut) = shortcut(key, focus, store.peek(|state| state.section)) else { return false };
        match shortcut {
            Shortcut::TogglePlay => store.send(Message::ChangeView(ViewChange::TogglePlay)),
            Shortcut::Walk(by) => walk(by),
            Shortcut::Leave => store.send(Message::OpenSection(PageSection::default())),
        }
        true
    });
    let dots = move || {
        told.get()
            .into_iter()
            .enumerate()
            .map(|(i, beat)| {
                // It begins with what is to be seen, for those who say it.
                let name = format!("{}: {}, step {}", beat.number, beat.title, format::count(beat.step));
                let hook = format!("beat-{}", beat.number);
                view! {
                    <li>
                        <button
                            type="button"
                            data-testid=hook
                            aria-current=move || (at.get() == Some(i)).then_some("step")
                            aria-label=name.clone()
                            title=name
                            on:click=move |_| go(&beat)
                        >
                            {beat.number}
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
    let of_now = move |read: fn(&Beat) -> String| move || now.with(|beat| beat.as_ref().map(read));
    let place = of_now(|beat| format!("{}/{N_BEATS}", beat.number));
    view! {
        <section class="panel story" aria-labelledby="story-title">
            <div class="panel-head">
                <h3 id="story-title">"What happens"</h3>
                <span class="unit">{place}</span>
            </div>
            <div class="story-text" role="status" data-testid="story">
                <h4>{of_now(|beat| beat.title.to_owned())}</h4>
                <p class="unit">{of_now(|beat| format!("Step {}", format::count(beat.step)))}</p>
                <p>{of_now(|beat| beat.text.clone())}</p>
            </div>
            <p class="unit" data-testid="present-keys" hidden=move || !is_presented.get()>
                "Arrow keys: the moments of the story. Esc: back to the page."
            </p>
            <div class="story-walk">
                <button type="button" data-testid="story-back" disabled=move || !can_walk(-1) on:click=move |_| walk(-1) aria-label="Back">"\u{2039}"</button>
                <ol class="beats">{dots}</ol>
                <button type="button" data-testid="story-next" disabled=move || !can_walk(1) on:click=move |_| walk(1) aria-label="Next">"\u{203a}"</button>
            </div>
        </section>
    }
    .into_any()
}
