//! `loadgen report`: a run that was measured before, drawn again.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::report::{self, Document, Drawing};

/// Which run, and where its drawings go.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen report results/reference                  report.md and report.html, beside its run.json
  loadgen report results/reference --out /tmp/look  the same in another folder
  loadgen report results/reference --stdout md | less

A file that is half written, of something else or of a newer version is refused and left alone (exit code 2).")]
pub struct Args {
    /// A run.json, or the folder that it is in
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Where report.md and report.html go, in place of beside the run.json
    #[arg(long, value_name = "DIR", conflicts_with = "stdout")]
    out: Option<PathBuf>,
    /// Print one of them and write none
    #[arg(long, value_name = "FORMAT", value_enum)]
    stdout: Option<Drawing>,
}

/// Reads, draws, writes.
pub fn run(args: &Args) -> Result<(), Failure> {
    let document = report::read(&args.run).map_err(Failure::BadArguments)?;
    if let Some(drawing) = args.stdout {
        return print(&drawing.draw(&document));
    }
    let file = report::file_of(&args.run);
    let beside = file.parent().unwrap_or(Path::new("")).to_owned();
    let folder = args.out.clone().unwrap_or(beside);
    write(&document, &folder).map_err(|error| {
        Failure::Failed(format!(
            "could not write to {}: {error}; choose another folder with --out DIR",
            folder.display()
        ))
    })
}

fn write(document: &Document, folder: &Path) -> io::Result<()> {
    if !folder.as_os_str().is_empty() {
        std::fs::create_dir_all(folder)?;
    }
    for drawing in Drawing::ALL {
        let file = folder.join(drawing.file_name());
        report::replace(&file, &drawing.draw(document))?;
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
