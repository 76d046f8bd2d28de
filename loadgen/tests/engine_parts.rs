//! Several parts of one plan, each fired as another process would, and what they come to together.

mod support;

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use loadgen::engine::{self, Amount, Cohort, CohortKind, Outcome, Pace, Part, Plan, Progress, Rate};
use support::{HELLO, PIPELINE_1, Server, always, plan};

const COUNT: usize = 3;

/// Fires all parts at once, and merges what they measured.
fn together(plan: &Plan) -> Outcome {
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let fire = |index| {
            scope.spawn(move || {
                engine::run_part(plan, Part { index, count: COUNT }, None, &Progress::default())
            })
        };
        let parts: Vec<_> = (0..COUNT).map(fire).collect();
        parts.into_iter().map(|part| part.join().unwrap().expect("a possible plan")).collect()
    });
    let mut whole = outcomes[0].clone();
    outcomes[1..].iter().for_each(|outcome| whole.merge(outcome));
    whole
}

#[test]
fn counted_requests_and_connections_are_exactly_those_of_the_whole() {
    let server = Server::start(always(HELLO));
    let mut plan = plan(server.address, PIPELINE_1, 7, 1_001);
    plan.cohorts = vec![Cohort::new(CohortKind::Idle, 2, "test", "/")];
    let whole = together(&plan);
    assert_eq!((whole.ok, whole.failed(), whole.latency_ns.len()), (1_001, 0, 1_001));
    assert_eq!((whole.connections_asked, whole.connections_established), (7, 7));
    // Two held connections are shared by three parts, so that one of these has none.
    assert_eq!((whole.cohorts.len(), whole.cohorts[0].asked, whole.cohorts[0].established_max), (1, 2, 2));
    assert_eq!(server.connections(), 9);
    assert_eq!(server.requests(), 1_001);
}

#[test]
fn a_schedule_is_kept_by_all_parts_together() {
    let server = Server::start(always(HELLO));
    let mut plan = plan(server.address, PIPELINE_1, 6, 1);
    plan.pace = Pace::Open(Rate { from_per_sec: 500.0, to_per_sec: 1_500.0 });
    plan.amount = Amount::Time(Duration::from_millis(500));
    let whole = together(&plan);
    let open = whole.open_loop.as_ref().expect("an open loop");
    // 500 per second at the beginning and 1,500 at the end are 1,000 per second for half a second.
    assert_eq!(open.due, 500);
    assert_eq!(whole.ok + whole.failed() + whole.in_flight_at_end + open.never_sent, 500);
}

#[test]
fn nothing_is_sent_before_the_agreed_moment() {
    let first: Arc<Mutex<Option<Instant>>> = Arc::default();
    let noted = Arc::clone(&first);
    let answer = always(HELLO);
    let server = Server::start(move |peer| {
        noted.lock().unwrap().get_or_insert_with(Instant::now);
        answer(peer)
    });
    let plan = plan(server.address, PIPELINE_1, 2, 10);
    let fire = |at| engine::run_part(&plan, Part::WHOLE, Some(at), &Progress::default()).unwrap();
    let at = Instant::now() + Duration::from_millis(300);
    let outcome = fire(at);
    assert!(first.lock().unwrap().expect("a connection") >= at);
    assert_eq!(outcome.ok, 10);
    let late = fire(at.checked_sub(Duration::from_secs(1)).unwrap()).late;
    assert!(late >= Duration::from_secs(1), "{late:?}");
}

#[test]
fn the_wait_for_the_moment_can_be_ended() {
    let server = Server::start(always(HELLO));
    let plan = plan(server.address, PIPELINE_1, 1, 1);
    let progress = Progress::default();
    let far = Instant::now() + Duration::from_secs(3_600);
    let outcome = thread::scope(|scope| {
        let firing = scope.spawn(|| engine::run_part(&plan, Part::WHOLE, Some(far), &progress).unwrap());
        progress.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        firing.join().unwrap()
    });
    assert!(outcome.interrupted && outcome.ok == 0);
    assert_eq!((server.connections(), outcome.late), (0, Duration::ZERO));
}
