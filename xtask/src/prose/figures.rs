//! Figures of the reference run.

use std::fmt::Write as _;

use loadgen::report::format::{NONE, duration, memory, micros, per_request, rate, times};
use loadgen::report::{self, Document, Row, Scenario};

/// What can be told of a row.
struct Field {
    name: &'static str,
    /// How a column of it is called.
    title: &'static str,
    value: fn(&Row) -> Option<f64>,
    show: fn(f64) -> String,
}

const FIELDS: [Field; 18] = [
    field("qps", "requests/s", |row| row.qps.map(|qps| qps.median), rate),
    field("ceiling", "ceiling", |row| row.ceiling.as_ref().map(|ceiling| ceiling.qps), rate),
    field("cpu", "CPU/request", |row| row.server.cpu_us_per_request, micros),
    field("user", "user CPU", |row| row.server.user_us_per_request, micros),
    field("sys", "system CPU", |row| row.server.sys_us_per_request, micros),
    field("allocs", "allocations", |row| row.server.allocs_per_request, per_request),
    field("syscalls", "system calls", |row| row.server.syscalls_per_request, per_request),
    field("rest", "system calls at rest", |row| row.server.syscalls_at_rest_per_request, per_request),
    field("instructions", "instructions", |row| row.server.instructions_per_request, rounded),
    field("switches", "context switches", |row| row.server.context_switches_per_request, per_request),
    field("threads", "threads", |row| row.server.threads_max.map(|n| n as f64), rate_whole),
    field("memory", "memory", |row| row.server.rss_peak_bytes.map(|n| n as f64), bytes),
    field("p50", "p50", |row| row.latency_ns.map(|latency| latency.p50 as f64), nanos),
    field("p99", "p99", |row| row.latency_ns.map(|latency| latency.p99 as f64), nanos),
    field("client", "client CPU/request", client_us, micros),
    field("processors", "processors for a million a second", processors_for_a_million, rate_whole),
    field("hosts", "hosts for a million a second", hosts_for_a_million, rate_whole),
    field("max", "longest", |row| row.latency_ns.map(|latency| latency.max as f64), nanos),
];

const fn field(
    name: &'static str,
    title: &'static str,
    value: fn(&Row) -> Option<f64>,
    show: fn(f64) -> String,
) -> Field {
    Field { name, title, value, show }
}

/// The columns of a table. Those that nothing was measured for are left out.
const COLUMNS: [&str; 11] = [
    "qps",
    "cpu",
    "user",
    "sys",
    "allocs",
    "syscalls",
    "rest",
    "instructions",
    "switches",
    "threads",
    "memory",
];

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes were an integer")]
fn bytes(value: f64) -> String {
    memory(value as u64)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "nanoseconds were an integer")]
fn nanos(value: f64) -> String {
    duration(value as u64)
}

fn rate_whole(value: f64) -> String {
    if value < 100.0 { format!("{value:.0}") } else { rate(value) }
}

/// How busy a client may be that is to send on time.
const BUSY: f64 = 0.7;
/// Processors that a host has for it.
const PROCESSORS: f64 = 4.0;

fn client_us(row: &Row) -> Option<f64> {
    row.client.cpu_us_per_request()
}

/// So many microseconds a request are so many processors for a million of them each second.
fn processors_for_a_million(row: &Row) -> Option<f64> {
    Some((client_us(row)? / BUSY).ceil())
}

fn hosts_for_a_million(row: &Row) -> Option<f64> {
    Some((processors_for_a_million(row)? / PROCESSORS).ceil())
}

/// Three digits are what two runs agree on.
fn rounded(value: f64) -> String {
    let unit = 10_f64.powf((value.log10() - 2.0).floor().max(0.0));
    rate((value / unit).round() * unit)
}

/// One figure: `SCENARIO / ROW / FIELD`, or how many times as much it is as another row's: `SCENARIO / ROW over ROW / FIELD`.
pub(super) fn figure(run: &Document, what: &str) -> Result<String, String> {
    let parts: Vec<_> = what.split(" / ").map(str::trim).collect();
    let &[scenario, rows, field] = parts.as_slice() else {
        return Err(format!("'{what}' should be SCENARIO / ROW / FIELD"));
    };
    if scenario == "floor" {
        return floor(run, rows, field);
    }
    if field == "worth" {
        let scenario = scenario_of(run, scenario)?;
        return report::worth(scenario, row(scenario, rows)?)
            .ok_or_else(|| format!("{rows} turns no mechanism off in {}", scenario.name));
    }
    let field = FIELDS.iter().find(|known| known.name == field).ok_or_else(|| {
        let names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
        format!("there is no field '{field}'; there are {}", names.join(", "))
    })?;
    let scenario = scenario_of(run, scenario)?;
    let value = |name: &str| {
        (field.value)(row(scenario, name)?)
            .ok_or_else(|| format!("the reference run has no {} for {name} in {}", field.name, scenario.name))
    };
    let Some((above, below)) = rows.split_once(" over ") else { return Ok((field.show)(value(rows)?)) };
    // Rates and costs are compared as the reports do.
    match field.name {
        "qps" => report::times_the_rate(row(scenario, above)?, row(scenario, below)?),
        "cpu" => report::times_the_cpu(row(scenario, above)?, row(scenario, below)?)
            .ok_or_else(|| format!("the CPU time of {rows} was not measured")),
        _ => Ok(times(value(above)? / value(below)?)),
    }
}

/// What the kernel takes without HTTP, as `calibrate` says it: `connection` or `exchange`, or how many times as much the one
/// is as the other.
fn floor(run: &Document, what: &str, field: &str) -> Result<String, String> {
    let floor = run.floor.as_ref().ok_or("the reference run has no floor")?;
    let cpu = |name: &str| {
        let bare = match name {
            "connection" => floor.connection_cycle,
            "exchange" => floor.exchange,
            _ => return Err(format!("there is no '{name}' in the floor; there are connection, exchange")),
        };
        bare.map(|bare| bare.cpu_us).ok_or_else(|| format!("the {name} of the floor was not measured"))
    };
    if field != "cpu" {
        return Err(format!("of the floor there is no field '{field}'; there is cpu"));
    }
    match what.split_once(" over ") {
        Some((above, below)) => Ok(times(cpu(above)? / cpu(below)?)),
        None => Ok(micros(cpu(what)?)),
    }
}

fn scenario_of<'a>(run: &'a Document, name: &str) -> Result<&'a Scenario, String> {
    let found = run.scenarios.iter().find(|scenario| scenario.name == name);
    found.ok_or_else(|| format!("the reference run has no scenario '{name}'"))
}

fn row<'a>(scenario: &'a Scenario, name: &str) -> Result<&'a Row, String> {
    scenario.rows.iter().find(|row| row.name == name).ok_or_else(|| {
        let names: Vec<_> = scenario.rows.iter().map(|row| row.name.as_str()).collect();
        format!("the reference run has no '{name}' in {}; it has {}", scenario.name, names.join(", "))
    })
}

/// Rows side by side: `SCENARIO: ROW | ROW`.
pub(super) fn table(run: &Document, what: &str) -> Result<String, String> {
    let (scenario, rows) = what.split_once(": ").ok_or("measured needs SCENARIO: ROW | ROW")?;
    let scenario = scenario_of(run, scenario)?;
    let rows: Vec<&Row> =
        rows.split(" | ").map(|name| row(scenario, name.trim())).collect::<Result<_, _>>()?;
    let columns: Vec<_> = COLUMNS
        .iter()
        .filter_map(|name| FIELDS.iter().find(|field| field.name == *name))
        .filter(|field| rows.iter().any(|row| (field.value)(row).is_some()))
        .collect();
    let titles: Vec<_> = columns.iter().map(|field| field.title).collect();
    let mut out =
        format!("| {} | {} |\n|---|{}\n", scenario.name, titles.join(" | "), "---:|".repeat(columns.len()));
    for row in rows {
        let cells: Vec<_> = columns
            .iter()
            .map(|field| (field.value)(row).map_or_else(|| NONE.to_owned(), field.show))
            .collect();
        let _ = writeln!(out, "| `{}` | {} |", row.name, cells.join(" | "));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Document {
        super::super::Sources::read().expect("the reference run").reference
    }

    #[test]
    fn a_figure_is_that_of_its_row_and_a_ratio_that_of_two() {
        let run = reference();
        let scenario = scenario_of(&run, "reference").expect("the scenario");
        let row = row(scenario, "phase0-serial").expect("the row");
        let wanted = rate(row.qps.expect("a rate").median);
        assert_eq!(figure(&run, "reference / phase0-serial / qps"), Ok(wanted));
        assert_eq!(figure(&run, "reference / phase0-serial over phase0-serial / qps"), Ok("1.00x".into()));
        assert!(
            figure(&run, "kept / phase4-keepalive --close / worth").is_ok_and(|worth| worth.contains("x ("))
        );
        let exchange = run.floor.and_then(|floor| floor.exchange).expect("an exchange");
        assert_eq!(figure(&run, "floor / exchange / cpu"), Ok(micros(exchange.cpu_us)));
        assert_eq!(figure(&run, "floor / exchange over exchange / cpu"), Ok("1.0x".into()));
    }

    #[test]
    fn what_the_run_does_not_have_is_an_error_that_says_what_it_has() {
        let run = reference();
        let wrong = |what| figure(&run, what).expect_err("nothing");
        assert!(wrong("reference / phase9 / qps").contains("it has phase0-serial"));
        assert!(wrong("reference / canned / speed").contains("there are qps"));
        assert!(wrong("reference / canned / allocs").contains("no allocs for canned"));
        assert!(wrong("floor / handshake / cpu").contains("there are connection, exchange"));
    }

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let table = table(&reference(), "plaintext: phase3-pooled | phase4-keepalive").expect("a table");
        assert_eq!(table.lines().count(), 4, "{table}");
        assert!(
            table.starts_with(
                "| plaintext | requests/s | CPU/request | user CPU | system CPU | allocations |"
            ),
            "{table}"
        );
    }

    #[test]
    fn large_counts_have_three_digits() {
        assert_eq!([9_412.0, 18_651.0, 1_493.0, 94.0].map(rounded), ["9,410", "18,700", "1,490", "94.0"]);
    }
}
