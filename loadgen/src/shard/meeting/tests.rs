use std::net::TcpListener;
use std::sync::atomic::AtomicBool;
use std::thread;

use serde_json::json;

use super::*;

const WITHIN: Duration = Duration::from_secs(20);

fn hello(index: usize, count: usize) -> Hello {
    Hello { version: "1".into(), index, count, load: json!({"url": "http://h/", "connections": 8}) }
}

/// A port that nobody else has.
fn place() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn join(place: &str, hello: &Hello, within: Duration) -> Result<(Joined, Beginning), String> {
    Joined::join(place, hello, "here", within, &AtomicBool::new(false))
}

#[test]
fn all_are_told_the_same_moment_and_know_their_clocks() {
    let place = place();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        // Those that come before shard 0 is there wait for it.
        let others: Vec<_> = (1..4)
            .map(|index| {
                scope.spawn({
                    let place = &place;
                    move || join(place, &hello(index, 4), WITHIN)
                })
            })
            .collect();
        let (team, beginning) = Team::gather(&place, &hello(0, 4), "a-run".into(), WITHIN, &stop).unwrap();
        assert_eq!(team.mates.iter().map(|mate| mate.index).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(beginning.absent.is_empty() && beginning.run == "a-run");
        for other in others {
            let (joined, theirs) = other.join().unwrap().unwrap();
            assert_eq!(theirs, beginning);
            let clock = joined.clock.expect("it was asked for");
            // The same clock, so that it is off by no more than is said.
            assert!(clock.offset_ns.unsigned_abs() <= clock.error_ns, "{clock:?}");
        }
    });
}

#[test]
fn who_does_not_belong_here_is_told_why_and_the_others_begin() {
    let place = place();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let meeting = scope.spawn(|| Team::gather(&place, &hello(0, 2), "a-run".into(), WITHIN, &stop));
        let refused = |hello: &Hello| join(&place, hello, WITHIN).unwrap_err();
        let mut other = hello(1, 2);
        other.load = json!({"url": "http://h/", "connections": 9});
        assert!(refused(&other).contains("something else than shard 0: see connections"));
        assert!(refused(&hello(1, 3)).contains("it says 3 shards, and shard 0 says 2"));
        assert!(refused(&Hello { version: "2".into(), ..hello(1, 2) }).contains("it is loadgen 2"));
        assert!(refused(&hello(5, 2)).contains("no room for a shard 5"));
        join(&place, &hello(1, 2), WITHIN).unwrap();
        assert_eq!(meeting.join().unwrap().unwrap().0.mates.len(), 1);
    });
}

#[test]
fn who_does_not_come_in_time_is_named() {
    let (place, stop) = (place(), AtomicBool::new(false));
    let within = Duration::from_millis(50);
    let (team, beginning) = Team::gather(&place, &hello(0, 3), "a-run".into(), within, &stop).unwrap();
    assert!(team.mates.is_empty());
    assert_eq!(beginning.absent, [1, 2]);
}

#[test]
fn a_meeting_where_nobody_is_says_where_that_was() {
    let place = place();
    let why = join(&place, &hello(1, 2), Duration::from_millis(50)).unwrap_err();
    assert!(why.contains(&place) && why.contains("within 50ms") && why.contains("--meet"), "{why}");
}

#[test]
fn the_end_may_be_asked_for_at_any_time() {
    let (place, stop) = (place(), AtomicBool::new(true));
    let lead = Team::gather(&place, &hello(0, 2), "a-run".into(), WITHIN, &stop).unwrap_err();
    let other = Joined::join(&place, &hello(1, 2), "here", WITHIN, &stop).unwrap_err();
    assert!(lead.contains("interrupted") && other.contains("interrupted"), "{lead}; {other}");
}

#[test]
fn a_port_that_another_program_has_is_not_taken_for_a_meeting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap().to_string();
    let why =
        Team::gather(&place, &hello(0, 2), "a-run".into(), WITHIN, &AtomicBool::new(false)).unwrap_err();
    assert!(why.contains("in use"), "{why}");
    let answering = thread::spawn(move || {
        use std::io::Write;
        taken.accept().unwrap().0.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let why = join(&place, &hello(1, 2), WITHIN).unwrap_err();
    answering.join().unwrap();
    assert!(why.contains("another program"), "{why}");
}

#[test]
fn what_differs_is_named() {
    let (a, b) = (json!({"a": 1, "b_c": 2, "d": 3}), json!({"a": 1, "b_c": 3, "e": 3}));
    assert_eq!(differing(&a, &b), ["b c", "d", "e"]);
    assert!(differing(&a, &a).is_empty());
    assert_eq!(differing(&json!(1), &json!(2)), ["what is fired"]);
}
