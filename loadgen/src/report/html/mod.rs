//! `report.html`: one file that asks the network for nothing, on light, dark and paper.
//!
//! # Layout
//! - `page` has the sections, `story` what it begins with, `scenario` those of one workload, `table` the tables.
//! - `climb`, `latency`, `trials`, `cpu`, `waterfall`, `trend` and `forest` draw one kind of picture each, most of them in
//!   `slots`; `changes` marks in a trend where a level changed.
//! - `frame` is what pictures have in common: `axis`, `labels` at the ends of lines, and colours by role
//!   (`paint`), which `style.css` gives each theme.

mod axis;
mod changes;
mod climb;
mod cpu;
pub(crate) mod forest;
pub(crate) mod frame;
mod labels;
mod latency;
pub(crate) mod page;
mod paint;
mod scenario;
mod slots;
mod story;
pub(crate) mod table;
mod trend;
mod trials;
mod waterfall;

pub use page::{html, pictures};
pub use trend::history_page;
