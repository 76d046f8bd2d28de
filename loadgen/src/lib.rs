//! The load generator and the lab.
//!
//! # Layout
//!
//! Each folder knows only those above it:
//!
//! - [`engine`] fires a plan at an address and counts what comes back; it knows no phase.
//! - [`measure`] reads what a server process spends, and on which machine.
//! - [`lab`] runs scenarios: fresh servers, trials in turn, everything kept.
//! - [`report`] writes down what was measured, and draws it from what it wrote.
//! - [`gate`] runs a candidate and its base side by side, and says whether it is slower.
//!
//! Which phases there are is said once, in [`phases!`].
//!
//! [`cli`] puts them together: [`run`] is the report, [`serve`] one phase as a server, [`canned`]
//! the least that a server can do, [`attack`] the engine alone against any address, [`check`] the
//! conformance suite against one, and [`calibrate`] what the kernel can do without HTTP; [`redraw`] draws a
//! run or a gate that was measured before ([`saved`]), [`export`] writes one as other tools read it,
//! [`compare`] puts two runs beside each other, [`history`] shows all, and [`baselines`] lists those that are kept
//! under a name. A [`shard`] is one of several processes that fire together, and [`merge`] puts their files together.
//! [`completions`] and [`man`] tell shells and the manual what clap knows.

pub mod attack;
pub mod baselines;
pub mod calibrate;
pub mod canned;
pub mod check;
pub mod cli;
pub mod compare;
pub mod completions;
pub mod engine;
pub mod exec;
pub mod export;
pub mod gate;
pub mod history;
pub mod lab;
pub mod man;
pub mod measure;
pub mod merge;
mod phases;
pub mod redraw;
pub mod report;
pub mod run;
pub mod saved;
pub mod serve;
pub mod shard;
