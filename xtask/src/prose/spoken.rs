//! Commands that a page shows and nobody runs: whether the programs would take them.
//!
//! Those in blocks that are not run, and those in the middle of a sentence, are read as `loadgen`, a phase and `cargo xtask`
//! read their arguments. In a sentence a command may stand without the arguments that it needs, and one with `…` is not read.

use std::ffi::OsString;

use clap::Parser as _;
use clap::error::ErrorKind;
use loadgen::cli::Cli;
use loadgen::lab::rows;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::Job;

/// What ends the words of a program on a shell's line, or begins what is not for it.
const ENDS: [&str; 8] = ["|", "&", "&&", "||", ";", ">", "<", "2>&1"];

/// What a program does not take, each with its line.
pub(super) fn refused(text: &str) -> Vec<String> {
    let refusal = |Command { line, text: command, is_whole }: Command| {
        let refused = judge(&words(&command)?)?;
        if !is_whole && refused.kind() == ErrorKind::MissingRequiredArgument {
            return None;
        }
        let refused = refused.to_string();
        let first = refused.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Some(format!("{line}: '{command}' would not be taken: {first}"))
    };
    commands(text).into_iter().filter_map(refusal).collect()
}

/// A call of cargo on a page.
struct Command {
    line: usize,
    text: String,
    /// It is a line of a block, and so to be typed as it is.
    is_whole: bool,
}

/// The lines of `sh` blocks and the code within sentences that call cargo.
fn commands(text: &str) -> Vec<Command> {
    let mut found = Vec::new();
    let mut add = |line, text, is_whole| found.push(Command { line, text, is_whole });
    let mut in_shell = false;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let line = text[..range.start].matches('\n').count() + 1;
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => in_shell = &*language == "sh",
            Event::End(TagEnd::CodeBlock) => in_shell = false,
            Event::Text(block) if in_shell => {
                let joined = block.replace("\\\n", " \u{0}");
                let mut line = line;
                for command in joined.lines() {
                    add(line, command.replace('\u{0}', ""), true);
                    line += 1 + command.matches('\u{0}').count();
                }
            }
            Event::Code(code) => add(line, code.replace('\n', " "), false),
            _ => {}
        }
    }
    found.retain(|command| command.text.starts_with("cargo ") && !command.text.contains('…'));
    found
}

/// The words of one program, as a shell would hand them to it, comments left out. `None` where a quote has no end.
fn words(command: &str) -> Option<Vec<String>> {
    let words = shlex::split(command)?;
    Some(words.into_iter().take_while(|word| !ENDS.contains(&word.as_str())).collect())
}

/// The name that a reader's own phase has on the pages, or another phase's where it would not be known yet.
fn known(word: &str) -> OsString {
    let own = |word: &str| word.strip_prefix("phase")?.split('-').next()?.parse::<usize>().ok();
    match (own(word), rows::PHASES.last()) {
        (Some(number), Some(last)) if number >= rows::PHASES.len() => last.name.into(),
        _ => word.into(),
    }
}

/// What the program that is called has against its arguments; `None` if nothing, or if it is none of ours.
fn judge(words: &[String]) -> Option<clap::Error> {
    let error = match words.get(1)?.as_str() {
        "xtask" => Job::try_parse_from(words.iter().skip(1)).err(),
        "run" => {
            let place = words.iter().position(|word| word == "--").unwrap_or(words.len());
            let (options, arguments) = (&words[..place], words[place..].iter().skip(1));
            let package = options.iter().position(|word| word == "-p" || word == "--package")?;
            let package = options.get(package + 1)?;
            let own: Vec<OsString> = if package == "loadgen" {
                vec!["loadgen".into()]
            } else if rows::phase(package).is_some() {
                // The phase's own program takes what `serve` takes for it.
                vec!["loadgen".into(), "serve".into(), package.into()]
            } else {
                return None;
            };
            Cli::try_parse_from(own.into_iter().chain(arguments.map(|word| known(word)))).err()
        }
        _ => None,
    }?;
    let asks_for_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    (!asks_for_help).then_some(error)
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn a_command_that_would_not_be_taken_is_told_with_its_line() {
        let page = "Say `cargo xtask peers --quick`, not `cargo xtask pears`.\n\n```sh\n\
                    cargo run -q -p loadgen -- attack http://a/ -c 4 \\\n  -d 2s   # why\n\
                    cargo run --release -p loadgen -- attack http://a/ --connexions 4 | head\n\
                    cargo run -p phase1-threads -- --spawns\ncargo run -p phase1-threads -- --help\n\
                    cargo run -p loadgen -- attack\n```\n";
        let told: Vec<_> =
            refused(page).iter().map(|told| told.split(" would").next().unwrap().to_owned()).collect();
        let expected = [
            "1: 'cargo xtask pears'",
            "6: 'cargo run --release -p loadgen -- attack http://a/ --connexions 4 | head'",
            "7: 'cargo run -p phase1-threads -- --spawns'",
            "9: 'cargo run -p loadgen -- attack'",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_for_other_programs_or_left_open_is_not_looked_at() {
        let page = "`cargo run -p loadgen -- run --scenario … --trials 7`, `cargo bench -p http1`, `loadgen --nonsense`,\n\
                    `cargo run -p loadgen -- attack`, `cargo run -p loadgen -- serve phase5-mine`\n\
                    ```console\n$ cargo xtask nonsense\n```\n";
        assert!(refused(page).is_empty());
    }
}
