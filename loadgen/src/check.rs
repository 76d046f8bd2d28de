//! `loadgen check`: the conformance suite against one of the phases or any address.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use conformance::{Counts, Profile, Report, Row, Verdict};

use crate::cli::Failure;
use crate::lab::{Launched, Server, rows};
use crate::run::launch;

/// How long the server may take to say whether it keeps connections.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
/// What is read of that answer, at most.
const PROBE_BYTES_MAX: usize = 16 * 1024;

const EXAMPLES: &str = "\
Examples:
  loadgen check phase4-keepalive
      a phase, started for the occasion
  loadgen check 127.0.0.1:8080
      a server that runs, with the lab's routes
  loadgen check 127.0.0.1:80 --foreign
      one that has only GET / in common with the lab's
  loadgen check phase0-serial --json
      everything, for scripts

Exit codes: 0 if no case failed, 1 if one did or the server could not be asked, 2 bad arguments.";

/// What to check.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A phase, or the address and port of a server
    #[arg(value_name = "PHASE|ADDR:PORT")]
    target: String,
    /// The server is not one of the lab's: ask only for /, and expect any body
    #[arg(long)]
    foreign: bool,
    /// Send each request in one piece only, not also cut at each byte
    #[arg(long)]
    whole: bool,
    /// Longest wait for an answer or a close
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Print every case as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the suite and prints what it found.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let (server, addr) = find(&args.target)?;
    let mut profile = if keeps_connections(addr).map_err(|error| unreachable(addr, &error))? {
        Profile::persistent(&args.target)
    } else {
        Profile::closing(&args.target)
    };
    // A serial phase makes the others wait while their time runs.
    if rows::phase(&args.target).is_some_and(|phase| phase.workers == Some(1)) {
        profile = profile.serially();
    }
    profile.lab_routes = !args.foreign;
    profile.injecting_target = server.is_some().then(|| "/inject".to_owned());
    profile.deliveries = !args.whole;
    profile.answer_limit = args.timeout;
    let report = conformance::run_all(addr, &profile);
    drop(server);
    match print(&report, args.json) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("the result could not be printed: {error}")))
        }
        _ if report.conforms() => Ok(ExitCode::SUCCESS),
        _ => Ok(ExitCode::FAILURE),
    }
}

/// The server that is meant, started if it is a phase.
fn find(target: &str) -> Result<(Option<Server>, SocketAddr), Failure> {
    if let Ok(addr) = target.parse() {
        return Ok((None, addr));
    }
    let phase = rows::phase(target).ok_or_else(|| {
        Failure::BadArguments(format!(
            "there is no phase '{target}'; the phases are {}; or give the address of a server, like 127.0.0.1:8080",
            rows::phase_names()
        ))
    })?;
    // What becomes of a handler's broken field can't be seen without a handler that breaks one.
    let command = launch::phase(phase, &["--misbehaving".to_owned()], &[], 0);
    let server =
        Server::start(Launched { command, addr: None }, |_| GET.to_vec()).map_err(Failure::Failed)?;
    let addr = server.addr;
    Ok((Some(server), addr))
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: lab\r\n\r\n";

/// Whether the server leaves a connection open after an answer that the client did not ask it to
/// close after.
fn keeps_connections(addr: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&addr, PROBE_TIMEOUT)?;
    stream.set_read_timeout(Some(PROBE_TIMEOUT))?;
    stream.write_all(GET)?;
    let mut answer = vec![0; PROBE_BYTES_MAX];
    let mut filled = 0;
    while !answer[..filled].windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut answer[filled..])? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => filled += read,
        }
    }
    let head = String::from_utf8_lossy(&answer[..filled]).to_ascii_lowercase();
    Ok(!head.lines().any(|line| line.starts_with("connection:") && line.contains("close")))
}

fn unreachable(addr: SocketAddr, error: &io::Error) -> Failure {
    Failure::Failed(format!("{addr} does not answer GET /: {error}; is an HTTP/1.1 server running there?"))
}

fn print(report: &Report, json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{}\n{report}", table(report))?;
    }
    out.flush()
}

/// A line for each rule: how many of its cases met which verdict.
fn table(report: &Report) -> String {
    let mut rules: BTreeMap<u8, Vec<&Row>> = BTreeMap::new();
    for row in &report.rows {
        rules.entry(row.rule).or_default().push(row);
    }
    let mut text = "rule  passed  tolerated  failed  not offered  RFC\n".to_owned();
    for (rule, rows) in rules {
        let Counts { passed, tolerated, failed, not_offered } = counts(&rows);
        let mut sections: Vec<_> = rows.iter().map(|row| row.section).collect();
        sections.sort_unstable();
        sections.dedup();
        let sections = sections.join(", ");
        // A String takes all that is written to it.
        let _ = writeln!(
            text,
            "{rule:>4}  {passed:>6}  {:>9}  {:>6}  {:>11}  {sections}",
            or_blank(tolerated),
            or_blank(failed),
            or_blank(not_offered)
        );
    }
    text
}

fn counts(rows: &[&Row]) -> Counts {
    let count = |is: fn(&Verdict) -> bool| rows.iter().filter(|row| is(&row.verdict)).count();
    Counts {
        passed: count(|verdict| matches!(verdict, Verdict::Passed)),
        tolerated: count(|verdict| matches!(verdict, Verdict::Tolerated { .. })),
        failed: count(|verdict| matches!(verdict, Verdict::Failed(_))),
        not_offered: count(|verdict| matches!(verdict, Verdict::NotOffered { .. })),
    }
}

/// Zeros would hide the few numbers that matter.
fn or_blank(count: usize) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}
