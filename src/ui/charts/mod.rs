//! The page's figures: what is drawn, when, and what a pointer or the arrow keys read from it.

mod curves;
mod data;
mod figure;
mod spectrum_panel;
mod table;

use leptos::prelude::*;

pub(super) use curves::{Curves, Quantity};
pub(super) use spectrum_panel::SpectrumPanel;

use crate::plot::Scale;

/// What all figures over steps share: one cursor and one horizontal scale.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    /// The index of the row of metrics that is read; none for the last.
    row: RwSignal<Option<usize>>,
    /// How steps are laid out.
    x_scale: RwSignal<Scale>,
}

impl Cursor {
    /// No cursor, steps at equal distances.
    pub(super) fn new() -> Self {
        Self { row: RwSignal::new(None), x_scale: RwSignal::new(Scale::Linear) }
    }

    fn get() -> Self {
        expect_context()
    }
}
