//! A server of the user's own, as `--target NAME='CMD {port}'` describes it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::rows;

/// What stands in a command for the port that the server is to listen on.
const PORT: &str = "{port}";
/// Characters of a name, at most: it is a column of the table and a part of file names.
const NAME_CHARS_MAX: usize = 40;

/// How it is called and started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name in the tables.
    pub name: String,
    /// Its command as it was written.
    command: String,
    /// The program and its arguments, with `{port}` where the port belongs.
    words: Vec<String>,
}

impl Target {
    /// Reads `NAME=CMD {port}`. The command is split into words as a shell would, and run without one.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "it is written as NAME='CMD {port}'";
        let (name, command) = text.split_once('=').ok_or(FORM)?;
        let sound = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(sound) {
            return Err(format!(
                "'{name}' is no name: 1 to {NAME_CHARS_MAX} letters, digits, dots, - and _; {FORM}"
            ));
        }
        if rows::phase(name).is_some() || name == rows::CANNED {
            return Err(format!("'{name}' is one of the lab's own servers; choose another name"));
        }
        let words = shlex::split(command).ok_or_else(|| format!("{command}: a quote is not closed"))?;
        if words.is_empty() {
            return Err(format!("there is no command; {FORM}"));
        }
        if !words.iter().any(|word| word.contains(PORT)) {
            return Err(format!("{command}: it needs {PORT} where the port belongs that it is to listen on"));
        }
        Ok(Self { name: name.to_owned(), command: command.to_owned(), words })
    }

    /// The words of its command line for that port.
    pub fn words(&self, port: u16) -> Vec<String> {
        let port = port.to_string();
        self.words.iter().map(|word| word.replace(PORT, &port)).collect()
    }

    /// A loopback address that nobody listens on at this moment.
    pub fn free_address() -> io::Result<SocketAddr> {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
    }
}

/// Its command.
impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_would_and_given_its_port() {
        let target = Target::parse("mine=sh -c 'serve \"$0\"' 127.0.0.1:{port}").unwrap();
        assert_eq!(target.name, "mine");
        assert_eq!(target.words(8_080), ["sh", "-c", "serve \"$0\"", "127.0.0.1:8080"]);
    }

    #[test]
    fn whatever_can_not_be_started_is_refused_with_the_reason() {
        for (text, why) in [
            ("nginx", "NAME='CMD {port}'"),
            ("=serve {port}", "no name"),
            ("a b=serve {port}", "no name"),
            ("phase0-serial=serve {port}", "the lab's own"),
            ("canned=serve {port}", "the lab's own"),
            ("mine=", "no command"),
            ("mine=serve 8080", "needs {port}"),
            ("mine=serve '{port}", "quote"),
        ] {
            let error = Target::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
