use std::time::SystemTime;

use super::*;
use crate::engine::{ClientCost, ErrorKind};
use crate::lab::cpus::Split;
use crate::lab::rows::Row as LabRow;
use crate::measure::{Usage, Weather};

pub(in crate::report) fn outcome(ok: u64, each_ms: u64) -> Outcome {
    let mut latency_ns = Histogram::new(3).unwrap();
    latency_ns.record_n(each_ms * 1_000_000, ok).unwrap();
    Outcome {
        elapsed: Duration::from_secs(2),
        ok,
        statuses: BTreeMap::from([(200, ok)]),
        bytes_read: 10 * ok,
        latency_ns,
        connections_asked: 1000,
        pipeline: 1,
        connections_established: 1000,
        client: ClientCost {
            total: Duration::from_millis(1_800),
            user_ticks: 4,
            system_ticks: 2,
            threads: 1,
            kept_waiting: Some(Duration::ZERO),
        },
        ..Outcome::empty()
    }
}

fn good(number: usize, ok: u64) -> lab::Trial {
    let usage = Usage {
        cpu: Some(Duration::from_millis(100)),
        cpu_lost: false,
        split: Some(Met { user: 25, system: 75 }),
        context_switches: None,
        threads_max: Some(11),
        rss_peak_bytes: None,
        rss_growth_bytes: None,
        bytes_per_held_connection: None,
    };
    let weather = Weather { steal: Some(0.25), load: Some(1.0), throttled_ns: None };
    lab::Trial { number, outcome: Some(outcome(ok, 4)), usage, weather, usage_requests: ok, failed: None }
}

fn measured(rows: Vec<(&str, Vec<lab::Trial>)>) -> lab::Measured {
    let scenario = lab::scenario::built_in().unwrap().remove(0);
    let row = |(name, trials)| lab::MeasuredRow {
        row: LabRow::parse(name).unwrap(),
        trials,
        inspection: lab::Inspection::default(),
    };
    lab::Measured {
        started_at: SystemTime::UNIX_EPOCH,
        split: Split { server: vec![0], client: vec![1] },
        scenarios: vec![lab::MeasuredScenario { scenario, rows: rows.into_iter().map(row).collect() }],
        interrupted: false,
    }
}

fn conditions(trials_planned: usize) -> Conditions {
    Conditions {
        floor: None,
        hosts: Vec::new(),
        machine: Machine::default(),
        build: Build::here(),
        source: Source::default(),
        command: "loadgen run".into(),
        trials_planned,
    }
}

#[test]
#[expect(clippy::float_cmp, reason = "these are exact")]
fn rates_costs_and_speed_up_follow_from_the_trials() {
    let serial = vec![good(1, 1000), good(2, 800), good(3, 900)];
    let threads = vec![good(1, 9000), good(2, 9000), good(3, 9000)];
    let document =
        document(&measured(vec![("phase0-serial", serial), ("phase1-threads", threads)]), &conditions(6));
    assert!(!document.partial);
    assert_eq!(document.started_at, "1970-01-01T00:00:00Z");
    let [serial, threads] = document.scenarios[0].rows.as_slice() else { panic!("two rows") };
    let qps = serial.qps.unwrap();
    assert_eq!((qps.median, qps.low, qps.high), (450.0, 400.0, 500.0));
    assert_eq!((serial.speedup, threads.speedup), (Some(1.0), Some(10.0)));
    // 300 ms over 2,700 requests, a quarter of it in user mode.
    assert_eq!(serial.server.cpu_us_per_request, Some(111.11));
    assert_eq!(serial.server.user_us_per_request, Some(27.778));
    assert_eq!(serial.server.sys_us_per_request, Some(83.333));
    assert_eq!(serial.server.context_switches_per_request, None);
    // 1.8 s of CPU in 2 s.
    assert_eq!((serial.client.busy, serial.client.bound), (Some(0.9), true));
    // 5.4 s over 2,700 requests; a trial has too few samples to be split, and all together have enough.
    assert_eq!(serial.client.cpu_us_per_request, Some(2_000.0));
    assert_eq!(serial.client.user_us_per_request, Some(1_333.3));
    let [first, ..] = serial.trials.as_slice() else { panic!("three trials") };
    assert_eq!(first.client.cpu_us_per_request, Some(1_800.0));
    assert_eq!((first.client.user_us_per_request, first.client.sys_us_per_request), (None, None));
    assert_eq!(serial.latency_ns.unwrap().p50 / 100_000, 40);
    assert_eq!(threads.ceiling.as_ref().unwrap().qps, 5000.0);
    assert_eq!((threads.target_qps, threads.original_qps), (Some(5000.0), Some(7877.0)));
    // 500 a second, 4 ms each: two at a time.
    assert!((serial.trials[0].concurrency.unwrap() - 2.0).abs() < 0.01);
}

#[test]
fn a_trial_that_failed_is_kept_and_does_not_count() {
    let mut dead = good(2, 50);
    dead.failed = Some("the server ended".into());
    let mut lost = outcome(50, 4);
    lost.errors.add(ErrorKind::Reset);
    dead.outcome = Some(lost);
    let document = document(&measured(vec![("phase0-serial", vec![good(1, 1000), dead])]), &conditions(3));
    assert!(document.partial);
    let row = &document.scenarios[0].rows[0];
    assert_eq!(row.trials.len(), 2);
    assert_eq!(row.requests, Requests { ok: 1050, failed: 1 });
    assert_eq!(row.errors["reset"], 1);
    assert!((row.qps.unwrap().median - 500.0).abs() < f64::EPSILON);
}

#[test]
fn a_kernel_that_does_not_tell_who_waited_for_a_cpu_is_null_and_not_zero() {
    let mut trial = good(1, 1000);
    let client = |trial: lab::Trial| {
        let document = document(&measured(vec![("phase0-serial", vec![trial])]), &conditions(1));
        serde_json::to_value(document.scenarios[0].rows[0].client).unwrap()
    };
    assert_eq!(client(trial.clone())["starved"], 0.0);
    trial.outcome.as_mut().unwrap().client.kept_waiting = None;
    assert!(client(trial)["starved"].is_null());
}

#[test]
fn a_row_that_never_ran_has_nulls_and_no_zeros() {
    let never = lab::Trial {
        number: 1,
        outcome: None,
        usage: Usage::default(),
        weather: Weather::default(),
        usage_requests: 0,
        failed: Some("it did not start".into()),
    };
    let document = document(&measured(vec![("phase2-async", vec![never])]), &conditions(1));
    let row = serde_json::to_value(&document.scenarios[0].rows[0]).unwrap();
    for field in ["qps", "speedup", "latency_ns"] {
        assert!(row[field].is_null(), "{field}");
    }
    for (field, value) in row["server"].as_object().unwrap() {
        assert!(value.is_null(), "{field}");
    }
}

#[test]
fn a_run_is_drawn_again_as_it_was_drawn_at_first() {
    let mut trials = vec![good(1, 1000), good(2, 1100), good(3, 1200)];
    for trial in &mut trials {
        let latencies = &mut trial.outcome.as_mut().unwrap().latency_ns;
        (1..=50_000).for_each(|us| latencies.record(us * 1_000).unwrap());
    }
    let first = document(&measured(vec![("phase1-threads", trials)]), &conditions(3));
    let again: Document = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
    assert_eq!(first, again);
    assert!(crate::report::html(&first) == crate::report::html(&again), "the pages differ");
    assert_eq!(crate::report::markdown(&first), crate::report::markdown(&again));
}

#[test]
fn what_was_counted_apart_stands_beside_what_the_trials_showed() {
    let mut measured = measured(vec![("phase1-threads --spawn", vec![good(1, 1000), good(2, 1000)])]);
    measured.scenarios[0].rows[0].inspection = lab::Inspection {
        allocs_per_request: Some(0.0),
        syscalls_per_request: Some(7.123_456),
        syscalls_at_rest_per_request: Some(1.0),
        instructions_per_request: Some(4321.09),
        switches_per_request: Some(2.5),
        missing: vec!["nothing much".into()],
    };
    let row = document(&measured, &conditions(2)).scenarios.remove(0).rows.remove(0);
    assert_eq!((row.server.allocs_per_request, row.server.syscalls_per_request), (Some(0.0), Some(7.1235)));
    assert_eq!(row.server.context_switches_per_request, Some(2.5), "threads ended in the trials");
    assert_eq!((row.server.split_samples, row.missing), (Some(200), vec!["nothing much".to_owned()]));
    assert_eq!(row.trials[0].weather.steal, Some(0.25));
}

#[test]
fn a_split_that_is_mostly_chance_is_none() {
    assert_eq!(user_share(Met { user: 20, system: 29 }), None);
    assert_eq!(user_share(Met { user: 20, system: 60 }), Some(0.25));
}
