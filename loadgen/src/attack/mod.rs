//! `loadgen attack URL`: fires at any HTTP/1.1 server and says what came back.
//!
//! The flags become a [`Plan`] (`args`, `url`, `request`, `expect`), a watcher shows how far it is
//! (`watch`, `live`, `view`, `series`), and the outcome is written for people (`summary`) or for scripts (`json`).
//! What only an open loop has to say is in `open_loop`; `max_rate` searches, by several of them. A process that is one
//! of several fires its part and writes a file about it (`sharded`).

mod args;
mod body;
mod cohorts;
mod doubts;
mod ending;
mod expect;
mod failures;
mod files;
pub(crate) mod json;
mod live;
mod max_rate;
mod open_loop;
mod request;
mod series;
mod sharded;
pub(crate) mod summary;
mod url;
mod view;
mod watch;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

pub use args::Args;

use crate::engine::{self, EngineError, ErrorKind, Failure, Outcome, Plan, Progress};
use crate::report;

/// A run that Ctrl-C ended.
const EXIT_INTERRUPTED: u8 = 130;

/// Why an attack did not take place.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// An argument makes no sense, or names what is not there.
    #[error("{0}")]
    Argument(String),
    /// The engine refused the plan, or the machine refused the engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no server to measure, or it died in the middle of a search.
    #[error("{0}")]
    Died(String),
    /// The other shards were not met, or this one's file could not be written.
    #[error("{0}")]
    Shards(String),
    /// Ctrl-C, before anything was fired.
    #[error("{0}")]
    Interrupted(String),
    /// The result could not be written.
    #[error("writing the result: {0}")]
    Output(#[from] io::Error),
    /// A file that was asked for could not be written, though it had looked possible.
    #[error("{flag} {}: could not be written: {source}; is there room left?", path.display())]
    File {
        /// The flag that asked for it.
        flag: &'static str,
        /// Where it was to be.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl AttackError {
    /// 2 where the arguments are to blame, 130 after Ctrl-C, 1 otherwise.
    pub fn exit_code(&self) -> ExitCode {
        let bad_argument = match self {
            Self::Interrupted(_) => return ExitCode::from(EXIT_INTERRUPTED),
            Self::Argument(_) => true,
            Self::Engine(error) => error.is_bad_argument(),
            Self::Died(_) | Self::Shards(_) | Self::Output(_) | Self::File { .. } => false,
        };
        ExitCode::from(if bad_argument { 2 } else { 1 })
    }
}

/// Runs the command and prints its result to standard output.
///
/// The exit code is 0 where requests were answered, even if others failed, which the result shows;
/// 1 where none was, where the server died, or where the client itself ran out; 130 after Ctrl-C.
pub fn run(args: &Args) -> Result<ExitCode, AttackError> {
    let (plan, probes) = args.plan()?;
    let progress = Arc::new(Progress::default());
    watch::stop_on_ctrl_c(&progress);
    if let Some(seat) = args.shards.seat().map_err(AttackError::Argument)? {
        return sharded::run(args, plan, probes, &seat, &progress);
    }
    engine::check(&plan)?;
    args.files.check()?;
    if let Some(slo) = &args.open_loop.slo {
        if let Some(flag) = args.files.first_flag() {
            let text = format!(
                "{flag} with --max-rate: the search drives many rates; fire at the one it finds with -R"
            );
            return Err(AttackError::Argument(text));
        }
        return max_rate::run(args, &plan, probes, slo, &progress);
    }
    let (outcome, series) = watch::run(&plan, args, &progress, |progress| engine::run(&plan, progress))?;
    match print(args, &plan, probes, &outcome) {
        // Whoever read it has read enough, as with `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        printed => printed?,
    }
    args.files.write(&outcome, &series)?;
    if outcome.interrupted && outcome.ok + outcome.failed() == 0 {
        let _ = writeln!(io::stderr(), "interrupted before anything was counted");
    }
    if let Some(why) = complaint(&outcome) {
        // Nothing is left to be done about a standard error that is closed.
        let _ = writeln!(io::stderr(), "error: {why}");
    }
    Ok(exit_code(&outcome))
}

fn print(args: &Args, plan: &Plan, probes: u64, outcome: &Outcome) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if args.json {
        writeln!(out, "{}", json::of(plan, probes, outcome))?;
    } else if outcome.connections_established > 0 {
        summary::write(&mut out, &args.title(), plan, probes, outcome, report::width())?;
    }
    out.flush()
}

/// Why the run has failed as a whole, if it has.
pub(crate) fn complaint(outcome: &Outcome) -> Option<String> {
    if let Some(why) = &outcome.gave_up {
        return Some(why.clone());
    }
    if let Some(why) = outcome.invalid() {
        return Some(why);
    }
    // Of a slow schedule a part may have no moment at all.
    let nothing_was_due = outcome.open_loop.as_ref().is_some_and(|open| open.due == 0);
    if outcome.ok > 0 || outcome.interrupted || nothing_was_due {
        return None;
    }
    let Some(Failure { kind, what, .. }) = outcome.failures.first() else {
        let waiting = outcome.in_flight_at_end;
        return Some(format!(
            "nothing was answered, and {waiting} request{} waited; is the duration (-d) long enough for one?",
            summary::plural(waiting)
        ));
    };
    if outcome.connections_established == 0 && *kind == ErrorKind::Connect {
        return Some(format!("can't connect to {what}; is the server running there?"));
    }
    Some(format!("nothing was answered as expected; the first failure was {}: {what}", kind.name()))
}

fn exit_code(outcome: &Outcome) -> ExitCode {
    if outcome.interrupted {
        ExitCode::from(EXIT_INTERRUPTED)
    } else if complaint(outcome).is_some() {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    }
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener};
    use std::thread;

    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn fire(words: &str) -> (Plan, Outcome) {
        let words = format!("attack --timeout 20s {words}");
        let args = Command::try_parse_from(words.split_whitespace()).expect("flags that exist").args;
        let (plan, _) = args.plan().expect("a plan");
        let outcome = crate::engine::run(&plan, &Progress::default()).expect("a possible plan");
        (plan, outcome)
    }

    #[test]
    fn a_dead_target_says_what_to_look_for() {
        let nobody = server::DeadPort::new().unwrap();
        let address = nobody.addr();
        let expected =
            format!("can't connect to {address}: connection refused; is the server running there?");
        for amount in ["-n 1 -c 1", "-d 20s"] {
            let (_, outcome) = fire(&format!("http://{address}/ {amount}"));
            assert_eq!(complaint(&outcome), Some(expected.clone()), "{amount}");
        }
    }

    /// Answers one connection for as long as it lasts.
    fn server_of_one_connection() -> (SocketAddr, thread::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 4_096];
            while io::Read::read(&mut stream, &mut buffer).unwrap() > 0 {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").unwrap();
            }
        });
        (address, server)
    }

    #[test]
    fn an_open_loop_says_what_became_of_its_schedule() {
        let (address, server) = server_of_one_connection();
        let (plan, outcome) = fire(&format!("http://{address}/ -n 50 -c 1 -R 1000"));
        server.join().unwrap();
        let json = json::of(&plan, 0, &outcome);
        assert_eq!((&json["open_loop"]["due"], &json["open_loop"]["never_sent"]), (&50.into(), &0.into()));
        assert!(json["service_ns"]["p50"].as_u64() <= json["latency_ns"]["p50"].as_u64(), "{json}");
        assert!(json["client"]["littles_law"].is_null());
        let mut text = Vec::new();
        let words = format!("attack http://{address}/ -R 1000");
        let args = Command::try_parse_from(words.split_whitespace()).unwrap().args;
        summary::write(&mut text, &args.title(), &plan, 0, &outcome, 80).unwrap();
        let text = String::from_utf8(text).unwrap();
        for part in
            ["1,000 requests per second", "service time", "50 requests were due", "worst lag", "open loop"]
        {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
    }

    #[test]
    fn the_json_has_the_names_that_scripts_rely_on() {
        let (address, server) = server_of_one_connection();
        let (plan, outcome) = fire(&format!("http://{address}/ -n 20 -c 1"));
        server.join().unwrap();
        assert_eq!(complaint(&outcome), None);
        let json = json::of(&plan, 1, &outcome);
        assert_eq!(json["client"]["connections_probed"], 1);
        assert_eq!(json["schema"], "phase-lab/attack/1");
        assert_eq!(json["requests"], serde_json::json!({"ok": 20, "failed": 0}));
        assert_eq!(json["status"], serde_json::json!({"200": 20}));
        assert_eq!(json["client"]["connections_established"], 1);
        for name in ["mean", "p50", "p90", "p99", "p999", "max"] {
            assert!(json["latency_ns"][name].as_u64().is_some_and(|ns| ns > 0), "{name}");
        }
        assert!(json["requests_per_sec"].is_f64() && json["histogram"].is_string());
        assert_eq!(json["errors"]["wrong_body"], 0);
        assert_eq!((&json["valid"], &json["invalid_because"]), (&true.into(), &serde_json::Value::Null));
        assert!(json["service_ns"].is_null() && json["client"]["busy"].is_f64());
        assert!(json["client"]["cpu_us_per_request"].is_f64());
        assert!(json["client"]["user_us_per_request"].is_null(), "too few samples: {json}");
        assert_eq!(json["client"]["littles_law"]["asked"], 1.0);
        let mut text = Vec::new();
        let words = format!("attack http://{address}/ --latency");
        let args = Command::try_parse_from(words.split_whitespace()).unwrap().args;
        summary::write(&mut text, &args.title(), &plan, 1, &outcome, 60).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("answered      20") && text.contains("closed loop"), "{text}");
        assert!(text.contains("too short to tell)"), "{text}");
        assert!(text.contains("1 connection more made before the run"), "{text}");
    }
}
