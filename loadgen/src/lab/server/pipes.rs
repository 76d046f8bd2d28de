//! What a server says: where it listens, and its last words.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

/// What is kept of its standard error: the last lines…
const STDERR_LINES_MAX: usize = 20;
/// …and of each line this much.
const LINE_BYTES_MAX: u64 = 1024;
/// What comes before the address in the line that says where it listens.
pub(super) const LISTENING: &str = " listening on http://";

/// Passes the address on that the server says it listens on, and empties the pipe ever after, so
/// that a talkative server is not stopped by a full one.
pub(super) fn watch_stdout(
    pipe: impl Read + Send + 'static,
    found: mpsc::SyncSender<SocketAddr>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut found = Some(found);
        for_each_line(pipe, |line| {
            let addr =
                line.split_once(LISTENING).and_then(|(_, addr)| addr.trim_end_matches('/').parse().ok());
            if let Some(addr) = addr
                && let Some(found) = found.take()
            {
                let _ = found.send(addr);
            }
        });
    })
}

pub(super) fn keep_stderr(
    pipe: impl Read + Send + 'static,
    kept: Arc<Mutex<VecDeque<String>>>,
) -> JoinHandle<()> {
    thread::spawn(move || {
        for_each_line(pipe, |line| {
            if line.is_empty() {
                return;
            }
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() == STDERR_LINES_MAX {
                kept.pop_front();
            }
            kept.push_back(line.to_owned());
        });
    })
}

/// Lines until the end of the pipe; one that is longer than [`LINE_BYTES_MAX`] comes in pieces.
fn for_each_line(pipe: impl Read, mut each: impl FnMut(&str)) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while let Ok(1..) = pipe.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
        each(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_come_in_pieces() {
        let mut pieces = Vec::new();
        for_each_line([b'x'; 2500].as_slice(), |piece| pieces.push(piece.len()));
        assert_eq!(pieces, [1024, 1024, 452]);
    }
}
