//! The peers' programs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cargo;

/// Builds them all, and says where each is.
///
/// # Errors
/// When they can't be built; cargo has said why by then.
pub(super) fn peers() -> Result<BTreeMap<String, PathBuf>, String> {
    // Its progress is shown: the first time takes minutes.
    cargo::build("the peers", &["--release", "--locked", "--manifest-path", "peers/Cargo.toml"])
}
