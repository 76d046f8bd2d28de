//! Methods: rules 9 and 10.

use super::HELLO;
use crate::case::Case;
use crate::expect::{Check, Outcome, one_of, status};

pub(super) fn cases() -> Vec<Case> {
    [never_served(), unknown(), not_allowed()].concat()
}

fn request(line: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: lab\r\n\r\n")
}

fn never_served() -> Vec<Case> {
    let tunnel = "a 2xx to CONNECT opens a tunnel through the server into its network";
    let trace = "TRACE sends credentials back to whoever made the client send them";
    let connect = |name, line: &str| {
        let case = Case::security(9, name, "9110 9.3.6").why(tunnel).methods(&["CONNECT"]).send(line);
        case.answered(one_of(&[405, 501]))
    };
    vec![
        connect("connect", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n"),
        connect("connect-to-itself", "CONNECT lab:80 HTTP/1.1\r\nHost: lab:80\r\n\r\n"),
        connect("connect-with-a-path", &request("CONNECT /")).allow(Outcome::refusal(&[400])),
        Case::security(9, "trace", "9110 9.3.8")
            .why(trace)
            .methods(&["TRACE"])
            .send("TRACE / HTTP/1.1\r\nHost: lab\r\nCookie: secret\r\n\r\n")
            .answered(one_of(&[405, 501]).with(Check::BodyLacks(b"secret".to_vec()))),
    ]
}

fn unknown() -> Vec<Case> {
    let why = "501 tells the client that no resource here knows the method";
    let mut cases = Vec::new();
    for (name, method) in [
        ("unknown-method", "BREW"),
        ("method-in-lower-case", "get"),
        ("method-in-mixed-case", "Get"),
        ("method-with-suffix", "GETX"),
        ("method-cut-short", "GE"),
        ("method-with-every-token-mark", "A!#$%&'*+-.^_`|~9"),
    ] {
        cases.push(
            Case::compliance(10, name, "9110 9.1")
                .why(why)
                .send(request(&format!("{method} /")))
                .answered(status(501).with(Check::BodyLacks(HELLO.into())))
                .allow(Outcome::refusal(&[400])),
        );
    }
    let why = "a method is a token; anything else is a line that other readers split elsewhere";
    for (name, method) in [
        ("method-with-at-sign", "G@T"),
        ("method-with-parenthesis", "GE(T"),
        ("method-with-slash", "GE/T"),
        ("method-with-colon", "GET:"),
        ("method-in-quotes", "\"GET\""),
        ("method-with-utf-8", "G\u{c9}T"),
        ("method-with-nul", "G\0T"),
    ] {
        let case = Case::compliance(10, name, "9110 9.1").why(why).send(request(&format!("{method} /")));
        cases.push(case.refused(&[400]).allow(Outcome::answers([status(501)])));
    }
    cases
}

fn not_allowed() -> Vec<Case> {
    let why = "405 with Allow tells the client what would have worked";
    let mut cases = Vec::new();
    for (name, method, allowed) in [
        ("post-where-only-get", "POST", "GET"),
        ("put-where-only-get", "PUT", "GET"),
        ("delete-where-only-get", "DELETE", "HEAD"),
    ] {
        cases.push(
            Case::compliance(10, name, "9110 15.5.6")
                .why(why)
                .on_lab_routes()
                .send(format!("{method} / HTTP/1.1\r\nHost: lab\r\nContent-Length: 0\r\n\r\n"))
                .answered(status(405).with(Check::Lists("Allow", allowed))),
        );
    }
    let post = status(405).with(Check::Lists("Allow", "POST"));
    let case = |name| Case::compliance(10, name, "9110 15.5.6").why(why).on_lab_routes();
    cases.push(case("get-where-only-post").send(request("GET /echo")).answered(post.clone()));
    cases.push(case("head-where-only-post").methods(&["HEAD"]).send(request("HEAD /echo")).answered(post));
    cases.push(
        Case::compliance(10, "unknown-path", "9110 15.5.5")
            .why("404 is for what is not there, whatever else would be")
            .on_lab_routes()
            .send(request("GET /no/such/path"))
            .answered(status(404)),
    );
    cases
}
