//! What `loadgen merge --json` says.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::equal;
use super::server::Server;
use crate::group::describe;

/// The exit codes of a whole result and of a partial one.
const WHOLE: i32 = 0;
const PARTIAL: i32 = 1;

/// A merged result.
#[derive(Debug)]
pub(super) struct Merged(Value);

/// Merges what lies in this folder, or in these files.
pub(super) fn merge<A: AsRef<OsStr>>(
    loadgen: &Path,
    what: impl IntoIterator<Item = A>,
) -> Result<Merged, String> {
    parse(Command::new(loadgen).args(["merge", "--json"]).args(what))
}

/// Merges what is among the lines of this file, through standard input.
pub(super) fn merge_lines(loadgen: &Path, lines: File) -> Result<Merged, String> {
    parse(Command::new(loadgen).args(["merge", "--json", "-"]).stdin(Stdio::from(lines)))
}

fn parse(command: &mut Command) -> Result<Merged, String> {
    let output = command.output().map_err(|error| format!("loadgen can't be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let json: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
        let status = describe(output.status);
        format!(
            "loadgen merge ended with {status}, and its output is no JSON ({error}); it said: {}",
            said.trim()
        )
    })?;
    let merged = Merged(json);
    let wanted = if merged.is_partial() { PARTIAL } else { WHOLE };
    match output.status.code() {
        Some(code) if code == wanted => Ok(merged),
        _ => Err(format!(
            "loadgen merge ended with {} in place of {wanted}; it said: {}",
            describe(output.status),
            said.trim()
        )),
    }
}

impl Merged {
    pub(super) fn ok(&self) -> u64 {
        self.0["requests"]["ok"].as_u64().unwrap_or(0)
    }

    pub(super) fn failed(&self) -> u64 {
        self.0["requests"]["failed"].as_u64().unwrap_or(0)
    }

    pub(super) fn per_second(&self) -> f64 {
        self.0["requests_per_sec"].as_f64().unwrap_or(0.0)
    }

    pub(super) fn is_partial(&self) -> bool {
        // Whoever does not say so is not whole.
        self.0["partial"] != Value::Bool(false)
    }

    /// Which parts of the load are missing, in words.
    pub(super) fn missing(&self) -> String {
        let missing = self.0["missing"].as_array().map_or(&[][..], Vec::as_slice);
        let tell = |shard: &Value| {
            let parts = ["connections", "requests"]
                .into_iter()
                .filter_map(|part| shard[part].as_u64().map(|count| format!("{count} {part}")));
            let why = shard["why"].as_str().unwrap_or("it is not said why");
            format!("shard {} with {} ({why})", shard["index"], parts.collect::<Vec<_>>().join(" and "))
        };
        if missing.is_empty() {
            "no shard".to_owned()
        } else {
            missing.iter().map(tell).collect::<Vec<_>>().join(", ")
        }
    }

    fn shards(&self) -> &[Value] {
        self.0["shards"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The hosts that shards ran on, in their order.
    pub(super) fn hosts(&self) -> Vec<&str> {
        self.shards().iter().filter_map(|shard| shard["host"].as_str()).collect()
    }

    /// How late the last shard began, and how far a clock was off at most, as estimated.
    pub(super) fn timing(&self) -> String {
        let largest = |field: &str| {
            let values = self.shards().iter().filter_map(|shard| shard[field].as_f64());
            values.map(f64::abs).reduce(f64::max)
        };
        let us =
            |field| largest(field).map_or_else(|| "unknown".to_owned(), |ns| format!("{:.0} µs", ns / 1e3));
        format!(
            "latest start {}, clocks apart by {} (±{})",
            us("late_ns"),
            us("clock_offset_ns"),
            us("clock_error_ns")
        )
    }

    /// An error unless all shards are there and had as many requests answered as were asked for and as the server
    /// has counted. What was seen, in words.
    pub(super) fn agrees(&self, shards: usize, wanted: u64, server: &mut Server) -> Result<String, String> {
        self.agrees_with(shards, server)?;
        equal("requests that were answered", self.ok(), wanted)?;
        Ok(format!("{shards} shards, {} requests merged, and as many counted by the server", self.ok()))
    }

    /// The same for a load that is so long and not so large. Answers that the end of the time came before are counted
    /// by the server alone, so it has to be asked about a counted load if it is to be exact.
    pub(super) fn agrees_with(&self, shards: usize, server: &mut Server) -> Result<(), String> {
        if self.is_partial() {
            return Err(format!("the result is partial: {}", self.missing()));
        }
        equal("shards", self.shards().len() as u64, shards as u64)?;
        equal("requests that failed", self.failed(), 0)?;
        equal("requests that the server has counted", server.requests()?, self.ok())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Merged;

    #[test]
    fn a_result_that_does_not_say_so_is_not_whole() {
        assert!(Merged(json!({})).is_partial());
        assert!(Merged(json!({"partial": true})).is_partial());
        assert!(!Merged(json!({"partial": false})).is_partial());
    }

    #[test]
    fn what_is_missing_is_told_with_its_part_of_the_load() {
        let missing =
            json!([{"index": 2, "why": "no file", "connections": 4, "requests": 10, "rate_per_sec": null}]);
        let merged = Merged(json!({ "missing": missing }));
        assert_eq!(merged.missing(), "shard 2 with 4 connections and 10 requests (no file)");
        assert_eq!(Merged(json!({"missing": []})).missing(), "no shard");
    }

    #[test]
    fn timing_takes_the_worst_of_each() {
        let shards = json!([
            {"host": "a", "late_ns": 1_000, "clock_offset_ns": -9_000, "clock_error_ns": 10_000},
            {"host": "b", "late_ns": 4_000, "clock_offset_ns": 2_000, "clock_error_ns": null},
        ]);
        let merged = Merged(json!({ "shards": shards }));
        assert_eq!(merged.timing(), "latest start 4 µs, clocks apart by 9 µs (±10 µs)");
        assert_eq!(merged.hosts(), ["a", "b"]);
        assert!(Merged(json!({})).timing().contains("unknown"));
    }
}
