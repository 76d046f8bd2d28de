//! `loadgen attack --max-rate` as people and scripts meet it.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use server::DeadPort;
use support::{HELLO, Server, always};

fn search(url: &str, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["attack", url, "--max-rate"]).args(words.split_whitespace());
    command.env("COLUMNS", "60").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A search that has found its first rate that holds, and what it says from then on. On a busy machine that may
/// be a lower one than it began with.
fn under_way(url: &str, words: &str) -> (Child, BufReader<ChildStderr>) {
    let mut child =
        search(url, &format!("--slo p50=250ms -d 300ms --warmup 0 -R 100 {words}")).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.ends_with(": holds\n") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "it ended early");
    }
    (child, stderr)
}

#[test]
fn a_search_fits_sixty_columns_and_honours_warmup_and_latency() {
    // Two connections that take 10 ms for an answer are good for 200 per second.
    let server = Server::start(|mut peer| {
        while peer.request()? {
            thread::sleep(Duration::from_millis(10));
            peer.send(HELLO)?;
        }
        Ok(())
    });
    let url = format!("http://{}/", server.address);
    let words = "--slo p50=100ms -R 50 -c 2 -d 400ms --warmup 50ms --latency";
    let Output { status, stdout, stderr } = search(&url, words).output().unwrap();
    let (text, told) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(status.code(), Some(0), "{text}{told}");
    assert!(text.lines().chain(told.lines()).all(|line| line.chars().count() <= 60), "{text}{told}");
    let rate = text.lines().find_map(|line| line.strip_prefix("max rate ")).expect("a rate");
    let number = rate.split_whitespace().find_map(|word| word.parse::<f64>().ok());
    assert!(number.is_some_and(|number| number > 0.0 && number < 400.0), "{text}");
    assert!(told.starts_with("trying 50.0/s for 400ms, after a warm-up of 50ms\n"), "{told}");
    let (_, latencies) = text.split_once("\nat that rate:\n").expect("latencies come last");
    for name in ["latency", "service time", "first byte", "connect", "p99.99"] {
        assert!(latencies.contains(name), "{name}: {text}");
    }
}

#[test]
fn a_server_that_dies_leaves_what_was_found_until_then() {
    let mut server = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["serve", "phase4-keepalive", "--addr", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().rsplit(' ').next().unwrap();
    let (child, mut stderr) = under_way(url, "--json");
    server.kill().unwrap();
    server.wait().unwrap();
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(1), "{told}");
    let json: Value = serde_json::from_slice(&stdout).expect("one JSON object");
    let why = json["ended_by"].as_str().expect("a reason");
    assert!(why.starts_with("at ") && why.contains("connection refused"), "{why}");
    assert!(told.ends_with(&format!("\nerror: {why}\n")), "{told}");
    assert_eq!(json["interrupted"], false);
    let mut steps = json["steps"].as_array().expect("steps").iter();
    assert!(steps.any(|step| step["holds"] == true), "{json}");
    assert!(json["max_rate_per_sec"].as_f64() > Some(0.0), "{json}");
}

#[test]
fn a_server_that_was_never_there_ends_a_search_before_it_begins() {
    let nobody = DeadPort::new().unwrap();
    let address = nobody.addr();
    // Steps that are too short for the engine to give up, too.
    for words in ["-d 100ms --warmup 0", "-d 10s"] {
        let words = format!("--slo p99=5ms -q {words}");
        let Output { status, stdout, stderr } =
            search(&format!("http://{address}/"), &words).output().unwrap();
        let told = String::from_utf8(stderr).unwrap();
        let why = format!("can't connect to {address}: connection refused; is the server running there?");
        assert_eq!((status.code(), stdout.len(), told), (Some(1), 0, format!("error: {why}\n")), "{words}");
    }
}

#[test]
fn ctrl_c_ends_a_search_with_what_there_is() {
    let server = Server::start(always(HELLO));
    let (child, _stderr) = under_way(&format!("http://{}/", server.address), "");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    assert_eq!(status.code(), Some(130), "{text}");
    // A note on the client may follow.
    assert!(text.contains("\nmax rate      at least ") && text.contains("(interrupted)\n"), "{text}");
}

#[test]
fn what_can_not_be_searched_is_refused_before_anything_is_sent() {
    let server = Server::start(always(HELLO));
    for (flags, part) in [
        ("--slo p99=5ms --csv a.csv", "--csv with --max-rate"),
        ("--slo p99=5ms -d 25h", "-d 1day 1h: 24 hours (24h) are the longest"),
        ("--slo p99=5s", "--slo p99 within 5s: each step"),
        ("--slo p99=5ms -R 1e9", "from 0.001 to 100,000,000"),
    ] {
        let Output { status, stdout, stderr } =
            search(&format!("http://{}/", server.address), flags).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!((status.code(), stdout.len()), (Some(2), 0), "{flags}: {stderr}");
        assert!(stderr.contains(part), "{flags}: {stderr}");
    }
    assert_eq!(server.connections(), 0);
}
