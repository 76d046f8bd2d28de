//! The suite judged by servers that are wrong on purpose.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use conformance::{Profile, Report, Step, Verdict, cases, run_all};

const REFUSAL: &str = "HTTP/1.1 400 Bad Request\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const SERVED: &str = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";

/// A server that sends `answer` to each connection once something has come, be it only the end of the
/// client's half, and closes. Its threads live as long as the test process.
fn always(answer: &'static str) -> SocketAddr {
    serve(move |stream| {
        if stream.read(&mut [0; 1024]).is_ok() {
            let _ = stream.write_all(answer.as_bytes());
        }
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.set_read_timeout(Some(Duration::from_millis(500)));
        while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {}
    })
}

/// A server that reads and never says a word.
fn silent() -> SocketAddr {
    serve(|stream| {
        let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
        while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {}
        thread::sleep(Duration::from_secs(1));
    })
}

fn serve(each: impl Fn(&mut TcpStream) + Send + Sync + Copy + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || each(&mut stream));
        }
    });
    addr
}

/// Every case offered, in one piece, with an end to patience that suits a server that never answers.
fn every_case() -> Profile {
    Profile {
        deliveries: false,
        parallel: 32,
        answer_limit: Duration::from_millis(300),
        injecting_target: Some("/inject".to_owned()),
        ..Profile::persistent("scripted")
    }
}

fn failed(report: &Report) -> BTreeSet<String> {
    report.failures().map(|row| row.name.clone()).collect()
}

fn all_names() -> BTreeSet<String> {
    cases::all(&every_case()).iter().map(|case| case.name.to_string()).collect()
}

#[test]
fn a_silent_server_fails_every_case() {
    let report = run_all(silent(), &every_case());
    assert_eq!(failed(&report), all_names());
}

#[test]
fn a_server_that_always_says_200_fails_every_refusal() {
    let failed = failed(&run_all(always(SERVED), &every_case()));
    for name in [
        "two-spaces-after-method",
        "no-host",
        "length-then-chunked",
        "chunk-size-with-0x",
        "head-one-too-large",
    ] {
        assert!(failed.contains(name), "{name} passed");
    }
}

#[test]
fn each_case_is_failed_by_saying_200_or_by_saying_400() {
    let mut failed_by_one = failed(&run_all(always(SERVED), &every_case()));
    failed_by_one.extend(failed(&run_all(always(REFUSAL), &every_case())));
    let spared: Vec<_> = all_names().difference(&failed_by_one).cloned().collect();
    assert!(spared.is_empty(), "no constant answer fails {spared:?}");
}

#[test]
fn an_answer_that_changes_with_the_pieces_is_found() {
    let addr = serve(|stream| {
        let mut first = [0; 1024];
        let length = stream.read(&mut first).unwrap_or(0);
        let answer = if length < 20 { REFUSAL } else { SERVED };
        let _ = stream.write_all(answer.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        while matches!(stream.read(&mut first), Ok(1..)) {}
    });
    let profile = Profile { lab_routes: false, ..Profile::closing("split-brained") };
    let cases = cases::all(&profile);
    let case = cases.iter().find(|case| case.name == "one-request").unwrap();
    assert!(
        matches!(conformance::run(addr, &profile, case), Verdict::Failed(failure) if failure.delivery != "in one piece")
    );
}

#[test]
fn an_answer_that_is_cut_short_is_found() {
    let addr = always("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\nshort");
    let profile = Profile { lab_routes: false, deliveries: false, ..Profile::closing("cut") };
    let cases = cases::all(&profile);
    let case = cases.iter().find(|case| case.name == "one-request").unwrap();
    let Verdict::Failed(failure) = conformance::run(addr, &profile, case) else {
        panic!("half an answer passed")
    };
    assert!(failure.miss.contains("unfinished"), "{failure:?}");
}

/// How a case fails at a server that always says this.
fn miss(case: &str, answer: &'static str) -> String {
    let profile = Profile { deliveries: false, ..Profile::closing("wrong") };
    let cases = cases::all(&profile);
    let case = cases.iter().find(|other| other.name == case).unwrap();
    let Verdict::Failed(failure) = conformance::run(always(answer), &profile, case) else {
        panic!("{answer:?} passed")
    };
    failure.miss
}

#[test]
fn leave_to_send_the_body_is_found_in_answer_to_1_0() {
    let miss = miss("expect-continue-on-1.0-without-its-body", "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(miss.contains("100"), "{miss}");
}

#[test]
fn an_answer_without_date_or_type_is_found_in_every_case() {
    let no_date = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert!(miss("options-path", no_date).contains("Date"));
    let no_type = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\n\
                   Content-Length: 2\r\n\r\nhi";
    assert!(miss("options-path", no_type).contains("Content-Type"));
}

#[test]
fn a_close_that_resets_an_upload_is_found() {
    let addr = serve(|stream| {
        // Dropped with the upload unread, which makes the kernel send a reset.
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(REFUSAL.as_bytes());
    });
    let profile = Profile::closing("rude");
    let cases = cases::all(&profile);
    let case = cases.iter().find(|case| case.name == "bad-field-while-uploading").unwrap();
    let Verdict::Failed(failure) = conformance::run(addr, &profile, case) else { panic!("a reset passed") };
    assert!(failure.ended.contains("reset"), "{failure:?}");
}

#[test]
fn what_is_not_offered_is_never_passed() {
    let profile = Profile { persists: false, lab_routes: false, injecting_target: None, ..every_case() };
    let report = run_all(always(SERVED), &profile);
    let not_offered =
        report.rows.iter().filter(|row| matches!(row.verdict, Verdict::NotOffered { .. })).count();
    assert_eq!(report.counts().not_offered, not_offered);
    assert!(not_offered > 50 && report.to_string().contains("not offered  a-thousand-pipelined"), "{report}");
}

#[test]
fn a_report_is_readable_by_scripts() {
    let profile = Profile { lab_routes: false, ..every_case() };
    let json = serde_json::to_value(run_all(always(SERVED), &profile)).unwrap();
    let rows = json["rows"].as_array().unwrap();
    assert!(rows.iter().any(|row| row["verdict"] == "failed" && row["miss"].is_string()), "{}", rows[0]);
}

#[test]
fn every_rule_has_a_case_and_every_case_a_name_a_reason_and_an_outcome() {
    let cases = cases::all(&every_case());
    let mut rules = BTreeMap::<u8, usize>::new();
    for case in &cases {
        *rules.entry(case.rule).or_default() += 1;
        assert!(!case.why.is_empty() && !case.allowed.is_empty(), "{} says nothing", case.name);
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        assert!(case.name.chars().all(kebab), "{} is not kebab-case", case.name);
    }
    assert_eq!(rules.keys().copied().collect::<Vec<_>>(), (1..=30).collect::<Vec<_>>());
    assert_eq!(all_names().len(), cases.len(), "two cases share a name");
    println!("{} cases: {rules:?}", cases.len());
}

#[test]
fn a_case_that_asks_for_a_route_of_the_lab_says_so() {
    for case in cases::all(&every_case()) {
        let sent = case
            .steps
            .iter()
            .filter_map(|step| if let Step::Send(bytes) = step { Some(bytes) } else { None });
        let sent: Vec<u8> = sent.flatten().copied().collect();
        let asks = ["/echo", "/bytes", "/headers", "/wait", "/json", "/cpu", "/stats"]
            .iter()
            .any(|route| sent.windows(route.len()).any(|window| window == route.as_bytes()));
        assert!(
            !asks || case.needs.contains(&conformance::Need::LabRoutes),
            "{} needs the lab's routes",
            case.name
        );
    }
}
