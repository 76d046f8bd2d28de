//! What is counted apart from the trials, because counting takes time: allocations, system calls, instructions.
//!
//! Each row has its turn once, after all trials, with fresh servers. Allocations are counted request
//! by request, by a server that counts its own. System calls depend on the load, for an event loop that is
//! busy fetches more events at once, so they are counted under the scenario's own; and once more at rest, where the
//! same is done each time. Instructions take a server that is slower by far, so they are counted for whoever asks.

mod allocations;
mod at_rest;
mod few;
mod held_back;
mod instructions;
mod kernel;

use super::cpus::Split;
use super::rows::Row;
use super::scenario::Scenario;
use super::{Agenda, Fire, INTERRUPTED, Launch, Launched, Measured, MeasuredScenario, interrupt};

pub use allocations::{COUNT_ALLOCATIONS, COUNT_PATH};
pub(super) use held_back::held_back;

/// What was counted of a row. Whatever could not be is `None`, and why is told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// Heap allocations per request.
    pub allocs_per_request: Option<f64>,
    /// System calls per request.
    pub syscalls_per_request: Option<f64>,
    /// System calls per request at rest: one request at a time, and none of its steps before the server sleeps.
    pub syscalls_at_rest_per_request: Option<f64>,
    /// Instructions per request in user mode; `None` without a word in `missing` where nobody asked for them.
    pub instructions_per_request: Option<f64>,
    /// Context switches per request, those of threads that ended too.
    pub switches_per_request: Option<f64>,
    /// Why something is missing, and what would help.
    pub missing: Vec<String>,
}

/// What is counted besides allocations and system calls.
#[derive(Clone, Copy, Debug, Default)]
struct Besides {
    switches: bool,
    instructions: bool,
}

/// Counts for every row whose trials all went well, until Ctrl-C; the others are told why they are not counted.
pub fn inspect(agenda: &Agenda, measured: &mut Measured, launch: Launch<'_>, fire: Fire<'_>) {
    for MeasuredScenario { scenario, rows } in &mut measured.scenarios {
        for row in rows {
            let failed = row.trials.iter().any(|trial| trial.failed.is_some());
            if interrupt::requested() || failed {
                let why = if interrupt::requested() { INTERRUPTED } else { "a trial failed" };
                row.inspection.missing.push(format!("allocations and system calls were not counted: {why}"));
                continue;
            }
            let launched = || launch(&row.row, scenario, &agenda.split.server);
            // Where no thread ends, the trials have told about switches.
            let switches = row.trials.iter().all(|trial| trial.usage.context_switches.is_none());
            let besides = Besides { switches, instructions: agenda.instructions };
            row.inspection = count(&row.row, scenario, &agenda.split, &launched, fire, besides);
        }
    }
}

/// Counts for one server, however it is launched, instructions too.
pub fn inspect_row(
    row: &Row,
    scenario: &Scenario,
    split: &Split,
    launched: &dyn Fn() -> Result<Launched, String>,
    fire: Fire<'_>,
) -> Inspection {
    let besides = Besides { switches: false, instructions: true };
    let mut counted = count(row, scenario, split, launched, fire, besides);
    if !matches!(row, Row::Phase { .. }) {
        counted.missing.push("allocations are not counted: only the phases count their own".into());
    }
    counted
}

fn count(
    row: &Row,
    scenario: &Scenario,
    split: &Split,
    launched: &dyn Fn() -> Result<Launched, String>,
    fire: Fire<'_>,
    besides: Besides,
) -> Inspection {
    let mut inspection = Inspection::default();
    // Only the phases count their own.
    if matches!(row, Row::Phase { .. }) {
        match launched().and_then(|launched| allocations::count(scenario, launched)) {
            Ok(count) => inspection.allocs_per_request = Some(count),
            Err(why) => inspection.missing.push(format!("allocations can't be counted: {why}")),
        }
    }
    let plan = |addr| row.plan(scenario, addr, &split.client);
    match launched().and_then(|launched| kernel::count(scenario, &launched, plan, fire)) {
        Ok(counted) => {
            inspection.syscalls_per_request = counted.syscalls;
            inspection.switches_per_request = counted.switches;
            inspection.missing.extend(counted.no_syscalls);
            inspection.missing.extend(counted.no_switches.filter(|_| besides.switches));
        }
        Err(why) => inspection.missing.push(format!("system calls were not counted: {why}")),
    }
    match launched().and_then(|launched| at_rest::count(scenario, &launched)) {
        Ok(count) => inspection.syscalls_at_rest_per_request = count,
        Err(why) => inspection.missing.push(format!("system calls at rest were not counted: {why}")),
    }
    if besides.instructions && !interrupt::requested() {
        match instructions::count(scenario, launched) {
            Ok(count) => inspection.instructions_per_request = Some(count),
            Err(why) => inspection.missing.push(format!("instructions were not counted: {why}")),
        }
    }
    inspection
}
