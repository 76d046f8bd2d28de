//! Warnings about what surrounded the run: others on the machine, and trials that differ too much.

use super::document::{Document, Row, Scenario};
use super::format::{percent, rate};
use super::stats;

/// A hypervisor that takes this share of a trial's CPU time has changed its result.
const STEAL_MAX: f64 = 0.02;
/// Processes that ran in the minute before the run, for each CPU, above which it did not start in quiet.
const LOAD_PER_CPU_MAX: f64 = 0.5;
/// An interval that is wider than this share of its median says little.
const SPREAD_MAX: f64 = 0.2;

/// What speaks against the machine, and against comparing these numbers.
pub(super) fn warnings(document: &Document) -> Vec<String> {
    let scenarios = || document.scenarios.iter();
    let mut all: Vec<String> = scenarios().filter_map(stolen).collect();
    all.extend(scenarios().filter_map(throttled));
    all.extend(fired_by_several(document));
    all.extend(busy_before(document));
    all.extend(governed(document));
    all.extend(scenarios().filter_map(noisy));
    all
}

/// The rows with a trial to which something happened, and how bad it was in the worst of them.
fn worst(scenario: &Scenario, of: impl Fn(&super::document::Weather) -> Option<f64>) -> (f64, usize, usize) {
    let trials = || scenario.rows.iter().flat_map(|row| &row.trials);
    let hit = || trials().filter_map(|trial| of(&trial.weather));
    (hit().fold(0.0, f64::max), hit().count(), trials().count())
}

fn stolen(scenario: &Scenario) -> Option<String> {
    let (share, hit, of) = worst(scenario, |weather| weather.steal.filter(|&share| share > STEAL_MAX));
    (hit > 0).then(|| {
        format!(
            "{}: up to {} of the CPU time was given to other virtual machines, in {hit} of {of} trials. Run it again \
             at another hour, or on a machine that is nobody else's.",
            scenario.name,
            percent(share)
        )
    })
}

fn throttled(scenario: &Scenario) -> Option<String> {
    let ms = |ns: u64| ns as f64 / 1e6;
    let (worst_ms, hit, of) = worst(scenario, |weather| weather.throttled_ns.filter(|&ns| ns > 0).map(ms));
    (hit > 0).then(|| {
        format!(
            "{}: a limit of the control group held server and client back for up to {worst_ms:.0} ms, in {hit} of {of} \
             trials. Raise the container's CPU limit, or run outside of it.",
            scenario.name
        )
    })
}

/// What the client spent is that of all of them, and only the first one's host is described.
fn fired_by_several(document: &Document) -> Option<String> {
    let hosts = &document.client_hosts;
    (!hosts.is_empty()).then(|| {
        format!(
            "Fired by {} processes, on {}. The servers ran on the first of these hosts.",
            hosts.len(),
            hosts.join(", ")
        )
    })
}

/// Only of the first trial: what ran in the minute before the others was the lab itself.
fn busy_before(document: &Document) -> Option<String> {
    let first = document.scenarios.first()?.rows.first()?.trials.first()?;
    let (load, cpus) = (first.weather.load?, document.machine.cpus?);
    (load > LOAD_PER_CPU_MAX * cpus as f64).then(|| {
        format!(
            "The machine was busy when the run began: {load:.1} processes on {cpus} CPUs in the minute before. If that \
             was the build, run it again now that it is built; otherwise stop the others first."
        )
    })
}

/// A governor that lets the clock rise and fall measures what came before as much as what is there.
fn governed(document: &Document) -> Option<String> {
    let governor = document.machine.governor.as_deref().filter(|&governor| governor != "performance")?;
    Some(format!(
        "The CPUs change their clock as they see fit (governor {governor}). As root, for the time of the run: \
         cpupower frequency-set -g performance."
    ))
}

fn noisy(scenario: &Scenario) -> Option<String> {
    let far = scenario.rows.iter().filter_map(|row| {
        let qps = row.qps.filter(|qps| qps.confidence.is_some() && qps.median > 0.0)?;
        let width = (qps.high - qps.low) / qps.median;
        (width > SPREAD_MAX).then(|| {
            let (low, high) = (rate(qps.low), rate(qps.high));
            (row, format!("{} ({low}–{high}, {} of the median)", row.name, percent(width)))
        })
    });
    let (rows, far): (Vec<&Row>, Vec<String>) = far.unzip();
    let steady: Vec<&str> =
        rows.iter().filter(|row| cpu_is_steady(row)).map(|row| row.name.as_str()).collect();
    let instead = if steady.is_empty() {
        String::new()
    } else if steady.len() == rows.len() {
        ", or compare by CPU per request".to_owned()
    } else {
        format!(", or compare by CPU per request, which was steadier for {}", steady.join(", "))
    };
    (!far.is_empty()).then(|| {
        format!(
            "{}: trials of the same server differ by more than many a difference between servers, for {}. Ask for more \
             (--trials 7), in a quieter hour{instead}.",
            scenario.name,
            far.join(", ")
        )
    })
}

/// Whether the trials of a row agree about what a request costs the server, so that this can be compared.
fn cpu_is_steady(row: &Row) -> bool {
    stats::spread(&row.in_trials(|trial| trial.server.cpu_us_per_request))
        .filter(|cpu| cpu.confidence.is_some())
        .is_some_and(|cpu| cpu.high - cpu.low <= SPREAD_MAX * cpu.median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// The one warning that `change` brings about.
    fn only(change: impl FnOnce(&mut Document)) -> String {
        let mut document = sample::document();
        assert_eq!(warnings(&document), [""; 0]);
        change(&mut document);
        let mut all = warnings(&document);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    #[test]
    fn stolen_time_is_told_with_the_worst_trial() {
        let warning = only(|document| {
            document.scenarios[0].rows[0].trials[1].weather.steal = Some(0.05);
            document.scenarios[0].rows[1].trials[0].weather.steal = Some(0.12);
            document.scenarios[0].rows[1].trials[2].weather.steal = Some(0.02);
        });
        assert!(warning.contains("up to 12 %") && warning.contains("in 2 of 9 trials"), "{warning}");
    }

    #[test]
    fn a_container_that_was_held_back_is_told_to_get_more() {
        let warning =
            only(|document| document.scenarios[0].rows[2].trials[0].weather.throttled_ns = Some(7_400_000));
        assert!(warning.contains("up to 7 ms, in 1 of 9 trials"), "{warning}");
        assert!(warning.contains("CPU limit"), "{warning}");
    }

    #[test]
    fn a_busy_machine_is_told_by_the_first_trial_alone() {
        let warning = only(|document| {
            document.scenarios[0].rows[0].trials[0].weather.load = Some(1.5);
            document.scenarios[0].rows[1].trials[0].weather.load = Some(90.0);
        });
        assert!(warning.contains("1.5 processes on 2 CPUs"), "{warning}");
    }

    #[test]
    fn a_clock_that_changes_is_told_with_what_holds_it() {
        let warning = only(|document| document.machine.governor = Some("schedutil".into()));
        assert!(warning.contains("governor schedutil") && warning.contains("cpupower"), "{warning}");
        let mut document = sample::document();
        document.machine.governor = Some("performance".into());
        assert_eq!(warnings(&document), [""; 0]);
    }

    #[test]
    fn trials_that_differ_too_much_are_named_with_their_interval() {
        let warning = only(|document| {
            let qps = document.scenarios[0].rows[1].qps.as_mut().unwrap();
            (qps.low, qps.high) = (4_000.0, 5_000.0);
        });
        assert!(warning.contains("phase1-threads (4,000–5,000, 23 % of the median)"), "{warning}");
        assert!(warning.contains("--trials 7"), "{warning}");
    }

    #[test]
    fn cpu_per_request_is_advised_only_where_it_was_steadier_than_the_rate() {
        let noisy = |document: &mut Document, index: usize, cpu: f64| {
            let row = &mut document.scenarios[0].rows[index];
            let qps = row.qps.as_mut().unwrap();
            (qps.low, qps.high) = (0.5 * qps.median, 1.5 * qps.median);
            row.trials[1].server.cpu_us_per_request = Some(cpu);
        };
        let steady = only(|document| noisy(document, 1, 42.0));
        assert!(steady.ends_with("in a quieter hour, or compare by CPU per request."), "{steady}");
        let neither = only(|document| noisy(document, 1, 80.0));
        assert!(neither.ends_with("in a quieter hour."), "{neither}");
        let one = only(|document| {
            noisy(document, 1, 80.0);
            noisy(document, 2, 42.0);
        });
        assert!(one.ends_with("CPU per request, which was steadier for phase1-threads --spawn."), "{one}");
    }

    #[test]
    fn an_interval_of_a_single_trial_is_none() {
        let mut document = sample::document();
        let qps = document.scenarios[0].rows[1].qps.as_mut().unwrap();
        (qps.low, qps.high, qps.confidence) = (1.0, 9_000.0, None);
        assert_eq!(warnings(&document), [""; 0]);
    }
}
