//! A server in a process of its own: started, probed, and gone again whatever happens.

mod pipes;

use std::collections::VecDeque;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use self::pipes::{LISTENING, keep_stderr, watch_stdout};
use super::inspect::held_back;
use super::{Launched, ending, interrupt, probe};
use crate::measure::family::Family;

/// A server has this long to say where it listens.
const LISTENING_WITHIN: Duration = Duration::from_secs(10);
/// And this long to answer a first request after that.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// What it wrote before it ended is read within this long.
const READ_WITHIN: Duration = Duration::from_secs(1);
/// How often an awaited exit is looked for.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// A running server. Dropping it ends its process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// The process, and all that come of it.
    family: Family,
    /// Where it listens.
    pub addr: SocketAddr,
    stderr: Arc<Mutex<VecDeque<String>>>,
    readers: Vec<JoinHandle<()>>,
    status: Option<ExitStatus>,
}

impl Server {
    /// Starts what was launched and waits until it has answered `request`, within bounds.
    pub fn start(launched: Launched, request: impl Fn(SocketAddr) -> Vec<u8>) -> Result<Self, String> {
        let Launched { mut command, addr } = launched;
        let child = spawn(command.stdin(Stdio::null()))?;
        Self::of(child, addr, request)
    }

    /// The same, with `attach` called in between: there is a process then, and not yet an instruction of the
    /// server's.
    pub fn start_held_back(
        launched: &Launched,
        request: impl Fn(SocketAddr) -> Vec<u8>,
        attach: impl FnOnce(u32),
    ) -> Result<Self, String> {
        let mut child = spawn(held_back(&launched.command).stdin(Stdio::piped()))?;
        attach(child.id());
        if let Some(mut stdin) = child.stdin.take() {
            // One that is gone says so when it is waited for.
            let _ = stdin.write_all(b"\n");
        }
        Self::of(child, launched.addr, request)
    }

    fn of(
        mut child: Child,
        addr: Option<SocketAddr>,
        request: impl Fn(SocketAddr) -> Vec<u8>,
    ) -> Result<Self, String> {
        let family = Family::new(child.id());
        interrupt::remember_server(&family);
        let (lines, listening) = mpsc::sync_channel(1);
        let stderr = Arc::default();
        let mut readers = Vec::new();
        readers.extend(child.stdout.take().map(|pipe| watch_stdout(pipe, lines)));
        readers.extend(child.stderr.take().map(|pipe| keep_stderr(pipe, Arc::clone(&stderr))));
        let unspecified = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { child, family, addr: unspecified, stderr, readers, status: None };
        server.addr = match addr {
            Some(addr) => addr,
            None => from_here(server.said_address(&listening)?),
        };
        let ready = probe::until_answered(server.addr, &request(server.addr), READY_WITHIN, || {
            server.status().is_some() || interrupt::requested()
        });
        match ready {
            Ok(()) => Ok(server),
            Err(_) if server.status().is_some() => Err(server.obituary("before it answered a request")),
            Err(error) => Err(format!("{error}{}", server.last_words())),
        }
    }

    /// Waits for the line in which it says where it listens.
    fn said_address(&mut self, listening: &mpsc::Receiver<SocketAddr>) -> Result<SocketAddr, String> {
        listening.recv_timeout(LISTENING_WITHIN).map_err(|error| match error {
            RecvTimeoutError::Disconnected => self.obituary("before it listened"),
            RecvTimeoutError::Timeout => format!(
                "the server did not say '{LISTENING}…' within {LISTENING_WITHIN:?}{}",
                self.last_words()
            ),
        })
    }

    /// The id of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        has_ended_now(&mut self.child, &mut self.status);
        self.status
    }

    /// What to tell about a server that ended by itself; `when` completes "it ended …".
    pub fn obituary(&mut self, when: &str) -> String {
        // The pipes close a moment before the process can be reaped.
        self.await_exit(Duration::from_secs(1));
        if let Some(status) = self.status() {
            self.join_readers();
            format!("the server ended {when} with {}{}", describe(status), self.last_words())
        } else {
            format!("the server closed its standard output {when}{}", self.last_words())
        }
    }

    /// Whether all threads of all its processes sleep.
    pub fn sleeps(&mut self) -> bool {
        self.family.sleeps()
    }

    /// Asks it to leave, for it has something to do at its end, and says whether it did within that time.
    pub fn leaves(&mut self, within: Duration) -> bool {
        let Self { child, family, status, .. } = self;
        ending::leaves(family, within, || has_ended_now(child, status))
    }

    fn last_words(&self) -> String {
        let lines = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() {
            return "; it wrote nothing to standard error".into();
        }
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        format!("; its last lines on standard error:\n    {}", lines.join("\n    "))
    }

    fn await_exit(&mut self, within: Duration) {
        let deadline = Instant::now() + within;
        while self.status().is_none() && Instant::now() < deadline {
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// Waits until all that the process ever wrote has been read.
    fn join_readers(&mut self) {
        let deadline = Instant::now() + READ_WITHIN;
        for reader in self.readers.drain(..) {
            // A grandchild may hold the pipe open; then its reader is left to end with it.
            while !reader.is_finished() && Instant::now() < deadline {
                thread::sleep(POLL_INTERVAL);
            }
            if reader.is_finished() {
                let _ = reader.join();
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Self { child, family, status, .. } = self;
        ending::end(family, || has_ended_now(child, status));
        interrupt::forget_server(&self.family);
        self.join_readers();
    }
}

/// Asks for a process once; whoever was asked for before is not there any more to be asked again.
fn has_ended_now(child: &mut Child, status: &mut Option<ExitStatus>) -> bool {
    if status.is_none() {
        *status = child.try_wait().ok().flatten();
    }
    status.is_some()
}

fn spawn(command: &mut Command) -> Result<Child, String> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own: Ctrl-C in the terminal reaches the lab alone, which then ends the server.
    command.process_group(0);
    command.spawn().map_err(|error| {
        format!("could not start the server {}: {error}", command.get_program().to_string_lossy())
    })
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".into(),
    }
}

/// Where a server is found on this host that listens on all of its addresses.
fn from_here(mut addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() {
        addr.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    addr
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::measure::family::has_ended;

    fn shell(script: &str) -> Launched {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Launched { command, addr: None }
    }

    #[test]
    fn a_server_that_ends_before_it_listens_is_quoted() {
        let error = Server::start(shell("echo no such luck >&2; exit 7"), |_| Vec::new()).unwrap_err();
        assert!(error.contains("exit status 7") && error.contains("no such luck"), "{error}");
    }

    #[test]
    fn a_server_that_says_where_it_listens_and_dies_is_not_waited_for() {
        let script = "echo x listening on http://127.0.0.1:1; kill -9 $$";
        let error = Server::start(shell(script), |_| b"GET / HTTP/1.1\r\n\r\n".to_vec()).unwrap_err();
        assert!(error.contains("signal 9") && error.contains("before it answered"), "{error}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let launched = Launched { command: Command::new("/no/such/program"), addr: None };
        let error = Server::start(launched, |_| Vec::new()).unwrap_err();
        assert!(error.contains("/no/such/program"), "{error}");
    }

    /// The id of the process that a script wrote to that file, once it is there.
    fn pid_in(file: &std::path::Path) -> i32 {
        std::fs::read_to_string(file).unwrap().trim().parse().unwrap()
    }

    fn is_gone(pid: i32) -> bool {
        let process = procfs::process::Process::new(pid);
        process.and_then(|process| process.stat()).map_or(true, |stat| has_ended(&stat))
    }

    #[test]
    fn what_a_server_leaves_behind_is_ended_with_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let script = format!("sleep 600 >/dev/null 2>&1 & echo $! > {}; exit 0", file.path().display());
        let error = Server::start(shell(&script), |_| Vec::new()).unwrap_err();
        assert!(error.contains("exit status 0") && error.contains("before it listened"), "{error}");
        assert!(is_gone(pid_in(file.path())));
    }

    #[test]
    fn what_does_not_listen_to_a_request_to_leave_is_killed_wherever_it_went() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let script = format!(
            "trap '' TERM; setsid sh -c 'echo $$ > {}; trap \"\" TERM; while :; do sleep 1; done' & \
             while ! [ -s {} ]; do sleep 0.01; done; exec sleep 600",
            file.path().display(),
            file.path().display()
        );
        let mut launched = shell(&script);
        // Somebody answers there, so that the server is taken for ready.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        launched.addr = Some(listener.local_addr().unwrap());
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let _ = stream.read(&mut [0; 1024]);
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        });
        let server = Server::start(launched, |_| b"GET / HTTP/1.1\r\n\r\n".to_vec()).unwrap();
        while std::fs::read(file.path()).unwrap().is_empty() {
            thread::sleep(POLL_INTERVAL);
        }
        let (leader, other) = (server.pid().cast_signed(), pid_in(file.path()));
        assert!(!is_gone(leader) && !is_gone(other));
        drop(server);
        assert!(is_gone(leader) && is_gone(other));
    }
}
