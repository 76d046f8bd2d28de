//! The Host field: rule 11.

use super::hello;
use crate::case::Case;

pub(super) fn cases() -> Vec<Case> {
    [refused(), served()].concat()
}

fn request(version: &str, fields: &str) -> String {
    format!("GET / HTTP/{version}\r\n{fields}\r\n")
}

fn refused() -> Vec<Case> {
    let why = "Host chooses the site: a cache and a server that read another one from it poison each other";
    let rows = [
        ("no-host", "1.1", ""),
        ("no-host-but-other-fields", "1.1", "X: y\r\n"),
        ("two-hosts-that-differ", "1.1", "Host: lab\r\nHost: other\r\n"),
        ("two-equal-hosts", "1.1", "Host: lab\r\nHost: lab\r\n"),
        ("two-hosts-in-other-case", "1.1", "Host: lab\r\nX: y\r\nhOST: lab\r\n"),
        ("two-hosts-on-1.0", "1.0", "Host: lab\r\nHost: other\r\n"),
        ("empty-host", "1.1", "Host:\r\n"),
        ("blank-host", "1.1", "Host: \t \r\n"),
        ("host-with-userinfo", "1.1", "Host: user@lab\r\n"),
        ("host-with-path", "1.1", "Host: lab/path\r\n"),
        ("host-with-query", "1.1", "Host: lab?q\r\n"),
        ("host-with-fragment", "1.1", "Host: lab#f\r\n"),
        ("host-with-scheme", "1.1", "Host: http://lab\r\n"),
        ("host-with-space", "1.1", "Host: lab other\r\n"),
        ("host-with-backslash", "1.1", "Host: lab\\other\r\n"),
        ("host-with-port-that-is-no-number", "1.1", "Host: lab:http\r\n"),
        ("host-with-two-ports", "1.1", "Host: lab:80:81\r\n"),
        ("host-with-port-above-65535", "1.1", "Host: lab:65536\r\n"),
        ("host-with-port-of-many-digits", "1.1", "Host: lab:99999999999999999999\r\n"),
        ("host-with-signed-port", "1.1", "Host: lab:+80\r\n"),
        ("host-with-colons-in-brackets", "1.1", "Host: [:::::]\r\n"),
        ("host-with-ipv4-address-in-brackets", "1.1", "Host: [127.0.0.1]\r\n"),
        ("host-with-nothing-in-brackets", "1.1", "Host: []\r\n"),
        ("host-with-open-bracket", "1.1", "Host: [::1\r\n"),
        ("host-with-utf-8", "1.1", "Host: l\u{e4}b\r\n"),
    ];
    let case = |(name, version, fields)| {
        Case::security(11, name, "9112 3.2").why(why).send(request(version, fields)).refused(&[400])
    };
    rows.map(case).to_vec()
}

fn served() -> Vec<Case> {
    let why = "this is how correct clients name the site";
    let rows = [
        ("no-host-on-1.0", "1.0", ""),
        ("host-on-1.0", "1.0", "Host: lab\r\n"),
        ("host-with-port", "1.1", "Host: lab:8080\r\n"),
        ("host-with-ipv4-address", "1.1", "Host: 127.0.0.1:80\r\n"),
        ("host-with-ipv6-address", "1.1", "Host: [::1]:80\r\n"),
        ("host-with-long-ipv6-address", "1.1", "Host: [2001:db8::ffff:192.0.2.1]\r\n"),
        ("host-with-the-highest-port", "1.1", "Host: lab:65535\r\n"),
        ("host-in-upper-case", "1.1", "HOST: LAB\r\n"),
        ("host-without-white-space", "1.1", "Host:lab\r\n"),
        ("host-with-white-space-around", "1.1", "Host: \t lab \t\r\n"),
        ("host-after-other-fields", "1.1", "A: b\r\nC: d\r\nHost: lab\r\n"),
    ];
    let case = |(name, version, fields)| {
        Case::compliance(11, name, "9110 7.2").why(why).send(request(version, fields)).answered(hello())
    };
    rows.map(case).to_vec()
}
