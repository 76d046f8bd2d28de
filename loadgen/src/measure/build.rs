//! How this program was built.

use serde::{Deserialize, Serialize};

/// How this binary was compiled.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Build {
    /// `release`, `dev (optimised)` or `dev (not optimised)`.
    pub profile: String,
    /// The compiler's version, as it gives it itself.
    pub rustc: Option<String>,
    /// What the compiler was told besides, by RUSTFLAGS or cargo's configuration; `None` where that was not recorded.
    #[serde(default)]
    pub rustflags: Option<String>,
    /// Whether the checks that only development builds have were on.
    pub debug_assertions: bool,
}

impl Build {
    /// This binary.
    pub fn here() -> Self {
        Self {
            profile: profile(env!("LOADGEN_PROFILE"), env!("LOADGEN_OPT_LEVEL")).into(),
            rustc: option_env!("LOADGEN_RUSTC").map(str::to_owned),
            rustflags: option_env!("LOADGEN_RUSTFLAGS").map(str::to_owned),
            debug_assertions: cfg!(debug_assertions),
        }
    }

    /// [`Build::rustflags`] for people.
    pub fn flags(&self) -> Option<String> {
        self.rustflags.as_ref().map(|flags| if flags.is_empty() { "none".to_owned() } else { flags.clone() })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_tells_whether_it_was_optimised() {
        assert_eq!(profile("debug", "3"), "dev (optimised)");
        assert_eq!(profile("debug", "0"), "dev (not optimised)");
        assert_eq!(profile("release", "3"), "release");
    }
}
