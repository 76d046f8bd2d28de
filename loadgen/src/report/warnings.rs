//! What a reader has to know before believing a number, and what to do about it.

use super::document::{Document, Row, Scenario, Trial};
use super::format::{count, rate};
use super::{clients_share, held, surroundings};

/// Little's law may be off by this much before it is worth a word.
const LITTLE_TOLERANCE: f64 = 0.15;
/// Samples of unexpected answers shown per row, at most.
const SAMPLES_MAX: usize = 3;

/// Everything that stands between this run and belief in it, the gravest first.
pub fn warnings(document: &Document) -> Vec<String> {
    let rows = || document.scenarios.iter().flat_map(|s| s.rows.iter().map(move |row| (s, row)));
    let mut all: Vec<String> = rows().flat_map(|(scenario, row)| failed_trials(scenario, row)).collect();
    all.extend(rows().filter_map(|(scenario, row)| failed_requests(scenario, row)));
    if document.partial {
        let is_whole = |(scenario, row): (&Scenario, &Row)| {
            row.trials.iter().all(|trial| trial.failed.is_none())
                && row.trials.len() >= scenario.params.trials
        };
        let whole = rows().all(is_whole);
        let what = if whole {
            "it was interrupted before all was counted that is counted apart from the trials"
        } else {
            "some of its trials are missing"
        };
        all.push(format!("This run is partial: {what}. Run it again for a whole one."));
    }
    if !document.build.optimised() {
        all.push("Built without optimisation: no number here means anything. Run it with --release.".into());
    } else if document.build.debug_assertions {
        all.push(
            "Built with debug assertions, which cost every connection a system call: run it without.".into(),
        );
    }
    if document.cpus.server.is_empty() {
        all.push("Server and client shared the same CPUs, so each is slowed down by the other. Measure on two or more, or \
             compare by what is counted: allocations and system calls."
                .into(),
        );
    }
    all.extend(document.scenarios.iter().filter_map(clients_share::bound));
    let shared = document.cpus.server.is_empty();
    all.extend(document.scenarios.iter().filter_map(|scenario| clients_share::starved(scenario, shared)));
    all.extend(surroundings::warnings(document));
    all.extend(rows().filter_map(|(scenario, row)| fewer_connections(scenario, row)));
    all.extend(rows().filter_map(|(scenario, row)| held::warning(scenario, row)));
    all.extend(document.scenarios.iter().filter_map(littles_law));
    all.extend(rows().filter_map(|(scenario, row)| unclean_closes(scenario, row)));
    all.extend(rows().filter_map(|(scenario, row)| unasked(scenario, row)));
    if document.scenarios.iter().any(|scenario| scenario.params.trials < 3) {
        all.push(
            "Fewer than three trials: there is no telling how far the next one would be off. Leave --quick out, \
             or ask for --trials 3."
                .into(),
        );
    }
    all
}

fn failed_trials(scenario: &Scenario, row: &Row) -> Vec<String> {
    let failed = row.trials.iter().filter_map(|trial| Some((trial, trial.failed.as_ref()?)));
    let warning = |(trial, why): (&Trial, &String)| {
        format!("{}, {}, trial {}: {why}{}", scenario.name, row.name, trial.number, until_then(trial))
    };
    failed.map(warning).collect()
}

/// What a trial that does not count showed before it failed; the tables leave it out.
fn until_then(trial: &Trial) -> String {
    let shown = trial.elapsed_ns.zip(trial.qps).filter(|_| trial.requests.ok > 0);
    shown.map_or_else(String::new, |(ns, qps)| {
        format!(
            "\n    Until then it had answered {} requests in {:.1} s, {} per second.",
            count(trial.requests.ok),
            ns as f64 / 1e9,
            rate(qps)
        )
    })
}

fn failed_requests(scenario: &Scenario, row: &Row) -> Option<String> {
    if row.requests.failed == 0 {
        return None;
    }
    let kinds: Vec<_> =
        row.errors.iter().filter(|(_, n)| **n > 0).map(|(kind, n)| format!("{} {kind}", count(*n))).collect();
    let mut text = format!(
        "{}, {}: {} of {} requests failed ({}).",
        scenario.name,
        row.name,
        count(row.requests.failed),
        count(row.requests.ok + row.requests.failed),
        kinds.join(", ")
    );
    if row.errors.get("client").is_some_and(|&n| n > 0) {
        text += " The client itself ran out of ports or descriptors, so this row says nothing about the \
                 server: use fewer connections (-c).";
    }
    for sample in row.trials.iter().flat_map(|trial| &trial.samples).take(SAMPLES_MAX) {
        text += "\n    ";
        text += sample;
    }
    Some(text)
}

fn fewer_connections(scenario: &Scenario, row: &Row) -> Option<String> {
    let established = row.client.connections_established?;
    (established < scenario.params.connections).then(|| {
        format!(
            "{}, {}: at most {} of {} connections were established at the same time. Ask for fewer (-c), or see whether the \
             server has a limit or too few descriptors (ulimit -n).",
            scenario.name,
            row.name,
            count(established as u64),
            count(scenario.params.connections as u64)
        )
    })
}

/// The rows in which rate times mean latency is not what was to be under way.
fn littles_law(scenario: &Scenario) -> Option<String> {
    let expected = in_flight(scenario);
    // One request is always between two: answered, and the next one not sent yet.
    let given = f64::max(LITTLE_TOLERANCE * expected, 1.0);
    let off = |concurrency: f64| (concurrency - expected).abs();
    let row = |row: &Row| {
        let trials: Vec<f64> = counted(row).map(|trial| trial.concurrency.unwrap_or(0.0)).collect();
        let far: Vec<f64> = trials.iter().copied().filter(|&trial| off(trial) > given).collect();
        let worst = far.iter().copied().max_by(|a, b| off(*a).total_cmp(&off(*b)))?;
        Some(format!("{} ({} of {} trials, at worst {})", row.name, far.len(), trials.len(), rate(worst)))
    };
    let rows: Vec<_> = scenario.rows.iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| {
        format!(
            "{}: Little's law is off. Rate times mean latency should be the {} requests that were to be under way, and \
             is not for {}: some of the time is not in the latencies, as when a server stalls or the trial was too \
             short to see it. Try a longer one (--duration).",
            scenario.name,
            rate(expected),
            rows.join(", ")
        )
    })
}

fn unclean_closes(scenario: &Scenario, row: &Row) -> Option<String> {
    let resets: u64 = row.trials.iter().map(|trial| trial.reset_after_answer).sum();
    let left_open: u64 = row.trials.iter().map(|trial| trial.closed_by_client).sum();
    (resets + left_open > 0).then(|| {
        format!(
            "{}, {}: of {} answers, {} were followed by a reset, and after {} the server left the closing to the \
             client. What it saves by that, it does not save by being faster: compare it only with servers that do \
             the same.",
            scenario.name,
            row.name,
            count(row.requests.ok),
            count(resets),
            count(left_open)
        )
    })
}

fn unasked(scenario: &Scenario, row: &Row) -> Option<String> {
    let connections: u64 = row.trials.iter().map(|trial| trial.unasked).sum();
    (connections > 0).then(|| {
        format!(
            "{}, {}: the server sent more than it was asked for, seen on {} connections, so that answers may have \
             been taken for those to later requests. `loadgen check` shows what it does with each.",
            scenario.name,
            row.name,
            count(connections)
        )
    })
}

/// Requests that the scenario keeps under way.
pub(super) fn in_flight(scenario: &Scenario) -> f64 {
    scenario.params.connections as f64 * scenario.params.pipeline as f64
}

fn counted(row: &Row) -> impl Iterator<Item = &Trial> {
    row.trials.iter().filter(|trial| trial.failed.is_none())
}

/// Rate times mean latency: the median of the trials that count.
pub(super) fn concurrency(row: &Row) -> Option<f64> {
    let mut all: Vec<f64> = counted(row).filter_map(|trial| trial.concurrency).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Cpus;
    use crate::report::held::Held;
    use crate::report::sample;

    #[test]
    fn a_sound_run_needs_none() {
        assert_eq!(warnings(&sample::document()), [""; 0]);
    }

    #[test]
    fn whatever_is_doubtful_is_said() {
        let mut document = sample::document();
        document.partial = true;
        document.build.profile = "dev (not optimised)".into();
        document.scenarios[0].params.trials = 1;
        let row = &mut document.scenarios[0].rows[1];
        row.trials[1].client.bound = true;
        row.trials[1].client.busy = Some(0.97);
        row.trials[1].client.starved = Some(0.02);
        row.client.connections_established = Some(990);
        row.requests.failed = 3;
        row.errors.insert("reset".into(), 3);
        row.trials[0].failed = Some("the server ended".into());
        row.trials.iter_mut().for_each(|trial| trial.concurrency = Some(500.0));
        row.trials[2].reset_after_answer = 4;
        row.trials[2].unasked = 5;
        let all = warnings(&document).join("\n");
        for part in [
            "reference, phase1-threads, trial 1: the server ended",
            "3 of 3,003 requests failed (3 reset)",
            "This run is partial: some of its trials are missing",
            "without optimisation",
            "reference: the load generator was the bottleneck, so the server may be faster than it looks, for \
             phase1-threads (1 of 3 trials, 97 % busy).",
            "990 of 1,000 connections",
            "Little's law is off. Rate times mean latency should be the 1,000 requests",
            "is not for phase1-threads (2 of 2 trials, at worst 500)",
            "of 3,000 answers, 4 were followed by a reset, and after 0",
            "more than it was asked for, seen on 5 connections",
            "Fewer than three trials",
        ] {
            assert!(all.contains(part), "'{part}' is missing in:\n{all}");
        }
    }

    /// The one warning that `change` brings about.
    fn only(change: impl FnOnce(&mut Document)) -> String {
        let mut document = sample::document();
        change(&mut document);
        let mut all = warnings(&document);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    #[test]
    fn a_single_connection_is_not_held_to_littles_law_for_the_time_between_two_requests() {
        let mut document = sample::document();
        let scenario = &mut document.scenarios[0];
        scenario.params.connections = 1;
        for row in &mut scenario.rows {
            row.client.connections_established = Some(1);
            row.trials.iter_mut().for_each(|trial| trial.concurrency = Some(0.7));
        }
        assert_eq!(warnings(&document), [""; 0]);
    }

    #[test]
    fn a_run_whose_trials_are_all_there_is_not_said_to_miss_some() {
        let warning = only(|document| document.partial = true);
        assert!(warning.contains("interrupted before all was counted"), "{warning}");
    }

    #[test]
    fn a_server_that_died_has_shown_something_before() {
        let mut document = sample::document();
        let trial = &mut document.scenarios[0].rows[1].trials[0];
        trial.failed = Some("the server ended".into());
        (trial.elapsed_ns, trial.qps) = (Some(1_900_000_000), Some(17_343.0));
        trial.requests.ok = 32_952;
        let told =
            "the server ended\n    Until then it had answered 32,952 requests in 1.9 s, 17,343 per second.";
        assert!(warnings(&document)[0].ends_with(told), "{}", warnings(&document)[0]);
    }

    #[test]
    fn numbers_that_are_out_of_all_proportion_are_no_reason_to_end() {
        let mut document = sample::document();
        document.scenarios[0].params.connections = usize::MAX;
        document.scenarios[0].params.pipeline = usize::MAX;
        assert!(warnings(&document).join("\n").contains("Little's law"));
    }

    #[test]
    fn debug_assertions_are_told_apart_from_a_debug_build() {
        let warning = only(|document| document.build.debug_assertions = true);
        assert!(warning.contains("debug assertions") && warning.contains("run it without"), "{warning}");
    }

    #[test]
    fn a_trial_whose_client_was_starved_is_named_though_it_was_not_the_bottleneck() {
        let warning = only(|document| {
            let row = &mut document.scenarios[0].rows[1];
            row.trials[0].client.starved = Some(0.09);
            row.trials[1].client.starved = Some(0.36);
        });
        assert!(warning.contains("in 1 of 9 trials: phase1-threads, trial 2 (36 %)."), "{warning}");
        assert!(warning.ends_with("run it again when it is quiet."), "{warning}");
    }

    #[test]
    fn of_many_trials_with_a_starved_client_the_worst_are_named() {
        let warning = only(|document| {
            let trials = document.scenarios[0].rows.iter_mut().flat_map(|row| &mut row.trials);
            trials.for_each(|trial| trial.client.starved = Some(0.2));
            document.scenarios[0].rows[2].trials[0].client.starved = Some(0.5);
        });
        let named = "in 9 of 9 trials: phase1-threads --spawn, trial 1 (50 %); phase0-serial, trial 1 (20 %); \
                     phase0-serial, trial 2 (20 %); phase0-serial, trial 3 (20 %); 5 more.";
        assert!(warning.contains(named), "{warning}");
    }

    #[test]
    fn where_the_server_shares_its_cpus_no_other_work_is_blamed_for_a_starved_client() {
        let mut document = sample::document();
        document.cpus = Cpus::default();
        document.scenarios[0].rows[1].trials[1].client.starved = Some(0.36);
        let all = warnings(&document).join("\n");
        assert!(all.contains("trial 2 (36 %). Give server and client CPUs of their own"), "{all}");
    }

    #[test]
    fn cpus_that_were_shared_are_told() {
        let warning = only(|document| document.cpus = Cpus::default());
        assert!(warning.contains("shared the same CPUs"), "{warning}");
    }

    #[test]
    fn cohorts_that_could_not_be_held_are_told_by_the_worst_trial() {
        let idle = |established_max| Held {
            name: "idle".into(),
            connections: 10_000,
            established_max,
            established_at_end: established_max,
            closed_by_server: 0,
            timeouts_408: 0,
        };
        let warning = only(|document| {
            let trials = &mut document.scenarios[0].rows[1].trials;
            for (trial, established) in trials.iter_mut().zip([10_000, 4_096, 9_999]) {
                trial.held = vec![idle(established)];
            }
        });
        assert!(warning.contains("phase1-threads: only 4,096 of 10,000 idle connections"), "{warning}");
    }
}
