//! The chapters of the reading, in order.
//!
//! What is said of "the paper" is from Nanda, Chan, Lieberum, Smith, Steinhardt: *Progress measures for
//! grokking via mechanistic interpretability* (2023), or measured on its published curves and weights,
//! and then said so.

mod ablations;
mod algorithm;
mod glossary;
mod grokking;
mod limits;
mod memorising;
mod network;
mod phases;
mod progress;
mod sources;
mod spectra;
mod task;
mod verdict;

use crate::ui::views::reading::prose::Chapter;

/// All chapters.
pub(super) const CHAPTERS: [Chapter; 13] = [
    grokking::CHAPTER,
    task::CHAPTER,
    network::CHAPTER,
    memorising::CHAPTER,
    algorithm::CHAPTER,
    spectra::CHAPTER,
    progress::CHAPTER,
    phases::CHAPTER,
    ablations::CHAPTER,
    verdict::CHAPTER,
    limits::CHAPTER,
    glossary::CHAPTER,
    sources::CHAPTER,
];
