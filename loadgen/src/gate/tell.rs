//! What becomes of an outcome: words or JSON, files, and an exit code.

use std::process::ExitCode;

use super::files::Place;
use super::outcome::Outcome;
use super::text;
use crate::cli::Failure;
use crate::redraw::print;
use crate::report;

/// Something is slower, or takes more of what is counted.
const EXIT_REGRESSION: u8 = 3;

/// Prints the outcome, keeps it where it is asked for, and says it as an exit code: that something is slower is more
/// than that it could not be written.
pub(super) fn tell(outcome: &Outcome, as_json: bool, place: Option<&Place>) -> Result<ExitCode, Failure> {
    let figures = json(outcome)?;
    let printed = if as_json { print(&figures) } else { print(&text::text(outcome, report::width())) };
    let written = place.map_or(Ok(()), |place| {
        place.write(outcome, &figures).map(|()| eprintln!("{}", place.told())).map_err(Failure::Failed)
    });
    let told = printed.and(written);
    if outcome.regressions().next().is_some() {
        if let Err(failure) = told {
            failure.tell();
        }
        return Ok(ExitCode::from(EXIT_REGRESSION));
    }
    told?;
    if outcome.partial { Err(Failure::Interrupted) } else { Ok(ExitCode::SUCCESS) }
}

fn json(outcome: &Outcome) -> Result<String, Failure> {
    serde_json::to_string_pretty(outcome)
        .map(|text| text + "\n")
        .map_err(|error| Failure::Failed(format!("the outcome can't be told as JSON: {error}")))
}
