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

/// A machine with much else to do misses some of a rate. If each shard fired all of it, or it was divided twice, it would be
/// off by the number of shards.
const RATE_MISSED_MAX: f64 = 0.5;

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

    fn is_partial(&self) -> bool {
        // Whoever does not say so is not whole.
        self.0["partial"] != Value::Bool(false)
    }

    /// An error unless the result is partial, and of all shards this one alone is missing. What is missing, in words.
    pub(super) fn lacks_only(&self, index: u64) -> Result<String, String> {
        let missing: Vec<_> = self.list("missing").iter().map(|shard| shard["index"].as_u64()).collect();
        if self.is_partial() && missing == [Some(index)] {
            return Ok(self.missing());
        }
        let partial = if self.is_partial() { "partial" } else { "whole" };
        Err(format!(
            "shard {index} alone is missing, and by the result, which is {partial}, it is {}",
            self.missing()
        ))
    }

    /// Which parts of the load are missing, in words.
    fn missing(&self) -> String {
        let missing = self.list("missing");
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
        self.list("shards")
    }

    fn list(&self, field: &str) -> &[Value] {
        self.0[field].as_array().map_or(&[], Vec::as_slice)
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
        if self.is_partial() {
            return Err(format!("the result is partial: {}", self.missing()));
        }
        equal("shards", self.shards().len() as u64, shards as u64)?;
        equal("requests that failed", self.failed(), 0)?;
        equal("requests that were answered", self.ok(), wanted)?;
        equal("requests that the server has counted", server.requests()?, wanted)?;
        Ok(format!("{shards} shards, {wanted} requests merged, and as many counted by the server"))
    }

    /// An error unless all shards together fired at about this rate. What it was, in words.
    pub(super) fn keeps(&self, rate_per_sec: f64) -> Result<String, String> {
        let fired = self.0["requests_per_sec"].as_f64().unwrap_or(0.0);
        if (fired / rate_per_sec - 1.0).abs() > RATE_MISSED_MAX {
            return Err(format!("{fired} requests a second in place of {rate_per_sec}"));
        }
        Ok(format!("{fired:.0} requests a second where {rate_per_sec} were asked of all, with -R"))
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
    fn another_shard_that_is_missing_too_is_an_error() {
        let lacking = |indices: &[u64]| {
            let missing: Vec<_> = indices.iter().map(|index| json!({ "index": index })).collect();
            Merged(json!({"partial": true, "missing": missing})).lacks_only(2)
        };
        assert!(lacking(&[2]).is_ok());
        for others in [[].as_slice(), &[1], &[2, 3]] {
            assert!(lacking(others).is_err(), "{others:?}");
        }
        assert!(Merged(json!({"partial": false, "missing": [{"index": 2}]})).lacks_only(2).is_err());
    }

    #[test]
    fn a_rate_that_each_shard_fired_whole_or_that_was_divided_twice_is_an_error() {
        let fired = |per_sec: f64| Merged(json!({"requests_per_sec": per_sec})).keeps(4_000.0);
        assert!(fired(4_000.0).is_ok() && fired(2_500.0).is_ok());
        assert!(fired(1_000.0).is_err() && fired(16_000.0).is_err());
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
