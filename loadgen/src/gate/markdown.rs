//! `gate.md`: a summary for a pull request, with the verdict first, and what is fine folded away.

use super::judge::Verdict;
use super::outcome::Outcome;
use super::table::{Item, items, signed, table};
use super::text;
use crate::report::format::or_none;
use crate::report::markdown::escape::inline;
use crate::report::markdown::{list, table as drawn};

/// The whole summary.
pub(super) fn markdown(outcome: &Outcome) -> String {
    let mut parts = vec![format!("## Gate: {}\n", signed(&outcome.verdict))];
    parts.push(inline(&text::heading(outcome)) + ".\n");
    let conclusions = text::conclusions(outcome);
    if !conclusions.is_empty() {
        parts.push(list(&conclusions));
    }
    let is = |item: &Item<'_>, wanted: Verdict| item.1.verdict.as_deref() == Some(wanted.name());
    let (failed, others): (Vec<_>, Vec<_>) =
        items(outcome).into_iter().partition(|item| item.1.is_regression());
    let (open, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|item| is(item, Verdict::CannotTell));
    let (fine, shown): (Vec<_>, Vec<_>) = others.into_iter().partition(|item| item.1.verdict.is_some());
    let first = [failed, open].concat();
    if !first.is_empty() {
        parts.push(drawn(&table(&first)));
    }
    if !fine.is_empty() {
        parts.push(folded(&format!("Fine ({})", fine.len()), &drawn(&table(&fine))));
    }
    if !shown.is_empty() {
        parts.push(folded(&format!("Not judged ({})", shown.len()), &drawn(&table(&shown))));
    }
    parts.push(folded("How it was measured", &measured(outcome)));
    parts.join("\n")
}

/// Something that is opened where it is wanted.
fn folded(title: &str, content: &str) -> String {
    format!("<details>\n<summary>{title}</summary>\n\n{content}\n</details>\n")
}

fn measured(outcome: &Outcome) -> String {
    let machine = &outcome.machine;
    let mut lines = vec![format!(
        "{}, on {} {}, {}, {} CPUs",
        outcome.started_at,
        machine.os,
        machine.arch,
        or_none(machine.cpu_model.clone(), |model| model),
        or_none(machine.cpus, |cpus| cpus.to_string()),
    )];
    lines.extend(outcome.servers.iter().filter(|server| server.blocks > 0).map(|server| {
        let blocks = if server.blocks == 1 { "block" } else { "blocks" };
        format!(
            "{}: {} {blocks} of base, candidate and the base again (the control)",
            server.name, server.blocks
        )
    }));
    let missing = outcome
        .servers
        .iter()
        .flat_map(|server| server.missing.iter().map(move |why| format!("{}, {why}", server.name)));
    lines.extend(missing);
    list(&lines)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_verdict_comes_first_then_what_failed_and_what_is_fine_is_folded() {
        let text = markdown(&sample::full());
        assert!(
            text.starts_with("## Gate: ✗ slower\n\nthis build at 0123456, with changes against 3f2a1c9"),
            "{text}"
        );
        let (shown, folded) = text.split_once("<details>").unwrap();
        let failed = "| `phase0-serial` | CPU per request | 62.10 µs | 66.51 µs | +7.1 % | +5.2 to +9.0 % | +0.1 % | +2 % | **✗ slower** |";
        assert!(shown.contains(failed), "{shown}");
        assert!(shown.contains("? cannot tell |") && !shown.contains('✓'), "{shown}");
        for part in ["✓ not slower", "✓ same", "✓ fewer", "<summary>Fine (7)</summary>", "shown only"] {
            assert!(folded.contains(part), "'{part}' is missing in {folded}");
        }
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }

    #[test]
    fn what_others_wrote_is_text_and_breaks_nothing() {
        let mut outcome = sample::full();
        outcome.base.name = "<img src=x> *b*".into();
        outcome.servers[0].name = "a|b </details>".into();
        outcome.servers[0].missing = vec!["<script>".into()];
        let text = markdown(&outcome);
        for part in ["<img", "<script", "*b* ", "| `a|b"] {
            assert!(!text.contains(part), "'{part}' in {text}");
        }
        assert!(text.contains("`a\\|b </details>`"), "in code it is nothing but text: {text}");
    }

    #[test]
    fn every_line_of_a_table_has_as_many_cells_as_its_head() {
        let mut cells = 0;
        for line in markdown(&sample::full()).lines() {
            let here = if line.starts_with('|') { line.matches('|').count() } else { 0 };
            assert!(here == 0 || cells == 0 || here == cells, "{line}");
            cells = here;
        }
    }
}
