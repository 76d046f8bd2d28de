//! What a run costs, and on which machine. Whatever can't be measured here is `None`, never 0.

mod build;
mod counters;
pub(crate) mod family;
mod ledger;
mod machine;
mod process;
mod source;
mod split;
mod tree;
mod weather;

pub use build::Build;
pub use counters::{Counters, Counts};
pub use family::adopt_orphans;
pub use machine::Machine;
pub use process::{Sampler, Usage};
pub use source::Source;
pub use split::Met;
pub use weather::{Sky, Weather};
