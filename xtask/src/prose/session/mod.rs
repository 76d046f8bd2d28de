//! Commands of the prose, run as a reader would run them, in a shell of their own for each block.
//!
//! A block `run` holds lines that begin with `$ ` and, below each, what it prints. `…` in a line stands for anything within
//! it, and for any number of lines where it has one for itself: what differs from run to run. A command that ends with
//! `&` and is said to print something is waited for until it says that it listens; all are ended with the block. The ports that readers see are
//! replaced by free ones, so that blocks and whatever else runs do not meet. `run with PROGRAM` is left out, and that is
//! said, where there is no such program.

mod printed;
mod shell;

use std::path::Path;
use std::process::Command;

use super::page::{self, Block};
use printed::settled;
use shell::play;

/// Before a block, why its commands are not run.
const NOT_RUN: &str = "<!-- not run: ";

/// Runs every command of a page. The page with what they print, and what is not as the page says.
///
/// # Errors
/// When the job is asked to end, or there is no shell.
pub(super) fn run_all(text: &str, root: &Path, page: &str) -> Result<(String, Vec<String>), String> {
    let mut findings = Vec::new();
    let mut ended = None;
    let (filled, _) = page::fill(text, |block| {
        if block.name != "run" || ended.is_some() {
            return Ok(None);
        }
        if let Some(program) = missing(block.what) {
            println!("SKIPPED: {page}:{}: {program} is not installed", block.line);
            return Ok(None);
        }
        println!("{page}:{}: running", block.line);
        let steps = steps(content_of(text, block));
        let played = match play(&steps, root) {
            Ok(played) => played,
            Err(error) => {
                ended = Some(error);
                return Ok(None);
            }
        };
        if let Some(failure) = failure(&steps, &played) {
            findings.push(format!("{}: {failure}", block.line));
            return Ok(None);
        }
        let (content, lost) = settled(&steps, &played.outputs);
        findings.extend(lost.into_iter().map(|lost| format!("{}: {lost}", block.line)));
        Ok(Some(content))
    });
    if let Some(error) = ended {
        return Err(error);
    }
    for (line, commands) in plain_blocks(text) {
        println!("{page}:{line}: running");
        let steps: Vec<_> =
            commands.into_iter().map(|command| Step { command, printed: Vec::new() }).collect();
        findings.extend(failure(&steps, &play(&steps, root)?).map(|failure| format!("{line}: {failure}")));
    }
    Ok((filled, findings))
}

/// Which command failed, if one did, and what it printed.
fn failure(steps: &[Step], played: &shell::Played) -> Option<String> {
    let failed = played.failed.as_ref()?;
    let last = played.outputs.last().map_or("", String::as_str);
    let command = steps.get(played.outputs.len() - 1).map_or("the shell", |step| &step.command);
    Some(format!("'{command}' ended with {failed}:\n{last}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_run_in_one_shell_and_keeps_what_fits() {
        let block = "```console\n$ x=3\n$ echo $x at $(date +%s)\n3 at …\n$ echo b\na\n```\n";
        let steps = steps(block);
        let played = play(&steps, Path::new(".")).expect("played");
        assert_eq!(
            settled(&steps, &played.outputs).0,
            "```console\n$ x=3\n$ echo $x at $(date +%s)\n3 at …\n$ echo b\nb\n```"
        );
    }

    #[test]
    fn a_command_that_fails_is_told_and_the_blocks_behind_it_are_run_all_the_same() {
        let page = "<!-- run -->\n```console\n$ echo so; false\n…\n```\n<!-- /run -->\n\n<!-- run -->\n```console\n$ echo b\n```\n<!-- /run -->\n";
        let (filled, findings) = run_all(page, Path::new("."), "page.md").expect("run");
        assert_eq!(findings, ["1: 'echo so; false' ended with exit code 1:\nso"]);
        assert_eq!(filled, page.replace("$ echo b\n", "$ echo b\nb\n"));
    }

    #[test]
    fn a_command_of_a_plain_block_has_to_succeed_but_where_it_is_said_why_it_is_not_run() {
        let page =
            "a\n```sh\ntrue \\\n  a\n# why\nfalse\n```\n<!-- not run: it is long -->\n```sh\nfalse\n```\n";
        assert_eq!(plain_blocks(page), [(2, vec!["true \\\na".to_owned(), "false".to_owned()])]);
        let (_, findings) = run_all(page, Path::new("."), "page.md").expect("run");
        assert_eq!(findings, ["2: 'false' ended with exit code 1:\n"]);
    }

    #[test]
    fn a_server_that_does_not_start_is_told_whatever_it_should_print() {
        let page = "<!-- run -->\n```console\n$ sh -c 'echo no port; exit 1' &\n…\n```\n<!-- /run -->\n";
        let (_, findings) = run_all(page, Path::new("."), "page.md").expect("run");
        assert_eq!(findings, ["1: 'sh -c 'echo no port; exit 1' &' ended with exit code 1:\nno port"]);
    }

    #[test]
    fn a_server_is_waited_for_and_gone_afterwards() {
        let server = "sh -c 'sleep 0.2; echo listening on :8080; exec sleep 60' &";
        let steps = steps(&format!("$ {server}\n…\n$ echo $!\n"));
        let played = play(&steps, Path::new(".")).expect("played");
        assert!(played.outputs[0].starts_with("listening on :"), "{:?}", played.outputs);
        let pid: i32 = played.outputs[1].parse().expect("a process id");
        let ended = procfs::process::Process::new(pid).and_then(|process| process.stat());
        assert!(ended.is_err() || ended.is_ok_and(|stat| stat.state == 'Z'), "it lives on");
    }
}
