//! The reading half of a connection: what bytes, an end and an error mean for its requests.

use std::io::{self, ErrorKind as Io};
use std::mem;

use super::connection::{Connection, Phase, Resend};
use super::context::Context;
use super::errors::{ErrorKind, in_words};
use super::evidence::Failure;
use super::in_flight::Start;
use super::plan::Mode;
use super::response::{Answer, AtEof, Malformed, Read};
use super::tally::Done;
use super::wire::recv;

/// Full buffers taken from one connection before the others get their turn.
const READS_PER_EVENT_MAX: usize = 16;

impl Connection {
    /// Reads what has come. `to_eof` says that the poll saw the end of the stream: the poll will
    /// not report it twice, so reading goes on until it is found.
    pub(super) fn read(&mut self, cx: &mut Context<'_>, to_eof: bool) {
        // Moved out and back, so that the bytes can be read while the context is written to.
        let mut buffer = mem::take(&mut cx.buffer);
        for _ in 0..READS_PER_EVENT_MAX {
            let Some(stream) = &mut self.stream else { break };
            match recv(&*stream, &mut buffer) {
                Ok(0) => {
                    self.on_eof(cx);
                    break;
                }
                Ok(received) => {
                    self.on_bytes(cx, &buffer[..received]);
                    // A read that leaves room has drained the socket (epoll(7), "edge-triggered"),
                    // which saves the one that would only say so.
                    if received < buffer.len() && !to_eof && self.write_failure.is_none() {
                        cx.buffer = buffer;
                        return;
                    }
                }
                Err(error) if error.kind() == Io::WouldBlock => {
                    // A socket that fails to write without having come to its end is given up.
                    if let Some(kind) = self.write_failure {
                        self.lost(cx, kind, "writing failed");
                    }
                    cx.buffer = buffer;
                    return;
                }
                Err(error) if error.kind() == Io::Interrupted => {}
                Err(error) => {
                    self.on_read_error(cx, &error);
                    break;
                }
            }
        }
        cx.buffer = buffer;
        if let Err(error) = self.rearm(cx) {
            let now_ns = cx.tick();
            self.fail(cx, ErrorKind::Client, now_ns, format!("epoll_ctl: {error}"));
        }
    }

    fn on_bytes(&mut self, cx: &mut Context<'_>, bytes: &[u8]) {
        let now_ns = cx.tick();
        cx.alive(now_ns);
        cx.tally.bytes_read += bytes.len() as u64;
        let mut rest = bytes;
        while !rest.is_empty() {
            if matches!(self.phase, Phase::Ending { .. }) || self.in_flight.is_empty() {
                return self.on_surplus(cx, now_ns, rest);
            }
            self.first_byte_ns.get_or_insert(now_ns);
            match self.reader.read(rest, cx.plan.expect.body.as_deref()) {
                Ok(Read::Partial) => {
                    self.evidence.keep(rest, cx.kept_bytes_max);
                    break;
                }
                Ok(Read::Whole { used, answer }) => {
                    let (seen, after) = rest.split_at(used);
                    rest = after;
                    let done = self.take_done(cx, &answer, seen, now_ns);
                    let surplus = self.in_flight.is_empty() && !rest.is_empty();
                    if cx.plan.mode == Mode::Close || !answer.keep_alive || surplus {
                        self.evidence.end(seen, cx.kept_bytes_max, !rest.is_empty());
                        self.phase = Phase::Ending { done };
                    } else {
                        self.evidence.clear();
                        cx.finish(&done);
                    }
                }
                Err(Malformed(why)) => {
                    self.evidence.keep(rest, cx.kept_bytes_max);
                    return self.fail(cx, ErrorKind::Malformed, now_ns, why.to_owned());
                }
            }
        }
        match self.phase {
            Phase::Open => self.refill(cx, now_ns),
            Phase::Ending { done } if cx.plan.reset => {
                cx.finish(&done);
                self.close_after_answer(cx);
            }
            _ => {}
        }
    }

    /// Takes the oldest request off, as answered now.
    fn take_done(&mut self, cx: &mut Context<'_>, answer: &Answer, seen: &[u8], now_ns: u64) -> Done {
        self.answers += 1;
        let failure = cx.judge(answer);
        if let Some(kind) = failure
            && cx.tally.takes_samples()
        {
            let (first, what) = (cx.first_connection, cx.explain(answer));
            cx.tally.sample(|| Failure {
                request: self.answers,
                ..self.failure(first, kind, what, now_ns, seen)
            });
        }
        Done {
            start: self.in_flight.pop().unwrap_or(Start::now(now_ns)),
            first_byte_ns: self.first_byte_ns.take().unwrap_or(now_ns),
            last_byte_ns: now_ns,
            status: answer.status,
            failure,
        }
    }

    /// Bytes that no request asked for: the response before them was longer than it said.
    fn on_surplus(&mut self, cx: &mut Context<'_>, now_ns: u64, surplus: &[u8]) {
        match self.phase {
            // It has failed already, and what it failed by comes first.
            Phase::Ending { done } if done.failure.is_some() => self.end(cx, &done),
            Phase::Ending { .. } => {
                self.evidence.keep(surplus, cx.kept_bytes_max);
                let what = format!("{} bytes after the end of the last response", surplus.len());
                self.fail(cx, ErrorKind::Malformed, now_ns, what);
            }
            // Nothing is in flight that could be blamed.
            _ => self.on_unasked(cx, surplus),
        }
    }

    fn on_eof(&mut self, cx: &mut Context<'_>) {
        if let Phase::Ending { done } = self.phase {
            return self.end(cx, &done);
        }
        match self.reader.eof(cx.plan.expect.body.as_deref()) {
            AtEof::Whole(answer) => {
                let now_ns = cx.tick();
                let done = self.take_done(cx, &answer, b"", now_ns);
                self.phase = Phase::Ending { done };
                self.end(cx, &done);
            }
            AtEof::Between | AtEof::Short => {
                let kind = self.write_failure.unwrap_or(ErrorKind::ShortBody);
                self.lost(cx, kind, "the server closed");
            }
        }
    }

    fn on_read_error(&mut self, cx: &mut Context<'_>, error: &io::Error) {
        let kind = match error.kind() {
            Io::ConnectionReset | Io::BrokenPipe | Io::ConnectionAborted => ErrorKind::Reset,
            Io::TimedOut => ErrorKind::Timeout,
            _ => ErrorKind::Read,
        };
        match self.phase {
            // The response was whole, so it counts; how the server ended is noted beside it.
            Phase::Ending { done } => {
                cx.tally.reset_after_answer += u64::from(kind == ErrorKind::Reset);
                self.end(cx, &done);
            }
            _ => self.lost(cx, kind, &in_words(error)),
        }
    }

    /// The stream is gone with requests unanswered.
    ///
    /// A server may close a kept connection whenever no request is on its way to it, and a client
    /// can't know whether one was (RFC 9112 §9.3.1): then the requests are sent again on another, if
    /// doing them twice does no harm (RFC 9110 §9.2.2). Once: a stream that has answered nothing yet was
    /// opened for them, and its loss is the server's failure.
    fn lost(&mut self, cx: &mut Context<'_>, kind: ErrorKind, why: &str) {
        let untouched = self.first_byte_ns.is_none() && self.reader.is_between();
        if let Phase::Ending { done } = self.phase {
            // Only the sending of a request failed that had its answer before it was whole.
            self.end(cx, &done);
        } else if self.in_flight.is_empty() {
            self.close(cx);
        } else if untouched && self.answers > 0 && kind != ErrorKind::Timeout && cx.is_idempotent {
            cx.tally.retried += 1;
            let since = self.in_flight.oldest();
            let requests = self.in_flight.len();
            self.close(cx);
            self.resend = since.map(|since| Resend { since, requests });
            self.phase = Phase::Due;
        } else {
            let now_ns = cx.tick();
            let what = format!("{why} {}", self.reader.progress());
            self.fail(cx, kind, now_ns, what);
        }
    }
}
