//! The flags for connections beside the active ones, and what became of them.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::summary::{entry, grouped};
use crate::engine::{Cohort, CohortKind, Outcome};

/// Clients that hold a connection and do next to nothing with it, apart from those that are measured.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct CohortArgs {
    /// Hold so many connections open that send nothing
    #[arg(long, value_name = "N", value_parser = held)]
    idle: Option<Held>,
    /// Hold so many that send a head at a byte per second, and never end it
    #[arg(long, value_name = "N[@PATH]", value_parser = held)]
    slow_head: Option<Held>,
    /// Hold so many that POST a body at a byte per second; the server has to take one at PATH
    #[arg(long, value_name = "N[@PATH]", value_parser = held)]
    slow_body: Option<Held>,
    /// Hold so many that read a few bytes per second; PATH should answer with megabytes
    #[arg(long, value_name = "N[@PATH]", value_parser = held)]
    slow_reader: Option<Held>,
}

/// How many, and what they ask for instead of the attack's own path.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    connections: usize,
    path: Option<String>,
}

fn held(text: &str) -> Result<Held, String> {
    let (number, path) = text.split_once('@').map_or((text, None), |(n, path)| (n, Some(path.to_owned())));
    if path.as_deref().is_some_and(|path| !path.starts_with('/') || path.contains(|c: char| c <= ' ')) {
        return Err("a path begins with / and holds no blanks, as in 100@/echo".to_owned());
    }
    match number.parse() {
        Ok(connections) if connections > 0 => Ok(Held { connections, path }),
        _ => Err(format!("{number:?} is no number of connections; examples: 100, 100@/echo")),
    }
}

impl CohortArgs {
    /// The cohorts that were asked for, at a server of that authority and the attack's own path.
    pub(super) fn cohorts(&self, authority: &str, path: &str) -> Vec<Cohort> {
        let all = [
            (CohortKind::Idle, &self.idle),
            (CohortKind::SlowHead, &self.slow_head),
            (CohortKind::SlowBody, &self.slow_body),
            (CohortKind::SlowReader, &self.slow_reader),
        ];
        let cohort = |(kind, held): (_, &Option<Held>)| {
            let Held { connections, path: own } = held.as_ref()?;
            Some(Cohort::new(kind, *connections, authority, own.as_deref().unwrap_or(path)))
        };
        all.into_iter().filter_map(cohort).collect()
    }
}

pub(super) fn write(out: &mut impl Write, outcome: &Outcome, width: usize) -> io::Result<()> {
    for cohort in &outcome.cohorts {
        let text = format!(
            "{} of {} held at once, {} at the end; the server closed {}, {} with a 408",
            grouped(cohort.established_max as u64),
            grouped(cohort.asked as u64),
            grouped(cohort.established_at_end as u64),
            grouped(cohort.closed_by_server),
            grouped(cohort.timeouts_408)
        );
        entry(out, cohort.kind.name(), &text, width)?;
        if let Some(why) = &cohort.why {
            let text = format!("{} connects failed, the last one: {why}", grouped(cohort.failed_connects));
            entry(out, "", &text, width)?;
        }
    }
    Ok(())
}

pub(super) fn json(outcome: &Outcome) -> Vec<Value> {
    let one = |cohort: &crate::engine::CohortOutcome| {
        json!({
            "name": cohort.kind.name(),
            "connections": cohort.asked,
            "established_max": cohort.established_max,
            "established_at_end": cohort.established_at_end,
            "opened": cohort.opened,
            "closed_by_server": cohort.closed_by_server,
            "timeouts_408": cohort.timeouts_408,
            "other_answers": cohort.answers,
            "failed_connects": cohort.failed_connects,
            "why": cohort.why,
        })
    };
    outcome.cohorts.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cohort_is_a_number_and_may_have_a_path_of_its_own() {
        assert_eq!(held("7"), Ok(Held { connections: 7, path: None }));
        assert_eq!(held("7@/echo"), Ok(Held { connections: 7, path: Some("/echo".into()) }));
        for text in ["", "0", "many", "-1", "7@echo", "7@/a b"] {
            assert!(held(text).is_err(), "{text}");
        }
        let args = CohortArgs { idle: held("3").ok(), slow_head: held("2@/x").ok(), ..CohortArgs::default() };
        let cohorts: Vec<_> = args.cohorts("h", "/").iter().map(|c| (c.kind, c.connections)).collect();
        assert_eq!(cohorts, [(CohortKind::Idle, 3), (CohortKind::SlowHead, 2)]);
    }
}
