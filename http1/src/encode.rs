//! The bytes of a response.

use crate::{Facts, Method, Request, Response, Status, Version};

/// What a response has to fit besides what its handler wrote: the request it answers and the
/// connection it goes out on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The answer to HEAD has the fields of the answer to GET, and no body.
    pub head_only: bool,
    /// The client's version.
    pub version: Version,
    /// Whether the server will take another request on this connection.
    pub keep_alive: bool,
}

impl Delivery {
    /// For the answer to `request` by a server that keeps the connection if the client does.
    pub fn keeping_alive(request: &Request<'_>, facts: Facts) -> Self {
        Self {
            head_only: request.method == Method::Head,
            version: request.version,
            keep_alive: facts.keep_alive,
        }
    }

    /// For the answer to `request` by a server that closes after it.
    pub fn closing(request: &Request<'_>) -> Self {
        Self { keep_alive: false, ..Self::keeping_alive(request, Facts::default()) }
    }

    /// For an answer to bytes that were no request, and of which nobody knows what they were to be. A parser
    /// that has seen them knows better: [`crate::textbook::Parser::error_delivery`].
    pub const AFTER_ERROR: Self = Self { head_only: false, version: Version::Http11, keep_alive: false };
}

/// Appends the whole response to `out`. `date` is the time of sending in the form of IMF-fixdate
/// (RFC 9110, section 5.6.7): the caller has a clock, and may have formatted it for many responses.
///
/// Every response is delimited by its Content-Length, but for those that have no body by their
/// status.
pub fn encode(response: &Response, delivery: Delivery, date: &[u8], out: &mut Vec<u8>) {
    if response.is_faulty() {
        let mut error = Response::new();
        error.become_error(Status::INTERNAL_SERVER_ERROR, "the handler wrote a field that can't be sent");
        return encode(&error, delivery, date, out);
    }
    let status = response.status();
    let body = response.body();
    out.reserve(FIXED_BYTES_MAX + response.field_lines().len() + body.len());

    if status == Status::OK {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\nDate: ");
    } else {
        out.extend_from_slice(b"HTTP/1.1 ");
        out.extend_from_slice(itoa::Buffer::new().format(status.code()).as_bytes());
        out.push(b' ');
        out.extend_from_slice(status.reason().as_bytes());
        out.extend_from_slice(b"\r\nDate: ");
    }
    out.extend_from_slice(date);
    out.extend_from_slice(match (delivery.keep_alive, delivery.version) {
        (false, _) => b"\r\nConnection: close\r\n",
        (true, Version::Http10) => b"\r\nConnection: keep-alive\r\n",
        (true, Version::Http11) => b"\r\n",
    });
    out.extend_from_slice(response.field_lines());
    if status.has_no_body() {
        out.extend_from_slice(b"\r\n");
        return;
    }
    if !response.has_content_type() {
        out.extend_from_slice(b"Content-Type: application/octet-stream\r\n");
    }
    out.extend_from_slice(b"Content-Length: ");
    out.extend_from_slice(itoa::Buffer::new().format(body.len()).as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
    if !delivery.head_only {
        out.extend_from_slice(body);
    }
}

/// More than the status line and the fields of the encoder's own ever take.
const FIXED_BYTES_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use super::{Delivery, encode};
    use crate::{Response, Status, Version};

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const KEEP: Delivery = Delivery { head_only: false, version: Version::Http11, keep_alive: true };

    fn encoded(response: &Response, delivery: Delivery) -> String {
        let mut out = Vec::new();
        encode(response, delivery, DATE.as_bytes(), &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_response_is_delimited_by_its_length() {
        assert_eq!(
            encoded(Response::new().text("hi"), KEEP),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nhi"
        );
    }

    #[test]
    fn the_answer_to_head_has_the_length_and_no_body() {
        let text = encoded(Response::new().text("hi"), Delivery { head_only: true, ..KEEP });
        assert!(text.ends_with("Content-Length: 2\r\n\r\n"), "{text}");
    }

    #[test]
    fn a_status_without_body_has_neither_length_nor_type() {
        let text = encoded(Response::new().set_status(Status::NO_CONTENT), KEEP);
        assert!(text.starts_with("HTTP/1.1 204 No Content\r\n") && text.ends_with("GMT\r\n\r\n"), "{text}");
    }

    #[test]
    fn the_connection_field_says_what_is_not_the_versions_default() {
        let line = |delivery| {
            let text = encoded(&Response::new(), delivery);
            text.lines().find_map(|line| line.strip_prefix("Connection: ").map(str::to_owned))
        };
        assert_eq!(line(KEEP), None);
        assert_eq!(line(Delivery { version: Version::Http10, ..KEEP }).as_deref(), Some("keep-alive"));
        assert_eq!(line(Delivery::AFTER_ERROR).as_deref(), Some("close"));
    }

    #[test]
    fn a_field_that_would_inject_a_line_becomes_a_500() {
        for (name, value) in [("X", "a\r\nB: c"), ("X", "a\0"), ("X\nY", "a"), ("X ", "a"), ("", "a")] {
            let text = encoded(Response::new().text("secret").add_field(name, value), KEEP);
            assert!(text.starts_with("HTTP/1.1 500 ") && !text.contains("B: c"), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_handler_can_not_frame_its_response() {
        for name in ["Content-Length", "transfer-encoding", "Connection", "Date"] {
            assert!(
                encoded(Response::new().add_field(name, "1"), KEEP).starts_with("HTTP/1.1 500 "),
                "{name}"
            );
        }
    }
}
