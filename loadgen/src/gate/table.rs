//! What was compared, as the cells of a table: Markdown and HTML draw the same ones.

use super::judge::Verdict;
use super::outcome::{Compared, Outcome, Server};
use super::text;
use crate::report::format::{NONE, or_none};
use crate::report::tables::{Cell, Table, column, optional};

/// A metric of a server.
pub(super) type Item<'a> = (&'a Server, &'a Compared);

/// All of them.
pub(super) fn items(outcome: &Outcome) -> Vec<Item<'_>> {
    let of = |server| move |metric| (server, metric);
    outcome.servers.iter().flat_map(|server| server.metrics.iter().map(of(server))).collect()
}

/// A line for each.
pub(super) fn table(items: &[Item<'_>]) -> Table {
    let percent = |value: Option<f64>| or_none(value, |value| format!("{value:+.1} %"));
    let side =
        |metric: &Compared, value: Option<f64>| or_none(value, |value| text::value(&metric.metric, value));
    Table::of(
        items,
        2,
        vec![
            column("server", |(server, _): &Item<'_>| Cell::Code(server.name.clone())),
            column("metric", |(_, metric): &Item<'_>| text::name(&metric.metric).to_owned()),
            column("base", |(_, metric): &Item<'_>| side(metric, metric.base)),
            column("candidate", |(_, metric): &Item<'_>| side(metric, metric.candidate)),
            column("change", |(_, metric): &Item<'_>| percent(metric.change_percent)),
            column("interval", |(_, metric): &Item<'_>| {
                or_none(metric.low_percent.zip(metric.high_percent), |(low, high)| {
                    format!("{low:+.1} to {high:+.1} %")
                })
            }),
            optional("control", |(_, metric): &Item<'_>| percent(metric.control_percent)),
            column("limit", |(_, metric): &Item<'_>| limit(metric)),
            column("verdict", |(_, metric): &Item<'_>| {
                if metric.is_regression() {
                    Cell::Strong(verdict(metric))
                } else {
                    Cell::Text(verdict(metric))
                }
            }),
        ],
    )
}

/// How far it may differ to the worse, or either way where it is counted.
fn limit(metric: &Compared) -> String {
    let Some(limit) = metric.limit else { return NONE.into() };
    match metric.metric.as_str() {
        "requests_per_sec" => format!("-{limit} %"),
        "allocations_per_request" | "syscalls_at_rest_per_request" => {
            let max = metric.max.map_or_else(String::new, |max| format!(", at most {max}"));
            format!("±{limit}{max}")
        }
        "instructions_per_request" => format!("±{limit} %"),
        _ => format!("+{limit} %"),
    }
}

/// What is said of it, with a sign that can be told without colours.
pub(super) fn verdict(metric: &Compared) -> String {
    match metric.verdict.as_deref() {
        Some(verdict) => signed(verdict),
        None if text::is_shown_only(metric) => "shown only".into(),
        None => NONE.into(),
    }
}

/// A verdict behind its sign.
pub(super) fn signed(verdict: &str) -> String {
    let is = |one: Verdict| one.name() == verdict;
    let sign = if is(Verdict::Slower) || is(Verdict::More) {
        "✗"
    } else if is(Verdict::CannotTell) {
        "?"
    } else {
        "✓"
    };
    format!("{sign} {verdict}")
}
