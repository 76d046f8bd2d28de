//! The clients: how each is called, and how its figures are read.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::FIRE;

pub(crate) const CONNECTIONS: &str = "64";
pub(crate) const PIPELINE: usize = 16;
/// Requests per second of an open loop.
pub(crate) const RATE: u64 = 5_000;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    Keep,
    Close,
    Pipelined,
    /// An open loop.
    Paced,
}

/// A client.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// Its command line; `None` where it can't do that.
    pub(crate) command: fn(address: &str, seconds: u64, mode: Mode) -> Option<Command>,
    /// Its figures, from what it printed.
    pub(crate) read: fn(output: &str) -> Option<Said>,
}

/// What a client says of its run.
pub(crate) struct Said {
    pub(crate) requests: f64,
    pub(crate) seconds: f64,
    pub(crate) p50_us: Option<f64>,
}

/// Ours first: the others are compared with it.
pub(crate) const TOOLS: [Tool; 5] = [
    Tool { name: "loadgen", command: loadgen, read: read_loadgen },
    Tool { name: "bare", command: bare, read: read_bare },
    Tool { name: "wrk", command: wrk, read: read_wrk },
    Tool { name: "wrk2", command: wrk2, read: read_wrk },
    Tool { name: "oha", command: oha, read: read_oha },
];

#[expect(clippy::unnecessary_wraps, reason = "all clients have one signature; some can't do all modes")]
fn loadgen(address: &str, seconds: u64, mode: Mode) -> Option<Command> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["attack", &url(address), "--json", "-t", "1", "-c", CONNECTIONS, "--warmup", "0s"]);
    command.args(["-d", &seconds.to_string()]);
    match mode {
        Mode::Keep => {}
        Mode::Close => _ = command.arg("--close"),
        Mode::Pipelined => _ = command.args(["--pipeline", &PIPELINE.to_string()]),
        Mode::Paced => _ = command.args(["-R", &RATE.to_string()]),
    }
    Some(command)
}

fn read_loadgen(output: &str) -> Option<Said> {
    let json: Value = serde_json::from_str(output).ok()?;
    assert_eq!(json["requests"]["failed"], 0, "{output}");
    Some(Said {
        requests: json["requests"]["ok"].as_f64()?,
        seconds: json["duration_ns"].as_f64()? / 1e9,
        p50_us: Some(json["latency_ns"]["p50"].as_f64()? / 1e3),
    })
}

fn bare(address: &str, seconds: u64, mode: Mode) -> Option<Command> {
    let depth = match mode {
        Mode::Keep => 1,
        Mode::Pipelined => PIPELINE,
        Mode::Close | Mode::Paced => return None,
    };
    let mut command = Command::new(std::env::current_exe().ok()?);
    command.args([FIRE, address, CONNECTIONS, &depth.to_string(), &seconds.to_string()]);
    Some(command)
}

fn read_bare(output: &str) -> Option<Said> {
    let (requests, seconds) = output.trim().split_once(' ')?;
    Some(Said { requests: requests.parse().ok()?, seconds: seconds.parse().ok()?, p50_us: None })
}

/// It knows no rates.
fn wrk(address: &str, seconds: u64, mode: Mode) -> Option<Command> {
    if mode == Mode::Paced { None } else { wrk_called("wrk", address, seconds, mode) }
}

/// It knows only rates, so it is given one that it can't reach where it is to be as fast as it can.
fn wrk2(address: &str, seconds: u64, mode: Mode) -> Option<Command> {
    let mut command = wrk_called("wrk2", address, seconds, mode)?;
    let rate = if mode == Mode::Paced { RATE } else { 10_000_000 };
    command.args(["-R", &rate.to_string()]);
    Some(command)
}

fn wrk_called(name: &str, address: &str, seconds: u64, mode: Mode) -> Option<Command> {
    let mut command = Command::new(name);
    command.args(["--latency", "-t", "1", "-c", CONNECTIONS, "-d", &seconds.to_string(), &url(address)]);
    match mode {
        Mode::Keep | Mode::Paced => {}
        Mode::Close => _ = command.args(["-H", "Connection: close"]),
        Mode::Pipelined => _ = command.args(["-s", pipelining_script()?.to_str()?]),
    }
    Some(command)
}

/// wrk pipelines whatever a script returns as one request.
fn pipelining_script() -> Option<PathBuf> {
    let path = std::env::temp_dir().join(format!("pipelined-{}.lua", std::process::id()));
    let script = format!(
        "function init(args)\n  batch = string.rep(wrk.format(), {PIPELINE})\nend\nfunction request()\n  return batch\nend\n"
    );
    std::fs::write(&path, script).ok()?;
    Some(path)
}

/// `15000 requests in 3.10s, 1.39MB read`, and above it `50%  612.00us` (`50.000%` in wrk2).
fn read_wrk(output: &str) -> Option<Said> {
    let (requests, rest) = output.lines().find_map(|line| line.trim().split_once(" requests in "))?;
    let (time, _) = rest.split_once(',')?;
    let median =
        output.lines().map(str::trim).find(|line| line.starts_with("50%") || line.starts_with("50.000%"));
    Some(Said {
        requests: requests.parse().ok()?,
        seconds: wrk_us(time)? / 1e6,
        p50_us: median.and_then(|line| wrk_us(line.split_whitespace().nth(1)?)),
    })
}

/// A time as wrk writes it, in microseconds.
fn wrk_us(text: &str) -> Option<f64> {
    let units = [("us", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7)];
    let (number, unit) = units.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    Some(number.parse::<f64>().ok()? * unit)
}

fn oha(address: &str, seconds: u64, mode: Mode) -> Option<Command> {
    let mut command = Command::new("oha");
    command.args(["--no-tui", "--output-format", "json", "-c", CONNECTIONS, "-z", &format!("{seconds}s")]);
    match mode {
        Mode::Keep => {}
        Mode::Close => _ = command.arg("--disable-keepalive"),
        Mode::Paced => _ = command.args(["-q", &RATE.to_string(), "--latency-correction"]),
        Mode::Pipelined => return None,
    }
    command.arg(url(address));
    Some(command)
}

fn read_oha(output: &str) -> Option<Said> {
    let json: Value = serde_json::from_str(output).ok()?;
    Some(Said {
        requests: json["statusCodeDistribution"]["200"].as_f64()?,
        seconds: json["summary"]["total"].as_f64()?,
        p50_us: json["latencyPercentiles"]["p50"].as_f64().map(|seconds| seconds * 1e6),
    })
}

fn url(address: &str) -> String {
    format!("http://{address}/")
}
