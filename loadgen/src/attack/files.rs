//! The files that an attack may leave behind, for plotters and spreadsheets.

use std::io;
use std::path::{Path, PathBuf};

use super::AttackError;
use super::series::Series;
use crate::engine::Outcome;
use crate::report::{hgrm, whole};

/// Flags that ask for files. Each is written whole at the end, or not at all.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Files {
    /// Write the latency's percentiles to FILE, as an .hgrm that plotters read (milliseconds)
    #[arg(long, value_name = "FILE")]
    hgrm: Option<PathBuf>,
    /// Write a histogram for each second to FILE, as an .hlog that log processors read (nanoseconds)
    #[arg(long, value_name = "FILE")]
    hlog: Option<PathBuf>,
    /// Write a line for each second to FILE: answered, failed, rate, latencies (nanoseconds)
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

impl Files {
    fn asked_for(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let all = [("--hgrm", &self.hgrm), ("--hlog", &self.hlog), ("--csv", &self.csv)];
        all.into_iter().filter_map(|(flag, path)| Some((flag, path.as_deref()?)))
    }

    /// Whether anything needs to be known second by second.
    pub(super) fn need_seconds(&self) -> bool {
        self.hlog.is_some() || self.csv.is_some()
    }

    /// Whether the histograms of those seconds are to be kept.
    pub(super) fn need_log(&self) -> bool {
        self.hlog.is_some()
    }

    /// The first flag that asks for a file, if there is one.
    pub(super) fn first_flag(&self) -> Option<&'static str> {
        self.asked_for().next().map(|(flag, _)| flag)
    }

    /// Refuses what could not be written, before anything is measured.
    pub(super) fn check(&self) -> Result<(), AttackError> {
        for (flag, path) in self.asked_for() {
            whole::check(path).map_err(|error| {
                AttackError::Argument(format!("{flag} {}: can't write there: {error}", path.display()))
            })?;
        }
        Ok(())
    }

    /// Writes them all; the first that can't be written is the error, when all have been tried.
    pub(super) fn write(&self, outcome: &Outcome, series: &Series) -> Result<(), AttackError> {
        let mut result = Ok(());
        for (flag, path) in self.asked_for() {
            let text = match flag {
                "--hgrm" => hgrm::text(&outcome.latency_ns),
                "--hlog" => series.log(),
                _ => series.csv(),
            };
            let written = whole::write(path, text.as_bytes())
                // Whoever read it has read enough.
                .or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
                .map_err(|source| AttackError::File { flag, path: path.to_owned(), source });
            result = result.and(written);
        }
        result
    }
}
