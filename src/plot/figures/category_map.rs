//! A grid of cells of a few kinds, each kind a colour.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::RGBColor;

use super::heat_map::{Cells, LEFT, place};
use crate::error::Result;
use crate::plot::axis::Axis;
use crate::plot::frame::{self, failed};
use crate::plot::pixel_map::PixelMap;
use crate::plot::theme::Theme;

/// Cells and the axes they are drawn against. Each axis spans the grid.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryMap {
    /// Cells per row.
    pub n_cols: usize,
    /// The kinds row by row, the lowest row first: indices into `colors`.
    pub cells: Vec<u8>,
    /// The kinds' colours.
    pub colors: Vec<RGBColor>,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
}

impl CategoryMap {
    /// Draws the figure over the whole area: as large a map as it holds, with square cells.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, theme: &Theme) -> Result<PixelMap> {
        let (width, height) = area.dim_in_pixel();
        let n_cols = self.n_cols.max(1) as u32;
        let n_rows = (self.cells.len() as u32 / n_cols).max(1);
        let edges_x = theme.px(LEFT) + theme.px(frame::EDGE);
        let edges_y = theme.px(frame::EDGE) + theme.px(frame::BELOW);
        let (free_x, free_y) = (width.saturating_sub(edges_x), height.saturating_sub(edges_y));
        // Cells of whole pixels look even; only a map with more cells than pixels has to do without.
        let cell = (free_x / n_cols).min(free_y / n_rows);
        let (map_x, map_y) = if cell == 0 { (free_x, free_y) } else { (cell * n_cols, cell * n_rows) };
        let right = width.saturating_sub(map_x + edges_x);
        let (left, right) = ((right / 2) as i32, (right - right / 2) as i32);
        let framed = area.margin(0, height.saturating_sub(map_y + edges_y) as i32, left, right);
        let style = frame::Style { grid_x: false, grid_y: false, left: LEFT, right: frame::EDGE };
        let (_, map) = frame::draw_as(&framed, self.x, self.y, style, theme)?;
        let color = |&kind: &u8| self.colors.get(usize::from(kind)).copied().unwrap_or(theme.background);
        let rows = self.cells.chunks_exact(self.n_cols.max(1)).rev();
        let rows = rows.map(|row| row.iter().map(color).collect()).collect();
        framed.draw(&Cells { corner: place(&framed, &map, theme), rows }).map_err(failed)?;
        Ok(map)
    }
}
