//! `loadgen report`: a run or a gate that was measured before, drawn again.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::gate;
use crate::report::{self, Drawing};
use crate::saved::{self, Saved};

/// Which run, and where its drawings go.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen report results/reference
      report.md and report.html, beside its run.json
  loadgen report results/reference --out /tmp/look
      the same in another folder
  loadgen report results/reference --stdout md | less
      one of them to be read at once, and no file
  loadgen report gate/gate.json
      gate.md and gate.html, beside it

A file that is half written, of something else or of a newer version is refused and left alone (exit code 2).")]
pub struct Args {
    /// A run.json or gate.json, or the folder that it is in
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Where the two files go, in place of beside what they are drawn from
    #[arg(long, value_name = "DIR", conflicts_with = "stdout")]
    out: Option<PathBuf>,
    /// Print one of them and write none
    #[arg(long, value_name = "FORMAT", value_enum)]
    stdout: Option<Drawing>,
}

/// Reads, draws, writes.
pub fn run(args: &Args) -> Result<(), Failure> {
    let saved = saved::read(&args.run).map_err(Failure::BadArguments)?;
    if let Some(drawing) = args.stdout {
        return print(&draw(&saved, drawing).1);
    }
    let file = saved::file_of(&args.run);
    let beside = file.parent().unwrap_or(Path::new("")).to_owned();
    let folder = args.out.clone().unwrap_or(beside);
    write(&saved, &folder).map_err(|error| {
        Failure::Failed(format!(
            "could not write to {}: {error}; choose another folder with --out DIR",
            folder.display()
        ))
    })
}

/// A drawing's name and what is in it.
pub(crate) fn draw(saved: &Saved, drawing: Drawing) -> (&'static str, String) {
    match saved {
        Saved::Run(document) => (drawing.file_name(), drawing.draw(document)),
        Saved::Gate(outcome) => (gate::file_name(drawing), gate::draw(drawing, outcome)),
    }
}

fn write(saved: &Saved, folder: &Path) -> io::Result<()> {
    if !folder.as_os_str().is_empty() {
        std::fs::create_dir_all(folder)?;
    }
    for drawing in Drawing::ALL {
        let (name, text) = draw(saved, drawing);
        let file = folder.join(name);
        report::replace(&file, &text)?;
        // A line each, so that it can be copied.
        match writeln!(io::stdout(), "{}", file.display()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Writes to standard output. Whoever reads may have read enough, as with `| head`.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("can't write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
