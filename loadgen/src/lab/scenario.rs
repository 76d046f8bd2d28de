//! Scenarios: workloads as data, read strictly, so that a typo is an error and never a default.

mod sound;

use std::fmt::Display;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::beside::Beside;
use super::rows::Row;
use crate::engine::{Amount, Expect, Mode, Pace, Plan};

/// The scenarios that every `loadgen` knows.
const BUILT_IN: &str = include_str!("../../scenarios.toml");
/// What a request may take at most, from connect to last byte.
const TIMEOUT: Duration = Duration::from_secs(10);
/// A quick trial of a scenario that does not say how long one is counts for this long at most…
const QUICK_DURATION_MAX: Duration = Duration::from_secs(1);
/// …after a warm-up of this long at most.
const QUICK_WARMUP_MAX: Duration = Duration::from_millis(200);
/// Longer warm-ups, durations and waits are taken for a mistake.
const DURATION_MAX: Duration = Duration::from_secs(3600);

/// One workload, and the servers that face it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The name that `--scenario` takes.
    pub name: String,
    /// What it shows, in a sentence or two.
    pub shows: String,
    /// The phase that should win it, and why, in a sentence.
    pub wins: Option<String>,
    /// The request's path and query.
    pub path: String,
    /// The request's method.
    #[serde(default = "get")]
    pub method: String,
    /// Bytes of a body that each request carries.
    #[serde(default)]
    pub upload_bytes: usize,
    /// How long the answer waits by design; it bounds what a pool of workers can reach.
    #[serde(default, deserialize_with = "optional_duration")]
    pub wait: Option<Duration>,
    /// Connections that are open at the same time.
    pub connections: usize,
    /// What becomes of a connection after a response.
    pub mode: Keep,
    /// Requests in flight on one connection.
    #[serde(default = "one")]
    pub pipeline: usize,
    /// Connections that are held beside those that are measured.
    #[serde(default)]
    pub beside: Beside,
    /// It runs only where it is asked for by its name.
    #[serde(default)]
    pub by_name: bool,
    /// The status that counts as answered.
    #[serde(default = "ok")]
    pub status: u16,
    /// The body that counts as answered; any, where it says nothing.
    pub body: Option<String>,
    /// Load that is fired before anything is counted.
    #[serde(deserialize_with = "duration")]
    pub warmup: Duration,
    /// How long one trial counts.
    #[serde(deserialize_with = "duration")]
    pub duration: Duration,
    /// Fresh servers per row.
    pub trials: usize,
    /// What `--quick` changes; where it says nothing, [`Scenario::into_quick`] has a rule.
    pub quick: Option<Quick>,
    /// The servers, in the order of the table.
    #[serde(deserialize_with = "rows")]
    pub rows: Vec<Row>,
    /// Phases with one mechanism turned off, which join the rows where they are asked for.
    #[serde(default, deserialize_with = "rows")]
    pub ablations: Vec<Row>,
    /// What the original report says of them.
    #[serde(default)]
    pub original: Vec<Original>,
}

/// The values that a quick run puts in place of a scenario's own.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quick {
    /// In place of the scenario's `warmup`.
    #[serde(deserialize_with = "duration")]
    pub warmup: Duration,
    /// In place of the scenario's `duration`.
    #[serde(deserialize_with = "duration")]
    pub duration: Duration,
    /// In place of the scenario's `trials`.
    pub trials: usize,
}

/// What becomes of a connection after a response, as scenarios write it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// One request per connection.
    Close,
    /// Kept for as long as the server keeps it.
    Keepalive,
}

/// What the original report says of a row, in requests per second.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Original {
    /// The row.
    pub row: String,
    /// What it set out to reach.
    pub target: Option<f64>,
    /// What it says it reached.
    pub reached: Option<f64>,
}

/// The scenarios that come with `loadgen`.
pub fn built_in() -> Result<Vec<Scenario>, String> {
    parse(BUILT_IN).map_err(|error| format!("scenarios.toml: {error}"))
}

/// The scenarios of a user's own file.
pub fn of_file(path: &Path) -> Result<Vec<Scenario>, String> {
    let refuse = |error: &dyn Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| {
        refuse(&format_args!(
            "can't be read: {error}; name a file that is written as loadgen/scenarios.toml is"
        ))
    })?;
    parse(&text).map_err(|error| refuse(&error))
}

/// Reads scenarios; an error names the line, or the scenario where the value as such is readable.
pub fn parse(text: &str) -> Result<Vec<Scenario>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        scenario: Vec<toml::Spanned<Scenario>>,
    }
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut scenarios: Vec<Scenario> = Vec::new();
    for scenario in file.scenario {
        let line = 1 + text[..scenario.span().start].matches('\n').count();
        let scenario = scenario.into_inner();
        let refuse =
            |error: &str| format!("scenario '{}', which begins in line {line}: {error}", scenario.name);
        scenario.validate().map_err(|error| refuse(&error))?;
        if scenarios.iter().any(|earlier| earlier.name == scenario.name) {
            return Err(refuse("there is one of that name before it"));
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

impl Scenario {
    /// The same workload, shorter: as its `quick` says, or else one trial that counts for a second at most, after a
    /// warm-up of 200 ms at most.
    #[must_use]
    pub fn into_quick(mut self) -> Self {
        let quick = self.quick.unwrap_or(Quick {
            warmup: self.warmup.min(QUICK_WARMUP_MAX),
            duration: self.duration.min(QUICK_DURATION_MAX),
            trials: 1,
        });
        Quick { warmup: self.warmup, duration: self.duration, trials: self.trials } = quick;
        self
    }

    /// What the original report says of `row`.
    pub fn original(&self, row: &Row) -> Option<&Original> {
        let name = row.to_string();
        self.original.iter().find(|original| original.row == name)
    }

    /// What one trial fires at a server that listens on `target`.
    pub fn plan(&self, target: SocketAddr, cpus: &[usize]) -> Plan {
        let mode = match self.mode {
            Keep::Close => Mode::Close,
            Keep::Keepalive => Mode::KeepAlive { pipeline: self.pipeline },
        };
        Plan {
            target: target.into(),
            request: self.request(target),
            head: self.method == "HEAD",
            mode,
            requests_per_connection: None,
            reset: false,
            pace: Pace::Closed,
            connections: self.connections,
            threads: cpus.len().clamp(1, self.connections),
            warmup: self.warmup,
            amount: Amount::Time(self.duration),
            timeout: TIMEOUT,
            expect: Expect {
                status: Some(self.status),
                body: self.body.as_ref().map(|body| body.clone().into_bytes()),
            },
            cohorts: self.beside.cohorts(&target.to_string(), &self.path),
            cpus: cpus.to_vec(),
        }
    }

    /// Connections that are open at the same time, those that are held beside among them.
    pub fn connections_in_all(&self) -> usize {
        self.connections.saturating_add(self.beside.connections())
    }

    /// The request as it goes over the wire.
    pub fn request(&self, target: SocketAddr) -> Vec<u8> {
        // Where a connection carries one request the server has to close first, whichever it is.
        let close = if self.mode == Keep::Close { "Connection: close\r\n" } else { "" };
        let length = match self.upload_bytes {
            0 => String::new(),
            bytes => format!("Content-Length: {bytes}\r\n"),
        };
        let (method, path) = (&self.method, &self.path);
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nHost: {target}\r\n{close}{length}\r\n").into_bytes();
        request.resize(request.len() + self.upload_bytes, b'u');
        request
    }
}

fn get() -> String {
    "GET".into()
}

fn one() -> usize {
    1
}

fn ok() -> u16 {
    200
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(serde::de::Error::custom)
}

fn optional_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

fn rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Row>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| Row::parse(text).map_err(serde::de::Error::custom)).collect()
}

/// Reads a duration as people write it: `200ms`, `3s`, `1m 30s`, and a bare number in seconds. At
/// most an hour.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs);
    let duration = seconds
        .or_else(|_| humantime::parse_duration(text))
        .map_err(|error| format!("'{text}' is no duration ({error}); write it as 200ms, 3s or 1m"))?;
    if duration > DURATION_MAX {
        return Err(format!("'{text}' is longer than an hour"));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests;
