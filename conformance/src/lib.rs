//! conformance

pub mod escape;
pub mod reader;
