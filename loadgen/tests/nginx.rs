//! The engine against nginx, where it is installed: another server's idea of HTTP, and its own count.

mod support;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use loadgen::engine::{ErrorKind, Expect, Mode, Outcome, Plan, Target};
use rustix::process::{Pid, Signal, kill_process};
use support::{HANG, PIPELINE_1, fire, plan, skipped};
use tempfile::TempDir;

/// Ports tried.
const STARTS_MAX: usize = 3;
const BIG_BYTES: usize = 3 << 20;
const MODES: [Mode; 3] = [Mode::Close, PIPELINE_1, Mode::KeepAlive { pipeline: 8 }];

/// An nginx of the test's own, in one process and one folder, ended with the test.
struct Nginx {
    child: Child,
    folder: TempDir,
    address: SocketAddr,
}

/// Where nginx is; Debian keeps it where only root looks.
fn binary() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join("nginx")).find(|file| file.is_file())
}

impl Nginx {
    /// Starts one that keeps a connection for `keepalive_requests`, or says why not and returns none.
    fn start(keepalive_requests: u32) -> Option<Self> {
        let Some(binary) = binary() else {
            skipped("nginx is not installed here (apt-get install nginx-light)");
            return None;
        };
        // A port that was free a moment ago may not be any more.
        (0..STARTS_MAX).find_map(|_| Self::try_start(&binary, keepalive_requests)).or_else(|| {
            panic!("nginx did not start in {STARTS_MAX} attempts");
        })
    }

    fn try_start(binary: &Path, keepalive_requests: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display();
        fs::create_dir(folder.path().join("html")).unwrap();
        fs::write(folder.path().join("html/index.html"), "hello").unwrap();
        fs::write(folder.path().join("html/big"), vec![b'x'; BIG_BYTES]).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {root}/{name};"))
            .join(" ");
        let config = format!(
            "daemon off; master_process off; pid {root}/pid; error_log {root}/error.log;
            events {{ worker_connections 512; }}
            http {{
                {paths}
                access_log {root}/access.log;
                keepalive_requests {keepalive_requests};
                gzip_types *; gzip_min_length 1;
                server {{
                    listen {address}; listen unix:{root}/socket;
                    root {root}/html; default_type text/plain;
                    location /zipped {{ gzip on; alias {root}/html/big; }}
                    location /cut {{ return 444; }}
                }}
            }}"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, config).unwrap();
        let child = Command::new(binary)
            .args(["-p".as_ref(), folder.path(), "-c".as_ref(), file.as_path()])
            .args(["-e".as_ref(), folder.path().join("error.log").as_path()])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx starts");
        let mut nginx = Self { child, folder, address };
        let began = Instant::now();
        // It listens before it serves, and a connection that is closed unused is no request.
        let socket = nginx.folder.path().join("socket");
        while TcpStream::connect(address).is_err() || UnixStream::connect(&socket).is_err() {
            if nginx.child.try_wait().unwrap().is_some() {
                eprintln!("nginx ended: {}", nginx.errors());
                return None;
            }
            assert!(began.elapsed() < HANG, "nginx did not start: {}", nginx.errors());
            thread::sleep(Duration::from_millis(5));
        }
        Some(nginx)
    }

    fn plan(&self, path: &str, mode: Mode, requests: u64) -> Plan {
        let mut plan = plan(self.address, mode, 4, requests);
        let close = if mode == Mode::Close { "Connection: close\r\n" } else { "" };
        plan.request = format!("GET {path} HTTP/1.1\r\nHost: t\r\n{close}\r\n").into_bytes();
        plan
    }

    fn errors(&self) -> String {
        fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default()
    }

    /// Ends it in good order, and returns how many requests it has logged.
    fn logged(mut self) -> u64 {
        self.end(Signal::QUIT);
        count_lines(&self.folder.path().join("access.log"))
    }

    fn end(&mut self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
        self.child.wait().unwrap();
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.end(Signal::KILL);
        }
    }
}

fn count_lines(path: &Path) -> u64 {
    fs::read_to_string(path).unwrap().lines().count() as u64
}

#[track_caller]
fn all_ok(outcome: &Outcome, requests: u64) {
    assert_eq!((outcome.ok, outcome.failed()), (requests, 0), "{:?} {:#?}", outcome.errors, outcome.samples);
    assert_eq!((outcome.closed_by_client, outcome.reset_after_answer), (0, 0));
}

#[test]
fn nginx_logs_as_many_requests_as_were_counted_in_every_mode() {
    for mode in MODES {
        let Some(nginx) = Nginx::start(1_000_000) else { return };
        all_ok(&fire(&nginx.plan("/", mode, 500)), 500);
        assert_eq!(nginx.logged(), 500, "{mode:?}");
    }
}

#[test]
fn nginx_may_close_kept_connections_without_an_error() {
    for mode in MODES {
        let Some(nginx) = Nginx::start(10) else { return };
        let outcome = fire(&nginx.plan("/", mode, 500));
        all_ok(&outcome, 500);
        assert!(outcome.connections_opened >= 50, "{mode:?}: {}", outcome.connections_opened);
        // In a pipeline it says with the tenth answer that it takes no more, so none is lost.
        assert_eq!(nginx.logged(), 500, "{mode:?}");
    }
}

#[test]
fn what_nginx_does_not_have_is_a_status_and_what_it_cuts_off_is_short() {
    let Some(nginx) = Nginx::start(1_000_000) else { return };
    for (path, kind) in [("/nope", ErrorKind::Status), ("/cut", ErrorKind::ShortBody)] {
        for mode in MODES {
            let outcome = fire(&nginx.plan(path, mode, 40));
            assert_eq!(outcome.errors.count(kind), 40, "{path} {mode:?}: {:#?}", outcome.samples);
        }
    }
    let outcome = fire(&nginx.plan("/nope", PIPELINE_1, 1));
    let whole = String::from_utf8_lossy(&outcome.failures[0].received).into_owned();
    assert!(whole.contains("Server: nginx") && whole.contains("</html>"), "shown to its end: {whole}");
}

#[test]
fn large_files_heads_and_chunks_of_nginx_are_read_to_their_ends() {
    let Some(nginx) = Nginx::start(1_000_000) else { return };
    for mode in MODES {
        let mut big = nginx.plan("/big", mode, 20);
        big.expect = Expect { status: Some(200), body: Some(vec![b'x'; BIG_BYTES]) };
        let outcome = fire(&big);
        all_ok(&outcome, 20);
        assert!(outcome.bytes_read > 20 * BIG_BYTES as u64);

        let mut head = nginx.plan("/big", mode, 40);
        head.request.splice(..3, *b"HEAD");
        (head.head, head.expect.body) = (true, None);
        all_ok(&fire(&head), 40);

        // Whoever compresses as it sends can't know the length.
        let mut zipped = nginx.plan("/zipped", mode, 40);
        let end = zipped.request.len() - 2;
        zipped.request.splice(end..end, *b"Accept-Encoding: gzip\r\n");
        zipped.expect.body = None;
        let outcome = fire(&zipped);
        all_ok(&outcome, 40);
        assert!(outcome.bytes_read < 40 * BIG_BYTES as u64 / 100, "it was compressed");

        // To HTTP/1.0 it sends the same without chunks, and closes.
        zipped.request =
            String::from_utf8(zipped.request).unwrap().replace("HTTP/1.1", "HTTP/1.0").into_bytes();
        all_ok(&fire(&zipped), 40);
    }
}

#[test]
fn nginx_on_a_unix_socket_is_the_same() {
    for mode in MODES {
        let Some(nginx) = Nginx::start(10) else { return };
        let mut plan = nginx.plan("/", mode, 500);
        plan.target = Target::Unix(nginx.folder.path().join("socket"));
        all_ok(&fire(&plan), 500);
        assert_eq!(nginx.logged(), 500, "{mode:?}");
    }
}

/// It has a master and a worker, which stand in a row for what they spend together.
#[test]
fn nginx_stands_on_the_ladder_with_all_its_processes() {
    let Some(binary) = binary() else {
        skipped("nginx is not installed here (apt-get install nginx-light)");
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let here = env!("CARGO_MANIFEST_DIR");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["run", "--scenario-file", &format!("{here}/tests/tiny.toml"), "--scenario", "tiny"])
        .args([
            "--target",
            &format!("nginx=sh {here}/examples/nginx.sh {{port}}"),
            "--duration",
            "1s",
            "--out",
        ])
        .arg(out.path().join("results"))
        // The example's own folder, beside that of whoever tries it at the same time.
        .env("TMPDIR", out.path())
        .env("PATH", format!("{path}:{}", binary.parent().unwrap().display()))
        .stdin(Stdio::null())
        .output()
        .expect("loadgen starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let run = fs::read_dir(out.path().join("results")).unwrap().next().unwrap().unwrap().path();
    let run = fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let document = loadgen::report::read(&run.unwrap()).unwrap();
    let rows = &document.scenarios[0].rows;
    let row = rows.iter().find(|row| row.name == "nginx").unwrap();
    assert!(row.requests.ok > 0 && row.requests.failed == 0 && row.trials[0].failed.is_none(), "{row:?}");
    let server = &row.server;
    assert!(server.cpu_us_per_request > Some(0.0) && server.threads_max >= Some(2), "{server:?}");
    assert!(server.rss_peak_bytes > Some(1 << 20), "{server:?}");
    // Each has a part of it, unless the kernel had too few looks to tell.
    let split = server.user_us_per_request.zip(server.sys_us_per_request);
    assert!(split.is_none_or(|(user, system)| user > 0.0 && system > 0.0), "{server:?}");
    assert!(split.is_some() || server.split_samples.is_none(), "{server:?}");
}

#[test]
fn a_server_that_ends_in_good_order_leaves_what_was_measured() {
    let Some(mut nginx) = Nginx::start(1_000_000) else { return };
    let mut plan = nginx.plan("/", PIPELINE_1, 1);
    plan.amount = loadgen::engine::Amount::Time(HANG);
    let run = thread::spawn(move || fire(&plan));
    thread::sleep(Duration::from_secs(2));
    nginx.end(Signal::QUIT);
    let outcome = run.join().unwrap();
    assert!(outcome.ok > 0 && outcome.gave_up.is_some(), "{outcome:?}");
}
