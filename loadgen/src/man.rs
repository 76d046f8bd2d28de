//! `loadgen man`: the manual pages, made from the same words as `--help`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::Failure;
use crate::redraw::print;
use crate::report;

/// Which page, and where it goes.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen man | man -l -
      the page of the program
  loadgen man attack | man -l -
      that of a command
  loadgen man serve phase3-pooled | man -l -
  loadgen man --out ~/.local/share/man/man1
      all of them, for `man loadgen-attack`")]
pub struct Args {
    /// The command whose page is printed; without one, that of the program
    #[arg(value_name = "COMMAND")]
    words: Vec<String>,
    /// Write the page of each command into this folder instead
    #[arg(long, value_name = "DIR", conflicts_with = "words")]
    out: Option<PathBuf>,
}

/// Prints a page of `command`, as the whole program is told to clap, or writes all.
pub fn run(args: &Args, command: Command) -> Result<(), Failure> {
    let mut command = command.disable_help_subcommand(true);
    // Gives each command its whole name.
    command.build();
    if let Some(folder) = &args.out {
        return write_all(&command, folder).map_err(|error| {
            let folder = folder.display();
            Failure::Failed(format!(
                "could not write to {folder}: {error}; choose another folder with --out DIR"
            ))
        });
    }
    let mut wanted = &command;
    for word in &args.words {
        let known = || wanted.get_subcommands().filter(|command| !command.is_hide_set());
        wanted = wanted.find_subcommand(word).ok_or_else(|| {
            let names: Vec<_> = known().map(Command::get_name).collect();
            let which = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Failure::BadArguments(format!("{} has no command '{word}'; it has {which}", name(wanted)))
        })?;
    }
    let text = page(wanted).map_err(|error| Failure::Failed(format!("the page can't be made: {error}")))?;
    print(&text)
}

/// Writes the page of `command` and those of all below it that a help shows, and prints the name of each file.
fn write_all(command: &Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let file = folder.join(format!("{}.1", name(command)));
    report::replace(&file, &page(command)?)?;
    // A reader that has gone is no reason to leave pages out.
    let _ = print(&format!("{}\n", file.display()));
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| write_all(command, folder))
}

/// As it is called in the manual: `loadgen-serve-canned`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// A page in the order that manuals have.
fn page(command: &Command) -> io::Result<String> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    // Not the library's: without quotes its empty date is none, and what follows takes that place. With a date each
    // build's pages would be others.
    writeln!(
        page,
        ".TH \"{}\" 1 \"\" \"loadgen {}\" \"Phase Lab\"",
        name(command),
        env!("CARGO_PKG_VERSION")
    )?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|command| !command.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    after_help(&after).to_writer(&mut page)?;
    if let Some((parent, _)) = name(command).rsplit_once(&format!("-{}", command.get_name())) {
        let mut see = Roff::new();
        see.control("SH", ["SEE ALSO"]).text([bold(parent), roman("(1)")]);
        see.to_writer(&mut page)?;
    }
    String::from_utf8(page).map_err(io::Error::other)
}

/// What a help ends with, by paragraphs: the one that begins with `Exit codes:`, examples, and whatever else is said.
fn after_help(text: &str) -> Roff {
    const EXAMPLES: &str = "Examples:\n";
    const EXIT_CODES: &str = "Exit codes: ";
    let mut page = Roff::new();
    let (mut examples, mut notes) = (Vec::new(), Vec::new());
    for paragraph in text.split("\n\n") {
        if let Some(lines) = paragraph.strip_prefix(EXAMPLES) {
            examples.push(lines);
        } else if let Some(codes) = paragraph.strip_prefix(EXIT_CODES) {
            page.control("SH", ["EXIT STATUS"]).text([roman(codes)]);
        } else if !paragraph.is_empty() {
            notes.push(paragraph);
        }
    }
    for (index, note) in notes.into_iter().enumerate() {
        let (request, title) = if index == 0 { ("SH", Some("NOTES")) } else { ("PP", None) };
        page.control(request, title).text([roman(note)]);
    }
    for lines in examples {
        // As they stand: a command that is filled like prose can't be read.
        page.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in lines.lines() {
            page.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        page.control("fi", []);
    }
    page
}
