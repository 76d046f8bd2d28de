//! What a run costs, and on which machine. Whatever can't be measured here is `None`, never 0.

mod build;
mod machine;
mod process;

pub use build::{Build, Source};
pub use machine::Machine;
pub use process::{Sampler, Usage};
