//! The faults: each says what is done to a server, and what must come of it.

mod abort;
mod above_limit;
mod at_once;
mod deaf;
mod descriptors;
mod half_close;
mod idle;
mod panics;
mod pipelining;
mod rate;
mod silent;
mod slow;
mod stop;
mod suspend;
mod upload;

use crate::{Failure, Phase, Setting};

/// Something that happens to servers.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Its name, in `snake_case` as that of its test.
    pub name: &'static str,
    /// What must come of it.
    pub outcome: &'static str,
    /// Whether a phase can meet it at all.
    pub applies: fn(Phase) -> bool,
    /// Does it to a phase, and returns the figures that it saw.
    pub check: fn(&Setting, Phase) -> Result<String, Failure>,
}

/// All of them.
pub const FAULTS: [Fault; 22] = [
    half_close::HALF_CLOSE,
    abort::ABORT,
    abort::ABORT_WHILE_DELAYED,
    descriptors::OUT_OF_DESCRIPTORS,
    descriptors::FEW_DESCRIPTORS,
    descriptors::NO_DESCRIPTOR_AT_ALL,
    at_once::THOUSAND_AT_ONCE,
    above_limit::ABOVE_THE_LIMIT,
    slow::SLOW_HEADS,
    slow::SLOW_BODIES,
    rate::MINIMUM_RATE,
    deaf::DEAF_READERS,
    silent::SILENT_CLIENTS,
    panics::PANICS,
    stop::STOP_UNDER_LOAD,
    suspend::SUSPENDED,
    suspend::GONE_BEFORE_ACCEPTED,
    upload::REFUSED_WHILE_UPLOADING,
    upload::ENDLESS_UPLOAD,
    pipelining::THOUSAND_PIPELINED,
    pipelining::STALLED_READER,
    idle::MANY_IDLE,
];

fn every_phase(_: Phase) -> bool {
    true
}
