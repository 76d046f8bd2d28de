//! Delays finer than a millisecond, beside a poll that counts in milliseconds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::time::{Duration, Instant};

use mio::{Interest, Registry, Token, event};

/// A queue of things that are due at some time, and an alarm that wakes a [`mio::Poll`] for them.
///
/// `epoll_wait` takes whole milliseconds, which would turn a wait of 2 ms into one of up to 3. On
/// Linux the alarm is therefore a timer descriptor that the poll watches; other systems' polls take
/// nanoseconds, so there the time of the poll itself is enough.
///
/// It allocates only when more things wait than ever before.
#[derive(Debug)]
pub struct Timers<T> {
    queue: BinaryHeap<Reverse<(Instant, T)>>,
    alarm: alarm::Alarm,
}

impl<T: Ord> Timers<T> {
    /// An empty queue. Register it with a poll, then ask [`Timers::poll_timeout`] before each poll.
    pub fn new() -> io::Result<Self> {
        Ok(Self { queue: BinaryHeap::new(), alarm: alarm::Alarm::new()? })
    }

    /// Puts `item` into the queue.
    pub fn schedule(&mut self, due: Instant, item: T) {
        self.queue.push(Reverse((due, item)));
    }

    /// Takes an item whose time has come at `now`, the earliest first.
    pub fn pop_due(&mut self, now: Instant) -> Option<T> {
        let Reverse((due, _)) = self.queue.peek()?;
        if *due > now { None } else { self.queue.pop().map(|Reverse((_, item))| item) }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Sets the alarm for the earliest item. The poll should then wait for `limit` at most; what
    /// comes back is that or less. The clock is read only if something waits.
    pub fn poll_timeout(&mut self, limit: Option<Duration>) -> io::Result<Option<Duration>> {
        let Some(Reverse((due, _))) = self.queue.peek() else { return Ok(limit) };
        let left = due.saturating_duration_since(Instant::now());
        let timeout = if left.is_zero() { Some(left) } else { self.alarm.set(*due, left)? };
        Ok(match (timeout, limit) {
            (Some(timeout), Some(limit)) => Some(timeout.min(limit)),
            (timeout, limit) => timeout.or(limit),
        })
    }
}

impl<T> event::Source for Timers<T> {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.alarm.register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.deregister(registry)?;
        self.register(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.alarm.deregister(registry)
    }
}

#[cfg(target_os = "linux")]
mod alarm {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::time::{Duration, Instant};

    use mio::event::Source;
    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// A timer descriptor. Its expirations are never read: setting it anew clears them, and the
    /// poll reports only the next.
    #[derive(Debug)]
    pub(super) struct Alarm {
        descriptor: OwnedFd,
        /// What it is set to, so that it is not set to that again.
        due: Option<Instant>,
    }

    impl Alarm {
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            Ok(Self { descriptor: timerfd_create(TimerfdClockId::Monotonic, flags)?, due: None })
        }

        /// Rings at `due`, which is `left` from now; the poll need not watch the time itself.
        pub(super) fn set(&mut self, due: Instant, left: Duration) -> io::Result<Option<Duration>> {
            if self.due != Some(due) {
                let never = Timespec { tv_sec: 0, tv_nsec: 0 };
                let value = Timespec::try_from(left).map_err(|_| io::ErrorKind::InvalidInput)?;
                let once = Itimerspec { it_interval: never, it_value: value };
                timerfd_settime(&self.descriptor, TimerfdTimerFlags::empty(), &once)?;
                self.due = Some(due);
            }
            Ok(None)
        }

        pub(super) fn register(
            &self,
            registry: &Registry,
            token: Token,
            interests: Interest,
        ) -> io::Result<()> {
            SourceFd(&self.descriptor.as_raw_fd()).register(registry, token, interests)
        }

        pub(super) fn deregister(&self, registry: &Registry) -> io::Result<()> {
            SourceFd(&self.descriptor.as_raw_fd()).deregister(registry)
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod alarm {
    use std::io;
    use std::time::{Duration, Instant};

    use mio::{Interest, Registry, Token};

    /// Nothing: the poll's own timeout is fine enough.
    #[derive(Debug)]
    pub(super) struct Alarm;

    impl Alarm {
        pub(super) fn new() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) fn set(&mut self, _due: Instant, left: Duration) -> io::Result<Option<Duration>> {
            Ok(Some(left))
        }

        pub(super) fn register(&self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
            Ok(())
        }

        pub(super) fn deregister(&self, _: &Registry) -> io::Result<()> {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use mio::{Events, Interest, Poll, Token};

    use super::Timers;

    #[test]
    fn items_come_out_when_due_and_in_order() {
        let mut timers = Timers::new().expect("a timer");
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        timers.schedule(after(2), 'b');
        timers.schedule(after(1), 'a');
        timers.schedule(after(3), 'c');
        assert_eq!(timers.pop_due(start), None);
        assert_eq!(timers.pop_due(after(2)), Some('a'));
        assert_eq!(timers.pop_due(after(2)), Some('b'));
        assert_eq!(timers.pop_due(after(2)), None);
    }

    #[test]
    fn the_alarm_wakes_the_poll_again_and_again() {
        let mut poll = Poll::new().expect("a poll");
        let mut timers = Timers::new().expect("a timer");
        poll.registry().register(&mut timers, Token(7), Interest::READABLE).expect("registered");
        let mut events = Events::with_capacity(8);
        let limit = Some(Duration::from_secs(20));
        for round in 0..3 {
            let due = Instant::now() + Duration::from_micros(700);
            timers.schedule(due, round);
            while timers.pop_due(Instant::now()).is_none() {
                let timeout = timers.poll_timeout(limit).expect("set");
                poll.poll(&mut events, timeout).expect("polled");
                assert!(Instant::now() < due + Duration::from_secs(10), "the alarm did not ring");
            }
        }
    }
}
