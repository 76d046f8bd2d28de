//! The batch script for Slurm, with stand-ins for srun and loadgen; `cargo xtask cluster` submits it to a real cluster.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the script with these words in `folder`, where srun is `srun` and loadgen says what it was called with.
fn script(folder: &Path, srun: &str, words: &[&str]) -> Output {
    // Functions that bash takes from its environment, in place of programs.
    Command::new("bash")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../loadgen/cluster/slurm.sh"))
        .args(words)
        .env("BASH_FUNC_srun%%", format!("() {{ ({srun}); }}"))
        .env("BASH_FUNC_loadgen%%", "() { echo loadgen \"$@\"; return 4; }")
        .env("SLURM_JOB_ID", "17")
        .current_dir(folder)
        .output()
        .expect("bash")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

#[test]
fn what_an_attack_has_left_is_merged_and_says_how_it_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = script(
        folder.path(),
        "mkdir -p shards/slurm-17.0; touch shards/slurm-17.0/shard-0-of-4.json; exit 9",
        &["attack", "http://h/"],
    );
    assert_eq!(text(&output.stdout), "loadgen merge shards/slurm-17.0\n");
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn where_nothing_was_left_it_ends_as_srun_did() {
    let folder = tempfile::tempdir().expect("a folder");
    for word in ["attack", "run", "run --shard-dir mine"] {
        let output = script(
            folder.path(),
            "mkdir -p shards/slurm-17.0; echo srun \"$@\"; exit 9",
            &[&*word.split(' ').collect::<Vec<_>>(), &["--flag"]].concat(),
        );
        let said = text(&output.stdout);
        assert!(said.starts_with("srun ") && said.ends_with(&format!("loadgen {word} --flag\n")), "{said}");
        assert_eq!(output.status.code(), Some(9));
    }
}

#[test]
fn a_folder_of_another_name_is_refused_and_so_is_nothing_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    for words in [&["attack", "http://h/", "--shard-dir", "mine"][..], &["attack", "--shard-dir=-"], &[]] {
        let output = script(folder.path(), "echo fired", words);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{words:?}");
        assert!(!output.stderr.is_empty());
    }
}
