//! The title, what the lab shows, and the switch between light and dark.

use leptos::prelude::*;

use super::dom;
use crate::plot::Theme;

/// Which theme the page uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    choice: RwSignal<&'static str>,
    dark: Memo<bool>,
}

/// The themes, by the name that the document and the browser's storage know them by.
const THEMES: [(&str, &str); 3] = [("auto", "System"), ("light", "Light"), ("dark", "Dark")];

impl Look {
    /// Takes the theme of the last visit.
    pub(super) fn open() -> Self {
        let stored = dom::stored_theme().unwrap_or_default();
        let known = THEMES.iter().map(|(name, _)| *name).find(|name| *name == stored);
        let choice = RwSignal::new(known.unwrap_or("auto"));
        let system = RwSignal::new(false);
        dom::watch_prefers_dark(move |dark| system.set(dark));
        let dark = Memo::new(move |_| match choice.get() {
            "auto" => system.get(),
            name => name == "dark",
        });
        // Effects run before the browser's next frame, so the first view has its colours.
        Effect::new(move |_| dom::use_theme(choice.get()));
        Self { choice, dark }
    }

    /// The look of the page around this view.
    pub(super) fn get() -> Self {
        expect_context()
    }

    /// The figures' theme; the view follows it.
    pub(super) fn theme(self) -> Theme {
        if self.dark.get() { Theme::dark() } else { Theme::light() }
    }

    /// The figures' theme now.
    pub(super) fn theme_now(self) -> Theme {
        if self.dark.get_untracked() { Theme::dark() } else { Theme::light() }
    }
}

/// The top of the page.
#[component]
pub(super) fn Header() -> impl IntoView {
    let look = Look::get();
    let buttons = THEMES
        .map(|(name, words)| {
            view! {
                <button
                    type="button"
                    data-testid=format!("theme-{name}")
                    aria-pressed=move || (look.choice.get() == name).to_string()
                    on:click=move |_| look.choice.set(name)
                >
                    {words}
                </button>
            }
        })
        .collect_view();
    view! {
        <header class="top">
            <div>
                <h1>"Grokking Lab"</h1>
                <p class="lead">
                    "A small transformer learns a + b mod p from a part of all sums. First it memorises them. \
                     Long after, it finds a rule that solves the sums it never saw: it groks."
                </p>
                <nav class="sections" aria-label="Sections">
                    <a href="#run">"Run"</a>
                    <a href="#train">"Train your own"</a>
                    <a href="#inside">"Inside"</a>
                    <a href="#ablate">"Cut and ask"</a>
                    <a href="#verdict">"Verdict"</a>
                    <a href="#figures">"Figures"</a>
                    <a href="#kept" data-testid="to-kept">"Kept runs"</a>
                    <a href="#files" data-testid="to-files">"Files"</a>
                    <a href="#reading" data-testid="to-reading">"The reading"</a>
                </nav>
            </div>
            <div class="switch" role="group" aria-label="Theme">{buttons}</div>
        </header>
    }
}

#[cfg(test)]
mod tests {
    use crate::plot::Theme;

    #[test]
    fn figures_and_style_sheet_have_the_same_colours() {
        let css = include_str!("../../www/style.css");
        let (light, dark) = (Theme::light(), Theme::dark());
        for (name, light, dark) in [
            ("panel", light.background, dark.background),
            ("ink-soft", light.text, dark.text),
            ("train", light.train, dark.train),
            ("test", light.test, dark.test),
            ("cos", light.cos, dark.cos),
            ("sin", light.sin, dark.sin),
        ] {
            let hex = |c: plotters::style::RGBColor| format!("#{:02x}{:02x}{:02x}", c.0, c.1, c.2);
            let line = format!("--{name}: light-dark({}, {});", hex(light), hex(dark));
            assert!(css.contains(&line), "style.css does not say {line}");
        }
    }
}
