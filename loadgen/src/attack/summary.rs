//! The outcome for people.

use std::io::{self, Write};

use hdrhistogram::Histogram;

use super::{cohorts, doubts, failures, open_loop};
use crate::engine::{LittlesLaw, Mode, Outcome, Plan};
use crate::report::wrap;

const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];
const MORE_QUANTILES: [(&str, f64); 9] = [
    ("p10", 0.1),
    ("p25", 0.25),
    ("p50", 0.5),
    ("p75", 0.75),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
];

/// Columns of the names before the values.
const NAMES: usize = 14;

/// What was asked for, and how much of the answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Title<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    /// More of the latency's distribution.
    pub(crate) latency: bool,
}

/// Writes it in `width` columns, or a few more where a line can't be broken. `probes` are the connections that
/// were made before the run.
pub(crate) fn write(
    out: &mut impl Write,
    title: &Title<'_>,
    plan: &Plan,
    probes: u64,
    outcome: &Outcome,
    width: usize,
) -> io::Result<()> {
    let Plan { connections, threads, .. } = plan;
    let mode = match plan.mode {
        Mode::Close => "a connection per request".to_owned(),
        Mode::KeepAlive { pipeline: 1 } => "keep-alive".to_owned(),
        Mode::KeepAlive { pipeline } => format!("keep-alive, {pipeline} requests pipelined"),
    };
    writeln!(out, "{} {}: {mode}{}", title.method, title.url, open_loop::describe(plan))?;
    writeln!(
        out,
        "{connections} connection{}, {threads} thread{}, {:.2} s{}\n",
        plural(*connections as u64),
        plural(*threads as u64),
        outcome.elapsed.as_secs_f64(),
        if outcome.interrupted { " (interrupted)" } else { "" }
    )?;
    counts(out, outcome, width)?;
    latency(out, title.latency, outcome)?;
    client(out, outcome, width)?;
    notes(out, probes, outcome, width)?;
    cohorts::write(out, outcome, width)?;
    doubts::write(out, plan, outcome, width)?;
    failures::write(out, &outcome.failures, width)?;
    failures::write_unasked(out, &outcome.unasked, width)?;
    open_loop::write(out, outcome, width)?;
    totals(out, outcome)
}

/// The last lines, in the words and the places that wrk has them in, for scripts that look for these.
fn totals(out: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    let seconds = outcome.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
    let transferred = binary(outcome.bytes_read as f64 / seconds);
    writeln!(out, "\nRequests/sec: {:>9.2}", outcome.requests_per_sec())?;
    writeln!(out, "Transfer/sec: {transferred:>11}")
}

/// A name and what there is to say about it, in lines that begin below each other.
pub(crate) fn entry(out: &mut impl Write, name: &str, text: &str, width: usize) -> io::Result<()> {
    let lines = wrap(text, width.saturating_sub(NAMES).max(20));
    for (index, line) in lines.iter().enumerate() {
        writeln!(out, "{:<NAMES$}{line}", if index == 0 { name } else { "" })?;
    }
    Ok(())
}

fn counts(out: &mut impl Write, outcome: &Outcome, width: usize) -> io::Result<()> {
    writeln!(out, "answered      {}", grouped(outcome.ok))?;
    writeln!(out, "failed        {}", grouped(outcome.failed()))?;
    for (kind, count) in outcome.errors.iter().filter(|&(_, count)| count > 0) {
        writeln!(out, "  {:<12}{}", kind.name(), grouped(count))?;
    }
    let statuses: Vec<String> =
        outcome.statuses.iter().map(|(status, &count)| format!("{status}: {}", grouped(count))).collect();
    let statuses = if statuses.is_empty() { "none".to_owned() } else { statuses.join(", ") };
    entry(out, "statuses", &statuses, width)?;
    writeln!(out, "received      {}", bytes(outcome.bytes_read as f64))
}

/// The times; `more` of them where that was asked for.
pub(super) fn latency(out: &mut impl Write, more: bool, outcome: &Outcome) -> io::Result<()> {
    let quantiles = if more { &MORE_QUANTILES[..] } else { &QUANTILES };
    times(out, "latency", &outcome.latency_ns, quantiles)?;
    if let Some(open) = &outcome.open_loop {
        times(out, "service time", &open.service_ns, quantiles)?;
    }
    if !more {
        return Ok(());
    }
    times(out, "first byte", &outcome.first_byte_ns, &QUANTILES)?;
    times(out, "connect", &outcome.connect_ns, &QUANTILES)
}

fn times(
    out: &mut impl Write,
    name: &str,
    histogram: &Histogram<u64>,
    quantiles: &[(&str, f64)],
) -> io::Result<()> {
    if histogram.is_empty() {
        return writeln!(out, "{name:<14}n/a");
    }
    writeln!(out, "{name:<14}{:<8}{:>9}", "mean", time(histogram.mean()))?;
    for &(label, quantile) in quantiles {
        let value = histogram.value_at_quantile(quantile) as f64;
        writeln!(out, "{:<14}{label:<8}{:>9}", "", time(value))?;
    }
    writeln!(out, "{:<14}{:<8}{:>9}", "", "max", time(histogram.max() as f64))
}

fn client(out: &mut impl Write, outcome: &Outcome, width: usize) -> io::Result<()> {
    let completed = outcome.ok + outcome.failed();
    if completed > 0 {
        let per_request = |spent: std::time::Duration| spent.as_secs_f64() * 1e6 / completed as f64;
        let split = match outcome.client.split() {
            Some([user, system]) => {
                format!("{:.2} user, {:.2} system", per_request(user), per_request(system))
            }
            None => "user and system: n/a, too short to tell".to_owned(),
        };
        let text = format!("{:.2} µs per request ({split})", per_request(outcome.client.total()));
        entry(out, "client CPU", &text, width)?;
    }
    let (most, opened) = (outcome.connections_established, outcome.connections_opened);
    let text = format!("{} at once at most, {} opened while counting", grouped(most as u64), grouped(opened));
    entry(out, "connections", &text, width)?;
    // Where it does not hold there is a warning instead.
    let Some(law) = outcome.littles_law().filter(LittlesLaw::holds) else { return Ok(()) };
    let text = format!(
        "{:.1} of {:.0} requests, by rate times mean latency (Little's law)",
        law.measured, law.asked
    );
    entry(out, "under way", &text, width)
}

fn notes(out: &mut impl Write, probes: u64, outcome: &Outcome, width: usize) -> io::Result<()> {
    let notes = [
        (probes, "connection", "more made before the run, to see which of the name's addresses takes one"),
        (outcome.in_flight_at_end, "request", "still in flight at the end, which is no failure"),
        (
            outcome.retried,
            "time",
            "the server closed a kept connection under a request, which was sent again",
        ),
        (outcome.closed_by_client, "time", "the server did not close as asked, so that the client did"),
        (outcome.resets_sent, "time", "the client reset a connection after the answer (--reset)"),
        (outcome.reset_after_answer, "time", "the server reset a connection after a whole answer"),
    ];
    let mut said = notes.into_iter().filter(|&(count, ..)| count > 0);
    said.try_for_each(|(count, what, text)| {
        entry(out, "note", &format!("{} {what}{} {text}", grouped(count), plural(count)), width)
    })
}

pub(crate) fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Digits in groups of three.
pub(crate) fn grouped(value: u64) -> String {
    grouped_digits(&value.to_string())
}

/// A rate, with decimals where it is small enough for them to matter.
pub(crate) fn rate(per_sec: f64) -> String {
    match per_sec {
        1_000.0.. => grouped_digits(&format!("{per_sec:.0}")),
        // One that is slower than one request a second, and not none at all.
        0.0..1.0 if per_sec > 0.0 => format!("{per_sec:.3}"),
        _ => format!("{per_sec:.1}"),
    }
}

fn grouped_digits(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Three significant digits, in the unit that suits.
pub(crate) fn time(ns: f64) -> String {
    scaled(ns, &[("ns", 1e3), ("µs", 1e3), ("ms", 1e3), ("s", f64::INFINITY)])
}

fn bytes(count: f64) -> String {
    scaled(count, &[("B", 1e3), ("kB", 1e3), ("MB", 1e3), ("GB", f64::INFINITY)])
}

/// Bytes in wrk's units, which are powers of 1,024 and go by the names of powers of 1,000.
fn binary(mut count: f64) -> String {
    let mut units = ["", "K", "M", "G", "T"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    while count >= 1_024.0
        && let Some(next) = units.next()
    {
        (count, unit) = (count / 1_024.0, next);
    }
    format!("{count:.2}{unit}B")
}

fn scaled(mut value: f64, units: &[(&str, f64)]) -> String {
    for (unit, step) in units {
        // Where rounding would show four digits, the next unit shows fewer.
        if value < step - 0.5 {
            let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
            return format!("{value:.decimals$} {unit}");
        }
        value /= step;
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_law_that_holds_is_told_as_what_was_under_way() {
        let told = |ok: u64| {
            let mut outcome = Outcome::empty();
            outcome.latency_ns.record_n(1_000_000, ok).unwrap();
            (outcome.ok, outcome.elapsed) = (ok, Duration::from_secs(1));
            (outcome.connections_asked, outcome.pipeline) = (64, 1);
            let mut text = Vec::new();
            client(&mut text, &outcome, 80).unwrap();
            String::from_utf8(text).unwrap()
        };
        let holds = told(64_000);
        assert!(holds.contains("\nunder way     64.0 of 64 requests, by rate times mean latency"), "{holds}");
        assert!(!told(32_000).contains("under way"), "a warning says so instead");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(["0", "999", "1,000", "1,234,567"], [0, 999, 1_000, 1_234_567].map(grouped)[..]);
        assert_eq!(["0.0", "0.062", "12.5", "98,765"], [0.0, 0.0625, 12.5, 98_765.4].map(rate)[..]);
        assert_eq!(
            ["5.00 ns", "12.3 µs", "640 µs", "1.00 ms", "2.50 s"],
            [5.0, 12_345.0, 640_000.0, 999_900.0, 2.5e9].map(time)[..]
        );
        assert_eq!(
            ["0.00B", "1023.00B", "1.50KB", "2.00MB"],
            [0.0, 1_023.0, 1_536.0, 2_097_152.0].map(binary)[..]
        );
        assert_eq!(["0.00 B", "76.0 B", "1.50 MB"], [0.0, 76.0, 1.5e6].map(bytes)[..]);
    }
}
