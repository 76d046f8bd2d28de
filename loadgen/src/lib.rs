//! The load generator and the lab.

pub mod engine;
