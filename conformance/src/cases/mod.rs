//! The cases, a file for each topic.

use crate::case::Case;
use crate::profile::Profile;

/// Every case, with the sizes of `profile`'s limits.
pub fn all(profile: &Profile) -> Vec<Case> {
    let _ = profile;
    Vec::new()
}
