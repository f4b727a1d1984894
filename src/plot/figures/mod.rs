//! The figures and tables of the paper that a run of modular addition can show.
//!
//! [`Figure::ALL`] is the list. A figure is a function from plain data to a [`Sheet`] of panels, and a sheet
//! draws itself on any plotters backend: on the page's canvas and, through [`svg`], as SVG. Captions and
//! titles are our own words; what each figure must show is said in paper sections 4 and 5 and appendix C.

pub mod bars;
pub mod category_map;
pub mod data;
pub mod heat_map;
pub mod measure_table;
pub mod checkpoint;
pub mod scatter;
pub mod sheet;
pub mod svg;
pub mod table;

mod attention_fits;
mod attention_scores;
mod cosine_coefficients;
mod curves;
mod directions;
mod excluded_by_freq;
mod freq_ablations;
mod grids;
mod neuron_clusters;
mod panel;
mod progress_measures;
mod restricted_accuracy;
mod series;
mod spectra;
mod table_drawing;

pub use data::{DataNeed, FigureData};
pub use sheet::Sheet;
pub use table::{Cell, DataTable};

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;

use super::pixel_map::PixelMap;
use super::theme::Theme;
use crate::analysis::domain::Domain;
use crate::error::Result;

/// One figure or table.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// A name for files and links, for example `figure-02`.
    pub id: &'static str,
    /// Its name in the paper, for example `Figure 2`.
    pub name: &'static str,
    /// What it shows, in a few words.
    pub title: &'static str,
    /// How to read it.
    pub caption: &'static str,
    /// What this run shows, in a sentence with its numbers: also the words for those who do not see it.
    /// Empty where the data are missing.
    pub finding: fn(&FigureData<'_>) -> String,
    /// The data without which it cannot be drawn.
    pub needs: &'static [DataNeed],
    /// What it shows besides, where it is known.
    pub uses: &'static [DataNeed],
    /// Its panels.
    pub sheet: fn(&FigureData<'_>, &Theme) -> Sheet,
    /// The numbers it shows.
    pub tables: fn(&FigureData<'_>) -> Vec<DataTable>,
}

impl Figure {
    /// All of them, in the paper's order.
    pub const ALL: [Self; 12] = [
        curves::FIGURE,
        spectra::FIGURE,
        grids::FIGURE,
        directions::FIGURE,
        neuron_clusters::FIGURE,
        freq_ablations::FIGURE,
        progress_measures::FIGURE,
        attention_scores::FIGURE,
        attention_fits::FIGURE,
        restricted_accuracy::FIGURE,
        cosine_coefficients::FIGURE,
        excluded_by_freq::FIGURE,
    ];

    /// What the data lack for it, in words; `None` if nothing.
    pub fn missing(&self, data: &FigureData<'_>) -> Option<&'static str> {
        self.needs.iter().find(|need| !need.is_met(data)).map(|need| need.missing_words())
    }

    /// The tasks it is of: those whose runs have all that it needs.
    pub fn domain(&self) -> Domain {
        Domain::of_all(self.needs.iter().map(|need| need.domain()))
    }

    /// Whether it shows some of these data, if they are there.
    pub fn shows(&self, data: DataNeed) -> bool {
        self.needs.contains(&data) || self.uses.contains(&data)
    }

    /// Draws the figure over the whole area; returns the map of each panel that has axes.
    ///
    /// # Errors
    /// [`LabError::Content`](crate::error::LabError::Content) with the backend's reason.
    pub fn draw<DB: DrawingBackend>(
        &self,
        data: &FigureData<'_>,
        area: &DrawingArea<DB, Shift>,
        theme: &Theme,
    ) -> Result<Vec<PixelMap>> {
        (self.sheet)(data, theme).draw(area, theme)
    }

    /// The height that the figure needs at a width, both in CSS pixels.
    pub fn height(&self, data: &FigureData<'_>, width: f64, theme: &Theme) -> f64 {
        (self.sheet)(data, theme).height(width, theme)
    }

    /// Its data as CSV files: each a name and a text.
    pub fn csv(&self, data: &FigureData<'_>) -> Vec<(String, String)> {
        let tables = (self.tables)(data);
        tables.iter().map(|table| (format!("{}-{}.csv", self.id, table.name), table.csv())).collect()
    }
}
