//! The title, what the lab shows, and the switch between light and dark.

use leptos::prelude::*;

use crate::ui::views::theme_choice::{PageTheme, ThemeChoice};

/// The top of the page.
#[component]
pub(in crate::ui) fn Header() -> impl IntoView {
    let theme_choice = PageTheme::get();
    let buttons = ThemeChoice::ALL
        .map(|theme| {
            view! {
                <button
                    type="button"
                    data-testid=format!("theme-{}", theme.name())
                    aria-pressed=move || (theme_choice.choice.get() == theme).to_string()
                    on:click=move |_| theme_choice.choice.set(theme)
                >
                    {theme.label()}
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
                    <a href="#ablate">"Ablate and query"</a>
                    <a href="#verdict">"Verdict"</a>
                    <a href="#figures">"Figures"</a>
                    <a href="#kept" data-testid="to-kept">"Saved runs"</a>
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
        let css = include_str!("../../../www/style.css");
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
