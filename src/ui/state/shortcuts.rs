//! The keys that work wherever the focus is: play and pause, and the moments of the story while it is presented. Pure.

use crate::ui::state::page_section::PageSection;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    /// The cursor begins to move by itself, or stops.
    TogglePlay,
    /// So many moments of the story further.
    Walk(isize),
    /// The presentation ends.
    Leave,
}

/// Where the focus is when a key is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFocus {
    /// On a field that is written in or a slider, which have a use for most keys.
    Field,
    /// On a button or a link, which have a use for Space and Enter.
    Button,
    /// On neither.
    Elsewhere,
}

/// What a key does that was pressed without Ctrl, Alt or Meta, and that nothing else has used; none if nothing.
pub fn shortcut(key: &str, focus: KeyFocus, section: PageSection) -> Option<Shortcut> {
    let is_presented = section == PageSection::Present;
    match key {
        "Escape" if is_presented => Some(Shortcut::Leave),
        _ if focus == KeyFocus::Field => None,
        " " if focus == KeyFocus::Elsewhere => Some(Shortcut::TogglePlay),
        "ArrowRight" | "PageDown" if is_presented => Some(Shortcut::Walk(1)),
        "ArrowLeft" | "PageUp" if is_presented => Some(Shortcut::Walk(-1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{KeyFocus, Shortcut, shortcut};
    use crate::ui::state::page_section::PageSection;

    #[test]
    fn space_plays_unless_what_has_the_focus_wants_it() {
        let space = |focus| shortcut(" ", focus, PageSection::Explore);
        assert_eq!(space(KeyFocus::Elsewhere), Some(Shortcut::TogglePlay));
        assert_eq!((space(KeyFocus::Button), space(KeyFocus::Field)), (None, None));
    }

    #[test]
    fn arrows_tell_the_story_while_it_is_presented_and_escape_ends_that() {
        let presented = |key, focus| shortcut(key, focus, PageSection::Present);
        for (key, by) in [("ArrowRight", 1), ("PageDown", 1), ("ArrowLeft", -1), ("PageUp", -1)] {
            // The link that opened it has the focus still.
            assert_eq!(presented(key, KeyFocus::Button), Some(Shortcut::Walk(by)), "{key}");
            assert_eq!(presented(key, KeyFocus::Field), None, "{key} in a field");
            assert_eq!(shortcut(key, KeyFocus::Elsewhere, PageSection::Explore), None, "{key} scrolls");
        }
        assert_eq!(presented("Escape", KeyFocus::Field), Some(Shortcut::Leave));
        assert_eq!(shortcut("Escape", KeyFocus::Elsewhere, PageSection::Train), None);
    }
}
