//! Who takes part, and in which mode.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::cargo::ROOT;
use crate::clients::installed::Program;

/// A shape of load, with a scenario in `peers/scenarios.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Kept connections, one request at a time
    Kept,
    /// A connection for each request
    Close,
    /// Kept connections, sixteen requests at a time
    Pipelined,
}

/// In the order of the tables.
pub(super) const MODES: [Mode; 3] = [Mode::Kept, Mode::Close, Mode::Pipelined];

impl Mode {
    /// Its scenario.
    pub(super) fn scenario(self) -> &'static str {
        match self {
            Self::Kept => "peers-kept",
            Self::Close => "peers-close",
            Self::Pipelined => "peers-pipelined",
        }
    }

    /// What it is, above its table.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Kept => "kept: 64 connections, GET /, one request at a time",
            Self::Close => "close: 64 connections, GET /, a connection per request",
            Self::Pipelined => "pipelined: 64 connections, GET /, sixteen requests at a time",
        }
    }
}

/// A server that somebody else wrote.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: &'static str,
    /// Where it can do what is asked. `std_pool` keeps no connection; `may_minihttp` keeps every one, also
    /// where it is asked to close.
    modes: &'static [Mode],
}

const PEERS: [Peer; 8] = [
    Peer { name: "hyper", modes: &MODES },
    Peer { name: "hyper_one", modes: &MODES },
    Peer { name: "axum", modes: &MODES },
    Peer { name: "actix_web", modes: &MODES },
    Peer { name: "ntex", modes: &MODES },
    Peer { name: "may_minihttp", modes: &[Mode::Kept, Mode::Pipelined] },
    Peer { name: "std_pool", modes: &[Mode::Close] },
    Peer { name: NGINX.name, modes: &MODES },
];

/// The one that is not built here.
const NGINX: Program = Program { name: "nginx", package: "nginx-light" };

/// The names that `--only` takes.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PEERS.iter().map(|peer| peer.name)
}

/// Those that were asked for, or all, less what is not installed; that is said.
pub(super) fn chosen(only: &[String]) -> Vec<&'static Peer> {
    let asked = |peer: &&Peer| only.is_empty() || only.iter().any(|name| name == peer.name);
    let mut peers: Vec<_> = PEERS.iter().filter(asked).collect();
    if peers.iter().any(|peer| peer.name == NGINX.name) && !NGINX.is_installed() {
        println!("SKIPPED: nginx is not installed (Debian: {})", NGINX.package);
        peers.retain(|peer| peer.name != NGINX.name);
    }
    peers
}

/// The peers of a mode as `loadgen run --target` takes them.
pub(super) fn targets(
    peers: &[&Peer],
    mode: Mode,
    programs: &BTreeMap<String, PathBuf>,
) -> Result<Vec<String>, String> {
    let target = |peer: &&Peer| {
        let name = peer.name;
        if name == NGINX.name {
            let script = Path::new(ROOT).join("loadgen/examples/nginx.sh");
            return Ok(format!("{name}=sh {} {{port}}", quoted(&script)));
        }
        let program = programs.get(name).ok_or_else(|| format!("peers/ has no program {name}"))?;
        Ok(format!("{name}={} --port {{port}}", quoted(program)))
    };
    peers.iter().filter(|peer| peer.modes.contains(&mode)).map(target).collect()
}

/// As a shell would have it, since the lab splits a command as a shell would.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_left_out_where_it_can_not_do_what_is_asked() {
        let programs = BTreeMap::from(
            ["may_minihttp", "std_pool"].map(|name| (name.to_owned(), PathBuf::from("it's").join(name))),
        );
        let peers: Vec<_> = PEERS.iter().filter(|peer| programs.contains_key(peer.name)).collect();
        let of = |mode| targets(&peers, mode, &programs).expect("both are built");
        assert_eq!(of(Mode::Kept), [r"may_minihttp='it'\''s/may_minihttp' --port {port}"]);
        assert_eq!(of(Mode::Close), [r"std_pool='it'\''s/std_pool' --port {port}"]);
        assert_eq!(of(Mode::Pipelined), of(Mode::Kept));
    }

    #[test]
    fn a_program_that_was_not_built_is_named() {
        let error = targets(&[&PEERS[0]], Mode::Kept, &BTreeMap::new()).unwrap_err();
        assert!(error.contains("hyper"), "{error}");
    }
}
