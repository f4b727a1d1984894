//! The attention of "=" (paper section 4.1 and appendix C.1).

mod heads;
pub mod pattern;
pub mod refinement;
pub mod similarity;

pub use heads::{HeadReport, heads};
