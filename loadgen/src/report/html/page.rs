//! The page: what there is to say first, then each workload, then where it comes from.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::document::{Document, Scenario};
use super::super::{claims, prose, tables, warnings};
use super::{scenario, story, table};

const STYLE: &str = include_str!("style.css");

/// The whole report.
pub fn html(document: &Document) -> String {
    let title = format!("Phase Lab, {}", document.started_at);
    let content = html! {
        header {
            h1 { "Phase Lab" }
            p.fired {
                (document.started_at)
                @if let Some(model) = &document.machine.cpu_model { ", " (model) }
                @if let Some(cpus) = document.machine.cpus { ", " (cpus) " CPUs" }
                @if let Some(commit) = &document.commit { ", commit " code { (commit) } }
            }
            (story::story(document))
            nav aria-label="Sections" { @for (id, name) in contents(document) { a href=(format!("#{id}")) { (name) } " " } }
        }
        (doubts(document))
        @for each in &document.scenarios { (scenario::section(document, each)) }
        @if let Some(claims) = claims::table(document) {
            section #claims { h2 { (prose::CLAIMS) } (table::html(&claims)) }
        }
        (floor(document))
        section #conditions {
            h2 { "Conditions" }
            (table::html(&tables::conditions(document)))
            @if let Some(weather) = prose::weather(document) { p { (weather) } }
        }
        section #method {
            h2 { (prose::METHOD) }
            p { (table::ticked(&prose::method(document))) }
            p { "Run it again:" }
            pre { code { (document.command) } }
            p { "All figures are in " code { "run.json" } ", from which " code { "loadgen report" } " draws this page." }
        }
    };
    whole(&title, &content)
}

/// The pictures of a scenario as files of their own, in SVG, each with its name: what it shows and of which scenario, as in
/// `climb-reference`.
pub fn pictures(scenario: &Scenario) -> impl Iterator<Item = (String, String)> {
    scenario::drawn(scenario).map(|picture| (picture.id.clone(), picture.alone(STYLE) + "\n"))
}

/// A page of its own, with the style inside.
pub(crate) fn whole(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Browsers ask for an icon unless they are told that there is none.
                link rel="icon" href="data:,";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    };
    page.into_string() + "\n"
}

/// The sections that there are.
fn contents(document: &Document) -> Vec<(String, String)> {
    let mut all: Vec<_> = document
        .scenarios
        .iter()
        .map(|scenario| (scenario::id(&scenario.name), scenario.name.clone()))
        .collect();
    let mut add = |there: bool, id: &str, name: &str| {
        if there {
            all.push((id.into(), name.into()));
        }
    };
    add(claims::table(document).is_some(), "claims", prose::CLAIMS);
    add(!prose::floor(document).is_empty(), "floor", prose::FLOOR);
    add(true, "conditions", "Conditions");
    add(true, "method", prose::METHOD);
    all
}

fn doubts(document: &Document) -> Markup {
    let warnings = warnings::warnings(document);
    html! {
        @if !warnings.is_empty() {
            section.warnings {
                h2 { (prose::WARNINGS) }
                ul { @for warning in &warnings { li { (warning) } } }
            }
        }
    }
}

fn floor(document: &Document) -> Markup {
    let floor = prose::floor(document);
    html! {
        @if !floor.is_empty() {
            section #floor {
                h2 { (prose::FLOOR) }
                p { "What this kernel can do with no HTTP at all:" }
                ul { @for line in &floor { li { (line) } } }
            }
        }
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;
