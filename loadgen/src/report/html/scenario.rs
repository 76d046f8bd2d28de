//! The section of one workload.

use maud::{Markup, html};

use super::super::document::{Document, Scenario};
use super::super::{gains, prose, tables, truth};
use super::frame::Picture;
use super::table::{self, ticked};
use super::{climb, cpu, latency, trials, waterfall};

/// What a scenario's section is called, so that none is taken for a section that every page has.
pub(super) fn id(name: &str) -> String {
    format!("scenario-{name}")
}

/// The pictures of a workload, of whatever was measured.
pub(super) fn drawn(scenario: &Scenario) -> impl Iterator<Item = Picture> {
    let pictures: [fn(&Scenario) -> Option<Picture>; 5] =
        [climb::picture, latency::picture, cpu::picture, trials::picture, waterfall::picture];
    pictures.into_iter().filter_map(|draw| draw(scenario))
}

pub(super) fn section(document: &Document, scenario: &Scenario) -> Markup {
    let original = scenario.rows.iter().any(|row| row.original_qps.is_some());
    let ceilings = prose::ceilings(scenario);
    html! {
        section id=(id(&scenario.name)) {
            h2 { (scenario.name) }
            p { (scenario.shows) }
            @if let Some(wins) = prose::should_win(scenario) { p { (ticked(&wins)) } }
            p.fired { (prose::fired(scenario)) }
            div.pictures { @for picture in drawn(scenario) { (picture.figure()) } }
            (table::html(&tables::rates(scenario)))
            @if original {
                @if let Some(text) = truth::paragraph(document) {
                    aside { h3 { (prose::TRUTH) } p { (ticked(&text)) } }
                }
            }
            @if let Some(gains) = gains::table(scenario) {
                h3 { "What each phase bought" }
                (table::html(&gains))
                p.note { (gains::NOTE) }
            }
            @if !ceilings.is_empty() {
                h3 { "What bounds them" }
                ul { @for (row, why) in &ceilings { li { code { (row) } ": " (ticked(why)) } } }
            }
            h3 { "Latency" }
            (table::html(&tables::latencies(scenario)))
            p.note { (prose::littles_law(scenario)) }
            h3 { "Costs" }
            (table::html(&tables::costs(scenario)))
            @for why in prose::missing(scenario) { p.note { (why) } }
            @if let Some(errors) = tables::errors(scenario) { h3 { "Errors" } (table::html(&errors)) }
        }
    }
}
