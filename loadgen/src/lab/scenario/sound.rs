//! What a scenario's values must be to be run.

use super::{Keep, Scenario};
use crate::lab::rows::Kind;

/// Characters of a name, at most: it is a part of file names.
const NAME_CHARS_MAX: usize = 40;
/// More trials than this are taken for a mistake.
const TRIALS_MAX: usize = 1000;
/// More requests in flight on one connection than this are taken for a mistake.
const PIPELINE_MAX: usize = 1000;
/// Longer uploads are taken for a mistake; the phases refuse bodies beyond a megabyte.
const UPLOAD_BYTES_MAX: usize = 1 << 20;

impl Scenario {
    /// Says what is wrong with values that can be read but not run.
    pub fn validate(&self) -> Result<(), String> {
        sound_name(&self.name)?;
        if self.connections == 0 {
            return Err("it needs at least 1 connection".into());
        }
        let quick = self.quick;
        let trials = [self.trials, quick.map_or(self.trials, |quick| quick.trials)];
        if trials.iter().any(|trials| !(1..=TRIALS_MAX).contains(trials)) {
            return Err(format!("trials must be from 1 to {TRIALS_MAX}"));
        }
        if self.pipeline == 0 || self.pipeline > PIPELINE_MAX {
            return Err(format!("pipeline must be from 1 to {PIPELINE_MAX}"));
        }
        if self.pipeline > 1 && self.mode == Keep::Close {
            return Err("a pipeline needs mode = \"keepalive\"".into());
        }
        if self.upload_bytes > UPLOAD_BYTES_MAX {
            return Err(format!("upload_bytes must be {UPLOAD_BYTES_MAX} at most"));
        }
        if self.ablations.iter().any(|row| row.kind() != Kind::Ablation) {
            return Err("an ablation is a phase with options".into());
        }
        if self.duration.is_zero() || quick.is_some_and(|quick| quick.duration.is_zero()) {
            return Err("a duration must be longer than 0 s".into());
        }
        if !self.path.starts_with('/') || self.path.contains(char::is_whitespace) {
            return Err(format!("path '{}' must start with / and hold no blanks", self.path));
        }
        if self.rows.is_empty() {
            return Err("it needs at least one row".into());
        }
        let stray = self.original.iter().find(|o| self.rows.iter().all(|row| row.to_string() != o.row));
        stray.map_or(Ok(()), |o| Err(format!("original speaks of '{}', which is no row of it", o.row)))
    }
}

/// A name is a word on the command line and a part of file names, and must not be a path or hidden there.
fn sound_name(name: &str) -> Result<(), String> {
    let sound = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let length = 1..=NAME_CHARS_MAX;
    if length.contains(&name.len()) && !name.starts_with('.') && name.chars().all(sound) {
        return Ok(());
    }
    Err(format!("a name is 1 to {NAME_CHARS_MAX} letters, digits, dots, - and _, and begins with no dot"))
}
