//! What counts as a regression, read strictly, so that a typo is an error and never a default.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// The policy that every `loadgen` knows.
const BUILT_IN: &str = include_str!("../../gate.toml");

/// Which workload is fired, and what may differ how far.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The name of the scenario.
    pub scenario: String,
    limits: Limits,
    #[serde(default)]
    server: BTreeMap<String, Own>,
}

/// How far each metric may differ.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// CPU time per request may be so much more.
    pub cpu_percent: f64,
    /// The rate may be so much less.
    pub qps_percent: f64,
    /// Instructions per request in user mode may be so many more.
    pub instructions_percent: f64,
    /// Allocations per request may be so many more or fewer.
    pub allocations_per_request: f64,
    /// System calls per request at rest may be so many more or fewer.
    pub syscalls_at_rest_per_request: f64,
    /// What no base excuses.
    #[serde(skip)]
    pub most: Most,
}

/// How many there may be at the most of what is counted, whatever the base has. A server has these for itself, and for
/// the policy's scenario alone: another workload takes something else.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Most {
    /// Allocations per request.
    pub allocations_per_request: Option<f64>,
    /// System calls per request at rest.
    pub syscalls_at_rest_per_request: Option<f64>,
}

/// What a server has in place of the others' limits.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    cpu_percent: Option<f64>,
    qps_percent: Option<f64>,
    instructions_percent: Option<f64>,
    allocations_per_request: Option<f64>,
    syscalls_at_rest_per_request: Option<f64>,
    allocations_per_request_max: Option<f64>,
    syscalls_at_rest_per_request_max: Option<f64>,
}

impl Policy {
    /// The built-in one.
    ///
    /// # Errors
    /// Never, as a test shows.
    pub fn built_in() -> Result<Self, String> {
        Self::parse(BUILT_IN).map_err(|error| format!("gate.toml: {error}"))
    }

    /// That of a file of the user's.
    ///
    /// # Errors
    /// A sentence that names the file, the line and what is wrong.
    pub fn of_file(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path).map_err(|error| {
            format!("{} can't be read: {error}; copy loadgen/gate.toml to begin with", path.display())
        })?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let policy: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        for name in policy.server.keys() {
            let limits = policy.limits_of(name);
            let off = [
                (
                    "allocations_per_request",
                    limits.allocations_per_request,
                    limits.most.allocations_per_request,
                ),
                (
                    "syscalls_at_rest_per_request",
                    limits.syscalls_at_rest_per_request,
                    limits.most.syscalls_at_rest_per_request,
                ),
            ];
            if let Some((field, ..)) =
                off.iter().find(|(_, tolerance, max)| tolerance.is_infinite() && max.is_some())
            {
                return Err(format!(
                    "server.{name}: {field}_max holds for nothing where {field} is inf, which shows it only; give it a \
                     number"
                ));
            }
        }
        let names = std::iter::once(None).chain(policy.server.keys().map(Some));
        for name in names {
            let limits = policy.limits_of(name.map_or("", String::as_str));
            let all = [
                ("cpu_percent", limits.cpu_percent),
                ("qps_percent", limits.qps_percent),
                ("instructions_percent", limits.instructions_percent),
                ("allocations_per_request", limits.allocations_per_request),
                ("syscalls_at_rest_per_request", limits.syscalls_at_rest_per_request),
            ];
            let most = [
                ("allocations_per_request_max", limits.most.allocations_per_request),
                ("syscalls_at_rest_per_request_max", limits.most.syscalls_at_rest_per_request),
            ];
            let mut all =
                all.into_iter().chain(most.into_iter().filter_map(|(field, most)| Some((field, most?))));
            if let Some((field, value)) = all.find(|(_, value)| value.is_nan() || *value < 0.0) {
                let whose = name.map_or_else(|| "limits".to_owned(), |name| format!("server.{name}"));
                return Err(format!(
                    "{whose}: {field} is {value}, where 0 or more is wanted, or inf to show it only"
                ));
            }
        }
        Ok(policy)
    }

    /// What holds for the server of that name in a scenario.
    pub fn limits_in(&self, scenario: &str, name: &str) -> Limits {
        let limits = self.limits_of(name);
        if scenario == self.scenario { limits } else { Limits { most: Most::default(), ..limits } }
    }

    /// What holds for the server of that name in the policy's scenario.
    pub fn limits_of(&self, name: &str) -> Limits {
        let own = self.server.get(name).copied().unwrap_or_default();
        let all = self.limits;
        Limits {
            cpu_percent: own.cpu_percent.unwrap_or(all.cpu_percent),
            qps_percent: own.qps_percent.unwrap_or(all.qps_percent),
            instructions_percent: own.instructions_percent.unwrap_or(all.instructions_percent),
            allocations_per_request: own.allocations_per_request.unwrap_or(all.allocations_per_request),
            syscalls_at_rest_per_request: own
                .syscalls_at_rest_per_request
                .unwrap_or(all.syscalls_at_rest_per_request),
            most: Most {
                allocations_per_request: own.allocations_per_request_max,
                syscalls_at_rest_per_request: own.syscalls_at_rest_per_request_max,
            },
        }
    }

    /// Servers that have limits of their own.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        self.server.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "these are exact")]
    fn a_server_has_its_own_limits_and_else_everybodys() {
        let policy = Policy::built_in().unwrap();
        let (pooled, tasks) = (policy.limits_of("phase3-pooled"), policy.limits_of("phase2-async"));
        assert!(pooled.allocations_per_request < 0.1 && tasks.allocations_per_request > 0.5);
        assert_eq!(pooled.cpu_percent, tasks.cpu_percent);
        for name in policy.servers() {
            assert!(crate::lab::rows::phase(name).is_some(), "{name}");
        }
        assert_eq!((pooled.most.allocations_per_request, tasks.most), (Some(0.0), Most::default()));
        assert_eq!(policy.limits_in(&policy.scenario, "phase3-pooled"), pooled);
        assert_eq!(policy.limits_in("upload", "phase3-pooled").most, Most::default());
    }

    #[test]
    fn what_can_not_be_a_limit_is_refused_by_name() {
        let with = |change: &str| Policy::parse(&BUILT_IN.replace("cpu_percent = 2", change)).map(|_| ());
        assert!(with("cpu_percent = inf").is_ok());
        for (change, why) in [
            ("cpu_percent = -1", "limits: cpu_percent is -1"),
            ("cpu_percent = nan", "cpu_percent is NaN"),
            ("cpu_percnt = 2", "cpu_percnt"),
            ("", "cpu_percent"),
        ] {
            let error = with(change).unwrap_err();
            assert!(error.contains(why), "{change}: {error}");
        }
        let own =
            |limit: &str| Policy::parse(&format!("{BUILT_IN}\n[server.phase0-serial]\n{limit}")).map(|_| ());
        assert_eq!(own("syscalls_at_rest_per_request_max = 9"), Ok(()));
        let error = own("syscalls_at_rest_per_request_max = -1").unwrap_err();
        assert!(error.contains("server.phase0-serial: syscalls_at_rest_per_request_max is -1"), "{error}");
        let missing = Policy::of_file(Path::new("/no/such/gate.toml")).unwrap_err();
        assert!(missing.contains("/no/such/gate.toml") && missing.contains("copy"), "{missing}");
    }
}
