//! What is counted apart from the trials, because counting takes time: allocations and system calls.
//!
//! Each row has its turn once, after all trials, with fresh servers. Allocations are counted request
//! by request, by a server that counts its own. System calls depend on the load, for an event loop that is
//! busy fetches more events at once, so they are counted under the scenario's own.

mod allocations;
mod few;
mod held_back;
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
    /// Context switches per request, those of threads that ended too.
    pub switches_per_request: Option<f64>,
    /// Why something is missing, and what would help.
    pub missing: Vec<String>,
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
            let switches_wanted = row.trials.iter().all(|trial| trial.usage.context_switches.is_none());
            row.inspection = count(&row.row, scenario, &agenda.split, &launched, fire, switches_wanted);
        }
    }
}

/// Counts for one server, however it is launched.
pub fn inspect_row(
    row: &Row,
    scenario: &Scenario,
    split: &Split,
    launched: &dyn Fn() -> Result<Launched, String>,
    fire: Fire<'_>,
) -> Inspection {
    count(row, scenario, split, launched, fire, false)
}

fn count(
    row: &Row,
    scenario: &Scenario,
    split: &Split,
    launched: &dyn Fn() -> Result<Launched, String>,
    fire: Fire<'_>,
    switches_wanted: bool,
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
            inspection.missing.extend(counted.no_switches.filter(|_| switches_wanted));
        }
        Err(why) => inspection.missing.push(format!("system calls were not counted: {why}")),
    }
    inspection
}
