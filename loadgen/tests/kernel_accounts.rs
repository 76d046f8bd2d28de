//! What the lab reads of a server process, held against other accounts that the kernel keeps. Each test
//! fires a fixed number of requests; none looks at a clock.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use loadgen::lab::{Launched, Server};
use loadgen::measure::{Counters, Sampler};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

const ROWS: [&[&str]; 6] = [
    &["phase0-serial"],
    &["phase1-threads"],
    &["phase1-threads", "--spawn"],
    &["phase2-async"],
    &["phase3-pooled"],
    &["phase4-keepalive"],
];

fn launched(row: &[&str]) -> Launched {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["serve", row[0], "--addr", "127.0.0.1:0", "--with-parent"]).args(&row[1..]);
    Launched { command, addr: None }
}

fn request(addr: SocketAddr) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").into_bytes()
}

/// So many requests, one after the other, each on a connection of its own.
fn fire(addr: SocketAddr, requests: usize) {
    for _ in 0..requests {
        let mut stream = TcpStream::connect(addr).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream.write_all(&request(addr)).expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        assert!(answer.ends_with(b"Hello, World!"), "{}", answer.escape_ascii());
    }
}

#[track_caller]
fn agree(what: &str, ours: f64, theirs: f64, share: f64) {
    eprintln!("{what}: {ours} and {theirs}, {:+.2} %", (ours / theirs - 1.0) * 100.0);
    assert!((ours / theirs - 1.0).abs() <= share, "{what}: {ours} and {theirs}");
}

/// CPU time in nanoseconds of all living threads, by the scheduler's own account.
fn schedstat(pid: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
    let each = tasks.map(|task| fs::read_to_string(task.expect("a thread").path().join("schedstat")));
    let each = each.map(|text| text.expect("schedstat").split(' ').next().expect("a number").to_owned());
    each.map(|ns| ns.parse::<f64>().expect("a number")).sum()
}

#[test]
fn the_cpu_time_of_a_server_is_what_its_threads_have_run() {
    for row in ROWS.iter().filter(|row| !row.contains(&"--spawn")) {
        let server = Server::start(launched(row), request).expect("a server");
        let mut sampler = Sampler::new(server.pid());
        sampler.begin();
        let before = schedstat(server.pid());
        fire(server.addr, 2_000);
        sampler.end();
        let theirs = schedstat(server.pid()) - before;
        let ours = sampler.usage().cpu.expect("Linux tells").as_nanos() as f64;
        agree(&format!("{row:?}, CPU and schedstat"), ours, theirs, 0.03);
    }
}

/// Ended threads are in both accounts. Children of this process that other tests wait for would be in
/// one of them, so it is asked in a process that has one child: this test, alone.
#[test]
fn the_cpu_time_of_a_server_is_what_it_is_charged_when_it_ends() {
    const ALONE: &str = "PHASE_LAB_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let mut alone = Command::new(std::env::current_exe().expect("this test"));
        alone.env(ALONE, "yes").args([
            "the_cpu_time_of_a_server_is_what_it_is_charged_when_it_ends",
            "--exact",
            "--nocapture",
        ]);
        assert!(alone.status().expect("this test starts").success());
        return;
    }
    let charged = || {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("Linux tells");
        (usage.user_time() + usage.system_time()).num_microseconds() as f64
    };
    for row in ROWS {
        let before = charged();
        let mut sampler = None;
        let server = Server::start_held_back(&launched(row), request, |pid| {
            let mut from_the_first = Sampler::new(pid);
            from_the_first.begin();
            sampler = Some(from_the_first);
        })
        .expect("a server");
        // Enough that its end, which only one of the accounts holds, is less than 2 % of it.
        fire(server.addr, 5_000);
        let mut sampler = sampler.expect("it was started");
        sampler.end();
        drop(server);
        let ours = sampler.usage().cpu.expect("Linux tells").as_micros() as f64;
        agree(&format!("{row:?}, CPU and getrusage"), ours, charged() - before, 0.03);
    }
}

#[test]
fn system_calls_are_those_that_strace_sees() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        eprintln!("skipped: strace is not installed, so there is nothing to compare with");
        return;
    }
    for row in ROWS {
        let mut counters = Counters::default();
        let server = Server::start_held_back(&launched(row), request, |pid| counters = Counters::attach(pid))
            .expect("a server");
        if counters.read().syscalls.is_none() {
            eprintln!("skipped: {}", counters.no_syscalls.unwrap_or_default());
            return;
        }
        let Some(strace) = Strace::attach(server.pid()) else {
            eprintln!("skipped: strace may not attach here");
            return;
        };
        let before = counters.read();
        fire(server.addr, 500);
        let ours = counters.read().since(&before).syscalls.expect("counted before");
        // strace counts a call when it returns. A thread's last one does not, and here each connection has
        // a thread.
        let last_ones = if row.contains(&"--spawn") { 500 } else { 0 };
        let theirs = strace.calls() + last_ones;
        agree(&format!("{row:?}, system calls and strace"), ours as f64, theirs as f64, 0.01);
    }
}

/// `strace -c` on all threads of a process.
struct Strace {
    child: std::process::Child,
    said: BufReader<std::process::ChildStderr>,
}

impl Strace {
    fn attach(pid: u32) -> Option<Self> {
        let mut strace = Command::new("strace");
        strace.args(["-c", "-f", "-p", &pid.to_string()]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = strace.spawn().ok()?;
        let mut said = BufReader::new(child.stderr.take()?);
        let mut line = String::new();
        said.read_line(&mut line).ok()?;
        if line.contains("attached") {
            return Some(Self { child, said });
        }
        let _ = child.kill();
        let _ = child.wait();
        None
    }

    /// Detaches, and tells how many calls it has seen.
    fn calls(mut self) -> u64 {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
        let mut summary = String::new();
        self.said.read_to_string(&mut summary).expect("a summary");
        self.child.wait().expect("it ends");
        let total = summary.lines().find(|line| line.ends_with(" total")).expect("a total");
        // "100.00    0.012345           4      3024       12 total"
        total.split_whitespace().nth(3).and_then(|calls| calls.parse().ok()).expect("calls")
    }
}

/// A shell that works in a child and waits for it, as a server does that starts workers.
fn shell(script: &str) -> std::process::Child {
    Command::new("sh")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell")
}

#[test]
fn what_children_spent_counts_also_when_they_are_gone() {
    let mut child = shell(
        "read -r go; sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; times; echo done; read -r end",
    );
    let mut sampler = Sampler::new(child.id());
    sampler.begin();
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(b"\n").expect("it reads");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let lines: Vec<String> =
        lines.map(|line| line.expect("text")).take_while(|line| line != "done").collect();
    sampler.end();
    drop(stdin);
    child.wait().expect("it ends");
    // The second line is that of the children: "0m0.250000s 0m0.010000s", user and system.
    let seconds =
        |text: &str| text.trim_start_matches("0m").trim_end_matches('s').parse::<f64>().expect("seconds");
    let theirs: f64 = lines[1].split(' ').map(seconds).sum();
    let ours = sampler.usage().cpu.expect("Linux tells").as_secs_f64();
    // A clock tick is what the kernel rounds them to.
    assert!((ours - theirs).abs() < 0.03, "{ours} and {theirs}");
}

#[test]
fn a_servers_children_are_part_of_it() {
    let mut child = shell("sleep 60 & first=$!; sleep 60 & echo started; read -r end; kill $first $!");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut String::new()).expect("it starts");
    let mut sampler = Sampler::new(child.id());
    sampler.begin();
    sampler.end();
    drop(child.stdin.take());
    child.wait().expect("it ends");
    assert_eq!(sampler.usage().threads_max, Some(3));
    assert!(sampler.usage().rss_peak_bytes > Some(100_000), "{:?}", sampler.usage());
}
