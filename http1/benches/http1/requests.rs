//! Five requests as servers meet them.

use std::fmt::Write;

/// Bytes of one or several requests.
pub(crate) struct Sample {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) requests: u64,
}

/// Requests that a client sends before it awaits the first answer.
const PIPELINED: u64 = 16;

const SMALL: &str = "GET / HTTP/1.1\r\nHost: lab.example:8080\r\n\r\n";

const BROWSER: &str = "GET /phases/4?sort=rate HTTP/1.1\r\n\
    Host: lab.example\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Referer: https://lab.example/phases\r\n\
    Connection: keep-alive\r\n\
    Cookie: session=5b1c8f0e7a9d4c32; theme=dark; seen=12\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    Sec-Fetch-Dest: document\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-User: ?1\r\n\
    Priority: u=0, i\r\n\r\n";

/// All of them.
pub(crate) fn samples() -> Vec<Sample> {
    let sample = |name, text: &str, requests| Sample { name, bytes: text.as_bytes().to_vec(), requests };
    vec![
        sample("small", SMALL, 1),
        sample("browser", BROWSER, 1),
        sample("large head", &large_head(), 1),
        sample("chunked", &chunked(), 1),
        sample("pipelined", &(0..PIPELINED).map(pipelined).collect::<String>(), PIPELINED),
    ]
}

/// Behind several proxies, with a token: 60 fields, 6 KiB.
fn large_head() -> String {
    let mut text = "GET /api/v2/items/1734?expand=all HTTP/1.1\r\nHost: api.example\r\n".to_owned();
    for hop in 0..58 {
        // A String takes all that is written to it.
        let _ = write!(text, "X-Forwarded-Detail-{hop}: hop={hop}; id={}\r\n", "0123456789abcdef".repeat(4));
    }
    text + "Authorization: Bearer " + &"eyJhbGciOiJI".repeat(80) + "\r\n\r\n"
}

/// An upload of 4 KiB in chunks of half a KiB.
fn chunked() -> String {
    let head = "POST /echo HTTP/1.1\r\nHost: lab.example\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("200\r\n{}\r\n", "x".repeat(0x200));
    head.to_owned() + &chunk.repeat(8) + "0\r\n\r\n"
}

/// No two alike, so that none is known already.
fn pipelined(index: u64) -> String {
    format!("GET /bytes?n={index} HTTP/1.1\r\nHost: lab.example:8080\r\n\r\n")
}
