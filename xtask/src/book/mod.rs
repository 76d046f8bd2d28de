//! `cargo xtask book`: the lessons as a book, to be read in a browser without a network.
//!
//! The pages stay where they are, each lesson beside its code; what belongs to the book, and in which order, says
//! `book/SUMMARY.md`. They are gathered into a folder below `target/` (`chapters`), with the files that they link to, and mdBook
//! makes HTML of that (`tool`).

mod chapters;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cargo::{self, ROOT};

/// What mdBook is told, which is little: its defaults have a search and ask the network for nothing.
const CONFIG: &str = r#"[book]
title = "Phase Lab: how a server gets fast"
language = "en"
src = "src"

[output.html]
default-theme = "light"
preferred-dark-theme = "navy"
no-section-label = true
smart-punctuation = false
additional-css = ["book.css"]

# It would ask a server elsewhere what it can run.
[output.html.playground]
runnable = false
"#;

const EXAMPLES: &str = "\
Needs mdBook, which is built into target/tools if it is not there yet (a minute or two, once).

Examples:
  cargo xtask book
      then open target/book/html/index.html
  cargo xtask book --out /tmp/book
      somewhere else";

/// Gather the lessons into a book that a browser shows, with search, without a network
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where the pages go; by default book/html in the folder that cargo builds into
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Gathers, has mdBook draw, and says where the first page is.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    let first = build(args.out.as_deref())?;
    println!("{}", first.display());
    Ok(ExitCode::SUCCESS)
}

/// Builds the book into `out`, or into the folder for it, and says where its first page is.
pub(crate) fn build(out: Option<&Path>) -> Result<PathBuf, String> {
    let root = Path::new(ROOT).canonicalize().map_err(|error| format!("{ROOT}: {error}"))?;
    let target = cargo::target_folder()?;
    let gathered = target.join("book");
    let source = gathered.join("src");
    match fs::remove_dir_all(&source) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{} can't be emptied: {error}", source.display()));
        }
        _ => {}
    }
    for (path, text) in chapters::gather(&root)? {
        write(&source.join(path), &text)?;
    }
    write(&gathered.join("book.toml"), CONFIG.as_bytes())?;
    let style = root.join("book/book.css");
    let style = fs::read(&style).map_err(|error| format!("{}: {error}", style.display()))?;
    write(&gathered.join("book.css"), &style)?;
    let out = out.map_or_else(|| gathered.join("html"), Path::to_owned);
    let out = std::path::absolute(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    tool::draw(&target.join("tools"), &gathered, &out)?;
    let first = out.join("index.html");
    if first.is_file() { Ok(first) } else { Err(format!("mdBook has written no {}", first.display())) }
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(file, bytes))
        .map_err(|error| format!("{} can't be written: {error}", file.display()))
}
