//! Allocations of a server per request: it counts its own, and is asked before and after.

use super::few::{CONNECTIONS_MAX, Few};
use crate::lab::Launched;
use crate::lab::scenario::Scenario;
use crate::lab::server::Server;

/// The flag of `loadgen serve` that makes it count, and…
pub const COUNT_ALLOCATIONS: &str = "--count-allocations";
/// …where it then tells how many there were.
pub const COUNT_PATH: &str = "/allocations";

/// Requests before the first look: whatever is allocated once and kept has been by then.
const WARMUP_REQUESTS: u64 = 200;
/// Requests between the looks.
const REQUESTS: u64 = 2_000;
/// The same for a scenario whose requests wait, one of which at a time phase 0 would wait seconds for.
const WAITING: (u64, u64) = (24, 60);

/// Starts what was launched and asks for what one request allocates in a steady state.
///
/// A look costs allocations, too: connection, request and answer. Two of them in a row tell how many.
pub(super) fn count(scenario: &Scenario, mut launched: Launched) -> Result<f64, String> {
    launched.command.arg(COUNT_ALLOCATIONS);
    let server = Server::start(launched, |addr| scenario.request(addr))?;
    let (warmup, requests) = if scenario.wait.is_some() { WAITING } else { (WARMUP_REQUESTS, REQUESTS) };
    // A pool grows to what was in use at a time. A connection that the server is about to close is, so
    // that there may be more of them than the client has. And what is in it grows to the largest request
    // that it ever held, which may be a look.
    Few::that_looks(server.addr, 4 * CONNECTIONS_MAX).fire(warmup)?;
    Few::of(scenario, server.addr, 4 * CONNECTIONS_MAX).fire(warmup)?;
    let mut few = Few::of(scenario, server.addr, scenario.connections.clamp(1, CONNECTIONS_MAX));
    few.fire(warmup)?;
    few.look()?;
    let first = few.look()?;
    let before = few.look()?;
    let fired = few.fire(requests)?;
    let after = few.look()?;
    let cost_of_a_look = before.saturating_sub(first);
    Ok(after.saturating_sub(before).saturating_sub(cost_of_a_look) as f64 / fired as f64)
}
