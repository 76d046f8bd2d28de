//! A run by several processes: shard 0 measures as ever, the others fire what it tells them.

use serde_json::json;

use super::{Args, How, install_ctrl_c, launch, measure};
use crate::cli::Failure;
use crate::lab::interrupt;
use crate::shard::run::{self, Role};
use crate::shard::{INTERRUPTED, Seat};

/// Meets the others and plays this one's part.
pub(super) fn run(args: &Args, seat: &Seat) -> Result<(), Failure> {
    install_ctrl_c()?;
    // What makes no sense is said before anybody waits for anybody.
    args.agenda()?;
    let load = json!({"flags": args.flags()});
    match run::meet(seat, load).map_err(failed)? {
        Role::Mate(started, joined) => run::follow(seat, &started, joined).map_err(failed),
        Role::Lead(lead) => {
            let fire = |plan: &_, progress: &_| lead.fire(plan, progress);
            let launch = match (lead.is_remote(), lead.speaks_ipv6()) {
                (false, _) => launch::launch,
                (true, false) => launch::launch_for_all,
                (true, true) => launch::launch_for_ipv6,
            };
            let hosts = lead.hosts();
            let measured = measure(args, &How { launch: &launch, fire: &fire, hosts, lead: Some(&lead) });
            // The others are sent home whatever became of it.
            measured.and(lead.finish().map_err(failed))
        }
    }
}

fn failed(why: String) -> Failure {
    if interrupt::requested() || why == INTERRUPTED { Failure::Interrupted } else { Failure::Failed(why) }
}
