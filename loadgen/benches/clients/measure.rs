//! One client against a fresh server: its rate, its CPU time, its memory.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use procfs::process::Process;

use crate::CPU_OF_SERVER;
use crate::tools::{Mode, Tool};

/// How often a client's memory is looked at; it only grows.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What one round showed.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) per_sec: f64,
    pub(crate) cpu_us: f64,
    pub(crate) memory_mib: f64,
    /// `None` where the client measures no latency.
    pub(crate) p50_us: Option<f64>,
}

/// `None` where there is no such client, or it can't do that. One that fails is told of.
pub(crate) fn measure(tool: &Tool, mode: Mode, seconds: u64) -> io::Result<Option<Sample>> {
    let (mut server, address) = server(mode)?;
    let measured = (tool.command)(&address, seconds, mode).map(|command| run(tool, command));
    server.kill()?;
    server.wait()?;
    match measured {
        Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
            eprintln!("{}: {error}", tool.name);
            Ok(None)
        }
        measured => Ok(measured.and_then(Result::ok)),
    }
}

fn run(tool: &Tool, mut command: Command) -> io::Result<Sample> {
    let before_us = children_cpu_us();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut pipe = child.stdout.take().expect("a pipe");
    let reading = thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).map(|_| text)
    });
    let (status, memory_mib) = wait(&mut child)?;
    let output = reading.join().expect("reading does not panic")?;
    let cpu_us = children_cpu_us() - before_us;
    if !status.success() {
        return Err(io::Error::other(format!("it ended with {status}, and said: {output}")));
    }
    let said = (tool.read)(&output).ok_or_else(|| io::Error::other(format!("no figures in: {output}")))?;
    Ok(Sample {
        per_sec: said.requests / said.seconds,
        cpu_us: cpu_us / said.requests,
        memory_mib,
        p50_us: said.p50_us,
    })
}

/// Waits for its end, and returns the most memory that it was seen to have had.
fn wait(child: &mut Child) -> io::Result<(ExitStatus, f64)> {
    let mut peak_kib = 0;
    loop {
        let process = i32::try_from(child.id()).ok().and_then(|pid| Process::new(pid).ok());
        let status = process.and_then(|process| process.status().ok());
        peak_kib = status.and_then(|status| status.vmhwm).unwrap_or(0).max(peak_kib);
        if let Some(status) = child.try_wait()? {
            return Ok((status, peak_kib as f64 / 1024.0));
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn server(mode: Mode) -> io::Result<(Child, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(["serve", "canned", "--addr", "127.0.0.1:0", "--cpus", &CPU_OF_SERVER.to_string()]);
    command.args((mode == Mode::Close).then_some("--close"));
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line)?;
    let address = line.trim().rsplit('/').next().unwrap_or_default();
    Ok((child, address.to_owned()))
}

/// CPU time of all children that have been waited for.
fn children_cpu_us() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("Linux counts it");
    let times = [usage.user_time(), usage.system_time()];
    times.iter().map(|time| time.tv_sec() as f64 * 1e6 + time.tv_usec() as f64).sum()
}
