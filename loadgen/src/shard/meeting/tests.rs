use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use serde_json::json;

use super::line::Line;
use super::*;
use crate::engine::{self, Amount, Part, Progress};

const WITHIN: Duration = Duration::from_secs(20);

fn hello(index: usize, count: usize) -> Hello {
    Hello {
        version: "1".into(),
        run: None,
        index,
        count,
        load: json!({"url": "http://h/", "connections": 8}),
    }
}

/// A place to meet, and who listens there.
fn place() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    (listener.local_addr().unwrap().to_string(), listener)
}

fn gather(listener: TcpListener, count: usize, within: Duration) -> Result<(Team, Beginning), String> {
    let times = [within, Duration::ZERO];
    Team::gather(listener, &hello(0, count), "a-run".into(), times, &AtomicBool::new(false))
}

fn join(place: &str, hello: &Hello, within: Duration) -> Result<(Joined, Beginning), String> {
    Joined::join(place, hello, "here", within, &AtomicBool::new(false))
}

#[test]
fn all_are_told_the_same_moment_and_know_their_clocks() {
    let (place, listener) = place();
    thread::scope(|scope| {
        let join = |index| {
            let place = &place;
            scope.spawn(move || join(place, &hello(index, 4), WITHIN))
        };
        let others: Vec<_> = (1..4).map(join).collect();
        let (team, beginning) = gather(listener, 4, WITHIN).unwrap();
        assert_eq!(team.mates.iter().map(|mate| mate.index).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(beginning.absent.is_empty() && beginning.run == "a-run");
        assert!(!team.is_remote() && !team.speaks_ipv6());
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
    let (place, listener) = place();
    thread::scope(|scope| {
        let meeting = scope.spawn(|| {
            let lead = Hello { run: Some("a-run".into()), ..hello(0, 2) };
            Team::gather(listener, &lead, "a-run".into(), [WITHIN, Duration::ZERO], &AtomicBool::new(false))
        });
        let refused = |hello: &Hello| join(&place, hello, WITHIN).unwrap_err();
        let mut other = hello(1, 2);
        other.load = json!({"url": "http://h/", "connections": 9});
        assert!(refused(&other).contains("something else than shard 0: connections 9 and not 8; give"));
        assert!(refused(&hello(1, 3)).contains("it says 3 shards, and shard 0 says 2"));
        assert!(refused(&Hello { version: "2".into(), ..hello(1, 2) }).contains("it is loadgen 2"));
        assert!(refused(&Hello { run: Some("b".into()), ..hello(1, 2) }).contains("it is of run b"));
        assert!(refused(&hello(5, 2)).contains("no room for a shard 5"));
        // Others than shards, too: one that says nothing, one that says too much, one that speaks something else.
        let silent = TcpStream::connect(&place).unwrap();
        let mut much = TcpStream::connect(&place).unwrap();
        // It is hung up on in the middle.
        let _ = much.write_all(&vec![b'x'; 1 << 20]);
        TcpStream::connect(&place).unwrap().write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let (_joined, _) = join(&place, &hello(1, 2), WITHIN).unwrap();
        assert_eq!(meeting.join().unwrap().unwrap().0.mates.len(), 1);
        drop(silent);
    });
}

#[test]
fn who_has_gone_again_leaves_its_place_to_one_that_was_started_anew() {
    let (place, listener) = place();
    thread::scope(|scope| {
        let meeting = scope.spawn(|| gather(listener, 3, WITHIN));
        // It goes when it was told the time, and comes back.
        let mut first = Line::new(TcpStream::connect(&place).unwrap()).unwrap();
        let stop = AtomicBool::new(false);
        first.say(&ToLead::Hello(hello(1, 3))).unwrap();
        assert!(matches!(first.hear(&stop, Some(WITHIN)), Ok(FromLead::Welcome)));
        first.say(&ToLead::Ready { host: "dead".into() }).unwrap();
        drop(first);
        let again = scope.spawn(|| join(&place, &hello(1, 3), WITHIN));
        let (_second, _) = join(&place, &hello(2, 3), WITHIN).unwrap();
        let (_again, beginning) = again.join().unwrap().unwrap();
        let (team, _) = meeting.join().unwrap().unwrap();
        assert!(beginning.absent.is_empty());
        assert_eq!(team.mates.iter().map(|mate| mate.host.as_str()).collect::<Vec<_>>(), ["here", "here"]);
    });
}

#[test]
fn who_does_not_come_in_time_is_named_and_who_comes_too_late_is_told() {
    let (place, listener) = place();
    let (team, beginning) = gather(listener, 3, Duration::from_millis(50)).unwrap();
    assert!(team.mates.is_empty());
    assert_eq!(beginning.absent, [1, 2]);
    let why = join(&place, &hello(1, 3), WITHIN).unwrap_err();
    assert!(why.contains("have begun without it") && why.contains("--meet-within"), "{why}");
}

#[test]
fn a_meeting_where_nobody_is_says_where_that_was() {
    let nobody = server::DeadPort::new().unwrap();
    let place = nobody.addr().to_string();
    let why = join(&place, &hello(1, 2), Duration::from_millis(50)).unwrap_err();
    assert!(why.contains(&place) && why.contains("within 50ms") && why.contains("--meet"), "{why}");
}

#[test]
fn the_end_may_be_asked_for_at_any_time() {
    let ((place, listener), stop) = (place(), AtomicBool::new(true));
    let times = [WITHIN, Duration::ZERO];
    let lead = Team::gather(listener, &hello(0, 2), "a-run".into(), times, &stop).unwrap_err();
    let other = Joined::join(&place, &hello(1, 2), "here", WITHIN, &stop).unwrap_err();
    assert_eq!((lead.as_str(), other.as_str()), (INTERRUPTED, INTERRUPTED));
}

#[test]
fn a_port_that_another_program_has_is_not_taken_for_a_meeting() {
    let (place, taken) = place();
    let why = listen(&place).unwrap_err();
    assert!(why.contains("in use"), "{why}");
    let answering = thread::spawn(move || {
        taken.accept().unwrap().0.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    let why = join(&place, &hello(1, 2), WITHIN).unwrap_err();
    answering.join().unwrap();
    assert!(why.contains("another program"), "{why}");
    assert!(listen("192.0.2.1:7400").unwrap_err().contains("is it an address of this host"));
}

#[test]
fn a_name_is_listened_for_wherever_it_may_lead_and_an_address_only_there() {
    let free = || server::DeadPort::new().unwrap().addr().port();
    let address = |place: String| listen(&place).unwrap().local_addr().unwrap().ip();
    assert!(address(format!("127.0.0.1:{}", free())).is_loopback());
    // A host's own name is often that of an address that only it can reach, or of none.
    assert!(address(format!("no-such-host.invalid:{}", free())).is_unspecified());
}

#[test]
fn what_others_fire_comes_back_and_without_them_nothing_is_fired() {
    let (place, listener) = place();
    let (server, answered) = canned();
    let fired = || answered.load(Ordering::Relaxed);
    let mut plan = Plan::of_a_test();
    (plan.target, plan.connections, plan.amount) = (server.into(), 3, Amount::Requests(9));
    plan.timeout = WITHIN;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let mate = |index: usize, fires: usize| {
            let (place, stop) = (&place, &stop);
            scope.spawn(move || {
                let (mut joined, _) = join(place, &hello(index, 3), WITHIN).unwrap();
                for _ in 0..fires {
                    let Ok(Told::Fire { name, plan, at_unix_ns }) = joined.next(stop) else {
                        panic!("it was to fire")
                    };
                    let part = Part { index, count: 3 };
                    let outcome = engine::run_part(&plan, part, None, &Progress::default()).unwrap();
                    let fired =
                        Fired { name, plan: *plan, at_unix_ns, clock: joined.clock, probes: 0, outcome };
                    joined.report(Ok(fired)).unwrap();
                }
            })
        };
        let mates = [mate(1, 1), mate(2, 1)];
        let (mut team, _) = gather(listener, 3, WITHIN).unwrap();
        let mut fire = || team.fire("it", &plan, &Progress::default(), Duration::ZERO, &stop);
        let all = fire();
        assert_eq!(all.failed, None);
        let theirs: Vec<_> = all.theirs.iter().map(|(index, _, fired)| (*index, fired.outcome.ok)).collect();
        assert_eq!((all.own.unwrap().ok, theirs), (3, vec![(1, 3), (2, 3)]));
        // They have gone, so that nothing is fired any more.
        let before = fired();
        assert!(fire().own.unwrap_err().contains("shard 1 (here) was lost"));
        assert!(fire().own.unwrap_err().contains("only 1 of 3 shards are left"));
        assert_eq!((before, fired()), (9, 9));
        for mate in mates {
            mate.join().unwrap();
        }
    });
}

/// Where each request is answered, for as long as the test lasts, and how many were.
fn canned() -> (SocketAddr, Arc<AtomicU64>) {
    let answered = Arc::new(AtomicU64::new(0));
    let counts = Arc::clone(&answered);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let counts = Arc::clone(&counts);
            thread::spawn(move || {
                let mut buffer = [0; 1_024];
                while std::io::Read::read(&mut stream, &mut buffer).is_ok_and(|read| read > 0) {
                    counts.fetch_add(1, Ordering::Relaxed);
                    if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, answered)
}

#[test]
fn what_differs_is_named() {
    let (a, b) = (json!({"a": 1, "b_c": 2, "d": 3}), json!({"a": 1, "b_c": 3, "e": 3}));
    assert_eq!(differing(&a, &b), ["b c 3 and not 2", "d nothing and not 3", "e 3 and not nothing"]);
    let (a, b) = (json!({"flags": ["run", "-c 5", "--quick"]}), json!({"flags": ["run", "-c 6"]}));
    assert_eq!(differing(&a, &b), ["flags -c 6 and not -c 5 --quick"]);
    assert_eq!(differing(&json!({"a": [1, 2]}), &json!({"a": [2, 1]})), ["a in another order"]);
    assert_eq!(differing(&json!({"a": "x".repeat(200)}), &json!({"a": 1}))[0].chars().count(), 12 + 120 + 1);
    assert!(differing(&a, &a).is_empty());
    assert_eq!(differing(&json!(1), &json!(2)), ["what is fired"]);
}
