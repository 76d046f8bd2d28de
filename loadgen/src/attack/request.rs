//! The bytes of the one request that an attack repeats.

use super::AttackError;
use super::body;
use super::url::Url;

/// What goes into a request besides its URL.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    pub(super) method: Option<&'a str>,
    /// `Name: value` lines as given.
    pub(super) headers: &'a [String],
    /// The body itself, or `@` and the name of a file, `-` being standard input.
    pub(super) body: Option<&'a str>,
    /// Ask the server to close.
    pub(super) close: bool,
}

impl<'a> Parts<'a> {
    /// The method in force: as given, or what suits the presence of a body.
    pub(super) fn method(&self) -> &'a str {
        self.method.unwrap_or(if self.body.is_some() { "POST" } else { "GET" })
    }

    /// Head and body as they go over the wire.
    pub(super) fn build(&self, url: &Url) -> Result<Vec<u8>, AttackError> {
        let method = self.method();
        if !is_token(method) {
            return Err(AttackError::Argument(format!("-m {method:?}: not a method name")));
        }
        let fields = self.headers.iter().map(|line| field(line)).collect::<Result<Vec<_>, _>>()?;
        let has = |name: &str| fields.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let coding = fields.iter().rfind(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
        let is_chunked = coding.is_some_and(|(_, value)| value.to_ascii_lowercase().ends_with("chunked"));
        // Who asks for the coding means the body to be sent in it, as curl does.
        let body = self.body.map(|text| body::read("-b", text)).transpose()?;
        let body = if is_chunked { body.map(|body| body::chunked(&body)) } else { body };
        let mut out = format!("{method} {} HTTP/1.1\r\n", url.path);
        let mut add = |name: &str, value: &str| {
            out.extend([name, ": ", value, "\r\n"]);
        };
        if !has("host") {
            add("Host", &url.authority);
        }
        if let Some(body) = &body
            && !has("content-length")
            && !has("transfer-encoding")
        {
            add("Content-Length", &body.len().to_string());
        }
        if self.close && !has("connection") {
            add("Connection", "close");
        }
        for (name, value) in &fields {
            add(name, value);
        }
        out.push_str("\r\n");
        let mut wire = out.into_bytes();
        wire.extend(body.unwrap_or_default());
        Ok(wire)
    }
}

fn field(line: &str) -> Result<(&str, &str), AttackError> {
    let bad = |why: &str| AttackError::Argument(format!("-H {line:?}: {why}"));
    let (name, value) = line.split_once(':').ok_or_else(|| bad("expected 'Name: value'"))?;
    let value = value.trim_matches([' ', '\t']);
    if line.contains(['\r', '\n', '\0']) {
        return Err(bad("a header can't contain CR, LF or NUL"));
    }
    if !is_token(name) {
        return Err(bad("not a header name before the colon"));
    }
    Ok((name, value))
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(parts: &Parts<'_>) -> String {
        let url = Url::parse("http://h:81/p?q").unwrap();
        String::from_utf8(parts.build(&url).unwrap()).unwrap()
    }

    fn refusal(parts: &Parts<'_>) -> String {
        parts.build(&Url::parse("http://h/").unwrap()).expect_err("a bad argument").to_string()
    }

    #[test]
    fn a_request_says_no_more_than_it_has_to() {
        assert_eq!(build(&Parts::default()), "GET /p?q HTTP/1.1\r\nHost: h:81\r\n\r\n");
        let closing = Parts { close: true, ..Parts::default() };
        assert_eq!(build(&closing), "GET /p?q HTTP/1.1\r\nHost: h:81\r\nConnection: close\r\n\r\n");
    }

    #[test]
    fn a_body_makes_it_a_post_with_a_length() {
        let parts = Parts { body: Some("abc"), ..Parts::default() };
        assert_eq!(build(&parts), "POST /p?q HTTP/1.1\r\nHost: h:81\r\nContent-Length: 3\r\n\r\nabc");
    }

    #[test]
    fn a_body_is_sent_in_chunks_where_a_header_says_so() {
        let headers = ["Transfer-Encoding: Chunked".to_owned()];
        let parts = Parts { headers: &headers, body: Some("abc"), ..Parts::default() };
        let sent = build(&parts);
        assert!(sent.ends_with("Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), "{sent}");
        assert!(!sent.contains("Content-Length"));
    }

    #[test]
    fn given_headers_replace_the_built_in_ones() {
        let headers = ["host:x".to_owned(), "A:  b ".to_owned()];
        let parts = Parts { headers: &headers, method: Some("PUT"), ..Parts::default() };
        assert_eq!(build(&parts), "PUT /p?q HTTP/1.1\r\nhost: x\r\nA: b\r\n\r\n");
    }

    #[test]
    fn what_would_break_the_request_is_refused() {
        for header in ["A: b\r\nC: d", "A: b\nC", "A b: c", ": c", "nothing", "A: \0"] {
            let headers = [header.to_owned()];
            let error = refusal(&Parts { headers: &headers, ..Parts::default() });
            assert!(error.starts_with("-H"), "{error}");
        }
        assert!(refusal(&Parts { method: Some("G T"), ..Parts::default() }).contains("-m"));
    }
}
