//! Limits and deadlines, as flags that all phases share.

use std::time::{Duration, Instant};

use clap::{Args, Command};
use http1::Limits;

const DEADLINE_MIN: Duration = Duration::from_millis(1);
const DEADLINE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
const SIZE_MAX: usize = 1024 * 1024 * 1024;

/// What every phase lets its user set.
#[derive(Args, Clone, Debug)]
// Each phase has a type of this name too, and a group's name must be unique on a command line.
#[group(skip)]
#[command(next_help_heading = "Limits and deadlines")]
pub struct Options {
    /// Connections that are open at the same time; one more is answered 503 and closed
    #[arg(long, value_name = "N", default_value_t = 16_384, value_parser = parse_size)]
    pub max_connections: usize,
    /// Bytes of a request's head; more are answered 431
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().head_bytes_max, value_parser = parse_size)]
    pub head_bytes: usize,
    /// Bytes of the request line; more are answered 414
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().request_line_bytes_max, value_parser = parse_size)]
    pub request_line_bytes: usize,
    /// Header fields of a request; more are answered 431
    #[arg(long, value_name = "N", default_value_t = Limits::default().fields_max, value_parser = parse_size)]
    pub fields: usize,
    /// Bytes of a request's body; more are answered 413
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().body_bytes_max, value_parser = parse_size)]
    pub body_bytes: usize,
    /// Bytes of all chunk extensions of a request's body; more are answered 400
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().chunk_extension_bytes_max, value_parser = parse_size)]
    pub chunk_extension_bytes: usize,
    /// Bytes of all trailer lines behind a request's body; more are answered 431
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().trailer_bytes_max, value_parser = parse_size)]
    pub trailer_bytes: usize,
    /// How long a connection may be silent before the first byte of a request
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = parse_deadline)]
    pub idle_timeout: Duration,
    /// How long the head may take from its first byte, however often the client sends a little
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_deadline)]
    pub head_timeout: Duration,
    /// How long the body may stand still, and how long it may take below the minimum rate
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_deadline)]
    pub body_timeout: Duration,
    /// How long the client may read nothing of its answer, and how long it may take below the minimum
    /// rate
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = parse_deadline)]
    pub write_timeout: Duration,
    /// Bytes per second that a body or an answer must come or go at to take longer than its timeout
    #[arg(long, value_name = "BYTES", default_value_t = 64 * 1024, value_parser = parse_size)]
    pub min_rate: usize,
    /// How long a closing connection waits for the client to close too, and a stopping server for
    /// its connections
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_deadline)]
    pub drain_timeout: Duration,
    /// Bytes that are thrown away at most from a client that goes on sending after its answer, before
    /// the connection is closed under it; the drain deadline usually comes first
    #[arg(long, value_name = "BYTES", default_value_t = 16 * 1024 * 1024, value_parser = parse_size)]
    pub drain_bytes: usize,
}

impl Options {
    /// The limits that the parsers keep.
    pub fn limits(&self) -> Limits {
        Limits {
            request_line_bytes_max: self.request_line_bytes,
            head_bytes_max: self.head_bytes,
            fields_max: self.fields,
            body_bytes_max: self.body_bytes,
            chunk_extension_bytes_max: self.chunk_extension_bytes,
            trailer_bytes_max: self.trailer_bytes,
        }
    }

    /// When a connection that half-closed at `start`, or a server that was stopped then, has
    /// waited long enough.
    pub fn drain_deadline(&self, start: Instant) -> Instant {
        start + self.drain_timeout
    }
}

impl AsMut<Self> for Options {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// The options of a phase as they are without any flag, so that a default is written in one place.
///
/// # Panics
/// If the type has a flag without a default, which is a bug that its own tests find.
pub fn default_options<T: Args>() -> T {
    options_from([])
}

/// The options of a phase as these flags set them, for tests.
///
/// # Panics
/// If it has no such flags, or one without a default that is not among them.
pub fn options_from<T: Args>(flags: impl IntoIterator<Item = String>) -> T {
    let command = T::augment_args(Command::new("options").no_binary_name(true));
    let matches = command.try_get_matches_from(flags).expect("the flags are there");
    T::from_arg_matches(&matches).expect("every flag has a default")
}

/// Reads a deadline as flags take it, like `500ms` or `10s`.
///
/// # Errors
/// What is wrong with it, for the user.
pub fn parse_deadline(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if (DEADLINE_MIN..=DEADLINE_MAX).contains(&time) => Ok(time),
        Ok(_) => Err("a deadline is from 1ms to 1day".to_owned()),
        Err(error) => Err(format!("{error}; write it like 500ms or 10s")),
    }
}

/// Reads a number of bytes or things as flags take it. The upper bound keeps sums of them far from an
/// overflow.
///
/// # Errors
/// What is wrong with it, for the user.
pub fn parse_size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=SIZE_MAX).contains(&n) => Ok(n),
        _ => Err(format!("a whole number from 1 to {SIZE_MAX} is needed")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, default_options};

    #[test]
    fn the_defaults_are_those_of_the_parsers() {
        assert_eq!(default_options::<Options>().limits(), http1::Limits::default());
    }
}
