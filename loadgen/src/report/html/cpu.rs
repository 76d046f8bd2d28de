//! The server's CPU time per request, user and system one behind the other.

use super::super::document::{Row, Scenario};
use super::super::format::{digits, micros, or_none};
use super::super::tables::{Table, column, name};
use super::super::terminal::cpu_per_request;
use super::axis::{Axis, short};
use super::frame::Picture;
use super::paint::Role;
use super::slots::{BAR, Slot, slots};

/// `None` where no CPU time was measured.
pub(super) fn picture(scenario: &Scenario) -> Option<Picture> {
    let rows: Vec<&Row> =
        scenario.rows.iter().filter(|row| row.server.cpu_us_per_request.is_some()).collect();
    let total = |row: &Row| row.server.cpu_us_per_request.unwrap_or(0.0);
    let most = rows.iter().copied().max_by(|a, b| total(a).total_cmp(&total(b)))?;
    let words: Vec<_> = rows.iter().map(|row| words(row)).collect();
    let axis = Axis::linear(total(most), short);
    let svg = slots(&words, axis, "µs of CPU per request", |canvas, index, bottom| {
        let row = rows[index];
        let (low, high) = (bottom + BAR.0, bottom + BAR.1);
        let role = Role::of(scenario, row);
        match row.server.user_us_per_request {
            Some(user) => {
                canvas.rectangle((0.0, low), (user, high), role)?;
                canvas.band((user, low), (total(row), high), role)
            }
            // Empty, because which part of it would be full is not known.
            None => canvas.outline((0.0, low), (total(row), high), role),
        }
    });
    let each: Vec<_> = words.iter().map(|slot| format!("{}: {}", slot.name, slot.value)).collect();
    Some(Picture {
        id: format!("cpu-{}", scenario.name),
        title: format!("What a request costs the server in {}", scenario.name),
        description: format!(
            "Stacked bars of CPU time, user and system. {} costs the most. {}.",
            most.name,
            each.join("; ")
        ),
        note: Some(note(&rows)),
        svg,
        values: Table::of(
            rows.iter().copied(),
            1,
            vec![
                column("server", name),
                column("CPU", cpu_per_request),
                column("user", |row: &Row| or_none(row.server.user_us_per_request, micros)),
                column("system", |row: &Row| or_none(row.server.sys_us_per_request, micros)),
            ],
        ),
    })
}

/// Of what is there only.
fn note(rows: &[&Row]) -> String {
    let is_split = |row: &&Row| row.server.user_us_per_request.is_some();
    let split = rows.iter().any(is_split).then_some("The full part is user mode, the pale part the kernel.");
    let whole = (!rows.iter().all(is_split)).then_some(
        "An empty bar was not split: the server was not met often enough to tell user mode from the kernel.",
    );
    [split, whole].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn words(row: &Row) -> Slot {
    let split = row.server.user_us_per_request.zip(row.server.sys_us_per_request);
    let split = split.map_or_else(
        || ", not split".to_owned(),
        |(user, system)| format!(" = {} + {}", digits(user), digits(system)),
    );
    Slot { name: row.name.clone(), value: cpu_per_request(row) + &split }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_bar_that_is_not_split_is_empty_and_said_to_be() {
        let mut scenario = sample::document().scenarios.remove(0);
        let whole = picture(&scenario).unwrap();
        assert!(!whole.note.as_deref().unwrap().contains("full part"), "none is split: {:?}", whole.note);
        let outlines = |picture: &Picture| picture.svg.matches("fill=\"none\" class=\"s-p").count();
        assert_eq!(outlines(&whole), 2, "one for each phase: {}", whole.svg);
        for row in &mut scenario.rows {
            row.server.user_us_per_request = Some(1.5);
            row.server.sys_us_per_request = Some(40.0);
        }
        let split = picture(&scenario).unwrap();
        assert!(!split.note.as_deref().unwrap().contains("not split"), "{:?}", split.note);
        assert_eq!(outlines(&split), 0);
        assert!(split.svg.contains("41.5 µs = 1.50 + 40.0"), "{}", split.svg);
    }
}
