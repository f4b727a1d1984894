//! The title, the sections, and the switch between light and dark.

use leptos::prelude::*;

use crate::ui::state::page_section::PageSection;
use crate::ui::store::Store;
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
    let store = Store::get();
    let open = store.memo(|state| state.section);
    let sections = PageSection::ALL
        .map(|section| {
            view! {
                <a
                    href=format!("#{}", section.id())
                    data-testid=format!("to-{}", section.id())
                    aria-current=move || (open.get() == section).then_some("page")
                >
                    {section.title()}
                </a>
            }
        })
        .collect_view();
    view! {
        <header class="top">
            <a class="skip" href="#main">"Skip to the figures"</a>
            <a class="skip" href="#playback">"Skip to Play"</a>
            <h1>"Grokking Lab"</h1>
            <nav class="sections" aria-label="Sections">{sections}</nav>
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
