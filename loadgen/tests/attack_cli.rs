//! `loadgen attack` as people and scripts meet it.

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{HELLO, HELLO_CLOSE, Server, always, in_some_try, once, skipped};

fn attack(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.arg("attack").args(words.split_whitespace());
    command.env("COLUMNS", "60").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("loadgen starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn url(server: &Server) -> String {
    format!("http://{}/", server.address)
}

#[test]
fn the_text_fits_sixty_columns_and_has_the_lines_that_scripts_look_for() {
    let server = Server::start(always(HELLO));
    let (code, text, _) = output(&mut attack(&format!("{} -n 500 -c 4 --latency", url(&server))));
    assert_eq!(code, Some(0), "{text}");
    // The URL is as long as it is.
    assert!(text.lines().skip(1).all(|line| line.chars().count() <= 60), "{text}");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.trim().to_owned()
    };
    assert!(value("Requests/sec:").parse::<f64>().is_ok_and(|rate| rate > 0.0), "{text}");
    assert!(value("Transfer/sec:").ends_with('B'), "{text}");
    assert_eq!(value("answered"), "500");
    for name in ["latency", "p50", "p99", "p99.99", "first byte", "connect"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(!text.contains('\x1b'), "no colours");
}

#[test]
fn failures_are_shown_whole() {
    let server = Server::start(always(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"));
    let (code, text, stderr) = output(&mut attack(&format!("{} -n 5 -c 1", url(&server))));
    assert_eq!(code, Some(1), "nothing was answered as expected");
    assert!(stderr.contains("error: nothing was answered as expected"), "{stderr}");
    for part in ["failure 1: status: 404 where 200 to 399", "connection 1 from 127.0.0.1:", "| gone"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_server_that_says_more_than_it_was_asked_is_warned_of_and_shown() {
    let server = Server::start(|mut peer| {
        while peer.request()? {
            peer.send(HELLO)?;
        }
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore")
    });
    // It is awaited for a moment only, which on a busy machine may be too short.
    assert!(in_some_try(|| {
        let (code, text, _) = output(&mut attack(&format!("{} -n 5 -c 1", url(&server))));
        assert_eq!(code, Some(0), "every request was answered: {text}");
        assert!(text.lines().skip(1).all(|line| line.chars().count() <= 60), "{text}");
        let parts = ["more came than was asked for", "unasked: 42 bytes that no request asked for", "| more"];
        parts.iter().all(|part| text.contains(part))
    }));
    assert!(in_some_try(|| {
        let (_, text, _) = output(&mut attack(&format!("{} -n 5 -c 1 --json", url(&server))));
        let json: Value = serde_json::from_str(&text).expect("one JSON object");
        assert_eq!(json["requests"]["ok"], 5);
        let received = json["unasked"]["first"]["received"].as_str();
        json["unasked"]["connections"] == 1 && received.is_some_and(|text| text.ends_with("more"))
    }));
}

#[test]
fn the_json_has_every_field_that_scripts_rely_on() {
    let server = Server::start(always(HELLO));
    let (code, text, _) = output(&mut attack(&format!("{} -n 500 -c 4 --json", url(&server))));
    assert_eq!(code, Some(0));
    let json: Value = serde_json::from_str(&text).expect("one JSON object");
    for path in [
        "/schema",
        "/requests/ok",
        "/requests/failed",
        "/duration_ns",
        "/requests_per_sec",
        "/bytes_read",
        "/latency_ns/mean",
        "/latency_ns/p50",
        "/latency_ns/p90",
        "/latency_ns/p99",
        "/latency_ns/p999",
        "/latency_ns/max",
        "/connect_ns/p99",
        "/errors/connect",
        "/errors/timeout",
        "/errors/reset",
        "/errors/short_body",
        "/errors/status",
        "/errors/client",
        "/status/200",
        "/client/cpu_us_per_request",
        "/client/bound",
        "/client/connections_established",
        "/failures",
        "/histogram",
    ] {
        assert!(json.pointer(path).is_some_and(|value| !value.is_null()), "{path}: {text}");
    }
    // Null where there is nothing to tell: so short a run has few samples of its CPU time.
    for path in ["/client/user_us_per_request", "/client/sys_us_per_request", "/client/starved"] {
        assert!(json.pointer(path).is_some(), "{path}: {text}");
    }
}

#[test]
fn files_are_written_beside_the_result() {
    let server = Server::start(always(HELLO));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let files = format!(
        "--hgrm {} --hlog {} --csv {}",
        file("a.hgrm").display(),
        file("a.hlog").display(),
        file("a.csv").display()
    );
    let (code, ..) = output(&mut attack(&format!("{} -n 500 -c 4 {files}", url(&server))));
    assert_eq!(code, Some(0));
    let read = |name: &str| fs::read_to_string(file(name)).unwrap();
    assert!(read("a.hgrm").contains("Total count    =          500]"));
    assert!(read("a.hlog").starts_with("#[Histogram log format version 1.3]\n"));
    let answered: u64 =
        read("a.csv").lines().skip(1).map(|row| row.split(',').nth(2).unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(answered, 500);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "no draft is left");
}

#[test]
fn what_can_not_be_done_is_refused_before_anything_is_sent() {
    let server = Server::start(always(HELLO));
    for (flags, part) in [
        ("--csv /no/such/folder/a.csv", "--csv /no/such/folder/a.csv: can't write there"),
        ("-b @/no/such/file", "can't read"),
        ("-H nothing", "-H \"nothing\""),
        ("-c 0", "at least one connection"),
        ("--unix-socket /dev/null", "--unix-socket /dev/null: that is a file and no socket"),
    ] {
        let (code, stdout, stderr) = output(&mut attack(&format!("{} -n 5 {flags}", url(&server))));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{flags}: {stderr}");
        assert!(stderr.contains(part), "{flags}: {stderr}");
    }
    assert_eq!(server.connections(), 0);
    let (code, _, stderr) = output(&mut attack("https://127.0.0.1/"));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("https is not spoken here") && stderr.contains("http://"), "{stderr}");
}

#[test]
fn progress_is_told_in_plain_lines_and_not_at_all_when_quiet() {
    let server = Server::start(always(HELLO));
    let (_, _, stderr) = output(&mut attack(&format!("{} -d 2.2s --warmup 0s -c 2", url(&server))));
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(lines.len() >= 3 && lines[0].starts_with("attacking 127.0.0.1:"), "{stderr}");
    assert!(lines[1].contains("/s  p50 ") && lines[1].ends_with("0 failed"), "{stderr}");
    assert!(lines.iter().all(|line| line.chars().count() <= 60), "{stderr}");
    let (_, _, stderr) = output(&mut attack(&format!("{} -n 50 -q", url(&server))));
    assert_eq!(stderr, "");
}

/// An attack that would take a minute, once it has told of its first second.
fn under_way(flags: &str) -> (Server, Child, BufReader<std::process::ChildStderr>) {
    let server = Server::start(always(HELLO));
    let mut child = attack(&format!("{} -d 60s --warmup 0s -c 2 {flags}", url(&server))).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("/s  p50 ") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended early");
    }
    (server, child, stderr)
}

#[test]
fn ctrl_c_ends_it_early_with_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("a.csv");
    let (_server, child, _stderr) = under_way(&format!("--json --csv {}", csv.display()));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(130));
    let json: Value = serde_json::from_slice(&stdout).expect("one JSON object");
    assert_eq!(json["interrupted"], true);
    assert!(json["requests"]["ok"].as_u64() > Some(0));
    assert!(fs::read_to_string(csv).unwrap().lines().count() >= 2);
}

#[test]
fn nobody_who_listens_is_no_reason_to_complain() {
    let (_server, mut child, mut stderr) = under_way("");
    drop(child.stdout.take());
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!rest.contains("error") && !rest.contains("panic"), "{rest}");
}

#[test]
fn a_body_may_come_on_standard_input() {
    let server = Server::start(|mut peer| {
        while peer.request()? {
            peer.skip(5)?;
            peer.send(HELLO)?;
        }
        Ok(())
    });
    let mut child =
        attack(&format!("{} -n 20 -c 2 -b @-", url(&server))).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"12345").unwrap();
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stdout));
    assert_eq!(server.requests(), 20);
}

#[test]
fn names_addresses_and_unix_sockets_are_reached() {
    let server = Server::start(once(HELLO_CLOSE));
    let port = server.address.port();
    let (code, _, stderr) = output(&mut attack(&format!("http://localhost:{port}/ -n 10 --close")));
    assert_eq!(code, Some(0), "{stderr}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4_096];
        let received = stream.read(&mut buffer).unwrap();
        stream.write_all(HELLO_CLOSE).unwrap();
        String::from_utf8_lossy(&buffer[..received]).into_owned()
    });
    let flags = format!("http://example.test/a?b -n 1 -c 1 --unix-socket {}", path.display());
    let (code, stdout, stderr) = output(&mut attack(&flags));
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(serving.join().unwrap(), "GET /a?b HTTP/1.1\r\nHost: example.test\r\n\r\n");
    assert!(stdout.contains("answered      1"), "{stdout}");

    let (code, _, stderr) = output(&mut attack("http://localhost/ -n 1 -c 1 --unix-socket /no/such/socket"));
    assert_eq!(code, Some(1));
    let expected =
        "can't connect to /no/such/socket: no such file or directory; is the server running there?";
    assert!(stderr.contains(expected), "{stderr}");
}

#[test]
fn an_ipv6_address_is_reached_where_there_is_one() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        return skipped("there is no IPv6 loopback here");
    };
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4_096]).unwrap();
        stream.write_all(HELLO_CLOSE).unwrap();
    });
    let (code, _, stderr) = output(&mut attack(&format!("http://{address}/ -n 1 -c 1")));
    serving.join().unwrap();
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn the_flags_say_which_answer_is_the_right_one() {
    let server = Server::start(always(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"));
    for (flags, kind) in [
        ("--expect-status 404 --expect-body gone", None),
        ("--expect-body gone", Some("status")),
        ("--expect-status 404 --expect-body here", Some("wrong_body")),
    ] {
        let (code, text, stderr) = output(&mut attack(&format!("{} -n 5 -c 1 --json {flags}", url(&server))));
        let json: Value = serde_json::from_str(&text).expect("one JSON object");
        assert_eq!(code, Some(i32::from(kind.is_some())), "{flags}: {stderr}");
        let failed = if kind.is_some() { 5 } else { 0 };
        assert_eq!(json["requests"], serde_json::json!({"ok": 5 - failed, "failed": failed}), "{flags}");
        assert!(kind.is_none_or(|kind| json["errors"][kind] == 5), "{flags}: {text}");
    }
}
