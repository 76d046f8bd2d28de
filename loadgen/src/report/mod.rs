//! What was measured, for people and for scripts.
//!
//! A [`Document`] is a `run.json`. Everything that is drawn is drawn from it alone, so that any run
//! can be drawn again; only the histograms need the trials themselves.

mod ablations;
mod bars;
mod baselines;
mod build;
mod claims;
mod clients_share;
mod compare;
mod contents;
mod distribution;
mod document;
mod drawing;
mod files;
mod floor;
pub mod format;
mod gains;
mod held;
pub(crate) mod hgrm;
pub mod history;
pub(crate) mod hlog;
pub(crate) mod html;
pub(crate) mod markdown;
mod progress;
mod prose;
mod quoted;
mod read;
mod rounds;
mod sound;
pub(crate) mod stats;
mod surroundings;
pub(crate) mod tables;
mod terminal;
mod truth;
mod warnings;
pub(crate) mod whole;

pub use baselines::{Baselines, baseline_name};
pub use build::{Conditions, document, params};
pub use compare::{Comparison, compare, text as comparison};
pub use document::*;
pub use drawing::{Drawing, replace};
pub use files::{Folder, Written};
pub use floor::{floor, floor_text};
pub use html::{history_page, html, pictures};
pub use markdown::markdown;
pub use progress::Bars;
pub use quoted::{times_the_cpu, times_the_rate, worth};
pub(crate) use read::{Kind, RUN, schema_of, text_of};
pub use read::{file_of, read};
pub use terminal::{table, width, wrap};
pub use warnings::warnings;

#[cfg(test)]
mod sample;
