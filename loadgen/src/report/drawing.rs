//! The two ways to draw a run.

use std::io;
use std::path::Path;

use super::document::Document;
use super::{html, markdown, whole};

/// What a run is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Drawing {
    /// Text that is read as it is.
    Md,
    /// A page with pictures.
    Html,
}

impl Drawing {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Md, Self::Html];

    /// What it is called in the folder of a run.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Md => "report.md",
            Self::Html => "report.html",
        }
    }

    /// Draws it.
    pub fn draw(self, document: &Document) -> String {
        match self {
            Self::Md => markdown::markdown(document),
            Self::Html => html::html(document),
        }
    }
}

/// Writes a drawing in the place of what is there, as a whole or not at all.
///
/// # Errors
/// Whatever stopped the writing; then what was there is there still.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    whole::write(path, text.as_bytes())
}
