//! `gate.html`: the verdict, what follows from it, each change with its interval, and all of it as a table.

use maud::{Markup, html};

use super::outcome::Outcome;
use super::table::{items, signed, table};
use super::{changes, text};
use crate::report::html::{page, table as drawn};

/// The whole page.
pub(super) fn html(outcome: &Outcome) -> String {
    let title = format!("Phase Lab, gate: {}", outcome.verdict);
    let class = match signed(&outcome.verdict).chars().next() {
        Some('✗') => "bad",
        Some('✓') => "good",
        _ => "open",
    };
    let content = html! {
        header {
            h1 { "Gate: " span class=(class) { (signed(&outcome.verdict)) } }
            p.lead { (text::heading(outcome)) "." }
            p.fired {
                (outcome.started_at)
                @if let Some(model) = &outcome.machine.cpu_model { ", " (model) }
                @if let Some(cpus) = outcome.machine.cpus { ", " (cpus) " CPUs" }
            }
        }
        (conclusions(outcome))
        section #changes {
            h2 { "What changed" }
            div.pictures { @for picture in changes::pictures(outcome) { (picture.figure()) } }
        }
        section #all {
            h2 { "All that was compared" }
            (drawn::html(&table(&items(outcome))))
        }
        (measured(outcome))
    };
    page::whole(&title, &content)
}

fn conclusions(outcome: &Outcome) -> Markup {
    let conclusions = text::conclusions(outcome);
    html! {
        @if !conclusions.is_empty() {
            section.warnings {
                h2 { "What follows" }
                ul { @for sentence in &conclusions { li { (drawn::ticked(sentence)) } } }
            }
        }
    }
}

fn measured(outcome: &Outcome) -> Markup {
    let missing = outcome
        .servers
        .iter()
        .flat_map(|server| server.missing.iter().map(move |why| format!("{}, {why}", server.name)));
    html! {
        section #method {
            h2 { "How it was measured" }
            @if outcome.servers.iter().any(|server| server.blocks > 0) {
                p {
                    "A block is base, candidate and the base again (the control), each a fresh process under the same \
                     load within a second or two. A change is the median over blocks: of CPU time and rate against the \
                     mean of both bases, of p99 against the first. Its interval comes from the order of the blocks \
                     alone. Counts are taken apart from the blocks."
                }
            }
            ul {
                @for server in outcome.servers.iter().filter(|server| server.blocks > 0) {
                    li {
                        (server.name) ": " (server.blocks) @if server.blocks == 1 { " block" } @else { " blocks" }
                    }
                }
                @for why in missing { li { (drawn::ticked(&why)) } }
            }
            p { "All figures are in " code { "gate.json" } ", from which " code { "loadgen report" } " draws this page." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_page_has_a_picture_for_each_metric_and_says_each_verdict_in_words() {
        let page = html(&sample::full());
        assert_eq!(page.matches("<figure").count(), 5, "CPU, rate, p99, instructions and counts");
        for part in ["✗ slower", "✗ more", "✓ not slower", "✓ same", "✓ fewer", "? cannot tell", "shown only"]
        {
            assert!(page.contains(part), "'{part}' is missing");
        }
        for part in ["src=", "<link rel=\"stylesheet", "url(", "@import", "<script"] {
            assert!(!page.contains(part), "'{part}': it asks the network for nothing");
        }
    }

    #[test]
    fn what_others_wrote_is_text() {
        let mut outcome = sample::full();
        outcome.servers[0].name = "<script>alert(1)</script>".into();
        outcome.base.name = "<img src=x>".into();
        outcome.withdrawn = Some("<b>it</b>".into());
        let page = html(&outcome);
        for part in ["<script", "<img", "<b>"] {
            assert!(!page.contains(part), "'{part}' is in it");
        }
    }
}
