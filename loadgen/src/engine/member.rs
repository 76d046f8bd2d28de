//! One held connection: opened, dripped at, read from, and gone.

use std::io::{self, ErrorKind as Io};

use mio::{Interest, Token};
use rustix::net::sockopt::set_socket_recv_buffer_size;

use super::cohort::{Cohort, CohortKind};
use super::errors::in_words;
use super::holder::Holder;
use super::target::Stream;
use super::wire::{recv, send};

/// What a slow reader takes at a visit.
const SLOW_READ_BYTES: usize = 16;
/// The receive buffer that a slow reader asks for; the kernel may have a larger minimum.
const SLOW_RECEIVE_BUFFER_BYTES: usize = 4 * 1024;
/// What an answer that came too early or too late is read with, and how often in a row.
const READ_BYTES: usize = 4 * 1024;
const READS_MAX: usize = 4;

impl<'a> Holder<'a> {
    pub(super) fn cohort(&self, index: usize) -> &'a Cohort {
        &self.plan.cohorts[self.members[index].cohort]
    }

    /// Begins to connect. `false` says that the server's backlog is full, which a unix socket says at once where
    /// TCP would keep trying: nothing has failed, and it is to be tried again.
    pub(super) fn open(&mut self, index: usize) -> bool {
        let opened = Stream::connect(&self.plan.target).and_then(|mut stream| {
            if self.cohort(index).kind == CohortKind::SlowReader {
                set_socket_recv_buffer_size(&stream, SLOW_RECEIVE_BUFFER_BYTES)?;
            }
            self.registry.register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
            Ok(stream)
        });
        match opened {
            Ok(stream) => {
                self.connecting += 1;
                let member = &mut self.members[index];
                (member.stream, member.sent, member.answered) = (Some(stream), 0, false);
            }
            Err(error) if error.kind() == Io::WouldBlock => return false,
            Err(error) => self.connect_failed(index, &error),
        }
        true
    }

    /// Something became of a connect.
    pub(super) fn on_connect(&mut self, index: usize) {
        let Some(stream) = &self.members[index].stream else { return };
        let failure = match stream.take_error() {
            Ok(failure) => failure,
            Err(error) => Some(error),
        };
        self.connecting -= 1;
        if let Some(error) = failure {
            self.members[index].stream = None;
            return self.connect_failed(index, &error);
        }
        let member = &mut self.members[index];
        let (outcome, now) = (&mut self.outcomes[member.cohort], &mut self.established[member.cohort]);
        member.established = true;
        *now += 1;
        outcome.opened += 1;
        outcome.established_max = outcome.established_max.max(*now);
        let cohort = self.cohort(index);
        if matches!(cohort.kind, CohortKind::SlowBody | CohortKind::SlowReader) {
            self.send(index, &cohort.request);
        }
    }

    fn connect_failed(&mut self, index: usize, error: &io::Error) {
        let outcome = &mut self.outcomes[self.members[index].cohort];
        outcome.failed_connects += 1;
        outcome.why = Some(in_words(error));
    }

    /// Does the next bit on a connection.
    pub(super) fn visit(&mut self, index: usize) {
        let (cohort, member) = (self.cohort(index), &self.members[index]);
        if member.stream.is_none() {
            // Where there is no room it is tried again at the next visit.
            self.open(index);
            return;
        }
        match cohort.kind {
            _ if !member.established => {}
            CohortKind::Idle => {}
            CohortKind::SlowHead | CohortKind::SlowBody => {
                let next = cohort.request.get(member.sent).copied().unwrap_or(b'x');
                self.send(index, &[next]);
            }
            CohortKind::SlowReader => {
                self.read(index, &mut [0; SLOW_READ_BYTES], 1);
            }
        }
    }

    /// Sends what surely fits; a connection that does not take it has been closed, or soon will be.
    fn send(&mut self, index: usize, bytes: &[u8]) {
        let member = &mut self.members[index];
        let Some(stream) = &member.stream else { return };
        match send(stream, bytes) {
            Ok(sent) => member.sent += sent,
            Err(error) if matches!(error.kind(), Io::WouldBlock | Io::Interrupted) => {}
            Err(_) => self.closed(index),
        }
    }

    /// Reads what has come, and asks the poll to report anew what may be left: it tells of each arrival only once.
    pub(super) fn read_all(&mut self, index: usize) -> io::Result<()> {
        let is_drained = self.read(index, &mut [0; READ_BYTES], READS_MAX);
        match &mut self.members[index].stream {
            Some(stream) if !is_drained => {
                self.registry.reregister(stream, Token(index), Interest::READABLE | Interest::WRITABLE)
            }
            _ => Ok(()),
        }
    }

    /// Reads so often at most; true says that nothing is left.
    fn read(&mut self, index: usize, buffer: &mut [u8], times: usize) -> bool {
        for _ in 0..times {
            let member = &mut self.members[index];
            let Some(stream) = &member.stream else { return true };
            match recv(stream, buffer) {
                Ok(0) => {
                    self.closed(index);
                    return true;
                }
                Ok(received) => {
                    let first = !std::mem::replace(&mut member.answered, true);
                    let outcome = &mut self.outcomes[member.cohort];
                    let is_408 = buffer[..received].starts_with(b"HTTP/1.1 408");
                    outcome.timeouts_408 += u64::from(first && is_408);
                    outcome.answers += u64::from(first && !is_408);
                }
                Err(error) if error.kind() == Io::WouldBlock => return true,
                Err(error) if error.kind() == Io::Interrupted => {}
                Err(_) => {
                    self.closed(index);
                    return true;
                }
            }
        }
        false
    }

    fn closed(&mut self, index: usize) {
        let member = &mut self.members[index];
        member.stream = None;
        if std::mem::take(&mut member.established) {
            self.established[member.cohort] -= 1;
            self.outcomes[member.cohort].closed_by_server += 1;
        }
    }
}
