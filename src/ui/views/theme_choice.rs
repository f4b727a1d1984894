//! The reader’s choice between light and dark.

use leptos::prelude::*;

use crate::plot::Theme;
use crate::ui::browser::dom;

/// Which theme the page uses.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) struct PageTheme {
    /// What the reader chose.
    pub(in crate::ui) choice: RwSignal<ThemeChoice>,
    dark: Memo<bool>,
}

/// What the reader chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum ThemeChoice {
    /// As the system is set.
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl ThemeChoice {
    /// All choices, in the order of the menu.
    pub(in crate::ui) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The name that the document and the browser's storage know it by.
    pub(in crate::ui) fn name(self) -> &'static str {
        match self {
            Self::System => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The word on its button.
    pub(in crate::ui) fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

impl PageTheme {
    /// Takes the theme of the last visit.
    pub(in crate::ui) fn open() -> Self {
        let stored = dom::stored_theme().unwrap_or_default();
        let known = ThemeChoice::ALL.into_iter().find(|choice| choice.name() == stored);
        let choice = RwSignal::new(known.unwrap_or(ThemeChoice::System));
        let system = RwSignal::new(false);
        dom::watch_prefers_dark(move |dark| system.set(dark));
        let dark = Memo::new(move |_| match choice.get() {
            ThemeChoice::System => system.get(),
            ThemeChoice::Light => false,
            ThemeChoice::Dark => true,
        });
        // Effects run before the browser's next frame, so the first view has its colours.
        Effect::new(move |_| dom::use_theme(choice.get().name()));
        Self { choice, dark }
    }

    /// The theme of the page around this view.
    pub(in crate::ui) fn get() -> Self {
        expect_context()
    }

    /// The figures' theme; the view follows it.
    pub(in crate::ui) fn theme(self) -> Theme {
        if self.dark.get() { Theme::dark() } else { Theme::light() }
    }

    /// The figures' theme now.
    pub(in crate::ui) fn theme_now(self) -> Theme {
        if self.dark.get_untracked() { Theme::dark() } else { Theme::light() }
    }
}
