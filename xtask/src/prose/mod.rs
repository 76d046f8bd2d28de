//! `cargo xtask check`: whether the prose says what is so.
//!
//! A page has blocks between two comments, `<!-- NAME WHAT -->` and `<!-- /NAME -->`, which no reader sees. What is
//! between them comes from the code, from the reference run or from a command, and is made here anew:
//!
//! | block | what it holds |
//! |---|---|
//! | `code FILE ITEM` | an item of a source file, found by the words that it begins with |
//! | `diff FILE FILE [ITEM]` | the difference of two files, or of one item in both |
//! | `changes CRATE CRATE, at most N` | how many lines a phase changes, and an error if there are more |
//! | `= SCENARIO / ROW / FIELD` | a figure of the reference run; the row can be `A over B`, and the scenario `floor` |
//! | `measured SCENARIO: ROW \| ROW` | a table of such figures |
//! | `climb` | the reference run's first tables, as `loadgen` prints them |
//! | `exercises CRATE`, `solutions` | the tasks, or all answers, from the folder `exercises` |
//! | `run` | commands in a shell with what they print (`session`) |
//!
//! Commands in ```` ```sh ```` blocks are run too, and have to end with 0, but for those below a comment
//! `<!-- not run: WHY -->`, whose arguments are only held against the programs (`spoken`). Cases, faults and terms that a page
//! names have to be where it says (`terms`). A figure of a lesson that looks measured and was typed is told (`typed`). Pictures are drawn anew
//! (`pictures`), links are followed (`links`), and a translation is held to the page that it is of (`translation`). With
//! `--write`, what differs is written instead of told.

mod climb;
mod difference;
mod exercises;
mod figures;
mod item;
mod links;
mod page;
mod pages;
mod session;
mod spoken;
mod terms;
mod translation;
mod typed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use loadgen::report::Document;
use similar::TextDiff;

use crate::cargo::ROOT;
use crate::interrupt;
use crate::pictures;
use page::Block;

pub(crate) use difference::fenced;
pub(crate) use page::without_comments;
use pages::pages;

const EXAMPLES: &str = "\
Examples:
  cargo xtask check
      all of it, in some minutes
  cargo xtask check --write
      write what should be there, then look at `git diff`
  cargo xtask check phase1-threads/README.md
      one page
  cargo xtask check --no-commands
      all but the commands, in a second";

/// Whether every excerpt, diff, figure, command and link of the prose is true
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which pages; all of the workspace if none is named
    #[arg(value_name = "PAGE")]
    pages: Vec<PathBuf>,
    /// Write what should be there
    #[arg(long)]
    write: bool,
    /// Run no command
    #[arg(long)]
    no_commands: bool,
}

/// What blocks are made of.
pub(crate) struct Sources {
    root: PathBuf,
    reference: Document,
}

impl Sources {
    /// # Errors
    /// When there is no reference run, or it can't be read.
    pub(crate) fn read() -> Result<Self, String> {
        let root = Path::new(ROOT).canonicalize().map_err(|error| format!("{ROOT}: {error}"))?;
        let reference = loadgen::report::read(&root.join("results/reference"))?;
        Ok(Self { root, reference })
    }

    fn text_of(&self, path: &str) -> Result<String, String> {
        fs::read_to_string(self.root.join(path)).map_err(|error| format!("{path}: {error}"))
    }

    /// What belongs into a block; `None` where it is made elsewhere.
    fn make(&self, block: &Block<'_>) -> Result<Option<String>, String> {
        let what = block.what;
        Ok(Some(match block.name {
            "code" => difference::code(self, what)?,
            "diff" => difference::diff(self, what)?,
            "changes" => difference::changes(self, what)?,
            "=" => figures::figure(&self.reference, what)?,
            "measured" => figures::table(&self.reference, what)?,
            "climb" => climb::climb(&self.reference),
            "exercises" => exercises::tasks(&self.root, what)?,
            "solutions" => exercises::solutions(&self.root)?,
            _ => return Ok(None),
        }))
    }
}

/// Checks what is asked for, says what is not so, and writes it where that is wanted.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    interrupt::can_end(|| check(args))
}

fn check(args: &Args) -> Result<ExitCode, String> {
    let sources = Sources::read()?;
    let everything = args.pages.is_empty();
    let chosen = if everything { pages(&sources.root)? } else { inside(&sources.root, &args.pages)? };
    let mut findings = Vec::new();
    if everything {
        for (path, picture) in pictures::all(&sources.reference)? {
            findings.extend(settle(&sources.root.join(&path), &path, &picture, args.write)?);
        }
    }
    for page in &chosen {
        let path = page.display().to_string();
        let text = sources.text_of(&path)?;
        let (mut wanted, mut wrong) = page::fill(&text, |block| sources.make(block));
        if !args.no_commands {
            let (after, failed) = session::run_all(&wanted, &sources.root, &path)?;
            wanted = after;
            wrong.extend(failed);
        }
        wrong.extend(links::broken(&sources.root, page, &wanted));
        wrong.extend(typed::figures(page, &wanted));
        wrong.extend(spoken::refused(&wanted));
        wrong.extend(terms::missing(&sources.root, page, &wanted)?);
        findings.extend(wrong.into_iter().map(|wrong| format!("{path}:{wrong}")));
        if wanted != text {
            findings.extend(settle(&sources.root.join(page), &path, &wanted, args.write)?);
        }
    }
    // After the pages, since it quotes one of them.
    if everything {
        findings.extend(translation::check(&sources)?);
    }
    for finding in &findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() {
        println!("{} pages say what is so", chosen.len());
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("\n{} findings; `cargo xtask check --write` writes what can be made", findings.len());
    Ok(ExitCode::FAILURE)
}

/// The pages, as they are called from the workspace's root.
fn inside(root: &Path, pages: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let within = |page: &PathBuf| {
        let absolute = page.canonicalize().map_err(|error| format!("{}: {error}", page.display()))?;
        absolute
            .strip_prefix(root)
            .map(Path::to_owned)
            .map_err(|_| format!("{} is not in this workspace", page.display()))
    };
    pages.iter().map(within).collect()
}

/// Writes what should be in a file, or says how it differs.
fn settle(file: &Path, name: &str, wanted: &str, write: bool) -> Result<Option<String>, String> {
    let is = fs::read_to_string(file).unwrap_or_default();
    if is == wanted {
        return Ok(None);
    }
    if !write {
        let diff = TextDiff::from_lines(is.as_str(), wanted);
        let diff = diff.unified_diff().context_radius(1).header(name, "as it should be").to_string();
        return Ok(Some(format!("{name} is not up to date:\n{diff}")));
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::write(file, wanted).map_err(|error| format!("{name} can't be written: {error}"))?;
    println!("wrote {name}");
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::settle;

    #[test]
    fn what_differs_is_told_and_written_only_where_that_is_wanted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("new/page.md");
        let text = || fs::read_to_string(&file).unwrap_or_default();

        let told =
            settle(&file, "page.md", "as\nit\nshould be\n", false).expect("compared").expect("it differs");
        assert!(told.starts_with("page.md is not up to date:\n") && told.contains("+it\n"), "{told}");
        assert!(!file.exists(), "telling writes nothing");

        assert_eq!(settle(&file, "page.md", "as\nit\n", true), Ok(None));
        assert_eq!(text(), "as\nit\n");
        assert_eq!(settle(&file, "page.md", "as\nit\n", false), Ok(None));
        let told = settle(&file, "page.md", "as\nis\n", false).expect("compared").expect("it differs");
        assert!(told.contains("-it\n+is\n"), "{told}");
        assert_eq!(text(), "as\nit\n");
    }
}
