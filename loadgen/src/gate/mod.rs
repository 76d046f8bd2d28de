//! The gate: a candidate against its base, and whether it is slower.
//!
//! [`base`] builds the base, [`contest`] runs both side by side in blocks and counts, [`stats`] and [`judge`] say
//! what that means by the limits of [`policy`], and [`outcome`] writes it down. The flow is in [`run`].
//! What was saved before is judged without blocks, by counts alone: `saved`.

mod against;
pub mod args;
pub mod base;
pub mod contest;
mod counted;
pub mod judge;
pub mod outcome;
pub mod policy;
mod ratchet;
pub mod run;
mod saved;
pub mod stats;
mod text;
