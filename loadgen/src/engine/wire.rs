//! The two system calls of a request, made directly.
//!
//! Those of the C library are cancellation points: in a program with threads each of them enters and
//! leaves a mode that this one never uses, which shows where a request costs a few microseconds.

use std::io;
use std::os::fd::AsFd;

use rustix::net::{RecvFlags, SendFlags};

/// A peer that is gone is an error and no signal. Apple's systems have no such flag; there it is enough that Rust's
/// start-up has the whole program ignore the signal.
#[cfg(not(target_vendor = "apple"))]
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// Takes what has come, as much as fits; 0 is the end of the stream.
pub(super) fn recv(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let (received, _) = rustix::net::recv(socket, buffer, RecvFlags::empty())?;
    Ok(received)
}

/// Hands over what the socket has room for.
pub(super) fn send(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, bytes, NO_SIGNAL)?)
}
