//! `cargo xtask clients --slow`: clients that are slow on purpose, by slowhttptest.
//!
//! What must hold: a deadline ends every slow connection, whatever trickles in or out of it; the server
//! counts it as a timeout; and where a slow client holds nobody's place but its own, others are served
//! meanwhile as if it were not there. Nobody asks slowhttptest, which looks once a second and does not
//! see a server close while its own end is full. `watch` looks at the kernel's table of connections
//! instead, and `stranger` is the other client.
//!
//! Phases 0 and 1 serve one and ten at a time, so what is slow there waits for its turn to be slow, and
//! so does the stranger; their figures say for how long. Under their own deadlines they face fewer.

mod attack;
mod figures;
mod siege;
mod sockets;
mod stranger;
mod watch;

use std::path::Path;

use super::installed::Program;
use super::phases::Phase;
pub(super) use attack::{Attack, Choice};
use figures::Figures;
use siege::lay;

const SLOWHTTPTEST: Program = Program { name: "slowhttptest", package: "slowhttptest" };

/// Every chosen attack on every chosen phase. The result is whether all was well.
pub(super) fn run(
    loadgen: &Path,
    phases: &[&'static Phase],
    choice: &Choice,
    require: bool,
) -> Result<bool, String> {
    if !SLOWHTTPTEST.is_installed() {
        println!("slowhttptest is not installed (Debian: {})", SLOWHTTPTEST.package);
        return Ok(!require);
    }
    println!("{}", choice.describe());
    println!("blind is the longest that nobody looked, the machine being busy: what times may be wrong by");
    println!("{}", Figures::HEADINGS);
    let mut faults = Vec::new();
    for &attack in &choice.attacks {
        for phase in phases {
            let (figures, fault) = match lay(loadgen, phase, attack, choice)? {
                Ok(figures) => (figures.to_string(), figures.fault()),
                Err(fault) => (String::new(), Some(fault)),
            };
            let word = if fault.is_some() { "FAILED" } else { "ok" };
            println!("{:8} {:22} {word:6} {figures}", attack.name(), phase.label);
            faults
                .extend(fault.map(|fault| format!("== {} against {}\n{fault}", attack.name(), phase.label)));
        }
    }
    for fault in &faults {
        println!("\n{fault}");
    }
    Ok(faults.is_empty())
}
