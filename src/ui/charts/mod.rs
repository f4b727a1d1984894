//! The page's figures: what is drawn, when, and what a pointer or the arrow keys read from it.

mod canvas;
mod disclosure;
mod ribbon;
mod scale_switch;
mod time_line;
mod track;
mod track_view;
mod transport;

pub(super) use canvas::Stage;
pub(super) use disclosure::{Downloads, Numbers};
pub(super) use time_line::TimeLine;
pub(super) use transport::Transport;
