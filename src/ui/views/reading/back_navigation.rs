//! Pointing at something on the page, and the way back to the text.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use web_sys::HtmlButtonElement;

use crate::ui::browser::dom;

/// How long news stay in sight.
const NEWS_LIFE: Duration = Duration::from_secs(8);

/// What the last phrase pointed at. Copies share it.
#[derive(Debug, Clone, Copy)]
pub(super) struct BackNavigation {
    /// The phrase itself, to go back to.
    phrase: RwSignal<Option<HtmlButtonElement>, LocalStorage>,
    /// What became of it, in words.
    news: RwSignal<String>,
}

impl BackNavigation {
    /// The reader has not left the text.
    pub(super) fn new() -> Self {
        Self { phrase: RwSignal::new_local(None), news: RwSignal::new(String::new()) }
    }

    /// That of the reading around this view.
    pub(super) fn get() -> Self {
        expect_context()
    }

    /// Shows the part of the page with this hook, if it is there now.
    pub(super) fn leave(self, phrase: Option<HtmlButtonElement>, words: &str, hook: &str) {
        // What the phrase has changed is on the page by the next frame.
        let (hook, words) = (hook.to_owned(), words.to_owned());
        request_animation_frame(move || {
            let is_there = dom::flash(&hook);
            self.phrase.set(phrase.filter(|_| is_there));
            self.tell(if is_there {
                format!("Shown on the page: {words}.")
            } else {
                format!("Not on the page now: {words}. It appears with a run.")
            });
        });
    }

    /// Says why a phrase leads nowhere now.
    pub(super) fn stay(self, why_not: &str) {
        self.phrase.set(None);
        self.tell(why_not.to_owned());
    }

    /// Tells some news, for as long as they take to read.
    fn tell(self, words: String) {
        self.news.set(words.clone());
        set_timeout(
            move || {
                if self.news.get_untracked() == words {
                    self.news.set(String::new());
                }
            },
            NEWS_LIFE,
        );
    }
}

/// Says what a phrase has done; while the text is out of sight, a button leads back to it. Where the
/// text stands beside the instrument the style sheet hides the button.
#[component]
pub(super) fn BackNavigationBar() -> impl IntoView {
    let BackNavigation { phrase, news } = BackNavigation::get();
    let button = NodeRef::<html::Button>::new();
    let go = move |_| {
        if let Some(phrase) = phrase.get_untracked() {
            dom::reveal(&phrase);
            // What was hidden is there by the next frame. A phrase that is gone takes no focus; then it stays where
            // it is.
            request_animation_frame(move || {
                let _ = phrase.focus();
            });
        }
        phrase.set(None);
        news.set(String::new());
    };
    let is_away = Memo::new(move |_| phrase.with(Option::is_some));
    view! {
        <div class="back-navigation">
            <p role="status" data-testid="reading-news">{move || news.get()}</p>
            {move || {
                is_away.get().then(|| {
                    view! { <button node_ref=button type="button" on:click=go>"Back to the text"</button> }
                })
            }}
        </div>
    }
}
