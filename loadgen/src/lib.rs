//! The load generator and the lab.

pub mod engine;
pub mod lab;
pub mod measure;
pub mod report;
