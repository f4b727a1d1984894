//! The page's figures: what is drawn, when, and what a pointer or the arrow keys read from it.

pub(in crate::ui) mod canvas;
pub(in crate::ui) mod disclosure;
pub(in crate::ui) mod grok_mark;
pub(in crate::ui) mod phase_bar;
pub(in crate::ui) mod scale_switch;
pub(in crate::ui) mod time_line;
pub(in crate::ui) mod track;
pub(in crate::ui) mod track_details;
pub(in crate::ui) mod track_view;
pub(in crate::ui) mod playback_bar;
