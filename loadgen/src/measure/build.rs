//! What was built, and from which source.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// How this binary was compiled.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Build {
    /// `release`, `dev (optimised)` or `dev (not optimised)`.
    pub profile: String,
    /// The compiler's version, as it gives it itself.
    pub rustc: Option<String>,
    /// Whether the checks that only development builds have were on.
    pub debug_assertions: bool,
}

impl Build {
    /// This binary.
    pub fn here() -> Self {
        Self {
            profile: profile(env!("LOADGEN_PROFILE"), env!("LOADGEN_OPT_LEVEL")).into(),
            rustc: option_env!("LOADGEN_RUSTC").map(str::to_owned),
            debug_assertions: cfg!(debug_assertions),
        }
    }

    /// Whether it is what `cargo run --release` builds.
    pub fn is_release(&self) -> bool {
        self.profile == "release"
    }

    /// Whether the compiler was asked to make it fast at all.
    pub fn optimised(&self) -> bool {
        !self.profile.contains("not optimised")
    }
}

/// Cargo reports the profile that a build's profile descends from: `debug` or `release`.
fn profile(name: &str, opt_level: &str) -> &'static str {
    match (name, opt_level) {
        (_, "0") => "dev (not optimised)",
        ("release", _) => "release",
        _ => "dev (optimised)",
    }
}

/// The source that a workspace stands at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The commit, shortened; `None` outside of a repository.
    pub commit: Option<String>,
    /// Whether files differ from it.
    pub dirty: Option<bool>,
}

impl Source {
    /// What git says of `workspace`.
    pub fn of(workspace: &Path) -> Self {
        let git = |arguments: &[&str]| {
            let output = Command::new("git")
                // It only looks: the index, which `status` would refresh, may be somebody's at this moment.
                .arg("--no-optional-locks")
                .arg("-C")
                .arg(workspace)
                .args(arguments)
                .output()
                .ok()?;
            output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        Self {
            commit: git(&["rev-parse", "--short=12", "HEAD"]).filter(|commit| !commit.is_empty()),
            // What was measured before is not a change of what is measured.
            dirty: git(&["status", "--porcelain", "--", ".", ":!results"]).map(|changes| !changes.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_tells_whether_it_was_optimised() {
        assert_eq!(profile("debug", "3"), "dev (optimised)");
        assert_eq!(profile("debug", "0"), "dev (not optimised)");
        assert_eq!(profile("release", "3"), "release");
    }

    #[test]
    fn outside_of_a_repository_nothing_is_claimed() {
        assert_eq!(Source::of(Path::new("/")), Source::default());
    }
}
