//! The server's CPU time per request, user and system one behind the other.

use super::super::document::{Row, Scenario};
use super::super::format::or_none;
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
        let role = Role::of(row);
        match row.server.user_us_per_request {
            Some(user) => {
                canvas.rectangle((0.0, low), (user, high), role)?;
                canvas.band((user, low), (total(row), high), role)
            }
            None => canvas.rectangle((0.0, low), (total(row), high), role),
        }
    });
    let each: Vec<_> = words.iter().map(|slot| format!("{}: {}", slot.name, slot.value)).collect();
    let us = |us: f64| format!("{us:.1} µs");
    Some(Picture {
        id: format!("cpu-{}", scenario.name),
        title: format!("What a request costs the server in {}", scenario.name),
        description: format!(
            "Stacked bars of CPU time, user and system. {} costs the most. {}.",
            most.name,
            each.join("; ")
        ),
        note: Some("The full part is user mode, the pale part the kernel.".into()),
        svg,
        values: Table::of(
            rows.iter().copied(),
            1,
            vec![
                column("server", name),
                column("CPU", cpu_per_request),
                column("user", move |row: &Row| or_none(row.server.user_us_per_request, us)),
                column("system", move |row: &Row| or_none(row.server.sys_us_per_request, us)),
            ],
        ),
    })
}

fn words(row: &Row) -> Slot {
    let split = row.server.user_us_per_request.zip(row.server.sys_us_per_request);
    let split = split.map_or_else(String::new, |(user, system)| format!(" = {user:.1} + {system:.1}"));
    Slot { name: row.name.clone(), value: cpu_per_request(row) + &split }
}
