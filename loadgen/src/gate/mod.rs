//! The gate: a candidate against its base, and whether it is slower.
//!
//! [`base`] builds the base, [`contest`] runs both side by side in blocks and counts, [`stats`] and [`judge`] say
//! what that means by the limits of [`policy`], and [`outcome`] writes it down. The flow is in [`run`].

pub mod args;
pub mod base;
pub mod contest;
pub mod judge;
pub mod outcome;
pub mod policy;
pub mod run;
pub mod stats;
mod text;
