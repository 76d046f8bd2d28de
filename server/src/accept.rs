//! What to do when `accept` fails.

use std::io::Error;
use std::time::Duration;

use rustix::io::Errno;

/// How long the queue is left alone when descriptors or memory are short.
const PAUSE: Duration = Duration::from_millis(20);

/// Errors that belong to one connection, which went away while it queued, and say nothing about the
/// next. Linux passes on what the network has said of the connection, too, and accept(2) asks to treat
/// that like a connection that is not there.
const OF_ONE_CONNECTION: [Errno; 10] = [
    Errno::CONNABORTED,
    Errno::CONNRESET,
    Errno::INTR,
    Errno::NETDOWN,
    Errno::NETUNREACH,
    Errno::HOSTDOWN,
    Errno::HOSTUNREACH,
    Errno::PROTO,
    Errno::NOPROTOOPT,
    Errno::OPNOTSUPP,
];

/// How long to leave the queue alone after a failed accept; `None`: try again at once.
///
/// What does not belong to one connection, above all "too many open files", would come again at once
/// and turn the loop into a spin, so it pauses for descriptors to come back.
pub fn accept_pause(error: &Error) -> Option<Duration> {
    let is_of_one = Errno::from_io_error(error)
        .is_some_and(|errno| OF_ONE_CONNECTION.contains(&errno) || is_nonet(errno));
    (!is_of_one).then_some(PAUSE)
}

/// "The machine is not on the network": the one of the list that only Linux knows.
#[cfg(target_os = "linux")]
fn is_nonet(errno: Errno) -> bool {
    errno == Errno::NONET
}

#[cfg(not(target_os = "linux"))]
fn is_nonet(_: Errno) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::{OF_ONE_CONNECTION, PAUSE, accept_pause};

    #[test]
    fn an_error_of_one_connection_is_no_reason_to_pause() {
        for errno in OF_ONE_CONNECTION {
            let error = Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(accept_pause(&error), None, "{error}");
        }
    }

    /// By number, so that the list above is not only compared with itself.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_numbers_are_those_of_linux() {
        let (retried, paused) = ([4, 64, 71, 92, 95, 100, 101, 103, 104, 112, 113], [9, 12, 22, 23, 24, 105]);
        for number in retried {
            assert_eq!(accept_pause(&Error::from_raw_os_error(number)), None, "error {number}");
        }
        for number in paused {
            assert_eq!(accept_pause(&Error::from_raw_os_error(number)), Some(PAUSE), "error {number}");
        }
    }

    #[test]
    fn what_the_system_did_not_say_is_a_reason_to_pause() {
        assert_eq!(accept_pause(&ErrorKind::OutOfMemory.into()), Some(PAUSE));
    }
}
