//! System calls of a server per request when nothing hurries it.
//!
//! How many calls a request takes depends on what has arrived when the server looks: a busy one finds the next
//! connection at the same poll, and the end of the last one without another read. So here it is given one thing at a
//! time, and the next one only once it sleeps again. What it does then is the same each time, on a busy machine as on
//! a quiet one, and one call more shows as one call more.

use std::thread;
use std::time::{Duration, Instant};

use super::few::Few;
use super::kernel::counted;
use crate::lab::scenario::Scenario;
use crate::lab::server::Server;
use crate::lab::{INTERRUPTED, Launched, interrupt};
use crate::measure::Counters;

/// Requests before any is counted, and those that are.
const REQUESTS: (u64, u64) = (10, 30);
/// The same for a scenario whose requests wait.
const WAITING: (u64, u64) = (4, 20);
/// How long a server is given between two looks at whether it sleeps.
const LOOK_INTERVAL: Duration = Duration::from_micros(150);
/// Looks in a row at which it has to sleep, and to have done nothing since the one before.
const LOOKS_AT_REST: u32 = 2;
/// One that is awake for so long never rests.
const REST_WITHIN: Duration = Duration::from_secs(5);

/// Starts what was launched and counts; `None` where system calls can't be counted, which was told for those under
/// load.
pub(super) fn count(scenario: &Scenario, launched: &Launched) -> Result<Option<f64>, String> {
    let (mut server, mut counters) = counted(scenario, launched)?;
    if counters.read().syscalls.is_none() {
        return Ok(None);
    }
    let (warmup, requests) = if scenario.wait.is_some() { WAITING } else { REQUESTS };
    let mut few = Few::of(scenario, server.addr, 1);
    let mut fire = |server: &mut Server, counters: &mut Counters, requests: u64| {
        let mut fired = 0;
        while fired < requests {
            fired += few.one_by_steps(&mut || rest(server, counters))?;
        }
        Ok::<u64, String>(fired)
    };
    fire(&mut server, &mut counters, warmup)?;
    let before = counters.read();
    let fired = fire(&mut server, &mut counters, requests)?;
    let calls = counters.read().since(&before).syscalls;
    Ok(calls.map(|calls| calls as f64 / fired as f64))
}

/// Waits until all threads of the server sleep and none of them has been awake in between.
fn rest(server: &mut Server, counters: &mut Counters) -> Result<(), String> {
    let deadline = Instant::now() + REST_WITHIN;
    let (mut last, mut looks) = (counters.read(), 0);
    while looks < LOOKS_AT_REST {
        if interrupt::requested() {
            return Err(INTERRUPTED.into());
        }
        if Instant::now() > deadline {
            return Err(format!(
                "the server does something all the time: it did not sleep within {REST_WITHIN:?}"
            ));
        }
        thread::sleep(LOOK_INTERVAL);
        let now = counters.read();
        looks = if now == last && server.sleeps() { looks + 1 } else { 0 };
        last = now;
    }
    Ok(())
}
