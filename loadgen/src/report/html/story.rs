//! The run in one look: a sentence, and a tile for each workload with the phases that came out on top.

use maud::{Markup, html};

use super::super::document::{Document, Row, Scenario, Spread};
use super::super::format::{or_none, rate, times};
use super::super::prose;
use super::scenario;

pub(super) fn story(document: &Document) -> Markup {
    let tiles = document.scenarios.iter().filter_map(|scenario| Some((scenario, Top::of(scenario)?)));
    html! {
        @if let Some(lead) = lead(document) { p.lead { (lead) } }
        div.tiles { @for (scenario, top) in tiles {
            a.tile href=(format!("#{}", scenario::id(&scenario.name))) {
                span.name { (scenario.name) }
                strong { (or_none(top.best.qps, |qps| rate(qps.median))) } " requests/s"
                span.name {
                    (top.words())
                    @if let Some(speedup) = top.best.speedup { ", " (times(speedup)) " phase 0" }
                }
            }
        } }
    }
}

/// The phase with the highest rate, and those whose intervals overlap with its own or with that of one of these:
/// among them the trials name no winner.
struct Top<'a> {
    best: &'a Row,
    /// In the order of the table, with the best.
    alike: Vec<&'a Row>,
}

impl<'a> Top<'a> {
    fn of(scenario: &'a Scenario) -> Option<Self> {
        let phases = scenario.rows.iter().filter(|row| row.kind == "phase");
        let all: Vec<(&Row, Spread)> = phases.filter_map(|row| Some((row, row.qps?))).collect();
        let best = all.iter().max_by(|a, b| a.1.median.total_cmp(&b.1.median))?;
        let mut from_the_top = all.clone();
        from_the_top.sort_by(|a, b| b.1.high.total_cmp(&a.1.high));
        let least = from_the_top
            .iter()
            .fold(best.1.low, |least, (_, qps)| if qps.high >= least { least.min(qps.low) } else { least });
        let alike = all.iter().filter(|(_, qps)| qps.high >= least).map(|(row, _)| *row).collect();
        Some(Self { best: best.0, alike })
    }

    fn holds(&self, name: &str) -> bool {
        self.alike.iter().any(|row| row.name == name)
    }

    /// `phase4-keepalive`, or `phases 2 to 4 alike`.
    fn words(&self) -> String {
        let names: Vec<&str> = self.alike.iter().map(|row| row.name.as_str()).collect();
        if let [name] = names[..] {
            let one_trial = self.best.qps.is_some_and(|qps| qps.confidence.is_none());
            return if one_trial { format!("{name}, one trial") } else { name.to_owned() };
        }
        let numbers: Option<Vec<u8>> = names.iter().map(|name| number(name)).collect();
        match numbers.as_deref() {
            Some([first, middle @ .., last])
                if !middle.is_empty() && usize::from(*last) == usize::from(*first) + middle.len() + 1 =>
            {
                format!("phases {first} to {last} alike")
            }
            Some([first @ .., last]) => {
                let first: Vec<_> = first.iter().map(u8::to_string).collect();
                format!("phases {} and {last} alike", first.join(", "))
            }
            _ => format!("{} alike", names.join(", ")),
        }
    }
}

fn number(name: &str) -> Option<u8> {
    name.strip_prefix("phase")?.split('-').next()?.parse().ok()
}

fn median(row: &Row) -> f64 {
    row.qps.map_or(0.0, |qps| qps.median)
}

/// From the first phase to the top of the first scenario, and how far it goes once connections are kept.
fn lead(document: &Document) -> Option<String> {
    let scenario = document.scenarios.first()?;
    let (first, top) = (scenario.rows.iter().find(|row| row.kind == "phase")?, Top::of(scenario)?);
    let speedup = top.best.speedup.filter(|_| !top.holds(&first.name))?;
    let climb = format!(
        "From {} requests per second ({}) to {} ({}): {}, with {}.",
        rate(first.qps?.median),
        first.name,
        rate(top.best.qps?.median),
        top.words(),
        times(speedup),
        prose::fired(scenario).trim_end_matches('.')
    );
    let kept = document.scenarios.iter().skip(1).find(|other| is_kept(scenario, other)).and_then(|kept| {
        let top = Top::of(kept)?;
        let further = top.best.qps?.low > median(Top::of(scenario)?.best);
        further.then(|| {
            format!(
                " The same load on connections that are kept gets to {} ({}).",
                rate(median(top.best)),
                top.words()
            )
        })
    });
    Some(climb + &kept.unwrap_or_default())
}

/// Whether `other` is the same workload, but for connections that are kept.
fn is_kept(scenario: &Scenario, other: &Scenario) -> bool {
    let (a, b) = (&scenario.params, &other.params);
    (&a.method, &a.path, a.connections, a.pipeline) == (&b.method, &b.path, b.connections, b.pipeline)
        && b.beside.is_none()
        && (a.mode.as_str(), b.mode.as_str()) == ("close", "keepalive")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn no_winner_is_named_among_phases_whose_intervals_overlap() {
        let lead = lead(&sample::full()).unwrap();
        assert!(lead.contains("to 38,527 (phases 2 to 4 alike): 86.7x"), "{lead}");
        assert!(lead.ends_with("are kept gets to 195,440 (phase4-keepalive)."), "{lead}");
    }

    #[test]
    fn the_best_is_named_where_it_stands_alone() {
        assert!(lead(&sample::document()).unwrap().contains("to 4,300 (phase1-threads): 9.6x"));
    }

    #[test]
    fn a_best_of_one_trial_each_is_said_to_be_that() {
        let mut document = sample::document();
        for row in &mut document.scenarios[0].rows {
            row.qps =
                row.qps.map(|qps| Spread { low: qps.median, high: qps.median, confidence: None, ..qps });
        }
        assert!(lead(&document).unwrap().contains("(phase1-threads, one trial)"));
    }

    #[test]
    fn two_that_are_alike_are_told_by_their_numbers() {
        let mut document = sample::document();
        let spread = Spread { median: 5000.0, low: 300.0, high: 6000.0, confidence: Some(0.75) };
        document.scenarios[0].rows[1].qps = Some(spread);
        assert_eq!(Top::of(&document.scenarios[0]).unwrap().words(), "phases 0 and 1 alike");
        assert_eq!(lead(&document), None, "there is no climb to tell of");
    }
}
