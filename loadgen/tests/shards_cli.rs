//! Attacks and runs by several processes, as launchers start them, and what `loadgen merge` makes of their files.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{HANG, HELLO, Server, always};

/// A process of `loadgen` that no launcher of this one's has anything to say to.
fn loadgen(folder: &Path, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    command.args(words.split_whitespace()).current_dir(folder).env("COLUMNS", "100");
    for (name, _) in std::env::vars() {
        if ["SLURM_", "OMPI_", "PMI_", "PMIX_", "JOB_COMPLETION", "LOADGEN_"]
            .iter()
            .any(|it| name.starts_with(it))
        {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ended(child: Child) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("loadgen ends");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    ended(command.spawn().expect("loadgen starts"))
}

/// A place to meet that nobody else has: not among the ports that the kernel gives to the clients of other tests.
fn place() -> String {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 500).unwrap() * 20;
    let mut ports =
        std::iter::repeat_with(|| 20_000 + (first + TAKEN.fetch_add(1, Ordering::Relaxed)) % 10_000);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    format!("127.0.0.1:{}", ports.by_ref().take(10_000).find(is_free).expect("a free port"))
}

/// Waits until enough is fired. Several programs may have to start before, on a machine with other tests.
fn until(mut is_enough: impl FnMut() -> bool) {
    let deadline = Instant::now() + HANG * 3;
    while !is_enough() {
        assert!(Instant::now() < deadline, "too little is fired");
        thread::sleep(Duration::from_millis(5));
    }
}

/// How many sockets a process has.
fn sockets(child: &Child) -> usize {
    let open = fs::read_dir(format!("/proc/{}/fd", child.id())).into_iter().flatten().flatten();
    let targets = open.filter_map(|entry| fs::read_link(entry.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

/// Starts all of them at once and waits for them; each has to end well.
fn all_end_well(commands: impl IntoIterator<Item = Command>) -> Vec<(String, String)> {
    let children: Vec<Child> = commands.into_iter().map(|mut command| command.spawn().unwrap()).collect();
    let ends = children.into_iter().map(ended).map(|(code, stdout, stderr)| {
        assert_eq!(code, Some(0), "{stdout}{stderr}");
        (stdout, stderr)
    });
    ends.collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn two_tasks_of_slurm_fire_exactly_what_was_asked_for_and_merge_to_what_the_server_counted() {
    let (server, folder, place) = (Server::start(always(HELLO)), tempfile::tempdir().unwrap(), place());
    let words = format!("attack http://{}/ -n 2001 -c 5 -t 1 --meet {place}", server.address);
    let tasks = (0..2).map(|rank| {
        let mut task = loadgen(folder.path(), &words);
        task.env("SLURM_PROCID", rank.to_string()).env("SLURM_NTASKS", "2");
        task.env("SLURM_JOB_ID", "17").env("SLURM_STEP_ID", "0");
        task
    });
    let said = all_end_well(tasks);
    assert!(said[0].0.contains("shard 0 of 2") && said[0].0.contains("1,001 answered"), "{}", said[0].0);
    assert!(said[0].0.contains("loadgen merge shards/slurm-17.0"), "{}", said[0].0);
    assert!(said[1].0.contains("1,000 answered"), "{}", said[1].0);

    let (code, text, _) = output(&mut loadgen(folder.path(), "merge shards/slurm-17.0"));
    assert_eq!(code, Some(0), "{text}");
    for part in
        ["2 shards of run slurm-17.0\n", "shard 1", "answered      2,001", "5 connections", "Requests/sec:"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (code, text, _) = output(&mut loadgen(folder.path(), "merge shards/slurm-17.0 --json"));
    let merged = json(&text);
    assert_eq!((code, &merged["requests"]["ok"], &merged["partial"]), (Some(0), &2001.into(), &false.into()));
    assert_eq!(merged["schema"], "phase-lab/attack/1");
    assert_eq!(server.requests(), 2001);
    assert_eq!(server.connections(), 5);
    let shards = merged["shards"].as_array().unwrap();
    assert_eq!(shards.iter().map(|shard| shard["index"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1]);
    // The two share a clock, so that it is off by no more than is said.
    let (offset, error) = (shards[1]["clock_offset_ns"].as_i64(), shards[1]["clock_error_ns"].as_i64());
    assert!(offset.unwrap().abs() <= error.unwrap(), "{shards:?}");
}

#[test]
fn pods_of_an_indexed_job_print_their_shards_for_a_log_that_is_merged() {
    let (server, folder, place) = (Server::start(always(HELLO)), tempfile::tempdir().unwrap(), place());
    let words = format!(
        "attack http://{}/ -R 400 -d 1s --warmup 0s -c 3 --shards 3 --meet {place} --shard-dir -",
        server.address
    );
    let pods = (0..3).map(|index| {
        let mut pod = loadgen(folder.path(), &words);
        pod.env("JOB_COMPLETION_INDEX", index.to_string());
        pod
    });
    let log: String = all_end_well(pods).into_iter().map(|(stdout, stderr)| stderr + &stdout).collect();
    let file = folder.path().join("log");
    fs::write(&file, &log).unwrap();
    let mut merge = loadgen(folder.path(), "merge - --json");
    let (code, text, stderr) = output(merge.stdin(fs::File::open(&file).unwrap()));
    assert_eq!(code, Some(0), "{text}{stderr}");
    let merged = json(&text);
    // Each moment of the one schedule was some shard's, and only that one's.
    assert_eq!(
        (&merged["open_loop"]["due"], merged["open_loop"]["rate_per_sec"]["from"].as_f64()),
        (&400.into(), Some(400.0))
    );
    assert_eq!(merged["requests"]["failed"], 0);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no shard was written to a file");
}

#[test]
fn a_shard_without_a_file_is_named_with_its_part_of_the_load() {
    let (server, folder) = (Server::start(always(HELLO)), tempfile::tempdir().unwrap());
    let words = format!("attack http://{}/ -n 600 -c 6 --start-at 1 --shard-dir out", server.address);
    // The moment is long over, so that both begin at once, and say that they are late.
    let said =
        all_end_well([0, 2].map(|index| loadgen(folder.path(), &format!("{words} --shard {index}/3"))));
    assert!(said[0].1.contains("shard 0 began") && said[0].1.contains("late"), "{}", said[0].1);
    let (code, text, stderr) = output(&mut loadgen(folder.path(), "merge out"));
    assert_eq!(code, Some(1), "{text}");
    for part in [
        "2 of 3 shards",
        "PARTIAL",
        "shard 1: 2 of 6 connections, 200 of 600 requests (no file)",
        "clocks were not compared",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(stderr, "error: the result is partial: shard 1 of 3 missing\n");
    let (_, text, _) = output(&mut loadgen(folder.path(), "merge out --json"));
    let merged = json(&text);
    assert_eq!((&merged["partial"], &merged["missing"][0]["connections"]), (&true.into(), &2.into()));
    assert_eq!(merged["requests"]["ok"], 400);
}

#[test]
fn shards_that_would_fire_something_else_are_refused_before_anything_is_sent() {
    let (server, folder, place) = (Server::start(always(HELLO)), tempfile::tempdir().unwrap(), place());
    let words =
        format!("attack http://{}/ -n 10 --meet {place} --meet-within 3s --shard-dir out", server.address);
    let mut lead = loadgen(folder.path(), &format!("{words} -c 2 --shard 0/2"));
    let lead = lead.spawn().unwrap();
    let (code, _, stderr) = output(&mut loadgen(folder.path(), &format!("{words} -c 3 --shard 1/2")));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("something else than shard 0: connections 3 and not 2"), "{stderr}");
    let (_, _, stderr) = ended(lead);
    assert!(
        stderr.contains("a shard 1 was refused") && stderr.contains("beginning without shard 1"),
        "{stderr}"
    );
    assert_eq!(server.requests(), 5, "shard 0's own part");
}

#[test]
fn what_shards_can_not_do_is_refused_with_what_to_do_instead() {
    let folder = tempfile::tempdir().unwrap();
    for (words, why) in [
        ("--shard 0/2", "--meet HOST:PORT"),
        ("--shard 2/2 --start-at 1", "0/2 to 1/2"),
        ("--meet h:1", "this process is no shard"),
        ("--shard 0/2 --start-at 1 --csv x", "loadgen merge --hgrm"),
        ("--shard 0/2 --start-at 1 --max-rate --slo p99=5ms", "with -R"),
        ("--shard 0/9 --start-at 1 -c 8", "8 connections (-c) can't be shared by 9"),
        ("--shard 0/2 --start-at 1 --json --shard-dir -", "loadgen merge - --json"),
        ("--shard 0/2 --start-at 1 --shard-dir /dev/null/x", "can't write there"),
    ] {
        let (code, _, stderr) =
            output(&mut loadgen(folder.path(), &format!("attack http://127.0.0.1:9/ {words}")));
        assert!(code == Some(2) && stderr.contains(why), "{words}: {code:?} {stderr}");
    }
    let mut pod = loadgen(folder.path(), "attack http://127.0.0.1:9/ -n 9");
    let (code, _, stderr) = output(pod.env("JOB_COMPLETION_INDEX", "1"));
    assert!(code == Some(2) && stderr.contains("--shards N"), "{stderr}");
    let (code, _, stderr) = output(&mut loadgen(folder.path(), "merge ."));
    assert!(code == Some(2) && stderr.contains("holds no shard"), "{stderr}");
}

#[test]
fn one_task_of_a_script_for_many_writes_its_file_as_well() {
    let (server, folder) = (Server::start(always(HELLO)), tempfile::tempdir().unwrap());
    let words = format!("attack http://{}/ -n 20 -c 2 --shard-dir out --meet nowhere:7400", server.address);
    let mut task = loadgen(folder.path(), &words);
    task.env("SLURM_PROCID", "0").env("SLURM_NTASKS", "1").env("SLURM_JOB_ID", "1").env("SLURM_STEP_ID", "0");
    all_end_well([task]);
    let (code, text, _) = output(&mut loadgen(folder.path(), "merge out"));
    assert!(code == Some(0) && text.contains("1 shard of run slurm-1.0"), "{text}");
    assert!(text.contains("answered      20") && !text.contains("agreed moment"), "{text}");
}

#[test]
fn ctrl_c_ends_a_shard_that_waits_and_one_that_fires_keeps_what_it_has() {
    let (server, folder) = (Server::start(always(HELLO)), tempfile::tempdir().unwrap());
    let mut waiting =
        loadgen(folder.path(), &format!("attack http://{}/ --shard 0/2 --meet {}", server.address, place()));
    let mut waiting = waiting.spawn().unwrap();
    let mut told = String::new();
    BufReader::new(waiting.stderr.as_mut().unwrap()).read_line(&mut told).unwrap();
    assert!(told.contains("waits at"), "{told}");
    interrupt(&waiting);
    let (code, ..) = ended(waiting);
    assert_eq!((code, server.requests()), (Some(130), 0));
    assert_eq!(fs::read_dir(folder.path().join("shards")).unwrap().count(), 0);

    let words = format!("attack http://{}/ -d 90s --warmup 0s --shard 0/1 --shard-dir out", server.address);
    let firing = loadgen(folder.path(), &words).spawn().unwrap();
    until(|| server.requests() > 0);
    interrupt(&firing);
    assert_eq!(ended(firing).0, Some(130));
    let (code, text, stderr) = output(&mut loadgen(folder.path(), "merge out"));
    assert!(code == Some(1) && text.contains("PARTIAL"), "{text}");
    assert!(stderr.contains("was interrupted"), "{stderr}");
}

#[test]
fn a_shard_that_ends_before_it_began_leaves_no_file() {
    let (server, folder) = (Server::start(always(HELLO)), tempfile::tempdir().unwrap());
    let in_a_minute = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 60;
    for amount in ["-n 9", "-d 1s", "-n 9 --idle 2"] {
        let words = format!(
            "attack http://{}/ -c 2 {amount} --shard 0/2 --start-at {in_a_minute} --shard-dir out",
            server.address
        );
        let mut waiting = loadgen(folder.path(), &words).spawn().unwrap();
        let mut told = String::new();
        BufReader::new(waiting.stderr.as_mut().unwrap()).read_line(&mut told).unwrap();
        assert!(told.contains("beginning in"), "{told}");
        interrupt(&waiting);
        let (code, stdout, _) = ended(waiting);
        assert_eq!((code, stdout.as_str()), (Some(130), ""), "{amount}");
    }
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 0);
}

#[test]
fn what_an_earlier_run_has_left_is_not_overwritten() {
    let (server, folder) = (Server::start(always(HELLO)), tempfile::tempdir().unwrap());
    let words = format!("attack http://{}/ -n 3 -c 1 --shard 0/1 --shard-dir out", server.address);
    all_end_well([loadgen(folder.path(), &words)]);
    let (code, _, stderr) = output(&mut loadgen(folder.path(), &words));
    assert!(code == Some(2) && stderr.contains("out/shard-0-of-1.json: is there already"), "{stderr}");
    assert_eq!(server.requests(), 3);
}

#[test]
fn a_run_without_one_of_its_shards_fails_and_names_it() {
    let (folder, place) = (tempfile::tempdir().unwrap(), place());
    let words = format!(
        "run --phase phase4-keepalive --scenario plaintext --quick -c 5 --trials 1 --duration 300ms --meet {place} \
         --meet-within 5s --shard-dir shards --out results"
    );
    let mut mate = loadgen(folder.path(), &format!("{words} --shard 1/2")).spawn().unwrap();
    let mut told = String::new();
    BufReader::new(mate.stderr.as_mut().unwrap()).read_line(&mut told).unwrap();
    assert!(told.contains("looks for shard 0"), "{told}");
    let lead = loadgen(folder.path(), &format!("{words} --shard 0/2")).spawn().unwrap();
    // It may not have been met by then, or be in the middle of a trial.
    interrupt(&mate);
    let (code, _, stderr) = ended(lead);
    assert!(code == Some(1) && stderr.contains("shard 1"), "{code:?}: {stderr}");
    assert_eq!(ended(mate).0, Some(130));
}

#[test]
fn whoever_comes_second_into_one_folder_leaves_the_first_ones_shard_alone() {
    let (server, folder) = (Server::start(always(HELLO)), tempfile::tempdir().unwrap());
    let words =
        format!("attack http://{}/ -d 90s --warmup 0s -c 2 --shard 0/1 --shard-dir out", server.address);
    let firing = [(); 2].map(|()| loadgen(folder.path(), &words).spawn().unwrap());
    // Both have looked whether there is a shard before they fire.
    until(|| server.connections() >= 4);
    let [first, second] = firing.map(|one| {
        interrupt(&one);
        ended(one)
    });
    assert_eq!((first.0, second.0), (Some(130), Some(1)));
    assert!(first.1.contains("its file is out/shard-0-of-1.json"), "{first:?}");
    assert!(second.2.contains("another run has put its own there; standard output has"), "{second:?}");
    // What was measured is not lost.
    assert!(second.1.starts_with("{\"schema\":\"phase-lab/shard/"), "{second:?}");
    assert_eq!(fs::read_dir(folder.path().join("out")).unwrap().count(), 1);
}

#[test]
fn a_run_that_is_interrupted_ends_all_its_shards() {
    let (folder, place) = (tempfile::tempdir().unwrap(), place());
    let words = format!(
        "run --phase phase4-keepalive --scenario plaintext --quick -c 8 --trials 1 --duration 90s --warmup 0s \
         --meet {place} --shard-dir shards --out results"
    );
    let lead = loadgen(folder.path(), &format!("{words} --shard 0/4")).spawn().unwrap();
    let mates =
        [1, 2, 3].map(|index| loadgen(folder.path(), &format!("{words} --shard {index}/4")).spawn().unwrap());
    // That to shard 0, which is looked at while it fires, and two to the server.
    until(|| mates.iter().all(|mate| sockets(mate) >= 4));
    interrupt(&lead);
    let (code, _, stderr) = ended(lead);
    assert!(code == Some(130) && !stderr.contains("lost"), "{code:?}: {stderr}");
    for mate in mates {
        let (code, _, stderr) = ended(mate);
        assert_eq!(code, Some(130), "{stderr}");
    }
    // Each kept what it had.
    assert_eq!(fs::read_dir(folder.path().join("shards")).unwrap().count(), 4);
}

#[test]
fn a_run_is_fired_by_all_shards_and_told_by_the_first() {
    let (folder, place) = (tempfile::tempdir().unwrap(), place());
    let words = format!(
        "run --phase phase4-keepalive --scenario plaintext --quick -c 5 --trials 1 --duration 200ms --warmup 50ms \
         --meet {place} --shard-dir shards --out results"
    );
    let said =
        all_end_well((0..2).map(|index| loadgen(folder.path(), &format!("{words} --shard {index}/2"))));
    assert!(
        said[0].0.contains("phase4-keepalive") && said[0].0.contains("Fired by 2 processes"),
        "{}",
        said[0].0
    );
    assert!(said[1].1.contains("plaintext, phase4-keepalive, trial 1:"), "{}", said[1].1);
    let run = fs::read_dir(folder.path().join("results")).unwrap().next().unwrap().unwrap().path();
    let run =
        fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    let document = json(&fs::read_to_string(run.join("run.json")).unwrap());
    assert_eq!(document["client_hosts"].as_array().unwrap().len(), 2);
    let row = &document["scenarios"][0]["rows"][0];
    let answered = row["requests"]["ok"].as_u64().unwrap();

    let (code, text, stderr) = output(&mut loadgen(folder.path(), "merge shards --json"));
    assert_eq!(code, Some(0), "{text}{stderr}");
    let merged = json(&text);
    assert_eq!(merged["schema"], "phase-lab/merge/1");
    let fired = merged["fired"].as_array().unwrap();
    assert_eq!(fired[0]["name"], "plaintext, phase4-keepalive, trial 1");
    // What the files say is what the report counts.
    assert_eq!(fired[0]["requests"]["ok"].as_u64(), Some(answered));
    assert_eq!(fired[0]["params"]["connections"], 5);
    let (code, text, _) = output(&mut loadgen(folder.path(), "merge shards"));
    assert!(code == Some(0) && text.contains("plaintext, canned, trial 1"), "{text}");
}
