//! `loadgen completions SHELL`: what a shell has to know to complete this program's commands and flags.

use clap::{Command, ValueEnum};
use clap_complete::{Generator, generate, shells};

use crate::cli::Failure;
use crate::redraw::print;

/// For which shell.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen completions bash \\
    > ~/.local/share/bash-completion/completions/loadgen
  loadgen completions zsh > ~/.zfunc/_loadgen
      where fpath has ~/.zfunc, before compinit
  loadgen completions fish \\
    > ~/.config/fish/completions/loadgen.fish

Or for this shell alone: source <(loadgen completions bash)")]
pub struct Args {
    /// The shell that is to complete
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Those whose scripts are tested.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Prints the script for `command`, as the whole program is told to clap.
pub fn run(args: &Args, command: &Command) -> Result<(), Failure> {
    let mut shown = visible(command);
    let script = match args.shell {
        Shell::Bash => script(shells::Bash, &mut shown),
        Shell::Zsh => script(shells::Zsh, &mut shown),
        Shell::Fish => script(shells::Fish, &mut shown),
    };
    print(&String::from_utf8_lossy(&script))
}

fn script(shell: impl Generator, command: &mut Command) -> Vec<u8> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, command, name, &mut script);
    script
}

/// The same without what no help shows, which the scripts would offer all the same.
fn visible(command: &Command) -> Command {
    let arguments = command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned();
    let commands = command.get_subcommands().filter(|command| !command.is_hide_set()).map(visible);
    let mut shown = Command::new(command.get_name().to_owned()).args(arguments).subcommands(commands);
    if let Some(about) = command.get_about() {
        shown = shown.about(about.clone());
    }
    match command.get_version() {
        Some(version) => shown.version(version.to_owned()),
        None => shown,
    }
}
