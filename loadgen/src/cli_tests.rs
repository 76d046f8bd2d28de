use super::*;

/// The narrowest terminal that examples are written for.
const COLUMNS: usize = 60;
/// The longest name of a command or phase of the lab's own.
const NAME_BYTES: usize = "phase4-keepalive".len();
/// How far a command, what goes on behind a backslash, and what is said of a command are indented.
const COMMAND: usize = 2;
const MORE: usize = 4;
const REMARK: usize = 6;

/// The examples of a help, line by line.
fn examples(help: &str) -> Vec<&str> {
    let (_, rest) = help.split_once("Examples:\n").expect("a help has examples");
    rest.lines().take_while(|line| !line.is_empty()).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The commands among examples, each as one line for a shell.
fn commands(lines: &[&str]) -> Vec<String> {
    let lines: Vec<_> = lines.iter().copied().filter(|line| indent(line) < REMARK).collect();
    lines.join("\n").replace("\\\n", "").lines().map(|line| line.trim().to_owned()).collect()
}

/// The words of each loadgen in a line of a shell.
fn calls(command: &str) -> Vec<Vec<String>> {
    let words = shlex::split(command).expect("quotes are closed");
    let calls = words.split(|word| matches!(word.as_str(), "|" | "&" | ">"));
    let ours = calls.filter(|call| call.first().is_some_and(|word| word == "loadgen"));
    ours.map(<[String]>::to_vec).collect()
}

/// What a phase's own program says to try, which is in no library.
fn to_try(phase: &str) -> String {
    let file = format!("{}/../{phase}/src/main.rs", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(file).unwrap();
    let (_, help) = source.split_once("Try it:\n").expect("its help has something to try");
    help.split_once("\";").expect("the constant ends").0.replace("\\\\", "\\")
}

fn each_command(command: &clap::Command, look: &mut impl FnMut(&clap::Command)) {
    look(command);
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.for_each(|command| each_command(command, look));
}

fn after_help(command: &clap::Command) -> String {
    command.get_after_help().map(ToString::to_string).unwrap_or_default()
}

/// A phase that a reader has made may have a longer name, and then its examples are longer by that.
fn columns(name: &str) -> usize {
    COLUMNS + name.len().saturating_sub(NAME_BYTES)
}

/// Each line is a command, goes on with one, or says something of it, and all of them fit.
fn assert_laid_out(name: &str, lines: &[&str]) {
    let mut goes_on = false;
    for line in lines {
        let fits = line.chars().count() <= columns(name);
        let stands = if goes_on { indent(line) == MORE } else { [COMMAND, REMARK].contains(&indent(line)) };
        let is_one_column = !line.trim().contains("  ");
        assert!(fits && stands && is_one_column, "an example of {name}: {line:?}");
        goes_on = line.ends_with('\\');
    }
}

#[test]
fn every_command_has_examples_that_it_takes() {
    each_command(&Cli::command(), &mut |command| {
        let name = command.get_name();
        let commands = commands(&examples(&after_help(command)));
        let calls: Vec<_> = commands.iter().flat_map(|command| calls(command)).collect();
        let own = calls.iter().filter(|call| name == "loadgen" || call.iter().any(|word| word == name));
        assert!(own.count() > 0, "{name} has no example of its own");
        for call in &calls {
            // Asking for help is no mistake.
            if let Err(error) = Cli::try_parse_from(call)
                && error.use_stderr()
            {
                panic!("an example of {name}, {call:?}, is not taken: {error}");
            }
        }
    });
}

/// A command that clap has wrapped is two when it is pasted, and what is said of it would go on where commands begin.
#[test]
fn a_narrow_terminal_tears_no_example() {
    each_command(&Cli::command(), &mut |command| {
        let (name, written) = (command.get_name(), after_help(command));
        let shown = command.clone().term_width(columns(name)).render_long_help().to_string();
        assert_eq!(examples(&shown), examples(&written), "{name}");
        assert_laid_out(name, &examples(&written));
    });
    for phase in crate::lab::rows::PHASES {
        assert_laid_out(phase.name, &to_try(phase.name).lines().collect::<Vec<_>>());
    }
}

/// Each is a program, too, whose help is part of its lesson; it takes the flags that `serve` takes.
#[test]
fn the_examples_of_a_phases_own_program_are_taken() {
    for phase in crate::lab::rows::PHASES {
        let name = phase.name;
        let commands = commands(&to_try(name).lines().collect::<Vec<_>>());
        let of_it = commands.iter().filter_map(|command| command.strip_prefix(name));
        let all: Vec<_> = of_it.flat_map(|rest| calls(&format!("loadgen serve {name}{rest}"))).collect();
        assert!(!all.is_empty(), "{name} is not among what it says to try");
        for call in all {
            assert!(Cli::try_parse_from(&call).is_ok(), "{call:?}");
        }
    }
}

/// Examples are lines; a paragraph is wrapped where the terminal ends, and only there.
#[test]
fn prose_behind_a_help_is_not_wrapped_twice() {
    each_command(&Cli::command(), &mut |command| {
        let help = after_help(command);
        for paragraph in help.split("\n\n").filter(|paragraph| !paragraph.starts_with("Examples:\n")) {
            assert!(!paragraph.trim_end().contains('\n'), "{}: {paragraph}", command.get_name());
        }
    });
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn run_is_the_default() {
    for words in [["loadgen", "--quick"].as_slice(), &["loadgen", "run", "--quick"]] {
        let cli = Cli::parse_from(words);
        let args = match cli.command {
            None => cli.run,
            Some(Command::Run(args)) => args,
            Some(other) => panic!("{other:?}"),
        };
        assert!(args.quick);
    }
}
