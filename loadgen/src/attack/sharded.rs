//! An attack by several processes: this one's part of it, and the file that says what came of that.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use super::summary::{grouped, rate, time};
use super::{Args, AttackError, complaint, exit_code, json, watch};
use crate::engine::{self, Outcome, Plan, Progress};
use crate::shard::record::{self, Fired, Record};
use crate::shard::{self, INTERRUPTED, LATE, Output, Seat, tell};

/// Meets the others, fires, and writes the file. The exit code says what became of this part.
pub(super) fn run(
    args: &Args,
    plan: Plan,
    probes: u64,
    seat: &Seat,
    progress: &Arc<Progress>,
) -> Result<ExitCode, AttackError> {
    refuse(args, seat)?;
    let part = seat.part();
    let own = engine::check_part(&plan, part)?;
    record::check(&seat.output, part, seat.run.as_deref()).map_err(AttackError::Argument)?;
    let set_up = engine::set_up_max(&plan);
    let started =
        seat.gather(shard::load(&plan), own.connections, set_up, &progress.stop).map_err(not_met)?;
    if part.index == 0
        && let Some(absent) = started.absent()
    {
        tell(&format!("beginning without {absent}"));
    }
    started.wait_to_set_up(set_up, &progress.stop);
    let begin_at = started.begin_at();
    // One progress is enough for people; where all are alike it is shard 0's.
    let mut shown = args.clone();
    shown.quiet |= part.index > 0;
    let (outcome, _) =
        watch::run(&own, &shown, progress, |progress| engine::run_part(&plan, part, begin_at, progress))?;
    let counted = outcome.ok + outcome.failed() + outcome.connections_opened + outcome.in_flight_at_end;
    if outcome.interrupted && counted == 0 {
        return Err(AttackError::Interrupted("interrupted before anything was counted".to_owned()));
    }
    let fired = Fired {
        name: format!("{} {}", args.method(), args.url()),
        plan,
        at_unix_ns: started.beginning.at_unix_ns,
        clock: started.clock,
        probes,
        outcome,
    };
    let record = Record::of(seat, &started, vec![fired]);
    let path = record.put(&seat.output).map_err(AttackError::Shards)?;
    let outcome = &record.fired[0].outcome;
    let mut text = line(&record, outcome);
    if let Some(path) = path {
        let _ = write!(text, "\nits file is {}", path.display());
        if part.index == 0 && part.count > 1 {
            let folder = path.parent().unwrap_or(&path).display();
            let _ = write!(text, "\nwhen all have ended: loadgen merge {folder}");
        }
    }
    match say(args, seat, &own, probes, outcome, &text) {
        // Whoever read it has read enough, as with `| head`.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    if outcome.late > LATE {
        tell(&format!("shard {} began {} late", part.index, time(outcome.late.as_nanos() as f64)));
    }
    if let Some(why) = complaint(outcome) {
        tell(&format!("error: {why}"));
    }
    Ok(exit_code(outcome))
}

fn not_met(why: String) -> AttackError {
    if why == INTERRUPTED { AttackError::Interrupted(why) } else { AttackError::Shards(why) }
}

/// Flags that several processes can't obey together.
fn refuse(args: &Args, seat: &Seat) -> Result<(), AttackError> {
    if args.open_loop.slo.is_some() {
        let text =
            "--max-rate in shards: the search is one process's; fire at the rates that interest you with -R";
        return Err(AttackError::Argument(text.to_owned()));
    }
    if args.json && seat.output == Output::StandardOutput {
        let text =
            "--json with --shard-dir -: standard output is the shard's; loadgen merge - --json reads it";
        return Err(AttackError::Argument(text.to_owned()));
    }
    match args.files.first_flag() {
        None => Ok(()),
        Some(flag) => Err(AttackError::Argument(format!(
            "{flag} in shards: each would write the same file; loadgen merge --hgrm writes one for all of them"
        ))),
    }
}

fn line(record: &Record, outcome: &Outcome) -> String {
    let Record { index, count, host, .. } = record;
    let p99_ns = (!outcome.latency_ns.is_empty()).then(|| outcome.latency_ns.value_at_quantile(0.99));
    let p99 = p99_ns.map_or_else(String::new, |ns| format!(", p99 {}", time(ns as f64)));
    format!(
        "shard {index} of {count} on {host}: {} answered, {} failed, {} per second{p99}{}",
        grouped(outcome.ok),
        grouped(outcome.failed()),
        rate(outcome.requests_per_sec()),
        if outcome.interrupted { " (interrupted)" } else { "" }
    )
}

fn say(args: &Args, seat: &Seat, own: &Plan, probes: u64, outcome: &Outcome, text: &str) -> io::Result<()> {
    // Standard output is the file's where that was asked for.
    if seat.output == Output::StandardOutput {
        tell(text);
        return Ok(());
    }
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", json::of(own, probes, outcome))?;
    } else {
        writeln!(out, "{text}")?;
    }
    out.flush()
}
