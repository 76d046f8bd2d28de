//! The target: rules 6 and 8.

use super::{get, hello};
use crate::case::Case;
use crate::expect::{Check, Outcome, between, one_of, status};

pub(super) fn cases() -> Vec<Case> {
    [raw_bytes(), encoded_bytes(), absolute_form(), other_forms()].concat()
}

fn raw_bytes() -> Vec<Case> {
    let why = "no target holds such a byte, and whoever logs or forwards it raw is open to injection";
    let rows: [(&str, &[u8]); 11] = [
        ("raw-utf-8-in-target", "/caf\u{e9}".as_bytes()),
        ("raw-latin-1-in-target", b"/caf\xe9"),
        ("byte-255-in-target", b"/\xff"),
        ("nul-in-target", b"/a\0b"),
        ("nul-after-target", b"/\0"),
        ("byte-1-in-target", b"/\x01"),
        ("escape-byte-in-target", b"/\x1b[31m"),
        ("del-in-target", b"/\x7f"),
        ("nul-in-query", b"/?a=\0"),
        ("fragment-in-target", b"/#top"),
        ("fragment-in-query", b"/?a=b#top"),
    ];
    let case = |(name, target): (_, &[u8])| {
        Case::security(6, name, "9112 3.2").why(why).send(get(target)).refused(&[400])
    };
    rows.map(case).to_vec()
}

fn encoded_bytes() -> Vec<Case> {
    let why = "decoded and echoed into a field or a message, it would start a line of its own";
    let rows: [(&str, &str, &[u8]); 4] = [
        ("encoded-nul-never-comes-out-raw", "/%00", b"\0"),
        ("encoded-crlf-never-comes-out-raw", "/%0d%0aInjected:%20yes", b"\r\nInjected:"),
        ("encoded-crlf-in-query-never-comes-out-raw", "/none?x=%0D%0AInjected:%20yes", b"\r\nInjected:"),
        ("encoded-lf-never-comes-out-raw", "/%0aInjected:%20yes", b"\nInjected:"),
    ];
    let case = |(name, target, raw): (_, &str, &[u8])| {
        let answer =
            |status| one_of(&[status]).with(Check::Lacks("Injected")).with(Check::BodyLacks(raw.to_vec()));
        Case::security(6, name, "9110 17.5")
            .why(why)
            .send(get(target))
            .answered(answer(404))
            .allow(Outcome::then_close([answer(400)]))
    };
    rows.map(case).to_vec()
}

fn absolute_form() -> Vec<Case> {
    let why = "a server must accept the form that clients send to proxies (RFC 9112 section 3.2.2)";
    let served: [(&str, &str); 5] = [
        ("absolute-form", "GET http://lab/ HTTP/1.1\r\nHost: lab\r\n\r\n"),
        ("absolute-form-without-path", "GET http://lab HTTP/1.1\r\nHost: lab\r\n\r\n"),
        ("absolute-form-with-port", "GET http://lab:8080/ HTTP/1.1\r\nHost: lab:8080\r\n\r\n"),
        ("absolute-form-with-query", "GET http://lab/?a=b HTTP/1.1\r\nHost: lab\r\n\r\n"),
        ("absolute-form-scheme-in-upper-case", "GET HTTP://lab/ HTTP/1.1\r\nHost: lab\r\n\r\n"),
    ];
    let case = |(name, bytes): (_, &str)| {
        Case::compliance(8, name, "9112 3.2.2").why(why).send(bytes).answered(hello())
    };
    let mut cases = served.map(case).to_vec();
    let why = "whoever goes by the Host field serves another site than the one that a proxy asked for";
    let named: [(&str, &str, &str); 3] = [
        ("absolute-form-beats-host", "http://lab:81/headers", ":authority: lab:81\nHost: elsewhere:82\n"),
        (
            "absolute-form-beats-host-with-query",
            "http://lab/headers?a=b",
            ":authority: lab\nHost: elsewhere:82\n",
        ),
        ("host-names-the-authority", "/headers", ":authority: elsewhere:82\nHost: elsewhere:82\n"),
    ];
    let case = |(name, target, body): (_, &str, &str)| {
        Case::security(8, name, "9112 3.2.2")
            .why(why)
            .on_lab_routes()
            .send(format!("GET {target} HTTP/1.1\r\nHost: elsewhere:82\r\n\r\n"))
            .answered(status(200).body(body))
    };
    cases.extend(named.map(case));
    let why = "the authority decides which site answers, so there must be one and it must be sound";
    let refused: [(&str, &str); 4] = [
        ("absolute-form-without-host-field", "GET http://lab/ HTTP/1.1\r\n\r\n"),
        ("absolute-form-with-malformed-host-field", "GET http://lab/ HTTP/1.1\r\nHost: a b\r\n\r\n"),
        ("absolute-form-with-empty-authority", "GET http:/// HTTP/1.1\r\nHost: lab\r\n\r\n"),
        ("absolute-form-with-userinfo", "GET http://user@lab/ HTTP/1.1\r\nHost: lab\r\n\r\n"),
    ];
    let case =
        |(name, bytes): (_, &str)| Case::security(8, name, "9112 3.2").why(why).send(bytes).refused(&[400]);
    cases.extend(refused.map(case));
    cases
}

fn other_forms() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, target) in
        [("options-asterisk", "*"), ("options-absolute-form", "http://lab"), ("options-path", "/")]
    {
        cases.push(
            Case::compliance(8, name, "9110 9.3.7")
                .why("OPTIONS asks what the server, or a resource, can do, and harms nothing")
                .send(format!("OPTIONS {target} HTTP/1.1\r\nHost: lab\r\n\r\n"))
                .answered(between(200, 299)),
        );
    }
    let why = "each method has its forms of target, and this is none of them";
    for (name, target) in [
        ("get-asterisk", "*"),
        ("relative-path", "index.html"),
        ("query-without-path", "?a=b"),
        ("authority-form-with-get", "lab:80"),
        ("asterisk-with-more", "*a"),
    ] {
        cases.push(Case::compliance(8, name, "9112 3.2").why(why).send(get(target)).refused(&[400]));
    }
    cases
}
