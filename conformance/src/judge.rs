//! Holds what came back against what was allowed.

use crate::case::Case;
use crate::escape::escape;
use crate::exchange::{Ended, Exchange};
use crate::expect::{Answer, Check, End, Outcome};
use crate::profile::Profile;
use crate::reader::{Framing, Head, Response};

/// The first allowed outcome that `exchange` meets, or how it missed the right one.
pub(crate) fn judge(profile: &Profile, case: &Case, exchange: &Exchange) -> Result<usize, String> {
    match &exchange.ended {
        Ended::Malformed(error) => return Err(format!("what came back is not HTTP: {error}")),
        Ended::Failed(error) => return Err(error.clone()),
        _ => {}
    }
    every_answer(profile, exchange.transcript.answers())?;
    let mut missed = None;
    for (index, outcome) in case.allowed.iter().enumerate() {
        match meets(profile, outcome, exchange) {
            Ok(()) => return Ok(index),
            Err(miss) => missed = missed.or(Some(miss)),
        }
    }
    Err(missed.unwrap_or_else(|| "the case allows no outcome".to_owned()))
}

/// What holds for every answer of every case, so that no case has to say it.
fn every_answer(profile: &Profile, answers: &[Response]) -> Result<(), String> {
    for Response { head, body, framing, .. } in answers {
        let status = head.status;
        if *framing == Framing::UntilClose {
            return Err(format!("the {status} says nothing of its length: a cut would look like its end"));
        }
        if (200..500).contains(&status) {
            if !is_dated(head) {
                return Err(format!("the {status} has no Date of the right form (RFC 9110 section 6.6.1)"));
            }
            if !body.is_empty() && head.values("content-type").next().is_none() {
                return Err(format!("the {status} has content and no Content-Type (RFC 9110 section 8.3)"));
            }
        }
        if status == 405 && head.values("allow").next().is_none() {
            return Err("the 405 has no Allow (RFC 9110 section 15.5.6)".to_owned());
        }
        if !profile.persists && !head.lists("connection", "close") {
            return Err(format!("the {status} of a server that closes does not say `Connection: close`"));
        }
    }
    Ok(())
}

fn meets(profile: &Profile, outcome: &Outcome, exchange: &Exchange) -> Result<(), String> {
    let answers = exchange.transcript.answers();
    let due = if profile.persists {
        &outcome.answers[..]
    } else {
        &outcome.answers[..outcome.answers.len().min(1)]
    };
    if let (Some(interim), []) = (exchange.transcript.pending_interim().first(), answers) {
        return Err(format!("a {} came, and no answer", interim.status));
    }
    if answers.len() != due.len() {
        let statuses: Vec<String> = answers.iter().map(|answer| answer.head.status.to_string()).collect();
        let got = if statuses.is_empty() { "none".to_owned() } else { statuses.join(", ") };
        let (got, rest) = (shorten(&got), exchange.transcript.rest().len());
        let partial =
            if rest == 0 { String::new() } else { format!(" and {rest} bytes of an unfinished one") };
        return Err(format!("{} answers were due, got {got}{partial}", due.len()));
    }
    for (index, (answer, due)) in answers.iter().zip(due).enumerate() {
        answer_meets(answer, due).map_err(|miss| format!("answer {}: {miss}", index + 1))?;
    }
    if let Some(rest) = Some(exchange.transcript.rest()).filter(|rest| !rest.is_empty()) {
        return Err(format!("an unfinished answer follows the last one due: \"{}\"", escape(rest)));
    }
    let end = if profile.persists || outcome.end != End::MayPersist { outcome.end } else { End::Closes };
    match (&exchange.ended, end) {
        (Ended::Closed, _)
        | (Ended::Reset, End::MayPersist | End::Closes)
        | (Ended::ClosedAfterUs, End::MayPersist) => Ok(()),
        (ended, _) => Err(format!("the end is wrong: {}", describe(ended))),
    }
}

fn answer_meets(answer: &Response, due: &Answer) -> Result<(), String> {
    let status = answer.head.status;
    if !due.statuses.iter().any(|range| range.contains(&status)) {
        return Err(format!("the status is {status}"));
    }
    if let Some(interim) = answer.interim.first().filter(|_| !due.interim) {
        return Err(format!("a {} came first", interim.status));
    }
    match due.checks.iter().find(|check| !holds(check, answer)) {
        Some(check) => Err(format!("the {status} is not {check}")),
        None => Ok(()),
    }
}

fn holds(check: &Check, Response { head, body, .. }: &Response) -> bool {
    let contains = |part: &[u8]| {
        let part = part.to_ascii_lowercase();
        part.is_empty() || body.to_ascii_lowercase().windows(part.len()).any(|window| window == part)
    };
    match check {
        Check::Has(name) => head.values(name).next().is_some(),
        Check::Lacks(name) => head.values(name).next().is_none(),
        Check::Is(name, value) => head.values(name).eq([value.as_bytes()]),
        Check::Lists(name, member) => head.lists(name, member),
        Check::Dated => is_dated(head),
        Check::Body(expected) => body == expected,
        Check::BodyLength(length) => body.len() == *length,
        Check::BodyHas(part) => contains(part),
        Check::BodyLacks(part) => !contains(part),
    }
}

/// One `Date` of the form `Sun, 06 Nov 1994 08:49:37 GMT`.
fn is_dated(head: &Head) -> bool {
    const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    const SHAPE: &[u8; 29] = b"ddd, 00 mmm 0000 00:00:00 GMT";
    let mut dates = head.values("date");
    let (Some(date), None) = (dates.next(), dates.next()) else { return false };
    date.len() == SHAPE.len()
        && DAYS.contains(&&date[..3])
        && MONTHS.contains(&&date[8..11])
        && SHAPE.iter().zip(date).all(|(shape, byte)| match shape {
            b'0' => byte.is_ascii_digit(),
            b'd' | b'm' => byte.is_ascii_alphabetic(),
            other => byte == other,
        })
}

/// The end of a connection, for a person.
pub(crate) fn describe(ended: &Ended) -> String {
    match ended {
        Ended::Closed => "the server closed".to_owned(),
        Ended::ClosedAfterUs => "the server closed, but only after the client had".to_owned(),
        Ended::Reset => "the server reset the connection".to_owned(),
        Ended::Limit(limit) => format!("neither an answer nor a close within {limit:?}"),
        Ended::Malformed(error) => format!("given up: {error}"),
        Ended::Failed(error) => error.clone(),
    }
}

/// A thousand statuses, told by the first few.
fn shorten(statuses: &str) -> String {
    const SHOWN: usize = 60;
    if statuses.len() <= SHOWN { statuses.to_owned() } else { format!("{}…", &statuses[..SHOWN]) }
}

/// What has to be the same however the bytes were cut: the final answers without their dates. Interim
/// responses are left out, since a server may save itself the 100 once the body is there.
pub(crate) fn same_answers(one: &Exchange, other: &Exchange) -> bool {
    let signature = |exchange: &Exchange| -> Vec<_> {
        let undated = |head: &Head| {
            let fields = head.fields.iter().filter(|field| !field.name.eq_ignore_ascii_case("date"));
            (head.status, head.reason.clone(), fields.cloned().collect::<Vec<_>>())
        };
        exchange
            .transcript
            .answers()
            .iter()
            .map(|answer| (undated(&answer.head), answer.body.clone()))
            .collect()
    };
    signature(one) == signature(other)
}
