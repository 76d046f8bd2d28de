//! A process that waits before it becomes what it was started as.

use std::process::Command;

/// Waits for a line on standard input, and becomes its arguments.
const SCRIPT: &str = "read -r go && exec \"$@\" </dev/null";

/// `command` as it is started by a shell once it has been given a line. Until then a counter can be
/// attached to it, and none of its threads is missed.
pub(in crate::lab) fn held_back(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", SCRIPT, "sh"]);
    wrap(shell, command)
}

/// `wrapper` with `command` as its last arguments, in the same surroundings.
pub(super) fn wrap(mut wrapper: Command, command: &Command) -> Command {
    // In the wrapper, "self" would be the wrapper.
    let program = match command.get_program() {
        program if program == "/proc/self/exe" => format!("/proc/{}/exe", std::process::id()).into(),
        program => program.to_owned(),
    };
    wrapper.arg(program).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapper.env(name, value),
            None => wrapper.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        wrapper.current_dir(folder);
    }
    wrapper
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Stdio;

    use super::*;

    #[test]
    fn it_keeps_its_arguments_and_runs_when_it_is_let_go() {
        let mut command = Command::new("printf");
        command.args(["%s,", "a b", "$c"]);
        let mut child = held_back(&command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert_eq!(child.wait_with_output().unwrap().stdout, b"a b,$c,");
    }

    #[test]
    fn this_very_program_stays_what_it_is() {
        let shell = held_back(Command::new("/proc/self/exe").arg("serve"));
        let program = shell.get_args().nth(3).unwrap();
        let this = std::env::current_exe().unwrap();
        assert_eq!(std::fs::read_link(program).unwrap(), this);
    }
}
