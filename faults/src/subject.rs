//! A phase under attack: a process of its own, and what it holds.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use conformance::reader::Response;
use loadgen::lab::{Launched, Server};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::client::{self, LIMIT, eventually, get};
use crate::figures::{self, Figures};
use crate::{Failure, Phase};

/// How long a base has to prove itself before it is read anew.
const SETTLE: Duration = Duration::from_secs(2);

/// How much is done, and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// What a test run can afford, with time limits that no busy machine meets by chance.
    Short,
    /// All of it, with the limits as they are stated.
    Full,
}

/// Where faults are tried.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The program that serves: this package's own.
    pub program: PathBuf,
    /// How much of it.
    pub size: Size,
}

impl Setting {
    /// A number for each size.
    pub fn of(&self, short: usize, full: usize) -> usize {
        match self.size {
            Size::Short => short,
            Size::Full => full,
        }
    }

    /// The limit as stated, or one that only a server that hangs will miss.
    pub fn within(&self, stated: Duration) -> Duration {
        match self.size {
            Size::Short => stated * 20,
            Size::Full => stated,
        }
    }
}

/// A phase in a process of its own. Dropping it ends the process.
#[derive(Debug)]
pub struct Subject {
    /// Which one.
    pub phase: Phase,
    server: Server,
    base: Figures,
}

impl Subject {
    /// Starts a phase with these flags, warms it up, and notes what it holds when nothing is under way.
    ///
    /// # Errors
    /// It does not start or does not answer.
    pub fn start(setting: &Setting, phase: Phase, flags: &[&str]) -> Result<Self, Failure> {
        Self::start_with(Command::new(&setting.program), phase, flags)
    }

    /// The same where no more than so many descriptors may ever be open.
    ///
    /// # Errors
    /// As [`Subject::start`].
    pub fn start_within(
        setting: &Setting,
        descriptors_max: usize,
        phase: Phase,
        flags: &[&str],
    ) -> Result<Self, Failure> {
        let mut command = Command::new("sh");
        // The hard limit too, or the server would raise the soft one.
        let script = format!("ulimit -n {descriptors_max} && exec \"$0\" \"$@\"");
        command.arg("-c").arg(script).arg(&setting.program);
        Self::start_with(command, phase, flags)
    }

    fn start_with(mut command: Command, phase: Phase, flags: &[&str]) -> Result<Self, Failure> {
        command
            .arg("serve")
            .args(phase.words())
            .args(["--addr", "127.0.0.1:0", "--with-parent", "--misbehaving"])
            .args(flags);
        let launched = Launched { command, addr: None };
        let server = Server::start(launched, |_| get("/").into_bytes()).map_err(Failure::new)?;
        let base = Figures::of(server.pid())?;
        let mut subject = Self { phase, server, base };
        // What is made once and kept, like a descriptor for a worker's first timer, is no leak.
        for _ in 0..20 {
            subject.hello()?;
        }
        let start = Instant::now();
        loop {
            subject.base = subject.at_rest()?;
            // Until that last look's connection is gone too, it takes a place from whoever comes.
            match subject.wait_until_as_before(SETTLE) {
                Ok(_) => return Ok(subject),
                // A worker that began only after the others had answered belongs to the base.
                Err(_) if start.elapsed() < LIMIT => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// What it holds once nobody but us is connected, and without us.
    fn at_rest(&self) -> Result<Figures, Failure> {
        let mut seen = None;
        eventually(LIMIT, "nobody else is connected", true, || {
            let mut stream = self.send(get("/stats"))?;
            let mut answer = String::new();
            // To its end, but the connection stays: the server still has it while we look.
            stream.read_to_string(&mut answer)?;
            let figures = self.figures()?;
            let own_threads = u64::from(self.phase.has_a_thread_each());
            seen = Some(Figures {
                descriptors: figures.descriptors - 1,
                threads: figures.threads - own_threads,
                ..figures
            });
            Ok(answer.contains("\"active\":1,"))
        })?;
        seen.ok_or_else(|| Failure::new("the server was not looked at"))
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr
    }

    /// What it held before anything was done to it.
    pub fn base(&self) -> Figures {
        self.base
    }

    /// What it holds now.
    ///
    /// # Errors
    /// It is gone.
    pub fn figures(&self) -> Result<Figures, Failure> {
        Figures::of(self.server.pid())
    }

    /// CPU time that it has spent.
    ///
    /// # Errors
    /// It is gone.
    pub fn cpu_time(&self) -> Result<Duration, Failure> {
        figures::cpu_time(self.server.pid())
    }

    /// Connects and sends.
    ///
    /// # Errors
    /// Either fails.
    pub fn send(&self, bytes: impl AsRef<[u8]>) -> io::Result<TcpStream> {
        client::send(self.addr(), bytes)
    }

    /// Asks for something on a connection of its own.
    ///
    /// # Errors
    /// No answer comes whole.
    pub fn ask(&self, target: &str) -> Result<Response, Failure> {
        Ok(client::ask(self.addr(), get(target))?)
    }

    /// It serves.
    ///
    /// # Errors
    /// It does not.
    pub fn hello(&self) -> Result<(), Failure> {
        let answer = self.ask("/")?;
        if answer.head.status == 200 && answer.body == b"Hello, World!" {
            return Ok(());
        }
        Err(Failure::new(format!("GET / was answered {}", answer.head.status)))
    }

    /// One of its counters, like `errors/timeout` or `requests`.
    ///
    /// # Errors
    /// It does not say.
    pub fn count(&self, path: &str) -> Result<u64, Failure> {
        let stats: Value = serde_json::from_slice(&self.ask("/stats")?.body)
            .map_err(|error| Failure::new(format!("/stats is not JSON: {error}")))?;
        stats
            .pointer(&format!("/{path}"))
            .and_then(Value::as_u64)
            .ok_or_else(|| Failure::new(format!("/stats has no {path}: {stats}")))
    }

    /// Waits until it holds `more` descriptors than at first: that many connections are accepted.
    ///
    /// # Errors
    /// It does not come to that.
    pub fn wait_for_connections(&self, more: usize) -> Result<(), Failure> {
        let enough = || Ok(self.figures()?.descriptors >= self.base.descriptors + more);
        eventually(LIMIT, &format!("{more} connections are accepted"), true, enough).map(drop)
    }

    /// Waits until it holds no more descriptors and threads than at first, and says how long that took.
    ///
    /// # Errors
    /// It still does after `limit`.
    pub fn wait_until_as_before(&self, limit: Duration) -> Result<Duration, Failure> {
        let base = (self.base.descriptors, self.base.threads);
        eventually(limit, "descriptors and threads at base again", base, || {
            let now = self.figures()?;
            Ok((now.descriptors.max(base.0), now.threads.max(base.1)))
        })
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// It is gone.
    pub fn signal(&self, signal: Signal) -> Result<(), Failure> {
        let pid = Pid::from_raw(self.server.pid().cast_signed());
        let pid = pid.ok_or_else(|| Failure::new("the server has no process"))?;
        kill_process(pid, signal).map_err(|error| Failure::new(format!("the server is gone: {error}")))
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.server.status()
    }
}
