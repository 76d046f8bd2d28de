//! What a poll has said of a socket.

use std::io::{self, ErrorKind, Read};

use http1::Buffer;
use mio::event::Event;

/// An edge-triggered poll says each thing once, so whoever can't act on it at once has to keep it.
#[derive(Clone, Copy, Debug)]
pub struct Readiness {
    /// A read may find something. One that did not fill its buffer has emptied the socket, and the
    /// next event says when there is more: to ask again would be a system call that finds nothing.
    may_read: bool,
    /// The client has sent its last byte, so a read will find the end, if nothing else.
    has_hung_up: bool,
    is_broken: bool,
}

impl Readiness {
    /// Of a socket that was just accepted. The request is usually there by now, so the first read
    /// does not wait for the poll.
    pub fn of_accepted() -> Self {
        Self { may_read: true, has_hung_up: false, is_broken: false }
    }

    /// Keeps what the poll has said.
    pub fn notice(&mut self, event: &Event) {
        self.may_read |= event.is_readable() || event.is_error();
        self.has_hung_up |= event.is_read_closed();
        self.is_broken |= event.is_error() || (event.is_read_closed() && event.is_write_closed());
    }

    /// Whether the connection is gone, so that an answer would reach nobody.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Has the next read look, whatever the poll has said.
    pub fn look_again(&mut self) {
        self.may_read = true;
    }

    /// Reads into the buffer's space if there may be something to read, and says how much came; the
    /// buffer is not told.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] if there is nothing; any other as the socket gives it.
    pub fn read(&mut self, mut stream: impl Read, buffer: &mut Buffer) -> io::Result<usize> {
        if !self.may_read && !self.has_hung_up {
            return Err(ErrorKind::WouldBlock.into());
        }
        let space = buffer.space();
        let room = space.len();
        let read = stream.read(space);
        self.may_read = match &read {
            Ok(read) => *read == room,
            Err(error) => error.kind() == ErrorKind::Interrupted,
        };
        read
    }
}
