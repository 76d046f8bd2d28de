//! Load generators against one server that does next to nothing: what a request costs each of them.
//!
//! `cargo bench -p loadgen --bench clients [-- ROUNDS [SECONDS]]`
//!
//! The canned server (`examples/canned.rs`) runs on CPU 1, each client on CPU 0, in turns, with one thread
//! and 64 connections. A client's CPU time is what the kernel charged its process, start and end
//! included, for all of them alike. Medians over the rounds; ratios are of medians of the same run. A
//! client that is not on the PATH is n/a.

#[allow(dead_code)]
#[path = "../examples/canned.rs"]
mod canned;

use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use rustix::thread::{CpuSet, Pid, sched_setaffinity};

const ROUNDS: usize = 5;
const SECONDS: u64 = 3;
const CONNECTIONS: &str = "64";
const PIPELINE: usize = 16;
const CPU_OF_CLIENTS: usize = 0;
const CPU_OF_SERVER: usize = 1;
/// The word that makes this program the server.
const SERVE: &str = "serve-canned";

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Keep,
    Close,
    Pipelined,
}

const MODES: [(&str, Mode); 3] = [
    ("keep-alive", Mode::Keep),
    ("a connection per request", Mode::Close),
    ("keep-alive, 16 requests pipelined", Mode::Pipelined),
];

/// One client: its name, its command line, and how many requests it says it got answered.
struct Client {
    name: &'static str,
    command: fn(url: &str, seconds: u64, mode: Mode) -> Option<Command>,
    requests: fn(output: &str) -> Option<f64>,
}

const CLIENTS: [Client; 4] = [
    Client { name: "loadgen", command: loadgen, requests: requests_of_loadgen },
    Client { name: "wrk", command: wrk, requests: requests_of_wrk },
    Client { name: "wrk2", command: wrk2, requests: requests_of_wrk },
    Client { name: "oha", command: oha, requests: requests_of_oha },
];

#[expect(clippy::unnecessary_wraps, reason = "all clients have one signature; some can't do all modes")]
fn loadgen(url: &str, seconds: u64, mode: Mode) -> Option<Command> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["attack", url, "--json", "-t", "1", "-c", CONNECTIONS, "--warmup", "0s"]);
    command.args(["-d", &seconds.to_string()]);
    match mode {
        Mode::Keep => {}
        Mode::Close => _ = command.arg("--close"),
        Mode::Pipelined => _ = command.args(["--pipeline", &PIPELINE.to_string()]),
    }
    Some(command)
}

fn wrk(url: &str, seconds: u64, mode: Mode) -> Option<Command> {
    wrk_called("wrk", url, seconds, mode)
}

/// In its own terms: it knows only rates, so it is given one that it can't reach.
fn wrk2(url: &str, seconds: u64, mode: Mode) -> Option<Command> {
    let mut command = wrk_called("wrk2", url, seconds, mode)?;
    command.args(["-R", "10000000"]);
    Some(command)
}

fn wrk_called(name: &str, url: &str, seconds: u64, mode: Mode) -> Option<Command> {
    let mut command = Command::new(name);
    command.args(["-t", "1", "-c", CONNECTIONS, "-d", &seconds.to_string(), url]);
    match mode {
        Mode::Keep => {}
        Mode::Close => _ = command.args(["-H", "Connection: close"]),
        Mode::Pipelined => _ = command.args(["-s", pipelining_script()?.to_str()?]),
    }
    Some(command)
}

/// wrk pipelines whatever a script returns as one request.
fn pipelining_script() -> Option<std::path::PathBuf> {
    let path = std::env::temp_dir().join(format!("pipelined-{}.lua", std::process::id()));
    let script = format!(
        "function init(args)\n  batch = string.rep(wrk.format(), {PIPELINE})\nend\nfunction request()\n  return batch\nend\n"
    );
    std::fs::write(&path, script).ok()?;
    Some(path)
}

fn oha(url: &str, seconds: u64, mode: Mode) -> Option<Command> {
    let mut command = Command::new("oha");
    command.args([
        "--no-tui",
        "--output-format",
        "json",
        "-c",
        CONNECTIONS,
        "-z",
        &format!("{seconds}s"),
        url,
    ]);
    match mode {
        Mode::Keep => Some(command),
        Mode::Close => {
            command.arg("--disable-keepalive");
            Some(command)
        }
        Mode::Pipelined => None,
    }
}

fn requests_of_loadgen(output: &str) -> Option<f64> {
    let json: serde_json::Value = serde_json::from_str(output).ok()?;
    assert_eq!(json["requests"]["failed"], 0, "{output}");
    json["requests"]["ok"].as_f64()
}

fn requests_of_wrk(output: &str) -> Option<f64> {
    output.lines().find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok())
}

fn requests_of_oha(output: &str) -> Option<f64> {
    let json: serde_json::Value = serde_json::from_str(output).ok()?;
    json["statusCodeDistribution"]["200"].as_f64()
}

/// What one round showed.
#[derive(Clone, Copy)]
struct Sample {
    per_sec: f64,
    cpu_us: f64,
}

fn main() -> io::Result<()> {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let first = arguments.next();
    if first.as_deref() == Some(SERVE) {
        pin(CPU_OF_SERVER);
        return canned::serve(arguments);
    }
    if !is_bench && first.is_none() {
        // As a part of all tests it measures nothing, and would take minutes.
        println!("to measure: cargo bench -p loadgen --bench clients [-- ROUNDS [SECONDS]]");
        return Ok(());
    }
    let rounds = first.and_then(|number| number.parse().ok()).unwrap_or(ROUNDS);
    let seconds = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(SECONDS);
    println!("{rounds} rounds of {seconds} s, {CONNECTIONS} connections, 1 thread");
    pin(CPU_OF_CLIENTS);
    for (title, mode) in MODES {
        let mut samples = vec![Vec::new(); CLIENTS.len()];
        for round in 0..rounds {
            for turn in 0..CLIENTS.len() {
                // The order turns round with each round, so that a drift favours nobody.
                let which = if round % 2 == 0 { turn } else { CLIENTS.len() - 1 - turn };
                samples[which].extend(measure(&CLIENTS[which], mode, seconds)?);
            }
        }
        print(title, &samples);
    }
    Ok(())
}

fn print(title: &str, samples: &[Vec<Sample>]) {
    println!("\n{title}\n{:>10}{:>14}{:>16}{:>12}{:>12}", "", "requests/s", "CPU µs/request", "rate", "CPU");
    let middle = |samples: &[Sample], of: fn(&Sample) -> f64| {
        let mut values: Vec<f64> = samples.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let medians = |samples: &Vec<Sample>| {
        (!samples.is_empty()).then(|| (middle(samples, |s| s.per_sec), middle(samples, |s| s.cpu_us)))
    };
    let ours = medians(&samples[0]);
    for (client, samples) in CLIENTS.iter().zip(samples) {
        match (medians(samples), ours) {
            (Some((per_sec, cpu_us)), Some((our_per_sec, our_cpu_us))) => println!(
                "{:>10}{per_sec:>14.0}{cpu_us:>16.2}{:>11.2}x{:>11.2}x",
                client.name,
                our_per_sec / per_sec,
                our_cpu_us / cpu_us
            ),
            _ => println!("{:>10}{:>14}", client.name, "n/a"),
        }
    }
}

/// One client against a fresh server; `None` where there is no such client, or it can't do that.
fn measure(client: &Client, mode: Mode, seconds: u64) -> io::Result<Option<Sample>> {
    let (mut server, address) = server(mode)?;
    let measured = (client.command)(&format!("http://{address}/"), seconds, mode).map(|mut command| {
        let before = children_cpu_us();
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let cpu_us = children_cpu_us() - before;
        let requests = (client.requests)(&String::from_utf8_lossy(&output.stdout))?;
        Some(Sample { per_sec: requests / seconds as f64, cpu_us: cpu_us / requests })
    });
    server.kill()?;
    server.wait()?;
    Ok(measured.flatten())
}

fn server(mode: Mode) -> io::Result<(Child, String)> {
    let mode = if mode == Mode::Close { "close" } else { "keep" };
    let mut command = Command::new(std::env::current_exe()?);
    let mut child = command.args([SERVE, "127.0.0.1:0", mode]).stdout(Stdio::piped()).spawn()?;
    let mut address = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut address)?;
    Ok((child, address.trim().to_owned()))
}

/// CPU time of all children that have been waited for.
fn children_cpu_us() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("Linux counts it");
    let times = [usage.user_time(), usage.system_time()];
    times.iter().map(|time| time.tv_sec() as f64 * 1e6 + time.tv_usec() as f64).sum()
}

/// Where there is no such CPU the kernel decides, and the figures say less.
fn pin(cpu: usize) {
    let mut cpus = CpuSet::new();
    cpus.set(cpu);
    if sched_setaffinity(None::<Pid>, &cpus).is_err() {
        eprintln!("can't pin to CPU {cpu}: expect noise");
    }
}
