//! Ways out before there is a base, and what is left of them: nothing.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use loadgen::gate::base::BaseError;
use rustix::process::{Pid, Signal, getpgid, kill_process_group};

use crate::repository::Repository;
use crate::{base, never, says};

/// Far beyond what any of this takes; reached only where something hangs.
const HANG: Duration = Duration::from_secs(60);

/// A base whose build script names its process in `file` and then waits for long.
fn that_builds_forever(repository: &Repository, file: &Path) {
    let path = file.display().to_string();
    let script = format!(
        "fn main() {{\n    std::fs::write({path:?}, std::process::id().to_string()).unwrap();\n    \
         std::thread::sleep(std::time::Duration::from_secs({}));\n}}\n",
        HANG.as_secs()
    );
    repository.write("loadgen/build.rs", &script);
    repository.commit("forever");
}

/// A whole `loadgen gate` that has just begun to build that base, and the process of its build script.
fn gate_that_builds(repository: &Repository, file: &Path) -> (Child, Pid) {
    let began = Instant::now();
    let gate = Command::new(env!("CARGO_BIN_EXE_loadgen"))
        .args(["gate", "--against", "main"])
        .current_dir(repository.workspace())
        // What it builds is in nobody's way.
        .env("CARGO_TARGET_DIR", file.with_extension("target"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    loop {
        assert!(began.elapsed() < HANG, "it does not begin to build");
        // Written whole, as the script goes on.
        let pid = fs::read_to_string(file).ok().and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        match pid {
            Some(pid) => return (gate, pid),
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn is_gone(pid: &str) -> bool {
    let stat = pid.parse().ok().and_then(|pid| procfs::process::Process::new(pid).ok()?.stat().ok());
    stat.is_none_or(|stat| stat.state == 'Z')
}

#[test]
fn ctrl_c_during_the_build_ends_it_and_leaves_nothing() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    that_builds_forever(&repository, &file);
    let before = repository.everything();
    let began = Instant::now();
    let trees = RefCell::new(Vec::<PathBuf>::new());
    let error = repository.base("main", &mut |_| {}, &|| {
        // Written whole, as the script goes on.
        let building = fs::read_to_string(&file).is_ok_and(|pid| !pid.is_empty());
        if building {
            *trees.borrow_mut() = repository.worktrees();
        }
        building || began.elapsed() > HANG
    });
    assert!(matches!(error, Err(BaseError::Interrupted)), "{error:?}");
    let pid = fs::read_to_string(&file).unwrap();
    let deadline = Instant::now() + HANG / 2;
    while !is_gone(&pid) {
        assert!(Instant::now() < deadline, "the build goes on");
        thread::sleep(Duration::from_millis(5));
    }
    let trees = trees.into_inner();
    assert_eq!(trees.len(), 2, "{trees:?}");
    assert!(!trees[1].exists() && !trees[1].parent().unwrap().exists(), "{trees:?}");
    repository.is_as_it_was(&before);
    // And what it has left in cargo's folder is in nobody's way.
    assert_eq!(says(&base(&repository, "main~1").unwrap()), "two");
}

#[test]
fn ctrl_c_as_soon_as_there_is_a_worktree_leaves_nothing() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let before = repository.everything();
    let places = repository.path().join(".git/worktrees");
    let error = repository.base("main", &mut |_| {}, &|| places.exists());
    assert!(matches!(error, Err(BaseError::Interrupted)), "{error:?}");
    assert_eq!(repository.worktrees().len(), 1);
    repository.is_as_it_was(&before);
}

#[test]
fn ctrl_c_at_any_look_leaves_nothing() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let before = repository.everything();
    // A few dozen looks are all before the build; later ones are somewhere in it, or after the end.
    for after in [0, 1, 2, 3, 5, 8, 13, 21, 34] {
        let looks = Cell::new(0);
        let outcome = repository.base("main", &mut |_| {}, &|| looks.replace(looks.get() + 1) >= after);
        match outcome {
            Ok(base) => assert_eq!(says(&base), "two"),
            Err(error) => assert!(matches!(error, BaseError::Interrupted), "{error}"),
        }
        repository.is_as_it_was(&before);
    }
}

#[test]
fn ctrl_c_while_another_gate_builds_ends_the_waiting() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    that_builds_forever(&repository, &file);
    let began = Instant::now();
    let waited = std::sync::atomic::AtomicBool::new(false);
    let done = || waited.load(std::sync::atomic::Ordering::SeqCst) || began.elapsed() > HANG;
    thread::scope(|scope| {
        scope.spawn(|| repository.base("main", &mut |_| {}, &done));
        while !file.exists() && began.elapsed() < HANG {
            thread::sleep(Duration::from_millis(5));
        }
        let told = RefCell::new(String::new());
        let error = repository
            .base("main~1", &mut |line| told.borrow_mut().push_str(line), &|| !told.borrow().is_empty());
        assert!(matches!(error, Err(BaseError::Interrupted)), "{error:?}");
        assert!(told.borrow().contains("waiting for another gate"), "{told:?}");
        waited.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    assert_eq!(repository.worktrees().len(), 1);
}

#[test]
fn what_a_killed_gate_left_in_git_is_forgotten_and_a_worktree_of_the_users_that_is_away_is_not() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let place = tempfile::tempdir().unwrap();
    let place = place.path().canonicalize().unwrap();
    let [killed, away] = ["loadgen-gate-Ab12Cd/base", "disk/mine"].map(|path| place.join(path));
    for tree in [&killed, &away] {
        repository.git(&["worktree", "add", "--quiet", "--detach", tree.to_str().unwrap(), "main"]);
        fs::remove_dir_all(tree).unwrap();
    }
    let base = repository.base("main", &mut |_| {}, &never).unwrap();
    let trees = repository.worktrees();
    assert!(!trees.contains(&killed) && trees.contains(&away), "{trees:?}");
    drop(base);
    assert_eq!(repository.worktrees().len(), 2);
}

#[test]
fn what_a_gate_left_that_was_killed_is_removed_by_the_next_one_and_what_a_living_one_has_is_not() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    // By this file a workspace is known.
    repository.write("loadgen/scenarios.toml", "");
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("pid");
    that_builds_forever(&repository, &file);
    let (mut gate, script) = gate_that_builds(&repository, &file);
    let tree = repository.worktrees().pop().unwrap();
    let folder = tree.parent().unwrap();

    assert_eq!(says(&base(&repository, "main~1").unwrap()), "two");
    let living = gate.try_wait().unwrap().is_none();
    assert!(living && tree.exists() && repository.worktrees().contains(&tree), "{tree:?}");

    gate.kill().unwrap();
    gate.wait().unwrap();
    // Its cargo, and all that belongs to it, would go on.
    kill_process_group(getpgid(Some(script)).unwrap(), Signal::KILL).unwrap();
    assert!(folder.exists(), "it could not clean up");
    assert_eq!(says(&base(&repository, "main~1").unwrap()), "two");
    assert!(!folder.exists() && repository.worktrees().len() == 1, "{folder:?}");
}
