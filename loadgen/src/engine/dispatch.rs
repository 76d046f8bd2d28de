//! A thread's open loop: which connections are free, and what goes out on them when.

use std::mem;

use super::worker::Worker;

/// Requests of an open loop sent before the answers to earlier ones get their turn.
const SENDS_PER_TURN: usize = 256;

impl Worker<'_> {
    /// In an open loop, has a connection that is free wait for a request.
    pub(super) fn list_if_free(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        if let Some(pacer) = &mut self.cx.pacer
            && connection.is_free()
            && !mem::replace(&mut connection.is_listed, true)
        {
            pacer.is_free(index, self.cx.now_ns);
        }
    }

    /// In an open loop, sends what is due on the connections that are free.
    pub(super) fn send_due(&mut self) {
        for _ in 0..SENDS_PER_TURN {
            if self.cx.pacer.is_none() {
                return;
            }
            let now_ns = self.cx.tick();
            let Some(pacer) = self.cx.pacer.as_mut().filter(|_| now_ns < self.cx.end_ns) else { return };
            let Some(due) = pacer.take(now_ns) else { return };
            let connection = &mut self.connections[due.connection];
            connection.is_listed = false;
            connection.send(&mut self.cx, due.start);
            self.settle(due.connection);
        }
    }
}
