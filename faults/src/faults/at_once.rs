//! A thousand clients in the same moment.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpStream};

use rustix::io::Errno;
use socket2::{Domain, Socket, Type};

use super::{Fault, every_phase};
use crate::client::{LIMIT, get, one_answer};
use crate::{Failure, Phase, Setting, Subject, ensure};

pub(super) const THOUSAND_AT_ONCE: Fault = Fault {
    name: "thousand_at_once",
    outcome: "all 1,000 connects are answered, none lost",
    applies: every_phase,
    check,
};

fn check(setting: &Setting, phase: Phase) -> Result<String, Failure> {
    // Where they wait for their turn, none may be closed for having been silent.
    let subject = Subject::start(setting, phase, &["--idle-timeout", "60s"])?;
    let room = server::raise_limit();
    let clients = 1_000.min(room);
    let streams: Vec<TcpStream> = (0..clients).map(|_| begin(subject.addr())).collect::<Result<_, _>>()?;
    for mut stream in &streams {
        // From here on a connection that is not yet there is waited for.
        stream.set_nonblocking(false)?;
        stream.write_all(get("/").as_bytes())?;
    }
    for (index, stream) in streams.into_iter().enumerate() {
        let status = one_answer(stream)?.head.status;
        ensure!(status == 200, "connection {index} was answered {status}");
    }
    let short = if clients < 1_000 { " (the limit on open files allows no more)" } else { "" };
    Ok(format!("{clients} of {clients} answered{short}"))
}

/// Begins to connect, and does not wait for that.
fn begin(addr: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.set_read_timeout(Some(LIMIT))?;
    socket.set_write_timeout(Some(LIMIT))?;
    match socket.connect(&addr.into()) {
        Err(error) if error.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(error),
        _ => Ok(socket.into()),
    }
}
