//! A pool of threads, with nothing but the standard library: what phase 1 is to be measured against.
//!
//! The accept loop hands sockets through a channel to ten threads, as many as phase 1 has. Each reads until
//! the head has ended, looks at the request line, writes one answer and closes. There are no deadlines, no
//! limits but the buffer's, no bodies, and no connection is kept.

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use peers::{BODY, TEXT};

/// As many as phase 1 has.
const POOL: usize = 10;
/// A longer head is refused.
const HEAD_BYTES_MAX: usize = 8192;
/// Connections that wait for a worker; the next has to wait in the kernel's backlog.
const WAITING_MAX: usize = 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(peers::address()?)?;
    let (sender, receiver) = mpsc::sync_channel(WAITING_MAX);
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..POOL {
        let receiver = Arc::clone(&receiver);
        thread::spawn(move || {
            while let Some(stream) = next(&receiver) {
                // A connection that ends with an error concerns nobody else.
                let _ = serve(stream);
            }
        });
    }
    loop {
        let (stream, _) = listener.accept()?;
        sender.send(stream)?;
    }
}

/// Whoever holds the lock waits for the next connection, and the others wait for the lock.
fn next(receiver: &Mutex<Receiver<TcpStream>>) -> Option<TcpStream> {
    receiver.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut head = [0; HEAD_BYTES_MAX];
    let mut filled = 0;
    while !head[..filled].ends_with(b"\r\n\r\n") {
        match stream.read(&mut head[filled..])? {
            // It hung up, or there is no room for the rest.
            0 => return Ok(()),
            read => filled += read,
        }
    }
    let (status, body) =
        if head.starts_with(b"GET / HTTP/1.1\r\n") { ("200 OK", BODY) } else { ("404 Not Found", "") };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {TEXT}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes())
}
