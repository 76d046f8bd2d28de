//! The search for people: its steps by rate, as wide as there is room, and what they come to.

use std::io::{self, Write};

use super::search::{Ended, Found};
use super::slo::Slo;
use super::step::Step;
use crate::attack::{Args, summary};
use crate::report::wrap;

/// Blanks between columns.
const GAP: usize = 2;

/// A column that is as wide as what stands in it.
struct Column {
    title: &'static str,
    /// Where there is no room for all, the highest number goes first; 0 stays.
    gives_way: u8,
    cells: Vec<String>,
}

impl Column {
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(self.title.chars().count())
    }
}

/// Writes it in `width` columns, or a few more where a line can't be broken.
pub(super) fn write(
    out: &mut impl Write,
    args: &Args,
    slo: &Slo,
    found: &Found,
    width: usize,
) -> io::Result<()> {
    for line in wrap(&format!("the highest rate at which {} keeps {slo}", args.url()), width) {
        writeln!(out, "{line}")?;
    }
    if !found.steps.is_empty() {
        writeln!(out)?;
        steps(out, slo, found, width)?;
    }
    writeln!(out)?;
    summary::entry(out, "max rate", &answer(found), width)?;
    if let Some((step, why)) = found.decisive().find_map(|step| Some((step, step.failure.as_ref()?))) {
        let count = summary::grouped(step.failed);
        let text = format!("at {} per second {count} failed: {why}", summary::rate(step.rate_per_sec));
        summary::entry(out, "note", &text, width)?;
    }
    if let Some(Ended::Exhausted(why)) = &found.ended {
        summary::entry(out, "note", why, width)?;
    }
    match client_limit(found) {
        Some(why) => summary::entry(out, "warning", &format!("the server may do better: {why}"), width),
        None => Ok(()),
    }
}

fn steps(out: &mut impl Write, slo: &Slo, found: &Found, width: usize) -> io::Result<()> {
    let steps = found.by_rate();
    let column = |title, gives_way, cell: &dyn Fn(&Step) -> String| Column {
        title,
        gives_way,
        cells: steps.iter().map(|step| cell(step)).collect(),
    };
    let mut columns = vec![
        column("rate", 0, &|step| summary::rate(step.rate_per_sec)),
        column("answered", 4, &|step| summary::rate(step.answered_per_sec)),
        // Rounded down, so that 100 % is all of it.
        column("reached", 1, &|step| format!("{:.1} %", (step.reached * 1e3).floor() / 10.0)),
        column("p50", if slo.name == "p50" { 0 } else { 3 }, &|step| step.latency(step.p50_ns, slo)),
        column("p99", if slo.name == "p99" { 0 } else { 2 }, &|step| step.latency(step.p99_ns, slo)),
    ];
    if columns.iter().all(|column| column.title != slo.name) {
        columns.push(column(slo.name, 0, &|step| step.latency(step.promised_ns, slo)));
    }
    let verdicts = column("verdict", 0, &|step| step.verdict().to_owned());
    let used = |columns: &[Column]| {
        columns.iter().map(|column| column.width() + GAP).sum::<usize>() + verdicts.width()
    };
    while used(&columns) > width {
        match columns.iter().enumerate().max_by_key(|(_, column)| column.gives_way) {
            Some((index, column)) if column.gives_way > 0 => drop(columns.remove(index)),
            _ => break,
        }
    }
    let mut line = |cell: &dyn Fn(&Column) -> String, verdict: &str| {
        for each in &columns {
            write!(out, "{:>1$}  ", cell(each), each.width())?;
        }
        writeln!(out, "{verdict}")
    };
    line(&|column| column.title.to_owned(), verdicts.title)?;
    verdicts.cells.iter().enumerate().try_for_each(|(row, verdict)| {
        line(&|column| column.cells.get(row).cloned().unwrap_or_default(), verdict)
    })
}

/// The rate, or why there is none.
fn answer(found: &Found) -> String {
    let early = match &found.ended {
        Some(Ended::Interrupted) => " (interrupted)",
        Some(Ended::Failed { .. }) => " (the search ended early)",
        Some(Ended::Exhausted(_)) | None => "",
    };
    match found.rate_per_sec.map(summary::rate) {
        Some(rate) if found.ended.is_some() || client_limit(found).is_some() => {
            format!("at least {rate} per second{early}")
        }
        Some(rate) => format!("{rate} per second"),
        None if early.is_empty() => "none: no rate that was tried kept the promise".to_owned(),
        None => format!("not found{early}"),
    }
}

/// Why the search ended at the client's limit rather than at the server's, if it did.
pub(super) fn client_limit(found: &Found) -> Option<String> {
    let (rate, why) = found.client_limit()?;
    Some(format!("at {} per second {why}", summary::rate(rate)))
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
