//! Commands of the prose, run as a reader would run them, in a shell of their own for each block.
//!
//! A block `run` holds lines that begin with `$ ` and, below each, what it prints. `…` in a line stands for anything within
//! it, and for any number of lines where it has one for itself: what differs from run to run. A command that ends with
//! `&` and is said to print something is waited for until it says that it listens; all are ended with the block. The ports that readers see are
//! replaced by free ones, so that blocks and whatever else runs do not meet. `run with PROGRAM` is left out, and that is
//! said, where there is no such program.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::page::{self, Block};
use crate::clients::group::Group;

/// A block takes this long at most, and what it runs may have to be built first.
const LIMIT: Duration = Duration::from_secs(420);
/// Between the outputs of two commands; nothing that is shown prints it.
const MARK: char = '\u{1e}';
/// Stands for what differs from run to run.
const ANYTHING: &str = "…";
/// The ports of the prose, which are ours for as long as a block runs.
const PORTS: std::ops::RangeInclusive<u16> = 8080..=8089;

/// Before a block, why its commands are not run.
const NOT_RUN: &str = "<!-- not run: ";

/// What every shell has. `listens` waits for a server's first words, which cargo may have to build first.
const PRELUDE: &str = r#"exec 2>&1
logs=$(mktemp -d)
servers=
trap '[ -z "$servers" ] || kill $servers 2>/dev/null; wait; rm -rf "$logs"' EXIT
trap 'exit 1' INT TERM
listens() {
    servers="$servers $2"
    until grep -qs listening "$1"; do kill -0 "$2" 2>/dev/null || break; sleep 0.05; done
    cat "$1"
}
"#;

/// Runs every command of a page. The page with what they print, and what is not as the page says.
pub(super) fn run_all(text: &str, root: &Path, page: &str) -> Result<(String, Vec<String>), String> {
    let mut interrupted = None;
    let (filled, mut wrong) = page::fill(text, |block| {
        if block.name != "run" || interrupted.is_some() {
            return Ok(None);
        }
        let content = content_of(text, block);
        match missing(block.what) {
            Some(program) => {
                println!("SKIPPED: {page}:{}: {program} is not installed", block.line);
                return Ok(None);
            }
            None => println!("{page}:{}: running", block.line),
        }
        let steps = steps(content);
        match play(&steps, root, false) {
            Ok(played) => Ok(Some(settled(&steps, &played.outputs))),
            Err(error) => {
                interrupted = Some(error.clone());
                Err(error)
            }
        }
    });
    if let Some(error) = interrupted.filter(|error| error == "interrupted") {
        return Err(error);
    }
    for (line, commands) in plain_blocks(text) {
        println!("{page}:{line}: running");
        let steps: Vec<_> =
            commands.into_iter().map(|command| Step { command, printed: Vec::new() }).collect();
        let played = play(&steps, root, true)?;
        if let Some(failed) = played.failed {
            let last = played.outputs.last().map_or("", String::as_str);
            wrong.push(format!(
                "{line}: '{}' ended with {failed}:\n{last}",
                steps[played.outputs.len() - 1].command
            ));
        }
    }
    Ok((filled, wrong))
}

/// What stands in a block: from behind the comment that opens it.
fn content_of<'a>(text: &'a str, block: &Block<'_>) -> &'a str {
    let start: usize = text.split_inclusive('\n').take(block.line).map(str::len).sum();
    text[start..].split("<!-- /run").next().unwrap_or_default()
}

/// The first program that a block needs and that is not there.
fn missing(what: &str) -> Option<&str> {
    let programs = what.strip_prefix("with ")?;
    programs.split_whitespace().find(|program| {
        let found = Command::new("sh").args(["-c", "command -v \"$0\" >/dev/null", program]).status();
        !found.is_ok_and(|status| status.success())
    })
}

/// A command and what the page says that it prints.
#[derive(Debug, Default, PartialEq, Eq)]
struct Step {
    command: String,
    printed: Vec<String>,
}

/// The steps of a console block.
fn steps(content: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in content.lines().filter(|line| !line.starts_with("```")) {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), printed: Vec::new() });
        } else if let Some(step) = steps.last_mut() {
            match line.strip_prefix("> ") {
                Some(more) if step.printed.is_empty() => {
                    step.command.push('\n');
                    step.command.push_str(more);
                }
                _ => step.printed.push(line.to_owned()),
            }
        }
    }
    steps
}

/// The `sh` blocks of a page that are to be run: the line of each, and its commands.
fn plain_blocks(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut is_run = true;
    while let Some((index, line)) = lines.next() {
        if line.trim() != "```sh" {
            if !line.trim().is_empty() {
                is_run = !line.starts_with(NOT_RUN);
            }
            continue;
        }
        let mut commands: Vec<String> = Vec::new();
        let mut goes_on = false;
        for (_, line) in lines.by_ref().take_while(|(_, line)| line.trim() != "```") {
            let line = line.trim();
            match commands.last_mut() {
                Some(command) if goes_on => {
                    command.push('\n');
                    command.push_str(line);
                }
                _ if line.is_empty() || line.starts_with('#') => {}
                _ => commands.push(line.to_owned()),
            }
            goes_on = line.ends_with('\\');
        }
        if is_run {
            blocks.push((index + 1, commands));
        }
        is_run = true;
    }
    blocks
}

/// What came of a session.
struct Played {
    /// What each command printed, as far as there was one.
    outputs: Vec<String>,
    /// How the first one that failed ended, where that counts.
    failed: Option<String>,
}

/// Runs the steps in one shell. With `strict`, the first that fails is the last.
fn play(steps: &[Step], root: &Path, strict: bool) -> Result<Played, String> {
    let ports = free_ports()?;
    let mut script = PRELUDE.to_owned();
    for (number, step) in steps.iter().enumerate() {
        let command = with_ports(&step.command, ports.iter().map(|(shown, free)| (*shown, *free)));
        match command.strip_suffix('&') {
            Some(other) if step.printed.is_empty() => {
                let _ = write!(script, "{other} >/dev/null 2>&1 &\nservers=\"$servers $!\"\n");
            }
            Some(server) => {
                let _ =
                    write!(script, "{server} >\"$logs/{number}\" 2>&1 &\nlistens \"$logs/{number}\" $!\n");
            }
            None if strict => {
                let _ = write!(script, "{command}\nstatus=$?\n[ $status = 0 ] || exit $status\n");
            }
            None => {
                let _ = writeln!(script, "{command}");
            }
        }
        let _ = writeln!(script, "printf '\\036'");
    }
    script.push_str("exit 0\n");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&script).current_dir(root);
    for (name, value) in
        [("NO_COLOR", "1"), ("COLUMNS", "100"), ("LC_ALL", "C.UTF-8"), ("CARGO_TERM_COLOR", "never")]
    {
        shell.env(name, value);
    }
    let mut group = Group::start(&mut shell)?;
    let status = group.wait(LIMIT)?;
    let printed = with_ports(&group.output(), ports.iter().map(|(shown, free)| (*free, *shown)));
    let mut outputs: Vec<_> = printed.split(MARK).map(|output| output.trim_end().to_owned()).collect();
    let failed = match status {
        Some(status) if status.success() => {
            // What came after the last mark is the shell's own end.
            outputs.truncate(steps.len());
            None
        }
        Some(status) => Some(crate::clients::group::describe(status)),
        None => Some(format!("no end within {LIMIT:?}")),
    };
    if !strict && let Some(failed) = failed {
        return Err(format!("the shell ended with {failed}:\n{printed}"));
    }
    Ok(Played { outputs, failed })
}

/// A free port for each that the prose names. They are found together, so that no two are the same.
fn free_ports() -> Result<BTreeMap<u16, u16>, String> {
    let bound: Vec<_> = PORTS
        .map(|shown| Ok((shown, TcpListener::bind("127.0.0.1:0")?)))
        .collect::<Result<_, std::io::Error>>()
        .map_err(|error| format!("there is no free port: {error}"))?;
    bound
        .iter()
        .map(|(shown, listener)| Ok((*shown, listener.local_addr()?.port())))
        .collect::<Result<_, std::io::Error>>()
        .map_err(|error| format!("there is no free port: {error}"))
}

fn with_ports(text: &str, ports: impl Iterator<Item = (u16, u16)>) -> String {
    ports.fold(text.to_owned(), |text, (from, to)| text.replace(&format!(":{from}"), &format!(":{to}")))
}

/// The block as it should be: what was printed, but where that is what the page says.
fn settled(steps: &[Step], outputs: &[String]) -> String {
    let mut lines = vec!["```console".to_owned()];
    for (index, step) in steps.iter().enumerate() {
        let mut command = step.command.lines();
        lines.extend(command.next().map(|line| format!("$ {line}")));
        lines.extend(command.map(|line| format!("> {line}")));
        let output = outputs.get(index).map_or("", String::as_str);
        let printed: Vec<&str> = output.lines().collect();
        if matches(&step.printed, &printed) {
            lines.extend(step.printed.iter().cloned());
        } else if step.printed.len() == printed.len() {
            lines.extend(
                step.printed
                    .iter()
                    .zip(&printed)
                    .map(|(said, is)| if fits(said, is) { said.clone() } else { (*is).to_owned() }),
            );
        } else {
            lines.extend(printed.iter().map(|line| (*line).to_owned()));
        }
    }
    lines.push("```".to_owned());
    lines.join("\n")
}

/// Whether lines are as they are said to be.
fn matches(said: &[String], is: &[&str]) -> bool {
    match said.split_first() {
        None => is.is_empty(),
        Some((first, rest)) if first.trim() == ANYTHING => {
            (0..=is.len()).any(|skipped| matches(rest, &is[skipped..]))
        }
        Some((first, rest)) => {
            is.split_first().is_some_and(|(line, others)| fits(first, line) && matches(rest, others))
        }
    }
}

/// Whether a line is as it is said to be.
fn fits(said: &str, is: &str) -> bool {
    let is = is.trim_end();
    let mut parts = said.trim_end().split(ANYTHING);
    let Some(mut rest) = parts.next().and_then(|first| is.strip_prefix(first)) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_ellipsis_stands_for_what_differs() {
        assert!(fits("took … ms", "took 12 ms") && fits("…", "") && fits("a", "a"));
        assert!(!fits("took … ms", "took 12 s") && !fits("a", "ab") && !fits("a…a", "a"));
        assert!(matches(&lines("a\n…\nd"), &["a", "b", "c", "d"]) && matches(&lines("a\n…\nd"), &["a", "d"]));
        assert!(!matches(&lines("a\n…\nd"), &["a", "b"]) && !matches(&lines(""), &["a"]));
    }

    #[test]
    fn a_block_is_run_in_one_shell_and_keeps_what_fits() {
        let block = "```console\n$ x=3\n$ echo $x at $(date +%s)\n3 at …\n$ echo b\na\n```\n";
        let steps = steps(block);
        let played = play(&steps, Path::new("."), false).expect("played");
        assert_eq!(
            settled(&steps, &played.outputs),
            "```console\n$ x=3\n$ echo $x at $(date +%s)\n3 at …\n$ echo b\nb\n```"
        );
    }

    #[test]
    fn a_command_of_a_plain_block_has_to_succeed() {
        let blocks = plain_blocks(
            "a\n```sh\ntrue \\\n  a\n# why\nfalse\n```\n<!-- not run: it is long -->\n```sh\nfalse\n```\n",
        );
        assert_eq!(blocks, [(2, vec!["true \\\na".to_owned(), "false".to_owned()])]);
        let steps: Vec<_> =
            blocks[0].1.iter().map(|c| Step { command: c.clone(), printed: vec![] }).collect();
        let played = play(&steps, Path::new("."), true).expect("played");
        assert_eq!(played.failed.as_deref(), Some("exit code 1"));
    }

    #[test]
    fn a_server_is_waited_for_and_gone_afterwards() {
        let steps = [
            Step {
                command: "sh -c 'sleep 0.2; echo listening on :8080; exec sleep 60' &".into(),
                printed: lines(ANYTHING),
            },
            Step { command: "echo $!".into(), printed: vec![] },
        ];
        let played = play(&steps, Path::new("."), false).expect("played");
        assert!(played.outputs[0].starts_with("listening on :"), "{:?}", played.outputs);
        let pid: i32 = played.outputs[1].parse().expect("a process id");
        let ended = procfs::process::Process::new(pid).and_then(|process| process.stat());
        assert!(ended.is_err() || ended.is_ok_and(|stat| stat.state == 'Z'), "it lives on");
    }
}
