//! Both parsers, fed with bytes in any pieces, and all that can be learnt of what they saw.

use http1::{
    Buffer, Delivery, Error, Facts, Limits, Method, OwnedRequest, Request, Version, textbook, zerocopy,
};

/// Small enough for a short input to reach each of them.
pub(crate) const LIMITS: Limits = Limits {
    request_line_bytes_max: 100,
    head_bytes_max: 400,
    fields_max: 8,
    body_bytes_max: 64,
    chunk_extension_bytes_max: 16,
    trailer_bytes_max: 40,
};

/// The shortest request there is: `GET / HTTP/1.0` and two line ends.
const REQUEST_BYTES_MIN: usize = 18;

/// All that a handler or a server can learn of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) version: Version,
    pub(crate) path: String,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) facts: Facts,
}

fn seen(request: &Request<'_>, facts: Facts) -> Seen {
    Seen {
        method: request.method,
        target: request.target.to_owned(),
        version: request.version,
        path: format!("{} {:?} {:?}", request.path(), request.query(), request.authority()),
        fields: request.fields.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: request.body.to_owned(),
        facts,
    }
}

/// What came of some bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parsed {
    /// The whole requests, in order.
    pub(crate) requests: Vec<Seen>,
    /// How many of all bytes were consumed when each of them was whole.
    pub(crate) ends: Vec<usize>,
    /// What was wrong with the bytes behind them.
    pub(crate) error: Option<Error>,
    /// Whether the answer to them is one to HEAD.
    pub(crate) error_head_only: bool,
    /// Bytes of an unfinished request that the buffer holds. Each parser keeps them in its own way,
    /// so this is compared between two runs of one parser only.
    pub(crate) held: usize,
}

impl Parsed {
    /// What has to be the same for both parsers.
    pub(crate) fn outcome(&self) -> (&[Seen], &[usize], Option<Error>, bool) {
        (&self.requests, &self.ends, self.error, self.error_head_only)
    }
}

/// A parser, by what it makes of pieces.
pub(crate) type Parser = fn(&[&[u8]], Limits) -> Parsed;

/// Both of them.
pub(crate) const PARSERS: [Parser; 2] = [with_textbook, with_zerocopy];

/// How far a parser came with what it was given.
enum Progress {
    NeedMore,
    SendContinue,
    Complete(Seen),
}

/// Feeds `pieces` one after the other to whatever `next` parses with. Asserts that it comes to an end:
/// each request that is whole has used bytes up, and a client is told to continue once for each.
fn drive(
    pieces: &[&[u8]],
    mut next: impl FnMut(&mut Buffer) -> Result<Progress, (Error, Delivery)>,
) -> Parsed {
    let mut input = Buffer::with_capacity(8);
    let mut parsed = Parsed::default();
    let (mut fed, mut continued) = (0, 0);
    for piece in pieces {
        input.extend(piece);
        fed += piece.len();
        loop {
            match next(&mut input) {
                Ok(Progress::Complete(request)) => {
                    let end = fed - input.bytes().len();
                    let start = parsed.ends.last().copied().unwrap_or(0);
                    assert!(end >= start + REQUEST_BYTES_MIN, "a request of {} bytes", end - start);
                    parsed.ends.push(end);
                    parsed.requests.push(request);
                }
                Ok(Progress::SendContinue) => {
                    continued += 1;
                    assert!(continued <= parsed.requests.len() + 1, "one request was continued twice");
                }
                Ok(Progress::NeedMore) => break,
                Err((error, Delivery { head_only, .. })) => {
                    return Parsed { error: Some(error), error_head_only: head_only, ..parsed };
                }
            }
        }
    }
    Parsed { held: input.bytes().len(), ..parsed }
}

pub(crate) fn with_textbook(pieces: &[&[u8]], limits: Limits) -> Parsed {
    let mut parser = textbook::Parser::new(limits);
    let mut request = OwnedRequest::new();
    drive(pieces, |input| {
        let progress = parser.parse(input, &mut request).map_err(|error| (error, parser.error_delivery()))?;
        Ok(match progress {
            textbook::Progress::NeedMore => Progress::NeedMore,
            textbook::Progress::SendContinue => Progress::SendContinue,
            textbook::Progress::Complete => {
                let seen = seen(&request.as_request(), request.facts());
                request.clear();
                Progress::Complete(seen)
            }
        })
    })
}

pub(crate) fn with_zerocopy(pieces: &[&[u8]], limits: Limits) -> Parsed {
    let mut parser = zerocopy::Parser::new(limits);
    drive(pieces, |input| {
        let progress = parser
            .parse(input, |request, facts| seen(&request, facts))
            .map_err(|error| (error, parser.error_delivery()))?;
        Ok(match progress {
            zerocopy::Progress::NeedMore => Progress::NeedMore,
            zerocopy::Progress::SendContinue => Progress::SendContinue,
            zerocopy::Progress::Complete(seen) => Progress::Complete(seen),
        })
    })
}

/// Cuts `bytes` at these offsets, in any order; those behind the end are left out.
pub(crate) fn cut<'a>(bytes: &'a [u8], offsets: &[usize]) -> Vec<&'a [u8]> {
    let mut offsets: Vec<_> = offsets.iter().copied().filter(|offset| *offset < bytes.len()).collect();
    offsets.sort_unstable();
    offsets.push(bytes.len());
    let mut start = 0;
    offsets.into_iter().map(|end| &bytes[std::mem::replace(&mut start, end)..end]).collect()
}
