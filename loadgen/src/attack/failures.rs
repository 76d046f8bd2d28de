//! The first failures of an attack, whole: what was expected, what came, and where. And what came unasked.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::engine::{Failure, Unasked};
use crate::report::wrap;

/// Lines of a response that the text shows; the JSON has the rest.
const LINES_MAX: usize = 24;

/// For people, indented under the counts.
pub(super) fn write(out: &mut impl Write, failures: &[Failure], width: usize) -> io::Result<()> {
    for (number, failure) in (1..).zip(failures) {
        let title = format!("failure {number}: {}: {}", failure.kind.name(), failure.what);
        block(out, &title, "its request", failure, width)?;
    }
    Ok(())
}

/// The same of what no request asked for.
pub(super) fn write_unasked(out: &mut impl Write, unasked: &Unasked, width: usize) -> io::Result<()> {
    let mut first = unasked.first.iter();
    first.try_for_each(|first| {
        block(out, &format!("unasked: {}", first.what), "after the answer to its request", first, width)
    })
}

fn block(out: &mut impl Write, title: &str, at: &str, failure: &Failure, width: usize) -> io::Result<()> {
    let Failure { connection, request, after, received_bytes, .. } = failure;
    let local = failure.local.map_or_else(String::new, |local| format!(" from {local}"));
    let after = after.as_secs_f64();
    let place = format!("  on connection {connection}{local}, {at} {request}, after {after:.3} s");
    writeln!(out)?;
    for line in wrap(title, width).iter().chain(&wrap(&place, width)) {
        writeln!(out, "{line}")?;
    }
    if *received_bytes == 0 {
        return writeln!(out, "  nothing was received for it");
    }
    let lines = lines(&failure.received, width);
    for line in lines.iter().take(LINES_MAX) {
        writeln!(out, "  | {line}")?;
    }
    let kept = failure.received.len() as u64;
    if lines.len() > LINES_MAX || kept < *received_bytes {
        writeln!(out, "  … of {received_bytes} bytes; --json shows the first {kept}")?;
    }
    Ok(())
}

/// For scripts. What is no text is escaped as in a Rust byte string.
pub(super) fn json(failures: &[Failure]) -> Value {
    failures.iter().map(one_json).collect()
}

/// On how many connections something came unasked, and the first of it.
pub(super) fn unasked_json(unasked: &Unasked) -> Value {
    json!({"connections": unasked.connections, "first": unasked.first.as_ref().map(one_json)})
}

fn one_json(failure: &Failure) -> Value {
    json!({
        "kind": failure.kind.name(),
        "what": failure.what,
        "connection": failure.connection,
        "request": failure.request,
        "local": failure.local.map(|local| local.to_string()),
        "after_ns": u64::try_from(failure.after.as_nanos()).unwrap_or(u64::MAX),
        "received": failure.received.escape_ascii().to_string(),
        "received_bytes": failure.received_bytes,
    })
}

/// Received bytes line by line, escaped and cut to the width.
fn lines(received: &[u8], width: usize) -> Vec<String> {
    /// What stands before each line.
    const MARGIN: usize = 4;
    let per_line = width.saturating_sub(MARGIN).max(16);
    let mut lines = Vec::new();
    for line in received.split_inclusive(|&byte| byte == b'\n') {
        // Escaped bytes are ASCII, so that a byte is a column.
        let escaped: Vec<u8> = line.escape_ascii().collect();
        lines.extend(escaped.chunks(per_line).map(|part| String::from_utf8_lossy(part).into_owned()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::ErrorKind;

    fn failure(received: &[u8]) -> Failure {
        Failure {
            kind: ErrorKind::Status,
            what: "404 where 200 to 399 was expected".into(),
            connection: 3,
            request: 2,
            local: Some(([127, 0, 0, 1], 4_000).into()),
            after: Duration::from_millis(1_500),
            received: received.to_owned(),
            received_bytes: received.len() as u64,
        }
    }

    fn text(failures: &[Failure], width: usize) -> String {
        let mut out = Vec::new();
        write(&mut out, failures, width).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_failure_is_shown_line_by_line() {
        let text = text(&[failure(b"HTTP/1.1 404 Not Found\r\n\r\n\x1b[2J\xff")], 60);
        assert_eq!(
            text,
            "\nfailure 1: status: 404 where 200 to 399 was expected\n\
             \x20 on connection 3 from 127.0.0.1:4000, its request 2, after\n\
             \x20 1.500 s\n\
             \x20 | HTTP/1.1 404 Not Found\\r\\n\n\
             \x20 | \\r\\n\n\
             \x20 | \\x1b[2J\\xff\n"
        );
    }

    #[test]
    fn a_long_response_fits_the_width_and_ends_with_how_much_there_is() {
        let text = text(&[failure(&[b'x'; 4_000])], 60);
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        assert!(text.ends_with("… of 4000 bytes; --json shows the first 4000\n"), "{text}");
    }

    #[test]
    fn what_came_unasked_is_shown_the_same_way_and_is_no_failure() {
        let first = Failure { what: "3 bytes that no request asked for".into(), ..failure(b"hi\n") };
        let unasked = Unasked { connections: 7, first: Some(first) };
        let mut text = Vec::new();
        write_unasked(&mut text, &unasked, 80).unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "\nunasked: 3 bytes that no request asked for\n\
             \x20 on connection 3 from 127.0.0.1:4000, after the answer to its request 2, after\n\
             \x20 1.500 s\n\
             \x20 | hi\\n\n"
        );
        let json = unasked_json(&unasked);
        assert_eq!((&json["connections"], &json["first"]["received"]), (&7.into(), &"hi\\n".into()));
        let mut nothing = Vec::new();
        write_unasked(&mut nothing, &Unasked::default(), 80).unwrap();
        assert!(nothing.is_empty() && unasked_json(&Unasked::default())["first"].is_null());
    }

    #[test]
    fn the_json_has_it_all() {
        let json = json(&[failure(b"a\r\n")]);
        assert_eq!(json[0]["received"], "a\\r\\n");
        assert_eq!((json[0]["received_bytes"].as_u64(), json[0]["request"].as_u64()), (Some(3), Some(2)));
        assert_eq!(json[0]["local"], "127.0.0.1:4000");
    }
}
