//! The answers themselves: rules 14, 28 and 29. That every answer is framed, dated and has a type, that 1xx
//! and 204 have no framing field and that a 405 has Allow is checked in every case, by the reader and the
//! judge.

use super::{GET, HELLO, get, get_with, hello};
use crate::case::{Case, Need};
use crate::expect::{Answer, Check, Outcome, between, one_of, status};
use crate::profile::{Limits, Profile};

pub(super) fn cases(profile: &Profile) -> Vec<Case> {
    let mut cases = [heads(), errors_to_head(&profile.limits), framed(), dated()].concat();
    cases.extend(injections(profile));
    cases
}

fn injections(profile: &Profile) -> Vec<Case> {
    let target = profile.injecting_target.as_deref().unwrap_or("/");
    let rows = [
        ("injected-field-is-refused", ""),
        ("injected-cr-is-refused", "?what=cr"),
        ("injected-lf-is-refused", "?what=lf"),
        ("injected-nul-is-refused", "?what=nul"),
        ("injected-field-name-is-refused", "?what=name"),
    ];
    let case = |(name, query)| {
        Case::security(14, name, "9110 5.5")
            .why("a handler that passes user input on must not be able to split the answer in two")
            .needs(Need::InjectingRoute)
            .send(get(format!("{target}{query}")))
            .answered(status(500).with(Check::Lacks("Injected")).with(Check::BodyLacks(b"Injected".to_vec())))
    };
    rows.map(case).to_vec()
}

fn heads() -> Vec<Case> {
    let why = "HEAD asks what GET would say, and a body after it would be taken for the next answer";
    let rows: [(&str, &str, Answer); 5] = [
        ("head-of-the-greeting", "/", fields_of_greeting()),
        (
            "head-of-many-bytes",
            "/bytes?n=65536",
            status(200).with(Check::Is("Content-Length", "65536".into())),
        ),
        ("head-of-no-bytes", "/bytes?n=0", status(200).with(Check::Is("Content-Length", "0".into()))),
        (
            "head-of-json",
            "/json",
            status(200).with(Check::Has("Content-Length")).with(Check::Has("Content-Type")),
        ),
        ("head-of-unknown-path", "/no/such/path", status(404)),
    ];
    let case = |(name, target, answer): (_, _, Answer)| {
        Case::security(28, name, "9110 9.3.2")
            .why(why)
            .on_lab_routes()
            .methods(&["HEAD"])
            .send(format!("HEAD {target} HTTP/1.1\r\nHost: lab\r\n\r\n"))
            .answered(answer.body(""))
    };
    let mut cases = rows.map(case).to_vec();
    // The same checks on GET: together they show that HEAD has the fields of GET.
    cases.push(
        Case::security(28, "get-of-the-greeting", "9110 9.3.1")
            .why("what HEAD announces is what GET sends")
            .on_lab_routes()
            .send(GET)
            .answered(fields_of_greeting().body(HELLO)),
    );
    cases
}

fn errors_to_head(limits: &Limits) -> Vec<Case> {
    let why = "a client that has sent HEAD takes the error's body for the next answer";
    let head = |fields: &str| format!("HEAD / HTTP/1.1\r\nHost: lab\r\n{fields}\r\n");
    let oversized = format!("Content-Length: {}\r\n", limits.body_bytes + 1);
    let chunk = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", limits.body_bytes + 1);
    let long = format!("/{}", "x".repeat(limits.request_line_bytes));
    let rows: [(_, String, &[u16]); 10] = [
        ("head-with-two-hosts", head("Host: lab\r\n"), &[400]),
        ("head-with-a-bad-field", head("X : y\r\n"), &[400]),
        ("head-with-a-bare-line-end", head("X: y\n"), &[400]),
        ("head-with-too-large-a-body", head(&oversized), &[413]),
        ("head-with-too-large-a-chunk", head(&chunk), &[413]),
        ("head-with-too-many-fields", head(&"X: y\r\n".repeat(limits.fields)), &[431]),
        ("head-with-too-long-a-target", format!("HEAD {long} HTTP/1.1\r\nHost: lab\r\n\r\n"), &[414]),
        ("head-with-unknown-coding", head("Transfer-Encoding: gzip\r\n"), &[501]),
        ("head-with-unknown-version", "HEAD / HTTP/2.0\r\nHost: lab\r\n\r\n".to_owned(), &[505, 400]),
        ("head-after-an-empty-line", format!("\r\n{}", head("X : y\r\n")), &[400]),
    ];
    let case = |(name, bytes, statuses): (_, String, &[u16])| {
        let refusal = Outcome::then_close([one_of(statuses).body("")]);
        Case::security(28, name, "9110 9.3.2")
            .why(why)
            .on_lab_routes()
            .methods(&["HEAD"])
            .send(bytes)
            .allow(refusal)
    };
    rows.map(case).to_vec()
}

fn fields_of_greeting() -> Answer {
    status(200).with(Check::Is("Content-Length", HELLO.len().to_string())).with(Check::Has("Content-Type"))
}

fn framed() -> Vec<Case> {
    let why = "an answer that only the close delimits looks whole when it was cut";
    let case = |name| Case::security(28, name, "9112 6.3").why(why);
    let lab = |name, target: &str, answer| case(name).on_lab_routes().send(get(target)).answered(answer);
    vec![
        lab("many-bytes-are-delimited", "/bytes?n=65536", status(200).with(Check::BodyLength(65_536))),
        lab("no-bytes-are-delimited", "/bytes?n=0", status(200).body("")),
        lab("json-is-delimited", "/json", status(200).with(Check::BodyHas(b"{".to_vec()))),
        lab("wait-is-delimited", "/wait?ms=2", status(200)),
        lab("cpu-is-delimited", "/cpu?us=200", status(200)),
        lab("stats-are-delimited", "/stats", status(200).with(Check::BodyHas(b"{".to_vec()))).whole_only(),
        case("options-is-delimited")
            .send("OPTIONS / HTTP/1.1\r\nHost: lab\r\n\r\n")
            .answered(between(200, 204)),
        case("not-modified-has-no-body")
            .send(get_with("If-None-Match: \"none\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT"))
            .answered(hello())
            .or(Outcome::answers([status(304)])),
    ]
}

fn dated() -> Vec<Case> {
    let why = "caches reckon age from Date, and without Content-Type a browser guesses what it was sent";
    let whole = |answer: Answer| answer.with(Check::Dated).with(Check::Has("Content-Type"));
    let case = |name, section| Case::compliance(29, name, section).why(why);
    let post = "POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 0\r\n\r\n";
    vec![
        case("date-and-type-on-200", "9110 6.6.1").send(GET).answered(whole(hello())),
        case("date-and-type-on-404", "9110 6.6.1")
            .on_lab_routes()
            .send(get("/no/such/path"))
            .answered(whole(status(404))),
        case("date-and-type-on-405", "9110 6.6.1").on_lab_routes().send(post).answered(whole(status(405))),
        case("date-and-type-on-400", "9110 6.6.1")
            .send(get_with("X : y"))
            .allow(Outcome::then_close([whole(status(400))])),
        case("date-and-type-on-head", "9110 6.6.1")
            .methods(&["HEAD"])
            .send("HEAD / HTTP/1.1\r\nHost: lab\r\n\r\n")
            .answered(whole(status(200))),
        case("date-on-options", "9110 6.6.1")
            .send("OPTIONS / HTTP/1.1\r\nHost: lab\r\n\r\n")
            .answered(between(200, 204).with(Check::Dated)),
        case("text-plain-greeting", "9110 8.3")
            .on_lab_routes()
            .send(GET)
            .answered(hello().with(Check::Has("Content-Type"))),
    ]
}
