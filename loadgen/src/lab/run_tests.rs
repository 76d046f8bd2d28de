//! Whole runs against servers that are shell scripts, with an engine that fires nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::*;
use crate::engine::{Outcome, Plan, Progress};
use crate::lab::scenario;

const SCENARIO: &str = r#"
[[scenario]]
name = "small"
shows = "little"
path = "/"
connections = 1
mode = "close"
warmup = "0s"
duration = "1s"
trials = 3
quick = { warmup = "0s", duration = "1s", trials = 1 }
rows = ["phase0-serial", "phase1-threads"]
"#;

struct Quiet(RefCell<Vec<String>>);

impl Watch for Quiet {
    fn begin(&self, place: Place<'_>) {
        self.0.borrow_mut().push(format!("{} {}", place.row, place.trial));
    }
    fn live(&self, _: Live) {}
    fn end(&self, _: Place<'_>, _: &Trial) {}
}

fn outcome(ok: u64) -> Outcome {
    Outcome {
        elapsed: Duration::from_secs(1),
        ok,
        connections_asked: 1,
        pipeline: 1,
        connections_established: 1,
        ..Outcome::empty()
    }
}

/// A server in the test's own process stands behind each child that says where it listens.
fn answering() -> SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    addr
}

/// A server that stays, and says that it listens at `addr`.
fn staying(addr: SocketAddr) -> Launched {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("echo x listening on http://{addr}; exec sleep 60")]);
    Launched { command, addr: None }
}

fn agenda() -> Agenda {
    Agenda { scenarios: scenario::parse(SCENARIO).unwrap(), split: Split::default(), instructions: false }
}

#[test]
fn a_server_that_dies_in_a_trial_keeps_what_was_measured_before() {
    let addr = answering();
    let started = RefCell::new(BTreeMap::<&str, usize>::new());
    let launch = |row: &Row, _: &Scenario, _: &[usize]| {
        let name = row.phase().unwrap().name;
        let mut started = started.borrow_mut();
        let times = started.entry(name).or_default();
        *times += 1;
        // The second server of phase 1 says what hurts it and dies; the others stay.
        let dies = name == "phase1-threads" && *times == 2;
        let end = if dies { "sleep 0.2; echo out of luck >&2; exit 3" } else { "exec sleep 60" };
        let mut command = Command::new("sh");
        command.args(["-c", &format!("echo {row} listening on http://{addr}; {end}")]);
        Ok(Launched { command, addr: None })
    };
    let fire = |_: &Plan, progress: &Progress| {
        // Long enough for the dying server to die, which is when the lab says stop.
        let deadline = std::time::Instant::now() + Duration::from_millis(600);
        while std::time::Instant::now() < deadline
            && !progress.stop.load(std::sync::atomic::Ordering::Relaxed)
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(outcome(100))
    };
    let watch = Quiet(RefCell::default());
    let measured = run(&agenda(), &launch, &fire, &watch);

    let [serial, threads] = measured.scenarios[0].rows.as_slice() else { panic!("two rows") };
    assert_eq!(serial.trials.len(), 3);
    assert!(serial.trials.iter().all(|trial| trial.failed.is_none()), "{:?}", serial.trials);
    assert_eq!(threads.trials.len(), 2);
    assert!(threads.trials[0].failed.is_none());
    assert_eq!(threads.trials[1].outcome.as_ref().unwrap().ok, 100);
    let failures = measured.failures();
    assert_eq!(failures.len(), 1);
    let (which, why) = &failures[0];
    assert_eq!(which, "small, phase1-threads, trial 2");
    assert!(why.contains("exit status 3") && why.contains("out of luck"), "{why}");
    assert!(!measured.interrupted);
    assert_eq!(
        *watch.0.borrow(),
        ["phase0-serial 1", "phase1-threads 1", "phase1-threads 2", "phase0-serial 2", "phase0-serial 3",]
    );
}

#[test]
fn an_engine_that_gives_up_fails_the_trial_in_its_own_words() {
    let addr = answering();
    let launch = |_: &Row, _: &Scenario, _: &[usize]| Ok(staying(addr));
    let fire = |_: &Plan, _: &Progress| Err("no port is free".to_owned());
    let measured = run(&agenda(), &launch, &fire, &Quiet(RefCell::default()));
    let failures = measured.failures();
    assert_eq!(failures.len(), 2);
    assert_eq!(failures[0], ("small, phase0-serial, trial 1".to_owned(), "no port is free"));
}

#[test]
fn a_trial_without_an_answer_has_failed() {
    let addr = answering();
    let launch = |_: &Row, _: &Scenario, _: &[usize]| Ok(staying(addr));
    let fire = |_: &Plan, _: &Progress| Ok(outcome(0));
    let measured = run(&agenda(), &launch, &fire, &Quiet(RefCell::default()));
    let failures = measured.failures();
    assert!(failures[0].1.starts_with("nothing was answered"), "{failures:?}");
}

#[test]
fn an_estimate_counts_every_trial() {
    let agenda = agenda();
    assert_eq!(agenda.trials(), 6);
    assert_eq!(agenda.estimate(), Duration::from_millis(8700));
}

#[test]
fn a_server_that_can_not_be_started_fails_its_trial_in_the_words_of_why() {
    let launch = |_: &Row, _: &Scenario, _: &[usize]| Err("no port is free".to_owned());
    let fire = |_: &Plan, _: &Progress| Ok(outcome(1));
    let measured = run(&agenda(), &launch, &fire, &Quiet(RefCell::default()));
    assert_eq!(measured.failures()[0], ("small, phase0-serial, trial 1".to_owned(), "no port is free"));
}

#[test]
fn a_server_that_does_not_say_where_it_listens_is_asked_where_it_was_told_to() {
    let addr = answering();
    let launch = |_: &Row, _: &Scenario, _: &[usize]| {
        let mut command = Command::new("sleep");
        command.arg("60");
        Ok(Launched { command, addr: Some(addr) })
    };
    let fire = move |plan: &Plan, _: &Progress| {
        assert_eq!(plan.target, addr.into());
        Ok(outcome(1))
    };
    let measured = run(&agenda(), &launch, &fire, &Quiet(RefCell::default()));
    assert_eq!(measured.failures(), []);
}
