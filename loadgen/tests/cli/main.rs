//! The binary as people and scripts meet it: what it says, what it writes, how it exits.

mod baselines;
mod endings;
mod full_disk;
mod gate;
mod manual;
mod surroundings;

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use loadgen::report::Document;

/// Far beyond what any test takes; reached only by one that hangs.
const HANG: Duration = Duration::from_secs(60);
/// Scenarios of the tests' own.
const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tiny.toml");

fn loadgen() -> Command {
    Command::new(env!("CARGO_BIN_EXE_loadgen"))
}

/// The run of one of them.
fn run(scenario: &str) -> Command {
    let mut command = loadgen();
    command.args(["run", "--scenario-file", TINY, "--scenario", scenario]);
    command
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("loadgen starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[track_caller]
fn refused(arguments: &[&str], code: i32, parts: &[&str]) {
    let (status, stdout, stderr) = output(loadgen().args(arguments));
    assert_eq!(status, Some(code), "{stderr}");
    assert_eq!(stdout, "", "nothing was measured");
    for part in parts {
        assert!(stderr.contains(part), "'{part}' is missing in: {stderr}");
    }
}

/// The folders of runs below `out`, each machine's.
fn runs(out: &Path) -> Vec<PathBuf> {
    let list =
        |path: &Path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    list(out).iter().flat_map(|machine| list(machine)).filter(|path| path.is_dir()).collect()
}

fn only_document(out: &Path) -> Document {
    let runs = runs(out);
    assert_eq!(runs.len(), 1, "{runs:?}");
    serde_json::from_str(&fs::read_to_string(runs[0].join("run.json")).unwrap()).unwrap()
}

#[test]
fn an_unknown_phase_is_answered_with_the_known_ones() {
    let known = ["phase0-serial", "phase4-keepalive"];
    refused(&["run", "--phase", "phase9"], 2, &known);
    refused(&["--phase", "phase9"], 2, &known);
    refused(&["--phase", "phase9"], 2, &["canned is the floor"]);
    refused(&["serve", "phase9"], 2, &known);
}

#[test]
fn an_unknown_scenario_is_answered_with_the_known_ones() {
    refused(&["--scenario", "nope"], 2, &["'nope'", "reference", "plaintext", "pipelined"]);
}

#[test]
fn a_phase_that_is_no_part_of_the_scenario_is_refused() {
    refused(&["--scenario", "pipelined", "--phase", "phase0-serial"], 2, &["no part of pipelined"]);
}

#[test]
fn numbers_that_measure_nothing_are_refused() {
    refused(&["-c", "0"], 2, &["'0'", "1..="]);
    refused(&["--trials", "0"], 2, &["'0'", "1..="]);
    refused(&["--duration", "0s"], 2, &["longer than 0 s"]);
    refused(&["--duration", "soon"], 2, &["'soon' is no duration", "200ms"]);
}

#[test]
fn more_connections_than_descriptors_are_refused_with_a_number_that_fits() {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 200; exec \"$0\" -c 500", env!("CARGO_BIN_EXE_loadgen")]);
    let (status, _, stderr) = output(&mut command);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(
        stderr.contains("hard limit is 200") && stderr.contains("=564") && stderr.contains("-c 136"),
        "{stderr}"
    );
}

#[test]
fn an_unwritable_folder_is_refused_before_anything_is_measured() {
    let file = tempfile::NamedTempFile::new().unwrap();
    refused(&["--out", file.path().to_str().unwrap()], 2, &["can't write results to", "--out DIR"]);
}

#[test]
fn a_busy_port_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    refused(&["serve", "phase0-serial", "--addr", &addr], 1, &[&addr, "--addr"]);
}

#[test]
fn an_attack_on_a_dead_target_fails_and_one_with_no_connections_is_refused() {
    let nobody = server::DeadPort::new().unwrap();
    let dead = nobody.addr();
    let (status, _, stderr) =
        output(loadgen().args(["attack", &format!("http://{dead}/"), "--duration", "1s"]));
    assert_eq!(status, Some(1), "{stderr}");
    refused(&["attack", &format!("http://{dead}/"), "-c", "0"], 2, &["at least one"]);
}

#[test]
fn a_small_run_writes_everything_and_ends_well() {
    let out = tempfile::tempdir().unwrap();
    let (status, stdout, stderr) = output(run("tiny").arg("--out").arg(out.path()));
    assert_eq!(status, Some(0), "{stderr}\n{stdout}");
    assert!(stdout.contains("tiny: 4 connections") && stdout.contains("phase0-serial"), "{stdout}");
    assert!(stderr.lines().any(|line| line.contains("phase0-serial") && line.contains("1/1")), "{stderr}");

    let document = only_document(out.path());
    assert!(!document.partial);
    assert_eq!(document.schema, "phase-lab/run/1");
    let [row] = document.scenarios[0].rows.as_slice() else { panic!("one row") };
    assert!(row.requests.ok > 0 && row.requests.failed == 0, "{row:?}");
    assert!(row.qps.unwrap().median > 0.0 && row.latency_ns.unwrap().p50 > 0, "{row:?}");
    assert!(row.server.threads_max >= Some(1), "{row:?}");
    assert!(row.server.allocs_per_request > Some(0.0), "phase 0 allocates: {:?}", row.missing);
    let why_no_syscalls = row.missing.iter().any(|why| why.contains("system calls"));
    assert_ne!(row.server.syscalls_per_request.is_some(), why_no_syscalls, "counted, or told why not");

    let folder = runs(out.path()).remove(0);
    let hgrm = fs::read_to_string(folder.join("tiny-phase0-serial.hgrm")).unwrap();
    assert!(hgrm.contains(&format!("Total count    = {:12}]", row.requests.ok)), "{hgrm}");
    assert!(fs::read_to_string(folder.join("report.md")).unwrap().contains("| `phase0-serial` |"));
    assert!(fs::read_to_string(folder.join("report.html")).unwrap().contains("The climb in tiny"));
    let history = fs::read_to_string(folder.parent().unwrap().join("history.jsonl")).unwrap();
    assert_eq!(history.lines().count(), 1, "{history}");
    assert!(history.contains("\"row\":\"phase0-serial\"") && history.contains("\"quick\":true"), "{history}");
    let text = fs::read_to_string(folder.join("run.json")).unwrap();
    assert!(!text.contains(&out.path().display().to_string()), "a published file names no local folder");
}

#[test]
fn the_floor_ablations_and_servers_of_ones_own_stand_beside_the_phases() {
    let out = tempfile::tempdir().unwrap();
    let target =
        format!("mine='{}' serve phase3-pooled --addr 127.0.0.1:{{port}}", env!("CARGO_BIN_EXE_loadgen"));
    let (status, stdout, stderr) =
        output(run("tiny-floor").args(["--ablations", "--target", &target, "--out"]).arg(out.path()));
    assert_eq!(status, Some(0), "{stderr}\n{stdout}");
    let document = only_document(out.path());
    let rows = &document.scenarios[0].rows;
    let kinds: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.kind.as_str())).collect();
    let textbook = "phase4-keepalive --parser textbook";
    assert_eq!(
        kinds,
        [("phase4-keepalive", "phase"), ("canned", "floor"), (textbook, "ablation"), ("mine", "target")]
    );
    assert_eq!(rows[2].without.as_deref(), Some("the zero-copy parser"));
    assert!(rows.iter().all(|row| row.requests.ok > 0 && row.requests.failed == 0), "{rows:?}");
    assert_eq!(rows[1].share_of_floor, Some(1.0));
    assert!(rows[0].share_of_floor > Some(0.0) && rows[3].server.cpu_us_per_request.is_some(), "{rows:?}");
    let why = rows[0].ceiling.as_ref().unwrap().why.as_deref().unwrap();
    assert!(why.contains("-bound: ") && why.contains("; measured "), "{why}");
    let floor = document.floor.unwrap();
    assert!(floor.exchange.unwrap().per_sec > 0.0 && floor.timer_late_ns.is_some());
}

#[test]
fn the_floor_is_measured_alone_where_nothing_else_is_asked_for() {
    let out = tempfile::tempdir().unwrap();
    let (status, stdout, stderr) =
        output(run("tiny-floor").args(["--phase", "canned", "--out"]).arg(out.path()));
    assert_eq!(status, Some(0), "{stderr}\n{stdout}");
    let document = only_document(out.path());
    let [row] = document.scenarios[0].rows.as_slice() else { panic!("one row") };
    assert_eq!((row.name.as_str(), row.kind.as_str()), ("canned", "floor"));
    assert!(row.requests.ok > 0 && row.requests.failed == 0, "{row:?}");
    let report = fs::read_to_string(runs(out.path()).remove(0).join("report.md")).unwrap();
    assert!(report.contains("| `canned` |") && report.contains("--phase canned"), "{report}");
}

#[test]
fn a_server_of_ones_own_that_fails_is_quoted_and_the_others_are_kept() {
    let out = tempfile::tempdir().unwrap();
    let target = "mine=sh -c 'echo no such port {port} >&2; exit 3'";
    let (status, _, stderr) = output(run("tiny").args(["--target", target, "--out"]).arg(out.path()));
    assert_eq!(status, Some(1), "{stderr}");
    assert!(stderr.contains("exit status 3") && stderr.contains("no such port"), "{stderr}");
    let document = only_document(out.path());
    assert!(document.partial && document.scenarios[0].rows[0].qps.is_some());
    let (status, _, stderr) =
        output(run("tiny").args(["--target", "mine=/no/such/program {port}", "--out"]).arg(out.path()));
    assert_eq!(status, Some(1), "{stderr}");
    assert!(stderr.contains("could not start /no/such/program"), "{stderr}");
    refused(&["run", "--target", "mine"], 2, &["NAME='CMD {port}'"]);
}

#[test]
fn an_upload_is_answered_whole() {
    let out = tempfile::tempdir().unwrap();
    let (status, _, stderr) = output(run("tiny-upload").arg("--out").arg(out.path()));
    assert_eq!(status, Some(0), "{stderr}");
    let row = &only_document(out.path()).scenarios[0].rows[0];
    let trial = &row.trials[0];
    assert!(row.requests.failed == 0 && trial.bytes_read > 5_000 * trial.requests.ok, "{row:?}");
}

#[test]
fn the_floor_can_be_asked_for_alone() {
    let (status, stdout, _) = output(loadgen().arg("calibrate"));
    assert_eq!(status, Some(0));
    assert!(stdout.contains("1 byte there and back") && stdout.contains("µs of CPU"), "{stdout}");
    let (_, json, _) = output(loadgen().args(["calibrate", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["connection_cycle"]["per_sec"].as_f64() > Some(0.0), "{json}");
}

#[test]
fn a_phase_passes_the_conformance_suite() {
    let (code, stdout, stderr) =
        output(loadgen().args(["check", "phase4-keepalive", "--whole", "--timeout", "20s"]));
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains(" 0 failed") && stdout.contains("rule  passed"), "{stdout}");
}

#[test]
fn a_server_that_answers_everything_alike_fails_it_with_the_bytes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
            let _ = std::io::Write::write_all(&mut stream, answer);
        }
    });
    let (code, stdout, _) = output(loadgen().args(["check", &addr, "--whole", "--foreign"]));
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("FAILED") && stdout.contains("received  \"HTTP/1.1 200 OK"), "{stdout}");
    let (code, stdout, _) = output(loadgen().args(["check", &addr, "--whole", "--foreign", "--json"]));
    assert_eq!(code, Some(1));
    let report: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert!(report["rows"].as_array().is_some_and(|rows| rows.len() > 400));
}

#[test]
fn what_can_not_be_checked_is_said() {
    refused(&["check", "phase9"], 2, &["phase0-serial", "127.0.0.1:8080"]);
    refused(&["check", "127.0.0.1:1"], 1, &["127.0.0.1:1", "is an HTTP/1.1 server running there?"]);
}
