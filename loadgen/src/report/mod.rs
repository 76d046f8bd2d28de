//! What was measured, for people and for scripts.
//!
//! A [`Document`] is a `run.json`. Everything that is drawn is drawn from it alone, so that any run
//! can be drawn again; only the histograms need the trials themselves.

mod bars;
mod build;
mod document;
mod files;
mod format;
mod held;
pub(crate) mod hgrm;
mod markdown;
mod progress;
mod stats;
mod surroundings;
mod terminal;
mod truth;
mod warnings;
pub(crate) mod whole;

pub use build::{Conditions, document};
pub use document::*;
pub use files::{Folder, Written};
pub use markdown::markdown;
pub use progress::Bars;
pub use terminal::{table, width, wrap};
pub use warnings::warnings;

#[cfg(test)]
mod sample;
