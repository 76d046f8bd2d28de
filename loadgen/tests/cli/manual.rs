//! What the program tells shells and the manual of itself. Nothing but the binary is needed; a shell that is not
//! there is left out, and that is said.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{loadgen, output, refused};

fn is_there(program: &str) -> bool {
    let there = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output();
    let there = there.is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("skipped: there is no {program} here");
    }
    there
}

/// What `shell` prints for `script`, which finds its completions in the file `$0`.
fn with_completions(shell: &str, flags: &[&str], script: &str) -> Option<String> {
    if !is_there(shell) {
        return None;
    }
    let (status, completions, stderr) = output(loadgen().args(["completions", shell]));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("_loadgen");
    fs::write(&file, completions).unwrap();
    // Some shells write down what they found in the home folder.
    let mut command = Command::new(shell);
    command
        .args(flags)
        .args(["-c", script])
        .arg(&file)
        .env("HOME", folder.path())
        .env("ZDOTDIR", folder.path());
    let (status, stdout, stderr) = output(&mut command);
    assert_eq!((status, stderr.as_str()), (Some(0), ""), "{shell}");
    Some(stdout)
}

#[test]
fn bash_completes_commands_and_flags() {
    let script = "source \"$0\"; complete -p loadgen
        COMP_WORDS=(loadgen ser) COMP_CWORD=1; _loadgen loadgen ser loadgen; echo \"${COMPREPLY[@]}\"
        COMP_WORDS=(loadgen export --as g) COMP_CWORD=3; _loadgen loadgen g --as; echo \"${COMPREPLY[@]}\"";
    let Some(said) = with_completions("bash", &["--norc"], script) else { return };
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].contains("-F _loadgen") && lines[0].ends_with(" loadgen"), "{said}");
    assert_eq!(lines[1..], ["serve", "go-bench github-benchmark github-benchmark-rates"]);
}

#[test]
fn zsh_knows_how_to_complete() {
    let script = "autoload -U compinit && compinit -D -u && source \"$0\" && print $_comps[loadgen] $+functions[_loadgen__subcmd__attack_commands]";
    let Some(said) = with_completions("zsh", &["--no-rcs"], script) else { return };
    assert!(said.starts_with("_loadgen "), "{said}");
}

#[test]
fn fish_completes_commands_and_flags() {
    let script = "source $argv[1]; complete -C 'loadgen ser'; complete -C 'loadgen attack --max-r'";
    let Some(said) = with_completions("fish", &["--no-config"], script) else { return };
    assert!(said.starts_with("serve\t") && said.contains("\n--max-rate"), "{said}");
}

#[test]
fn completions_offer_nothing_that_no_help_shows() {
    for shell in ["bash", "zsh", "fish"] {
        let (_, script, _) = output(loadgen().args(["completions", shell]));
        assert!(script.contains("phase4-keepalive") && script.contains("save-baseline"), "{shell}");
        for hidden in ["misbehaving", "handicap", "with-parent"] {
            assert!(!script.contains(hidden), "{shell} offers {hidden}");
        }
    }
    refused(&["completions", "tcsh"], 2, &["tcsh", "bash, zsh, fish"]);
}

#[test]
fn every_command_has_a_page_that_a_manual_takes() {
    let folder = tempfile::tempdir().unwrap();
    let (status, stdout, stderr) = output(loadgen().args(["man", "--out"]).arg(folder.path()));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    let files: Vec<_> = stdout.lines().map(Path::new).collect();
    let named = |name: &str| files.iter().any(|file| file.ends_with(name));
    assert!(
        named("loadgen.1") && named("loadgen-attack.1") && named("loadgen-serve-phase3-pooled.1"),
        "{stdout}"
    );
    assert!(!named("loadgen-exec.1") && !stdout.contains("help"), "{stdout}");
    let mandoc = is_there("mandoc");
    for file in files {
        let page = fs::read_to_string(file).unwrap();
        for part in [".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXAMPLES"] {
            assert!(page.contains(part), "{}: {part} is missing", file.display());
        }
        if mandoc {
            let (_, complaints, _) = output(Command::new("mandoc").args(["-Tlint", "-Wwarning"]).arg(file));
            // They have no date, so that each build's pages are the same; and the library that writes the options has a
            // line begin anew more often than it would have to.
            let known =
                |line: &&str| line.contains("missing date") || line.contains("skipping paragraph macro");
            let complaints: Vec<_> = complaints.lines().filter(|line| !known(line)).collect();
            assert!(complaints.is_empty(), "{complaints:#?}");
        }
    }
}

#[test]
fn a_page_is_printed_with_its_examples_as_they_stand() {
    let (status, page, _) = output(loadgen().args(["man", "serve", "phase2-async"]));
    assert_eq!(status, Some(0));
    assert!(page.starts_with(".TH \"loadgen-serve-phase2-async\" 1 \"\" \"loadgen "), "{page}");
    assert!(page.contains("\\fBloadgen\\-serve\\fR(1)") && !page.contains("Exit codes:"), "{page}");
    if is_there("mandoc") {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.1");
        fs::write(&file, output(loadgen().args(["man", "attack"])).1).unwrap();
        let (_, text, _) = output(Command::new("mandoc").args(["-Tascii", "-Owidth=200"]).arg(&file));
        let lines: Vec<_> = text.lines().collect();
        let at = |line: &str| lines.iter().position(|shown| shown.trim_start() == line);
        let indent = |line: usize| lines[line].len() - lines[line].trim_start().len();
        let command = at("loadgen attack http://127.0.0.1:8080/ -c 1000 -d 30s").expect(&text);
        assert_eq!(at("more of them, for longer"), Some(command + 1), "{text}");
        assert_eq!(indent(command + 1), indent(command) + 4, "{text}");
        assert!(at("loadgen attack http://localhost/ \\").is_some(), "{text}");
    }
    refused(&["man", "nope"], 2, &["no command 'nope'", "attack"]);
    refused(&["man", "--out", "/proc/nowhere"], 1, &["/proc/nowhere", "--out DIR"]);
}
