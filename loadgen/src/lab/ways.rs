//! The ways to run a phase that whoever attacks it has to tell apart.

use std::fmt;

use super::rows::{PHASES, Phase};

/// A phase as it starts without options, or with a thread for each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    phase: &'static Phase,
    /// The option that gives each connection its thread.
    option: Option<&'static str>,
}

impl Way {
    /// All of them, in the order of the climb.
    pub fn all() -> Vec<Self> {
        let ways = |phase: &'static Phase| {
            let threads = phase.thread_each.map(Some);
            [None].into_iter().chain(threads).map(move |option| Self { phase, option })
        };
        PHASES.iter().flat_map(ways).collect()
    }

    /// The one with this command line.
    ///
    /// # Errors
    /// There is none; the message names those that there are.
    pub fn parse(words: &str) -> Result<Self, String> {
        let all = Self::all();
        all.iter().find(|way| way.to_string() == words).copied().ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|way| format!("\"{way}\"")).collect();
            format!("there is no phase {words:?}; there are {}", names.join(", "))
        })
    }

    /// The phase that is run.
    pub fn phase(self) -> &'static Phase {
        self.phase
    }

    /// What follows `loadgen serve`.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        [self.phase.name].into_iter().chain(self.option)
    }

    /// Connections that it serves at the same time; the others wait for their turn.
    pub fn at_once(self) -> usize {
        match (self.option, self.phase.workers) {
            (None, Some(workers)) => workers as usize,
            _ => usize::MAX,
        }
    }

    /// Whether a connection that waits keeps nobody else from being served.
    pub fn serves_others_meanwhile(self) -> bool {
        self.at_once() == usize::MAX
    }

    /// Whether each connection has a thread.
    pub fn has_a_thread_each(self) -> bool {
        self.option.is_some()
    }

    /// Whether a handler's delay holds no thread, so that the connection can be watched meanwhile.
    pub fn watches_while_it_waits(self) -> bool {
        self.serves_others_meanwhile() && !self.has_a_thread_each()
    }

    /// Whether it answers 503 above its connection limit. A serial one leaves the others in the queue.
    pub fn turns_away(self) -> bool {
        self.at_once() > 1
    }

    /// Whether it answers more than one request on a connection.
    pub fn persists(self) -> bool {
        self.phase.keeps
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.words().collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::Way;

    #[test]
    fn each_phase_is_run_as_it_is_and_with_a_thread_for_each_connection_where_it_has_the_option() {
        let all: Vec<_> = Way::all().iter().map(Way::to_string).collect();
        let first = ["phase0-serial", "phase1-threads", "phase1-threads --spawn", "phase2-async"];
        assert_eq!(all[..4], first);
        let [serial, pool, spawn, tasks] = first.map(|words| Way::parse(words).unwrap());
        assert_eq!([serial, pool, spawn, tasks].map(Way::at_once), [1, 10, usize::MAX, usize::MAX]);
        assert_eq!([serial, pool, spawn, tasks].map(Way::turns_away), [false, true, true, true]);
        assert_eq!([pool, spawn, tasks].map(Way::watches_while_it_waits), [false, false, true]);
        assert!(Way::parse("phase2-async --spawn").unwrap_err().contains("\"phase1-threads --spawn\""));
    }
}
