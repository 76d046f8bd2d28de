//! The gate: a candidate against its base, and whether it is slower.
//!
//! [`base`] builds the base, [`contest`] runs both side by side in blocks and counts, [`stats`] and [`judge`] say
//! what that means by the limits of [`policy`], and [`outcome`] writes it down. The flow is in [`command`], and that of the
//! blocks in [`run`]. What was saved before is judged without blocks, by counts alone: `saved`. What people read is drawn of
//! the outcome alone: `text` for a terminal, `markdown` for a pull request and `page` for a browser, from the cells of
//! `table` and the pictures of `changes`. `files` keeps them.

mod against;
pub mod args;
pub mod base;
mod changes;
pub mod command;
pub mod contest;
mod counted;
mod drawing;
mod files;
pub mod judge;
mod markdown;
pub mod outcome;
mod page;
pub mod policy;
mod ratchet;
pub mod run;
#[cfg(test)]
mod sample;
mod saved;
mod sound;
pub mod stats;
mod table;
mod tell;
mod text;

pub(crate) use drawing::{draw, file_name};
