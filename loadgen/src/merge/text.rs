//! The merged result for people.

use std::io::{self, Write};

use super::gather::Gathered;
use super::missing;
use crate::attack::summary::{self, Title, entry, grouped, plural, rate, time};
use crate::engine::Part;
use crate::report::wrap;
use crate::shard::named;
use crate::shard::whole::{Figures, Whole};

/// Writes it in `width` columns, or a few more where a line can't be broken.
pub(super) fn write(
    out: &mut impl Write,
    gathered: &Gathered,
    latency: bool,
    width: usize,
) -> io::Result<()> {
    head(out, gathered, width)?;
    match gathered.wholes.as_slice() {
        [only] => {
            let (method, url) = only.name.split_once(' ').unwrap_or(("", &only.name));
            let title = Title { method, url, latency };
            shards(out, only, width)?;
            warnings(out, gathered, only, width)?;
            writeln!(out)?;
            summary::write(out, &title, &only.plan, only.probes, &only.outcome, width)
        }
        several => {
            for whole in several {
                trial(out, whole, width)?;
                warnings(out, gathered, whole, width)?;
            }
            Ok(())
        }
    }
}

/// Which shards there are, and which are not.
fn head(out: &mut impl Write, gathered: &Gathered, width: usize) -> io::Result<()> {
    let (count, missing) = (gathered.count, gathered.missing.len());
    let of = if missing == 0 { grouped(count as u64) } else { format!("{} of {count}", count - missing) };
    let partial = if gathered.is_partial() { ": PARTIAL" } else { "" };
    let text = format!("{of} shard{} of run {}{partial}", plural(count as u64), gathered.run);
    wrap(&text, width).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    for line in missing::lines(&gathered.missing, &gathered.wholes[0].asked) {
        entry(out, "missing", &line, width)?;
    }
    Ok(())
}

fn shards(out: &mut impl Write, whole: &Whole, width: usize) -> io::Result<()> {
    for shard in &whole.shards {
        entry(out, &format!("shard {}", shard.index), &figures(shard), width)?;
    }
    Ok(())
}

fn figures(shard: &Figures) -> String {
    let p99 = shard.p99_ns.map_or_else(String::new, |ns| format!(", p99 {}", time(ns as f64)));
    let busy = if shard.client_bound { ", busy all the time" } else { "" };
    let clock = match shard.clock {
        Some(clock) if clock.error_ns > 0 => {
            // What is added to a clock to have shard 0's is what it is behind.
            let side = if clock.offset_ns < 0 { "ahead of" } else { "behind" };
            format!(
                ", clock {} {side} shard 0's (within {})",
                time(clock.offset_ns.unsigned_abs() as f64),
                time(clock.error_ns as f64)
            )
        }
        Some(_) => String::new(),
        None => ", clock not compared".to_owned(),
    };
    format!(
        "{}: {} answered, {} failed, {} per second{p99}{busy}{clock}",
        shard.host,
        grouped(shard.ok),
        grouped(shard.failed),
        rate(shard.per_sec)
    )
}

/// What the shards say against the result, each by itself.
fn warnings(out: &mut impl Write, gathered: &Gathered, whole: &Whole, width: usize) -> io::Result<()> {
    let mut warnings = Vec::new();
    warnings.extend(whole.late());
    for shard in &whole.shards {
        warnings.extend(
            shard.invalid.iter().chain(&shard.gave_up).map(|why| format!("shard {}: {why}", shard.index)),
        );
    }
    let ended: Vec<_> =
        whole.shards.iter().filter(|shard| shard.interrupted || shard.gave_up.is_some()).collect();
    if !ended.is_empty() {
        let indices: Vec<_> = ended.iter().map(|shard| shard.index).collect();
        let parts: Vec<_> = indices.iter().map(|&index| Part { index, count: gathered.count }).collect();
        let load = missing::load(&parts, &whole.asked);
        let their = if ended.len() == 1 { "its" } else { "their" };
        warnings.push(format!("{} ended early; {their} part was {load}", named(&indices)));
    }
    if whole.is_apart() {
        warnings.push(format!(
            "all shards counted together for {:.0} % of the time only, so that the rate is less than that of all of them",
            whole.together() * 100.0
        ));
    }
    if whole.shards.len() < gathered.seen {
        warnings.push(format!(
            "{} of {} shards have no such trial: it was broken off",
            gathered.seen - whole.shards.len(),
            gathered.seen
        ));
    }
    if gathered.clocks_unknown && gathered.count > 1 {
        warnings.push(
            "clocks were not compared: whether the shards fired at the same time is only as sure as the clocks"
                .to_owned(),
        );
    }
    warnings.iter().try_for_each(|warning| entry(out, "warning", warning, width))
}

/// A trial of a lab's run in a few lines; its results have the rest.
fn trial(out: &mut impl Write, whole: &Whole, width: usize) -> io::Result<()> {
    writeln!(out)?;
    wrap(&whole.name, width).iter().try_for_each(|line| writeln!(out, "{line}"))?;
    let outcome = &whole.outcome;
    let quantile = |quantile| time(outcome.latency_ns.value_at_quantile(quantile) as f64);
    let latency = if outcome.latency_ns.is_empty() {
        String::new()
    } else {
        format!(", p50 {}, p99 {}", quantile(0.5), quantile(0.99))
    };
    let text = format!(
        "{} answered, {} failed, {} per second{latency}",
        grouped(outcome.ok),
        grouped(outcome.failed()),
        rate(outcome.requests_per_sec())
    );
    entry(out, "all", &text, width)?;
    shards(out, whole, width)
}
