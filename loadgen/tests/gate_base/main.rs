//! How the base of a gate comes to be, and what is left of that: small workspaces in repositories of their own.

mod endings;
mod refusals;
mod repository;

use std::process::Command;
use std::thread;

use loadgen::gate::base::{Base, BaseError};
use repository::{Repository, skip};

fn never() -> bool {
    false
}

/// What the base's program says of itself.
fn says(base: &Base) -> String {
    let output = Command::new(base.program()).output().expect("the base starts");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn base(repository: &Repository, rev: &str) -> Result<Base, BaseError> {
    repository.base(rev, &mut |_| {}, &never)
}

#[test]
fn a_base_is_what_was_committed_and_the_users_repository_stays_as_it_was() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    // Everything that a user may have: staged, changed, new, and put aside.
    repository.write("put-aside", "");
    repository.git(&["add", "put-aside"]);
    repository.git(&["stash"]);
    repository.program("three");
    repository.git(&["add", "."]);
    repository.program("four");
    repository.write("new", "");
    let before = repository.everything();

    let mut told = Vec::new();
    let first = repository.base("main~1", &mut |line| told.push(line.to_owned()), &never).unwrap();
    assert_eq!(says(&first), "one");
    let commit = repository.git(&["rev-parse", "main~1"]);
    assert_eq!(first.commit(), Some(commit.as_str()));
    assert!(commit.starts_with(first.name().strip_suffix(" (main~1)").unwrap()), "{}", first.name());
    assert!(told.iter().any(|line| line.contains(first.name())), "{told:?}");
    assert_eq!(repository.worktrees().len(), 2);
    assert!(!first.program().starts_with(repository.path()), "{:?}", first.program());
    let folder = first.program().parent().unwrap().to_owned();
    assert!(folder.exists());

    let head = base(&repository, "HEAD").unwrap();
    assert_eq!((says(&head).as_str(), says(&first).as_str()), ("two", "one"), "each is a copy");
    drop((first, head));
    assert!(!folder.exists());
    assert_eq!(repository.worktrees().len(), 1);
    repository.is_as_it_was(&before);
}

/// cargo takes what is older than what it built for built, and all of them are built in one place.
#[test]
fn one_base_after_the_other_is_never_taken_for_the_last_one_and_only_changes_are_built() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let built = || repository.built().metadata().unwrap().modified().unwrap();
    let one = base(&repository, "main~1").unwrap();
    let first = built();
    let again = base(&repository, "main~1").unwrap();
    assert_eq!(built(), first, "the same is not built twice");
    let two = base(&repository, "main").unwrap();
    // Which has everything of the first, as it was.
    let back = base(&repository, "main~1").unwrap();
    let said = [&one, &again, &two, &back].map(says);
    assert_eq!(said, ["one", "one", "two", "one"]);
}

#[test]
fn a_base_whose_compiler_was_told_something_else_says_so_and_one_that_does_not_tell_says_nothing() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let script = |flags: &str| {
        format!("fn main() {{\n    println!(\"cargo::rustc-env=LOADGEN_RUSTFLAGS={flags}\");\n}}\n")
    };
    for flags in ["-C target-cpu=other", ""] {
        repository.write("loadgen/build.rs", &script(flags));
        repository.commit("flags");
    }
    let mut told = Vec::new();
    let other = repository.base("main~1", &mut |line| told.push(line.to_owned()), &never).unwrap();
    let [note] = other.notes() else { panic!("{:?}", other.notes()) };
    assert!(note.contains("-C target-cpu=other, and of this program none"), "{note}");
    assert!(told.contains(note), "{told:?}");
    for rev in ["main", "main~2"] {
        assert_eq!(base(&repository, rev).unwrap().notes(), [""; 0], "{rev}");
    }
}

#[test]
fn two_gates_at_once_get_what_each_asked_for() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    thread::scope(|scope| {
        let one = scope.spawn(|| says(&base(&repository, "main~1").unwrap()));
        let two = scope.spawn(|| says(&base(&repository, "main").unwrap()));
        assert_eq!((one.join().unwrap().as_str(), two.join().unwrap().as_str()), ("one", "two"));
    });
    assert_eq!(repository.worktrees().len(), 1);
}

#[test]
fn a_workspace_may_be_a_folder_of_its_repository() {
    let Some(repository) = Repository::new("deep/down") else { return };
    repository.program("deep");
    repository.commit("deep");
    let base = base(&repository, "HEAD").unwrap();
    assert_eq!(says(&base), "deep");
}

#[test]
fn a_commit_is_called_by_its_hash_alone_where_that_is_how_it_was_asked_for_and_a_tag_and_a_message_do_too() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    repository.git(&["tag", "-a", "-m", "a tag", "v1", "main~1"]);
    let hash = repository.git(&["rev-parse", "main~1"]);
    let short = repository.git(&["rev-parse", "--short", "main~1"]);
    for (rev, name) in [
        (hash.as_str(), short.clone()),
        ("v1", format!("{short} (v1)")),
        (":/one", format!("{short} (:/one)")),
    ] {
        let base = base(&repository, rev).unwrap();
        assert_eq!((base.name(), base.commit()), (name.as_str(), Some(hash.as_str())));
    }
}

#[test]
fn this_loadgen_serves_what_the_lab_asks_of_it_and_nothing_that_it_does_not_know() {
    let base = Base::of_program(env!("CARGO_BIN_EXE_loadgen").as_ref()).unwrap();
    assert_eq!((base.name(), base.commit()), (env!("CARGO_BIN_EXE_loadgen"), None));
    for phase in loadgen::lab::rows::PHASES {
        base.check_serves(phase.name, &[], &never).unwrap();
    }
    base.check_serves("phase3-pooled", &["--fresh-buffers".into()], &never).unwrap();
    base.check_serves("phase3-pooled", &["--count-allocations".into()], &never).unwrap();
    let error = base.check_serves("phase3-pooled", &["--faster".into()], &never).unwrap_err().to_string();
    assert!(
        error.contains("can't serve phase3-pooled --faster") && error.contains("unexpected argument"),
        "{error}"
    );
    let error = base.check_serves("phase9", &[], &never).unwrap_err().to_string();
    assert!(error.contains("phase4-keepalive"), "{error}");
}

/// git gives a hook its own index in the environment, which a checkout elsewhere must not write to.
#[test]
fn a_gate_in_a_hook_leaves_the_hooks_index_alone() {
    // The environment of this process is every test's, so that this one runs itself as a hook would.
    const INSIDE: &str = "GATE_BASE_IN_A_HOOK";
    if let Some(path) = std::env::var_os(INSIDE) {
        let repository = Repository::there(path.as_ref());
        assert_eq!(says(&base(&repository, "main~1").unwrap()), "one");
        return;
    }
    let Some(repository) = Repository::of_one_and_two() else { return };
    let before = repository.everything();
    let test = std::env::current_exe().unwrap();
    let mut hook = Command::new(test);
    hook.args(["--exact", "a_gate_in_a_hook_leaves_the_hooks_index_alone"]);
    hook.env(INSIDE, repository.path()).current_dir(repository.path());
    hook.env("GIT_DIR", ".git").env("GIT_INDEX_FILE", ".git/index").env("GIT_PREFIX", "");
    let output = hook.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    repository.is_as_it_was(&before);
}

#[test]
fn a_hook_of_the_users_does_not_run_for_a_checkout_of_ours() {
    let Some(repository) = Repository::of_one_and_two() else { return };
    let hook = repository.path().join(".git/hooks/post-checkout");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&hook).status().unwrap().success());
    assert_eq!(says(&base(&repository, "main").unwrap()), "two");
}
