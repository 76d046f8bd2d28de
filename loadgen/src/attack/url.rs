//! The address, the Host field and the path in an `http://` URL.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::AttackError;

/// How long a name's addresses are tried for, each, where it has several.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// A URL in the parts that a request needs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// Name or address, brackets removed.
    host: String,
    port: u16,
    /// What the Host field says.
    pub(super) authority: String,
    /// Path and query, with a leading slash.
    pub(super) path: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Self, AttackError> {
        let bad = |why: &str| AttackError::Argument(format!("URL {text:?}: {why}"));
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => {
                return Err(bad(
                    "https is not spoken here. Attack the plain port behind the TLS, with http://; or put a proxy \
                     that adds the TLS in between (stunnel as a client, say), which is then measured, too",
                ));
            }
            Some((scheme, _)) if scheme.to_ascii_lowercase().contains("unix") => {
                return Err(bad("a unix socket goes into a flag: --unix-socket PATH http://localhost/"));
            }
            Some(_) => return Err(bad("only http:// is spoken here")),
            None => return Err(bad(&format!("it has to begin with http://, as in http://{text}"))),
        };
        if let Some(odd) = text.chars().find(|&c| c.is_control() || c == ' ' || !c.is_ascii()) {
            return Err(bad(&format!("{odd:?} has to be written percent-encoded")));
        }
        let rest = rest.split('#').next().unwrap_or(rest);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(bad("a user name is not supported; send an Authorization header with -H"));
        }
        if !authority.starts_with('[') && authority.matches(':').count() > 1 {
            return Err(bad("an IPv6 address goes in brackets: http://[::1]:80/"));
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(v6) => v6.split_once(']').ok_or_else(|| bad("the ] after the IPv6 address is missing"))?,
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        if host.is_empty() {
            return Err(bad("the host is missing"));
        }
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => 80,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits
                .parse()
                .ok()
                .filter(|&port| port > 0)
                .ok_or_else(|| bad("the port is not 1 to 65535"))?,
            _ => {
                return Err(bad(
                    "the port is not a number; an IPv6 address goes in brackets: http://[::1]:80/",
                ));
            }
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { host: host.to_owned(), port, authority: authority.to_owned(), path })
    }

    /// The address to connect to: of a name's several addresses, the first that takes a connection. With it
    /// how many connections its server has seen by that, which it may count.
    pub(super) fn resolve(&self) -> Result<(SocketAddr, u64), AttackError> {
        let Self { host, port, .. } = self;
        let found = (host.as_str(), *port).to_socket_addrs();
        let all: Vec<SocketAddr> = found
            .map_err(|error| AttackError::Argument(format!("can't find the address of {host:?}: {error}; is the name right, and does this machine know it?")))?
            .collect();
        let takes = |address: &SocketAddr| TcpStream::connect_timeout(address, PROBE_TIMEOUT).is_ok();
        choose(&all, takes).ok_or_else(|| AttackError::Argument(format!("{host:?} has no address")))
    }
}

/// The first of `all` that `takes` a connection, and how many it took; one that is alone is not asked.
fn choose(all: &[SocketAddr], mut takes: impl FnMut(&SocketAddr) -> bool) -> Option<(SocketAddr, u64)> {
    let first = *all.first()?;
    // A hosts file may have an address twice.
    if all.iter().all(|address| *address == first) {
        return Some((first, 0));
    }
    let found = all.iter().find(|address| takes(address));
    Some(found.map_or((first, 0), |&address| (address, 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, u16, String, String) {
        let Url { host, port, authority, path } = Url::parse(text).expect(text);
        (host, port, authority, path)
    }

    #[test]
    fn the_usual_forms_are_taken_apart() {
        let expect = |text, host: &str, port, authority: &str, path: &str| {
            assert_eq!(parts(text), (host.into(), port, authority.into(), path.into()), "{text}");
        };
        expect("http://127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080", "/");
        expect("HTTP://example.test/a?b=c#d", "example.test", 80, "example.test", "/a?b=c");
        expect("http://[::1]:81?q", "::1", 81, "[::1]:81", "/?q");
        expect("http://[::1]/", "::1", 80, "[::1]", "/");
    }

    #[test]
    fn only_a_name_with_several_addresses_costs_a_connection_to_choose_among_them() {
        let [v6, v4]: [SocketAddr; 2] = ["[::1]:80", "127.0.0.1:80"].map(|text| text.parse().unwrap());
        let never = |_: &SocketAddr| panic!("nobody has to be asked");
        assert_eq!(choose(&[], never), None);
        assert_eq!(choose(&[v4], never), Some((v4, 0)));
        assert_eq!(choose(&[v4, v4], never), Some((v4, 0)));
        assert_eq!(choose(&[v6, v4], |address| *address == v4), Some((v4, 1)));
        assert_eq!(choose(&[v6, v4], |_| false), Some((v6, 0)));
        // An address in figures needs no resolver, and has no other beside it.
        let url = Url::parse("http://127.0.0.1:9/").unwrap();
        assert_eq!(url.resolve().unwrap(), (([127, 0, 0, 1], 9).into(), 0));
    }

    #[test]
    fn what_can_not_be_attacked_is_refused_with_a_reason() {
        for (text, why) in [
            ("https://example.test/", "https is not spoken"),
            ("https://example.test/", "the plain port"),
            ("ftp://example.test/", "only http"),
            ("http+unix://%2Frun%2Fx.sock/", "--unix-socket PATH"),
            ("unix:///run/x.sock", "--unix-socket PATH"),
            ("127.0.0.1:80", "begin with http://"),
            ("http://", "host is missing"),
            ("http://:80/", "host is missing"),
            ("http://h:0/", "1 to 65535"),
            ("http://h:65536/", "1 to 65535"),
            ("http://h:/", "1 to 65535"),
            ("http://::1/", "brackets"),
            ("http://[::1/", "] after"),
            ("http://u:p@h/", "user name"),
            ("http://h/a b", "percent-encoded"),
            ("http://h/\r\nX: y", "percent-encoded"),
        ] {
            let error = Url::parse(text).expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
