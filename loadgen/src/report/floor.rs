//! The floor, and how near to their ceilings the rows came.

use std::fmt::Write;
use std::time::Duration;

use super::distribution::latency;
use super::document::{Bare, Ceiling, Floor, Row, Trial};
use super::format::{count, duration, micros, percent, rate};
use super::stats::{round5, spread};
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
        "\nCPU is that of both sides together. No server that answers\none request at a time is faster on these CPUs, whatever it\nis written in.\n",
    );
    text
}

/// A rate that can't be exceeded.
struct Bound {
    qps: f64,
    /// What sets it.
    name: &'static str,
    /// The reckoning in words.
    why: String,
    /// How near the row came to it.
    share: Option<f64>,
}

/// What a row is bounded by.
pub(super) struct Bounds<'a> {
    /// Requests that a pool can wait for at a time.
    pub(super) workers: Option<u32>,
    /// How long each request waits by design.
    pub(super) wait: Option<Duration>,
    /// Requests that the client keeps under way.
    pub(super) in_flight: f64,
    /// How late a timer is, as a rule.
    pub(super) timer_late: Duration,
    /// CPUs that the server has.
    pub(super) cpus: usize,
    /// CPUs that the client has.
    pub(super) client_cpus: usize,
    /// The canned server in the same scenario.
    pub(super) canned: Option<&'a Row>,
}

impl Bounds<'_> {
    /// The lowest of the known ceilings, and how near the row came to it.
    pub(super) fn ceiling(&self, row: &Row) -> Option<Ceiling> {
        let canned = self.canned.filter(|_| row.kind != Kind::Floor.name());
        let candidates = [
            self.wait_bound(row),
            self.cpu_bound(row),
            self.client_bound(row),
            canned.and_then(|canned| canned_bound(canned, row)),
        ];
        let lowest = candidates.into_iter().flatten().min_by(|a, b| a.qps.total_cmp(&b.qps));
        let Bound { qps, name, mut why, share } = lowest?;
        if let Some(measured) = row.qps {
            let _ = write!(why, "; measured {}", rate(measured.median));
        }
        if let Some(share) = share {
            let _ = write!(why, ", {}", percent(share));
        }
        if row.client.bound && name != CLIENT {
            why.push_str(", with the client as the bottleneck");
        }
        Some(Ceiling { qps: round5(qps), bound: name.into(), why: Some(why) })
    }

    /// By Little's law, whoever waits can't answer more than those that are waited for at a time.
    fn wait_bound(&self, row: &Row) -> Option<Bound> {
        let each = self.wait? + self.timer_late;
        let each_ms = each.as_secs_f64() * 1e3;
        let workers = self.workers.map(f64::from).filter(|&workers| workers <= self.in_flight);
        let (name, who, at_a_time) = match workers {
            Some(1.0) => ("pool", "1 worker".to_owned(), 1.0),
            Some(workers) => ("pool", format!("{workers} workers"), workers),
            None => ("connections", format!("{} requests under way", self.in_flight), self.in_flight),
        };
        let qps = at_a_time / each.as_secs_f64();
        let why = format!("{name}-bound: {who} / {each_ms:.2} ms = {}/s", rate(qps));
        Some(Bound { qps, name, why, share: row.qps.map(|measured| measured.median / qps) })
    }

    fn cpu_bound(&self, row: &Row) -> Option<Bound> {
        let (each_us, share) = spent(row, self.cpus, |trial| trial.server.cpu_us_per_request)?;
        let qps = self.cpus as f64 / each_us * 1e6;
        let why = format!("CPU-bound: {} / {} = {}/s", cpus(self.cpus), micros(each_us), rate(qps));
        Some(Bound { qps, name: "cpu", why, share: Some(share) })
    }

    /// Where the client had time left, it did not hold the server up.
    fn client_bound(&self, row: &Row) -> Option<Bound> {
        let client_cpus = Some(self.client_cpus).filter(|_| row.client.bound)?;
        let (each_us, share) = spent(row, client_cpus, |trial| trial.client.cpu_us_per_request)?;
        let qps = client_cpus as f64 / each_us * 1e6;
        let why =
            format!("client-bound: {} of its own / {} = {}/s", cpus(client_cpus), micros(each_us), rate(qps));
        Some(Bound { qps, name: CLIENT, why, share: Some(share) })
    }
}

/// The name of the bound that is the client's.
const CLIENT: &str = "client";

fn cpus(number: usize) -> String {
    if number == 1 { "1 CPU".to_owned() } else { format!("{} CPUs", count(number as u64)) }
}

/// What a request cost as a rule, and which share of these CPUs was used as a rule: each the median over trials, and
/// of the same trials, because the rate of one beside the cost of another may come to more than all there is.
fn spent(row: &Row, cpus: usize, each_us: fn(&Trial) -> Option<f64>) -> Option<(f64, f64)> {
    let counted = row.trials.iter().filter(|trial| trial.failed.is_none());
    let pairs = counted.filter_map(|trial| Some((each_us(trial).filter(|&us| us > 0.0)?, trial.qps?)));
    let (each, shares): (Vec<f64>, Vec<f64>) =
        pairs.map(|(us, qps)| (us, qps * us / 1e6 / cpus as f64)).unzip();
    let median = |values: &[f64]| spread(values).map(|spread| spread.median);
    // Two clocks may differ by a little, and nobody is busier than busy.
    median(&each).zip(median(&shares)).filter(|_| cpus > 0).map(|(each, share)| (each, share.min(1.0)))
}

/// What the kernel lets canned bytes reach, if it was the kernel that bounded them.
fn canned_bound(canned: &Row, row: &Row) -> Option<Bound> {
    let qps = canned.qps.filter(|_| !canned.client.bound)?.median;
    let why = format!("kernel-bound: canned bytes alone reach {}/s", rate(qps));
    Some(Bound { qps, name: "kernel", why, share: row.qps.map(|measured| measured.median / qps) })
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
        for trial in &mut row.trials {
            trial.qps = Some(qps);
            trial.server.cpu_us_per_request = Some(cpu_us);
        }
        row
    }

    /// The same by a client that was the bottleneck, and spent so much.
    fn held_up(name: &str, qps: f64, cpu_us: f64, client_us: f64) -> Row {
        let mut row = row(name, qps, cpu_us);
        row.client.bound = true;
        row.trials.iter_mut().for_each(|trial| trial.client.cpu_us_per_request = Some(client_us));
        row
    }

    /// A wait of 2 ms, a timer that is 0.1 ms late, one CPU.
    fn waiting(workers: Option<u32>, in_flight: f64) -> Bounds<'static> {
        let wait = Some(Duration::from_millis(2));
        Bounds {
            workers,
            wait,
            in_flight,
            timer_late: Duration::from_micros(100),
            cpus: 1,
            client_cpus: 1,
            canned: None,
        }
    }

    /// No wait at all.
    fn beside(canned: Option<&Row>) -> Bounds<'_> {
        Bounds { wait: None, canned, ..waiting(None, 64.0) }
    }

    #[test]
    fn a_pool_is_bound_by_its_workers_and_the_time_that_each_waits() {
        let ceiling = waiting(Some(10), 1_000.0).ceiling(&row("pool", 4_690.0, 40.0)).unwrap();
        assert_eq!(ceiling.bound, "pool");
        let why = ceiling.why.unwrap();
        assert_eq!(why, "pool-bound: 10 workers / 2.10 ms = 4,762/s; measured 4,690, 98 %");
    }

    #[test]
    fn few_connections_bound_whoever_waits_for_them_alone() {
        for workers in [None, Some(10)] {
            let ceiling = waiting(workers, 8.0).ceiling(&row("served", 3_800.0, 40.0)).unwrap();
            assert_eq!(ceiling.bound, "connections");
            let why = ceiling.why.unwrap();
            assert_eq!(
                why,
                "connections-bound: 8 requests under way / 2.10 ms = 3,810/s; measured 3,800, 100 %"
            );
        }
    }

    #[test]
    fn a_client_that_was_the_bottleneck_has_a_ceiling_of_its_own() {
        let canned = held_up("canned", 24_000.0, 20.0, 40.0);
        let ceiling = beside(Some(&canned)).ceiling(&held_up("served", 23_750.0, 20.0, 40.0)).unwrap();
        assert_eq!((ceiling.bound.as_str(), ceiling.qps), ("client", 25_000.0));
        let why = ceiling.why.unwrap();
        assert_eq!(why, "client-bound: 1 CPU of its own / 40.0 µs = 25,000/s; measured 23,750, 95 %");
        // What canned bytes reach then says nothing about the kernel.
        assert_eq!(beside(Some(&canned)).ceiling(&row("served", 26_000.0, 20.0)).unwrap().bound, "cpu");
    }

    #[test]
    fn a_share_is_that_of_the_same_trials_and_never_more_than_all() {
        let mut row = row("served", 100_000.0, 10.0);
        for (trial, (qps, us)) in
            row.trials.iter_mut().zip([(160_000.0, 6.0), (210_000.0, 4.5), (140_000.0, 7.0)])
        {
            (trial.qps, trial.server.cpu_us_per_request) = (Some(qps), Some(us));
        }
        row.qps.as_mut().unwrap().median = 160_000.0;
        let why = beside(None).ceiling(&row).unwrap().why.unwrap();
        assert_eq!(why, "CPU-bound: 1 CPU / 6.00 µs = 166,667/s; measured 160,000, 96 %");
    }

    #[test]
    fn the_lowest_ceiling_is_the_one_that_counts() {
        let canned = row("canned", 30_000.0, 20.0);
        let bound = |cpu_us| {
            let row = row("served", 24_000.0, cpu_us);
            beside(Some(&canned)).ceiling(&row).unwrap()
        };
        assert_eq!((bound(40.0).bound.as_str(), bound(40.0).qps), ("cpu", 25_000.0));
        assert_eq!((bound(20.0).bound.as_str(), bound(20.0).qps), ("kernel", 30_000.0));
        let slow_client = held_up("served", 20_000.0, 20.0, 1.0);
        let why = beside(Some(&canned)).ceiling(&slow_client).unwrap().why.unwrap();
        assert!(why.contains("30,000/s; measured 20,000, 67 %, with the client as"), "{why}");
    }

    #[test]
    fn the_schema_knows_every_bound() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../../results/run.schema.json")).unwrap();
        let known = &schema["$defs"]["Ceiling"]["properties"]["bound"]["enum"];
        let slow_client = held_up("s", 30_000.0, 20.0, 30.0);
        let [canned, served, slow] = [row("canned", 30_000.0, 20.0), row("s", 1.0, 1.0), row("s", 1.0, 99.0)];
        let met = [
            waiting(Some(10), 1_000.0).ceiling(&served),
            waiting(None, 8.0).ceiling(&served),
            beside(None).ceiling(&slow_client),
            beside(Some(&canned)).ceiling(&served),
            beside(None).ceiling(&slow),
        ];
        let met = met.map(|ceiling| serde_json::Value::from(ceiling.unwrap().bound));
        assert_eq!(known.as_array().map(Vec::as_slice), Some(&met[..]));
    }

    #[test]
    fn where_nothing_is_known_there_is_no_ceiling() {
        let mut unknown = row("served", 1.0, 1.0);
        unknown.trials.iter_mut().for_each(|trial| trial.server.cpu_us_per_request = None);
        assert_eq!(beside(None).ceiling(&unknown), None);
    }

    #[test]
    fn the_text_fits_sixty_columns_and_says_what_was_not_measured() {
        let bare = Some(Bare { per_sec: 1_234_567.0, cpu_us: 12.345 });
        let text = floor_text(&Floor { connection_cycle: bare, ..Floor::default() });
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        assert!(text.contains("1,234,567/s") && text.contains("not measured"), "{text}");
        assert!(text.contains("that answers\none request at a time is faster"), "{text}");
    }
}
