//! How long a connection lives: rules 25 and 26.

use super::{GET, THREE_BYTES, echo, echoed, get_with, hello, three_bytes};
use crate::case::{Case, Need};
use crate::expect::{Answer, Check, End, Outcome, status};

/// Requests in one write; answers must come back one for one.
const PIPELINED: usize = 1000;

pub(super) fn cases() -> Vec<Case> {
    [asked_to_close(), old_clients(), persistence(), pipelines(), half_closed()].concat()
}

fn asked_to_close() -> Vec<Case> {
    let why = "the client said that nothing more comes, so what does come is not its own";
    let rows = [
        ("close", "Connection: close"),
        ("close-in-other-case", "connection: CLOSE"),
        ("close-after-another-option", "Connection: keep-alive, close"),
        ("close-before-another-option", "Connection: close, x"),
        ("close-on-a-second-line", "Connection: keep-alive\r\nConnection: close"),
        ("close-between-empty-members", "Connection: ,close,"),
    ];
    let case = |(name, lines)| {
        let case = Case::security(25, name, "9112 9.6").why(why);
        case.send([&get_with(lines)[..], GET.as_bytes()].concat()).allow(Outcome::then_close([hello()]))
    };
    let mut cases = rows.map(case).to_vec();
    cases.push(
        Case::security(25, "close-after-a-body", "9112 9.6")
            .why(why)
            .on_lab_routes()
            .send([&echo("Connection: close\r\nContent-Length: 5", "hello")[..], GET.as_bytes()].concat())
            .allow(Outcome::then_close([echoed("hello")])),
    );
    cases.push(
        Case::security(25, "close-on-the-second-of-three", "9112 9.6")
            .why(why)
            .on_lab_routes()
            .needs(Need::Persistence)
            .send([THREE_BYTES.as_bytes(), &get_with("Connection: close"), GET.as_bytes()].concat())
            .allow(Outcome::then_close([three_bytes(), hello()])),
    );
    cases
}

fn old_clients() -> Vec<Case> {
    let why = "an HTTP/1.0 client reads until the close unless it asked for something else";
    let old = |answer: Answer| Outcome { end: End::Closes, ..Outcome::answers([answer]) };
    let plain = hello().with(Check::Lacks("Transfer-Encoding"));
    let request = |target: &str, lines: &str| format!("GET {target} HTTP/1.0\r\nHost: lab\r\n{lines}\r\n");
    let alive = request("/", "Connection: keep-alive\r\n");
    let case = |name| Case::compliance(26, name, "9112 9.3").why(why);
    vec![
        case("old-client-is-closed").send(request("/", "")).allow(old(plain.clone())),
        case("old-client-is-closed-after-one-of-two")
            .send([&request("/", ""), GET].concat())
            .allow(old(plain.clone())),
        case("old-client-that-says-close")
            .send(request("/", "Connection: close\r\n"))
            .allow(Outcome::then_close([plain.clone()])),
        case("old-client-gets-no-chunks")
            .on_lab_routes()
            .send(request("/bytes?n=100000", ""))
            .allow(old(status(200).with(Check::Lacks("Transfer-Encoding")).with(Check::BodyLength(100_000)))),
        case("old-client-keep-alive")
            .needs(Need::Persistence)
            .send(&alive)
            .once_answered_send(GET)
            .allow(Outcome::answers([plain.with(Check::Lists("Connection", "keep-alive")), hello()]))
            .allow(old(hello())),
        case("old-client-keep-alive-on-a-server-that-may-close").send(alive).answered(hello()),
    ]
}

fn persistence() -> Vec<Case> {
    let case = |name| {
        Case::compliance(26, name, "9112 9.3")
            .why("a connection is kept unless somebody says close, and saves the next request a handshake")
            .on_lab_routes()
            .needs(Need::Persistence)
    };
    vec![
        case("second-request-after-the-answer")
            .send(GET)
            .once_answered_send(THREE_BYTES)
            .allow(Outcome::answers([hello(), three_bytes()])),
        case("second-request-after-a-body")
            .send(echo("Content-Length: 5", "hello"))
            .once_answered_send(GET)
            .allow(Outcome::answers([echoed("hello"), hello()])),
        case("second-request-after-404")
            .send("GET /no/such/path HTTP/1.1\r\nHost: lab\r\n\r\n")
            .once_answered_send(GET)
            .allow(Outcome::answers([status(404), hello()])),
        case("second-request-after-head")
            .methods(&["HEAD", "GET"])
            .send("HEAD / HTTP/1.1\r\nHost: lab\r\n\r\n")
            .once_answered_send(GET)
            .allow(Outcome::answers([status(200), hello()])),
        Case::compliance(26, "one-request", "9112 9.3")
            .why("the plainest exchange there is")
            .send(GET)
            .answered(hello()),
    ]
}

fn pipelines() -> Vec<Case> {
    let case = |name| {
        Case::compliance(26, name, "9112 9.3.2")
            .why("answers carry no number; only their order says which request each belongs to")
            .on_lab_routes()
    };
    let wait = "GET /wait?ms=4 HTTP/1.1\r\nHost: lab\r\n\r\n";
    let mixed = [
        "HEAD / HTTP/1.1\r\nHost: lab\r\n\r\n".as_bytes(),
        &echo("Content-Length: 5", "hello"),
        b"GET /no/such/path HTTP/1.1\r\nHost: lab\r\n\r\n",
        &echo("Transfer-Encoding: chunked", "2\r\nhi\r\n0\r\n\r\n"),
        THREE_BYTES.as_bytes(),
    ];
    let expected = [status(200), echoed("hello"), status(404), echoed("hi"), three_bytes()];
    let sizes = || (0..PIPELINED).map(|index| index % 7);
    let many: String = sizes().map(|size| THREE_BYTES.replace("n=3", &format!("n={size}"))).collect();
    let answers: Vec<Answer> = sizes().map(|size| status(200).with(Check::BodyLength(size))).collect();
    vec![
        case("two-pipelined")
            .send([GET, THREE_BYTES].concat())
            .allow(Outcome::answers([hello(), three_bytes()])),
        case("pipelined-behind-a-slow-one")
            .needs(Need::Persistence)
            .send([wait, GET, wait, THREE_BYTES].concat())
            .allow(Outcome::answers([status(200), hello(), status(200), three_bytes()])),
        case("pipelined-with-bodies-and-head")
            .needs(Need::Persistence)
            .methods(&["HEAD", "POST", "GET", "POST", "GET"])
            .send(mixed.concat())
            .allow(Outcome::answers(expected)),
        case("a-thousand-pipelined").needs(Need::Persistence).send(many).allow(Outcome::answers(answers)),
    ]
}

fn half_closed() -> Vec<Case> {
    let why = "a client may say that it has no more to send and still wants its answer";
    let case = |name| Case::compliance(26, name, "9112 9.6").why(why);
    vec![
        case("half-close-after-the-request").send(GET).half_close().answered(hello()),
        case("half-close-after-a-body")
            .on_lab_routes()
            .send(echo("Content-Length: 5", "hello"))
            .half_close()
            .answered(echoed("hello")),
        case("half-close-before-a-slow-answer")
            .on_lab_routes()
            .send("GET /wait?ms=4 HTTP/1.1\r\nHost: lab\r\n\r\n")
            .half_close()
            .answered(status(200)),
        case("half-close-before-a-large-answer")
            .on_lab_routes()
            .send("GET /bytes?n=1000000 HTTP/1.1\r\nHost: lab\r\n\r\n")
            .half_close()
            .answered(status(200).with(Check::BodyLength(1_000_000))),
        case("half-close-after-two-pipelined")
            .on_lab_routes()
            .send([GET, THREE_BYTES].concat())
            .half_close()
            .allow(Outcome::answers([hello(), three_bytes()])),
    ]
}
