//! The tables of a report, as cells: Markdown and HTML draw the same ones.

use super::document::{Document, Row, Scenario, Server};
use super::format::{
    NONE, count, decimals, digits, duration, growth, memory, micros, or_none, per_request, percent, rate,
    success, times,
};
use super::terminal::{cpu_per_request, share_of_target};
use super::warnings::concurrency;

/// Rows under titles. The first `left` columns are words, the others numbers.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) titles: Vec<&'static str>,
    pub(crate) left: usize,
    pub(crate) rows: Vec<Vec<Cell>>,
}

/// What stands in a table, and how it is to be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    /// A name as it is typed.
    Code(String),
    /// The number that the table is about.
    Strong(String),
    /// A share from 0 on, with its text; at 1 it is full.
    Gauge(f64, String),
}

/// A column: its title, its cells, and whether it stays where nothing was measured.
pub(crate) struct Column<'a, T> {
    title: &'static str,
    stays: bool,
    cell: Box<dyn Fn(&T) -> Cell + 'a>,
}

/// A column that is always there.
pub(crate) fn column<'a, T, C: Into<Cell>>(
    title: &'static str,
    cell: impl Fn(&T) -> C + 'a,
) -> Column<'a, T> {
    Column { title, stays: true, cell: Box::new(move |item| cell(item).into()) }
}

/// A column that is left out where all of its cells would be dashes.
pub(crate) fn optional<'a, T>(title: &'static str, cell: impl Fn(&T) -> String + 'a) -> Column<'a, T> {
    Column { stays: false, ..column(title, cell) }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Cell {
    fn is_none(&self) -> bool {
        matches!(self, Self::Text(text) if text == NONE)
    }
}

impl Table {
    pub(crate) fn of<'a, T: 'a>(
        items: impl IntoIterator<Item = &'a T>,
        left: usize,
        columns: Vec<Column<'_, T>>,
    ) -> Self {
        let items: Vec<&T> = items.into_iter().collect();
        let columns: Vec<_> = columns
            .into_iter()
            .filter(|column| column.stays || items.iter().any(|item| !(column.cell)(item).is_none()))
            .collect();
        let rows = items.iter().map(|item| columns.iter().map(|column| (column.cell)(item)).collect());
        Self { left, rows: rows.collect(), titles: columns.iter().map(|column| column.title).collect() }
    }
}

pub(super) fn name(row: &Row) -> Cell {
    Cell::Code(row.name.clone())
}

/// The interval around a rate; a single trial has none.
pub(super) fn interval(row: &Row) -> String {
    or_none(row.qps.filter(|qps| qps.confidence.is_some()), |qps| {
        format!("{}–{}", rate(qps.low), rate(qps.high))
    })
}

/// The table of the original report.
pub(super) fn rates(scenario: &Scenario) -> Table {
    let of_target = |row: &Row| match row.qps.zip(row.target_qps) {
        Some((qps, target)) => Cell::Gauge(qps.median / target, share_of_target(row)),
        None => Cell::Text(NONE.into()),
    };
    let strong = |row: &Row| row.qps.map_or(Cell::Text(NONE.into()), |qps| Cell::Strong(rate(qps.median)));
    let mut columns = vec![
        column("server", name),
        column("idea", |row: &Row| row.idea.clone()),
        column("requests/s", strong),
        column("low–high", interval),
        column("speed-up", |row: &Row| or_none(row.speedup, times)),
        optional("of the floor", |row: &Row| or_none(row.share_of_floor, percent)),
        column("success", |row: &Row| or_none(row.requests.success(), success)),
    ];
    if scenario.rows.iter().any(|row| row.original_qps.or(row.target_qps).is_some()) {
        columns.insert(2, column("original", |row: &Row| or_none(row.original_qps, rate)));
        columns.insert(3, column("target", |row: &Row| or_none(row.target_qps, rate)));
        columns.insert(6, column("of target", of_target));
    }
    Table::of(&scenario.rows, 2, columns)
}

/// Percentiles, and what Little's law makes of them.
pub(super) fn latencies(scenario: &Scenario) -> Table {
    let at = |pick: fn(&super::Latency) -> u64| {
        move |row: &Row| or_none(row.latency_ns, |latency| duration(pick(&latency)))
    };
    let columns = vec![
        column("latency", name),
        column("p50", at(|l| l.p50)),
        column("p90", at(|l| l.p90)),
        column("p99", at(|l| l.p99)),
        column("p99.9", at(|l| l.p999)),
        column("max", at(|l| l.max)),
        column("mean", at(|l| l.mean)),
        column("rate x mean", |row: &Row| or_none(concurrency(row), rate)),
        column("connections", |row: &Row| or_none(row.client.connections_established, |n| count(n as u64))),
    ];
    Table::of(&scenario.rows, 1, columns)
}

/// What a request costs both sides.
pub(super) fn costs(scenario: &Scenario) -> Table {
    let columns = vec![
        column("per request", name),
        column("server CPU", cpu_per_request),
        column("user", |row: &Row| or_none(row.server.user_us_per_request, |us| user_time(&row.server, us))),
        column("system", |row: &Row| or_none(row.server.sys_us_per_request, micros)),
        optional("allocations", |row: &Row| or_none(row.server.allocs_per_request, per_request)),
        optional("system calls", |row: &Row| or_none(row.server.syscalls_per_request, per_request)),
        optional("instr.", |row: &Row| or_none(row.server.instructions_per_request, rate)),
        column("switches", |row: &Row| or_none(row.server.context_switches_per_request, per_request)),
        column("threads", |row: &Row| or_none(row.server.threads_max, count)),
        column("peak memory", |row: &Row| or_none(row.server.rss_peak_bytes, memory)),
        optional("memory growth", |row: &Row| or_none(row.server.rss_growth_bytes, growth)),
        optional("per held connection", |row: &Row| {
            or_none(row.server.bytes_per_held_connection, |bytes| format!("{bytes:.0} B"))
        }),
        column("client CPU", |row: &Row| {
            let client = &row.client;
            or_none(client.cpu_us_per_request(), micros)
        }),
        column("client busy", |row: &Row| or_none(row.client.busy, percent)),
        column("ceiling", |row: &Row| {
            or_none(row.ceiling.as_ref(), |ceiling| format!("{}/s ({})", rate(ceiling.qps), ceiling.bound))
        }),
    ];
    Table::of(&scenario.rows, 1, columns)
}

/// User time, and how far it may be off because it is sampled: one standard deviation.
fn user_time(server: &Server, user_us: f64) -> String {
    let error = server.split_samples.zip(server.cpu_us_per_request).map(|(samples, cpu_us)| {
        let share = (user_us / cpu_us).clamp(0.0, 1.0);
        cpu_us * (share * (1.0 - share) / samples as f64).sqrt()
    });
    match error.filter(|error| error.is_finite()) {
        Some(error) => format!("{} ± {error:.*} µs", digits(user_us), decimals(user_us)),
        None => micros(user_us),
    }
}

/// Failed requests by kind, if there were any.
pub(super) fn errors(scenario: &Scenario) -> Option<Table> {
    let kinds = |row: &Row| {
        let kinds = row.errors.iter().filter(|(_, n)| **n > 0);
        kinds.map(|(kind, n)| format!("{kind} {}", count(*n))).collect::<Vec<_>>().join(", ")
    };
    let failing: Vec<&Row> = scenario.rows.iter().filter(|row| row.requests.failed > 0).collect();
    let columns = vec![
        column("errors", name),
        column("failed", |row: &Row| count(row.requests.failed)),
        column("kinds", kinds),
    ];
    (!failing.is_empty()).then(|| Table::of(failing, 1, columns))
}

/// The machine and how it was used.
pub(super) fn conditions(document: &Document) -> Table {
    let machine = &document.machine;
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".into());
    let list = |cpus: &[usize]| cpus.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let split = if document.cpus.server.is_empty() {
        "not split: server and client shared what there was".to_owned()
    } else {
        format!("server on {}, client on {}", list(&document.cpus.server), list(&document.cpus.client))
    };
    let dirty = match document.dirty {
        Some(true) => ", with changes that were not committed",
        _ => "",
    };
    let flags = match document.build.rustflags.as_deref() {
        None | Some("") => String::new(),
        Some(flags) => format!(", RUSTFLAGS {flags}"),
    };
    let rows = [
        (
            "processor",
            format!("{}, {} CPUs", text(&machine.cpu_model), or_none(machine.cpus, |n| n.to_string())),
        ),
        ("memory", or_none(machine.memory_bytes, memory)),
        ("system", format!("{} {}, {}", machine.os, text(&machine.kernel), machine.arch)),
        ("governor", text(&machine.governor)),
        ("CPU split", split),
        ("build", format!("{}, {}{flags}", document.build.profile, text(&document.build.rustc))),
        ("commit", format!("{}{dirty}", text(&document.commit))),
    ];
    let rows = rows.map(|(name, value)| vec![Cell::Text(name.into()), Cell::Text(value)]);
    Table { titles: vec!["what", "on"], left: 2, rows: rows.into() }
}
