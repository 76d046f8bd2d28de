//! One phase in this very binary, with routes that misbehave.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

/// `loadgen serve`, under this program's name.
#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: loadgen::serve::Args,
}

/// Serves the phase that `words` name until it is told to stop.
pub(crate) fn serve(words: &[OsString]) -> ExitCode {
    let line = Line::parse_from(["faults serve".into()].iter().chain(words));
    loadgen::serve::run(line.args).unwrap_or_else(|failure| failure.tell())
}
