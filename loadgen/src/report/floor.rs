//! The floor, and how near to their ceilings the rows came.

use std::fmt::Write;
use std::time::Duration;

use super::distribution::latency;
use super::document::{Bare, Ceiling, Floor, Row};
use super::format::{count, duration, percent, rate};
use super::stats::round5;
use crate::lab;
use crate::lab::rows::Kind;

/// The floor as `run.json` holds it.
pub fn floor(measured: &lab::Floor) -> Floor {
    let bare = |cost: lab::floor::Cost| Bare { per_sec: round5(cost.per_sec), cpu_us: round5(cost.cpu_us) };
    Floor {
        connection_cycle: Some(bare(measured.connection_cycle)),
        exchange: Some(bare(measured.exchange)),
        timer_late_ns: latency(&measured.timer_late_ns),
    }
}

/// The floor for people, in at most 60 columns.
pub fn floor_text(floor: &Floor) -> String {
    let mut text = "what this kernel can do without HTTP\n\n".to_owned();
    let mut line = |what: &str, bare: Option<Bare>| {
        let figures = bare.map_or_else(
            || "not measured".to_owned(),
            |bare| format!("{:>9}/s  {:>6.2} µs of CPU", rate(bare.per_sec), bare.cpu_us),
        );
        // A String takes all that is written to it.
        let _ = writeln!(text, "{what:<24}{figures}");
    };
    line("a connection, 1 byte", floor.connection_cycle);
    line("1 byte there and back", floor.exchange);
    if let Some(late) = floor.timer_late_ns {
        let (p50, p99) = (duration(late.p50), duration(late.p99));
        let _ = writeln!(text, "{:<24}p50 {p50}, p99 {p99}", "a timer of 1 ms is late");
    }
    text.push_str(
        "\nCPU is that of both sides together. No server is faster on\nthese CPUs, whatever it is written in.\n",
    );
    text
}

/// What a row is bounded by.
pub(super) struct Bounds<'a> {
    /// Requests that it can wait for at a time, and how long each of them waits.
    pub(super) pool: Option<(u32, Duration)>,
    /// How late a timer is, as a rule.
    pub(super) timer_late: Duration,
    /// CPUs that the server has.
    pub(super) cpus: usize,
    /// The canned server in the same scenario.
    pub(super) canned: Option<&'a Row>,
}

impl Bounds<'_> {
    /// The lowest of the known ceilings, and how near the row came to it.
    pub(super) fn ceiling(&self, row: &Row) -> Option<Ceiling> {
        let kernel = self.canned.filter(|_| row.kind != Kind::Floor.name());
        let candidates = [self.pool_bound(), self.cpu_bound(row), kernel.and_then(kernel_bound)];
        let (qps, bound, mut why) =
            candidates.into_iter().flatten().min_by(|(a, ..), (b, ..)| a.total_cmp(b))?;
        if let Some(measured) = row.qps {
            let (median, share) = (rate(measured.median), percent(measured.median / qps));
            let _ = write!(why, "; measured {median}, {share}");
        }
        if row.client.bound {
            why.push_str(", with the client as the bottleneck");
        }
        Some(Ceiling { qps: round5(qps), bound: bound.into(), why: Some(why) })
    }

    fn pool_bound(&self) -> Option<(f64, &'static str, String)> {
        let (workers, wait) = self.pool?;
        let each = wait + self.timer_late;
        let qps = f64::from(workers) / each.as_secs_f64();
        let each_ms = each.as_secs_f64() * 1e3;
        let who = if workers == 1 { "1 worker".to_owned() } else { format!("{workers} workers") };
        Some((qps, "pool", format!("pool-bound: {who} / {each_ms:.2} ms = {}/s", rate(qps))))
    }

    fn cpu_bound(&self, row: &Row) -> Option<(f64, &'static str, String)> {
        let each_us = row.server.cpu_us_per_request.filter(|&us| us > 0.0 && self.cpus > 0)?;
        let qps = self.cpus as f64 / each_us * 1e6;
        let cpus =
            if self.cpus == 1 { "1 CPU".to_owned() } else { format!("{} CPUs", count(self.cpus as u64)) };
        Some((qps, "cpu", format!("CPU-bound: {cpus} / {each_us:.1} µs = {}/s", rate(qps))))
    }
}

fn kernel_bound(canned: &Row) -> Option<(f64, &'static str, String)> {
    let qps = canned.qps?.median;
    Some((qps, "kernel", format!("kernel-bound: canned bytes alone reach {}/s", rate(qps))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn row(name: &str, qps: f64, cpu_us: f64) -> Row {
        let mut row = sample::document().scenarios.remove(0).rows.remove(0);
        row.name = name.into();
        row.server.cpu_us_per_request = Some(cpu_us);
        row.qps.as_mut().unwrap().median = qps;
        row
    }

    fn bounds(pool: Option<(u32, Duration)>, canned: Option<&Row>) -> Bounds<'_> {
        Bounds { pool, timer_late: Duration::from_micros(100), cpus: 1, canned }
    }

    #[test]
    fn a_pool_is_bound_by_its_workers_and_the_time_that_each_waits() {
        let pool = Some((10, Duration::from_millis(2)));
        let ceiling = bounds(pool, None).ceiling(&row("pool", 4_690.0, 40.0)).unwrap();
        assert_eq!(ceiling.bound, "pool");
        let why = ceiling.why.unwrap();
        assert_eq!(why, "pool-bound: 10 workers / 2.10 ms = 4,762/s; measured 4,690, 98 %");
    }

    #[test]
    fn the_lowest_ceiling_is_the_one_that_counts() {
        let canned = row("canned", 30_000.0, 20.0);
        let bound = |cpu_us| {
            let row = row("served", 24_000.0, cpu_us);
            bounds(None, Some(&canned)).ceiling(&row).unwrap()
        };
        assert_eq!((bound(40.0).bound.as_str(), bound(40.0).qps), ("cpu", 25_000.0));
        assert_eq!((bound(20.0).bound.as_str(), bound(20.0).qps), ("kernel", 30_000.0));
        let mut slow_client = row("served", 20_000.0, 20.0);
        slow_client.client.bound = true;
        let why = bounds(None, Some(&canned)).ceiling(&slow_client).unwrap().why.unwrap();
        assert!(why.contains("30,000/s; measured 20,000, 67 %, with the client as"), "{why}");
    }

    #[test]
    fn where_nothing_is_known_there_is_no_ceiling() {
        let mut unknown = row("served", 1.0, 1.0);
        unknown.server.cpu_us_per_request = None;
        assert_eq!(bounds(None, None).ceiling(&unknown), None);
    }

    #[test]
    fn the_text_fits_sixty_columns_and_says_what_was_not_measured() {
        let bare = Some(Bare { per_sec: 1_234_567.0, cpu_us: 12.345 });
        let text = floor_text(&Floor { connection_cycle: bare, ..Floor::default() });
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        assert!(text.contains("1,234,567/s") && text.contains("not measured"), "{text}");
    }
}
