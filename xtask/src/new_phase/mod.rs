//! `cargo xtask new-phase`: a phase of one's own, beside the lab's.
//!
//! It begins as a copy of another one ([`copy`]), under a name of its own ([`name`]), and joins the few places that
//! name every phase ([`register`]); all of that is written, or none ([`mod@make`], [`mod@write`]). `--try` does it in a
//! copy of the tree, takes it back, does it again, and has what came of it built, tested and measured ([`attempt`]).

mod attempt;
mod copy;
mod make;
mod name;
mod register;
mod write;

use std::path::Path;
use std::process::ExitCode;

use make::{LOCKS, Refusal, make};
use name::Name;
use register::{PLACES, SCENARIOS};
use write::Change;

use crate::cargo::ROOT;

/// The same as clap's.
const EXIT_BAD_ARGUMENTS: u8 = 2;
/// What reports have room for beside a name.
const IDEA_CHARS_MAX: usize = 60;

const EXAMPLES: &str = "\
Examples:
  cargo xtask new-phase phase5-mine
      a copy of phase 4, for an idea of your own
  cargo xtask new-phase phase5-uring \\
    --from phase3-pooled --idea 'the poll is a ring'
  cargo xtask new-phase --try
      make one in a copy of the tree, and see it work

Exit codes: 0 it is there, 1 it could not be made and nothing has changed, 2 bad arguments.";

/// Make a phase of your own out of another one: it compiles, serves, has tests, and is measured with the others
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What it is called: phaseN-word, such as phase5-mine
    #[arg(value_name = "NAME", value_parser = Name::parse, required_unless_present = "attempt")]
    name: Option<Name>,
    /// The phase that it begins as
    #[arg(long, value_name = "PHASE", default_value = "phase4-keepalive")]
    from: String,
    /// What it adds, in a few words for the reports; can be changed in loadgen/src/phases.rs
    #[arg(long, value_name = "TEXT", value_parser = idea)]
    idea: Option<String>,
    /// Make one in a copy of the tree below target/, build it, test it and measure it: some minutes
    #[arg(long = "try", conflicts_with = "name")]
    attempt: bool,
}

/// Makes the phase, or tries to make one elsewhere.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    let Some(name) = &args.name else { return attempt::run(&args.from) };
    let idea = args.idea.clone().unwrap_or_else(|| default_idea(name, &args.from));
    match make(Path::new(ROOT), name, &args.from, &idea) {
        Ok(changes) => {
            print!("{}", told(name, &args.from, &changes));
            Ok(ExitCode::SUCCESS)
        }
        Err(Refusal::BadArguments(message)) => {
            eprintln!("error: {message}\n\nFor more information, try '--help'.");
            Ok(ExitCode::from(EXIT_BAD_ARGUMENTS))
        }
        Err(Refusal::Failed(message)) => Err(message),
    }
}

fn idea(text: &str) -> Result<String, String> {
    let sound = text.trim() == text && !text.is_empty() && !text.contains(char::is_control);
    if sound && text.chars().count() <= IDEA_CHARS_MAX {
        return Ok(text.to_owned());
    }
    Err(format!("an idea is told in one line of 1 to {IDEA_CHARS_MAX} characters"))
}

fn default_idea(name: &Name, from: &str) -> String {
    format!("{}, begun as a copy of {from}", name.word)
}

/// What was made, and what to do next.
fn told(name: &Name, from: &str, changes: &[Change]) -> String {
    let made = changes.iter().filter(|change| change.is_new_file());
    let made: Vec<_> = made.map(|change| format!("  {}\n", change.path.display())).collect();
    let width = SCENARIOS.len();
    let known = PLACES.map(|(file, what, _)| format!("  {file:width$}  {what}\n"));
    let (made, known) = (made.concat(), known.concat());
    format!(
        "{name} is there, a copy of {from}:\n{made}and known to\n{known}\
         \nNext:\n  \
         cargo test -p {name}\n  \
         cargo run -p loadgen -- serve {name}\n  \
         cargo run -p loadgen -- check {name}\n  \
         cargo run -p loadgen -- run --phase {from} --phase {name} --scenario plaintext\n  \
         diff -ru {from}/src {name}/src\n\n\
         {name}/README.md asks the questions of a lesson. Write down what you expect before you begin.\n\n\
         To be rid of it, and of whatever else you changed in these files since you last committed or staged them:\n  \
         {}\n",
        undo(name)
    )
}

/// The command that takes back what was made.
fn undo(name: &Name) -> String {
    let changed = PLACES.iter().map(|(file, ..)| *file).chain(LOCKS);
    format!("git restore {} && rm -r {name}", changed.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idea_is_a_line() {
        assert_eq!(idea("one write for all"), Ok("one write for all".into()));
        for text in ["", " x", "a\nb", &"x".repeat(61)] {
            assert!(idea(text).is_err(), "{text}");
        }
    }
}
