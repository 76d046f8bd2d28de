//! Programs that may be there or not.

use std::env;
use std::os::unix::fs::PermissionsExt;

/// A program, and the Debian package that has it.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) package: &'static str,
}

impl Program {
    /// Whether it can be found on the PATH.
    pub(crate) fn is_installed(&self) -> bool {
        let path = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&path).any(|folder| {
            let file = folder.join(self.name).metadata();
            file.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
        })
    }
}
