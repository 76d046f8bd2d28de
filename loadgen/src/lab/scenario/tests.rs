use super::*;
use crate::lab::rows::PHASES;

const SMALL: &str = r#"
[[scenario]]
name = "small"
shows = "little"
path = "/"
connections = 2
mode = "close"
warmup = "10ms"
duration = "1s"
trials = 2
quick = { warmup = "5ms", duration = "100ms", trials = 1 }
rows = ["phase0-serial", "phase1-threads --spawn"]
"#;

fn with(from: &str, to: &str) -> String {
    let text = SMALL.replace(from, to);
    assert_ne!(text, SMALL, "the change must change something");
    parse(&text).unwrap_err()
}

#[test]
fn the_built_in_scenarios_are_sound() {
    let names: Vec<_> = built_in().unwrap().into_iter().map(|scenario| scenario.name).collect();
    assert_eq!(
        names,
        ["reference", "kept", "plaintext", "pipelined", "idle", "slow-clients", "upload", "cpu"]
    );
}

/// Five phases stay within three minutes and twenty seconds, and each that joins them takes its share.
#[test]
fn the_built_in_runs_stay_within_their_time_for_each_phase() {
    let phases = PHASES.len() as f64;
    let seconds = |scenarios: &[Scenario]| -> f64 {
        let each =
            |s: &Scenario| (s.warmup + s.duration).as_secs_f64() * s.trials as f64 * s.rows.len() as f64;
        scenarios.iter().map(each).sum()
    };
    let mut full = built_in().unwrap();
    full.retain(|scenario| !scenario.by_name);
    let quick: Vec<_> = full.iter().cloned().map(Scenario::into_quick).collect();
    assert!(seconds(&full) < 28.0 * phases, "{}", seconds(&full));
    assert!(seconds(&quick) < 3.4 * phases, "{}", seconds(&quick));
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let error = with("connections = 2", "connection = 2");
    assert!(error.contains("line 6") && error.contains("connection"), "{error}");
}

#[test]
fn values_that_can_not_be_run_are_refused() {
    assert!(with("connections = 2", "connections = 0").contains("at least 1 connection"));
    assert!(with("trials = 2", "trials = 0").contains("from 1 to 1000"));
    assert!(with("trials = 1", "trials = 1001").contains("from 1 to 1000"));
    assert!(with("duration = \"100ms\"", "duration = \"0s\"").contains("longer than 0 s"));
    assert!(with("duration = \"1s\"", "duration = \"0s\"").contains("longer than 0 s"));
    assert!(with("duration = \"1s\"", "duration = \"soon\"").contains("'soon' is no duration"));
    assert!(with("duration = \"1s\"", "duration = \"2h\"").contains("longer than an hour"));
    assert!(with("mode = \"close\"", "mode = \"close\"\npipeline = 4").contains("keepalive"));
    assert!(with("path = \"/\"", "path = \"x y\"").contains("must start with /"));
    assert!(with("phase0-serial", "phase7").contains("there is no phase 'phase7'"));
    assert!(with("trials = 2", "trials = 2\noriginal = [{ row = \"nobody\" }]").contains("'nobody'"));
}

/// A name is a part of file names: what it can't be there is said before anything is measured.
#[test]
fn a_name_that_is_no_file_name_is_refused_with_its_line_and_why() {
    for name in ["team/api v2", "../up", ".hidden", "", "ä", &"x".repeat(41)] {
        let error = with("name = \"small\"", &format!("name = \"{name}\""));
        assert!(error.contains("begins in line 2") && error.contains("1 to 40 letters"), "{error}");
    }
    assert!(parse(&SMALL.replace("small", "team_api.v-2")).is_ok());
}

#[test]
fn a_name_can_be_taken_once() {
    assert!(parse(&format!("{SMALL}{SMALL}")).unwrap_err().contains("one of that name"));
}

#[test]
fn quick_replaces_what_it_names() {
    let quick = parse(SMALL).unwrap().remove(0).into_quick();
    assert_eq!((quick.trials, quick.duration), (1, Duration::from_millis(100)));
    assert_eq!(quick.connections, 2);
}

#[test]
fn without_a_word_on_it_quick_is_one_trial_of_a_second_at_most() {
    let silent = SMALL.replace("quick = { warmup = \"5ms\", duration = \"100ms\", trials = 1 }\n", "");
    assert_ne!(silent, SMALL);
    let times = |text: &str| {
        let quick = parse(text).unwrap().remove(0).into_quick();
        (quick.trials, quick.warmup, quick.duration)
    };
    let long = silent.replace("\"10ms\"", "\"1m\"").replace("\"1s\"", "\"1m\"");
    assert_eq!(times(&long), (1, Duration::from_millis(200), Duration::from_secs(1)));
    let short = silent.replace("\"1s\"", "\"50ms\"");
    assert_eq!(
        times(&short),
        (1, Duration::from_millis(10), Duration::from_millis(50)),
        "never longer than it is"
    );
}

#[test]
fn a_connection_per_request_asks_the_server_to_close() {
    let scenario = parse(SMALL).unwrap().remove(0);
    let plan = scenario.plan("127.0.0.1:80".parse().unwrap(), &[1]);
    assert_eq!(plan.request, b"GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\nConnection: close\r\n\r\n");
    assert_eq!((plan.mode, plan.threads), (Mode::Close, 1));
}

#[test]
fn connections_held_beside_become_cohorts_and_need_descriptors() {
    let text = SMALL.replace("trials = 2", "trials = 2\nbeside = { idle = 5, slow_body = 3 }");
    let scenario = parse(&text).unwrap().remove(0);
    assert_eq!(scenario.connections_in_all(), 10);
    let plan = scenario.plan("127.0.0.1:80".parse().unwrap(), &[]);
    let cohorts: Vec<_> =
        plan.cohorts.iter().map(|cohort| (cohort.kind.name(), cohort.connections)).collect();
    assert_eq!((cohorts, plan.connections_in_all()), (vec![("idle", 5), ("slow-body", 3)], 10));
    assert!(with("trials = 2", "trials = 2\nbeside = { ilde = 5 }").contains("ilde"));
}

#[test]
fn a_bare_number_is_in_seconds() {
    assert_eq!(parse_duration("3"), Ok(Duration::from_secs(3)));
    assert_eq!(parse_duration("1m 30s"), Ok(Duration::from_secs(90)));
    assert!(parse_duration("-1").is_err());
}
