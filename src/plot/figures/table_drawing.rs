//! A table as a drawing: for a canvas and for SVG, where there are no table elements.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{PathElement, Text};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, TextStyle};

use super::table::{Cell, DataTable};
use crate::error::Result;
use crate::plot::frame::failed;
use crate::plot::theme::Theme;

/// The height of a row as a part of the letters' height.
const ROW: f64 = 1.8;
/// Room at both ends of each column, as a part of the letters' height.
const PAD: f64 = 0.7;

/// The height of a drawn table, in CSS pixels.
pub(super) fn height(table: &DataTable, theme: &Theme) -> f64 {
    (table.rows.len() + 1) as f64 * ROW * theme.font_size
}

/// Draws a table from the area's upper left corner: a heading, a line, the rows. Numbers stand at the right
/// of their columns, words at the left.
///
/// # Errors
/// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
pub(super) fn draw<DB: DrawingBackend>(
    table: &DataTable,
    area: &DrawingArea<DB, Shift>,
    theme: &Theme,
) -> Result<()> {
    let px = |css: f64| (css * theme.scale).round() as i32;
    let width = f64::from(area.dim_in_pixel().0) / theme.scale;
    let row_height = ROW * theme.font_size;
    let write = |text: &str, style: TextStyle<'static>, row: usize, edges: (f64, f64), is_number: bool| {
        let (x, h_pos) = if is_number { (edges.1, HPos::Right) } else { (edges.0, HPos::Left) };
        let style = style.pos(Pos::new(h_pos, VPos::Center));
        let place = (px(x), px((row as f64 + 0.5) * row_height));
        area.draw(&Text::new(text.to_owned(), place, style)).map_err(failed)
    };
    for (column, edges) in columns(table, width, theme).into_iter().enumerate() {
        let is_number = table.rows.first().is_some_and(|row| row[column].is_number());
        write(&table.columns[column], theme.title(), 0, edges, is_number)?;
        for (i, row) in table.rows.iter().enumerate() {
            write(&row[column].short(), theme.label(), i + 1, edges, row[column].is_number())?;
        }
    }
    let line = vec![(0, px(row_height)), (px(width), px(row_height))];
    area.draw(&PathElement::new(line, theme.axis.stroke_width(theme.px(1.0)))).map_err(failed)
}

/// Left and right edge of each column's words, in CSS pixels: the width is shared by need.
fn columns(table: &DataTable, width: f64, theme: &Theme) -> Vec<(f64, f64)> {
    let letters = |column: usize| {
        let cells = table.rows.iter().map(|row| Cell::short(&row[column]).chars().count());
        cells.chain([table.columns[column].chars().count()]).max().unwrap_or(0) as f64
    };
    let pad = PAD * theme.font_size;
    let needs: Vec<f64> = (0..table.columns.len()).map(letters).collect();
    let share = (width - 2.0 * pad * needs.len() as f64) / needs.iter().sum::<f64>().max(1.0);
    let mut left = 0.0;
    let edges = |need: &f64| {
        let edges = (left + pad, left + pad + need * share);
        left = edges.1 + pad;
        edges
    };
    needs.iter().map(edges).collect()
}
