//! What a server spends, read from outside while it serves: of its process and of all that come of it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::split::Looks;
use super::tree::{Spent, Tree};
use super::usage::{Met, Usage};

/// How often it is looked whether there are other processes; each look reads the whole process table…
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// …and takes one part of the time in so many at most, however long that table is.
const LOOK_SHARE: u32 = 50;

/// Watches one server from the start of the counted part to its end.
#[derive(Debug)]
pub struct Sampler {
    tree: Tree,
    looked: Instant,
    /// How long that took.
    look_took: Duration,
    /// `None` where the kernel does not allow them.
    looks: Option<Looks>,
    begin: Option<Snapshot>,
    /// Memory before the first request.
    resident: Option<u64>,
    /// Memory when half of the counted part was over.
    resident_at_half: Option<u64>,
    usage: Usage,
}

#[derive(Debug)]
struct Snapshot {
    spent: Option<Spent>,
    /// Context switches of each living thread.
    switches: Option<BTreeMap<i32, u64>>,
}

impl Sampler {
    /// A sampler of the process with that id and of its descendants, which have not been fired at yet.
    pub fn new(pid: u32) -> Self {
        let tree = Tree::new(pid);
        let resident = tree.resident();
        let looks = Looks::at(&tree.cpus());
        Self {
            tree,
            looked: Instant::now(),
            look_took: Duration::ZERO,
            looks,
            begin: None,
            resident,
            resident_at_half: None,
            usage: Usage::default(),
        }
    }

    /// So many connections are open and at rest, and nothing else happens.
    pub fn at_rest(&mut self, held: u64) {
        let grown = self.tree.resident().zip(self.resident).map(|(now, then)| now.saturating_sub(then));
        self.usage.bytes_per_held_connection =
            grown.filter(|_| held > 0).map(|bytes| bytes as f64 / held as f64);
    }

    /// The counted part begins.
    pub fn begin(&mut self) {
        self.tree.look();
        self.tree.begin();
        if self.looks.as_mut().is_some_and(|looks| looks.begin().is_err()) {
            self.looks = None;
        }
        self.begin = Some(self.snapshot());
        self.note_size();
    }

    /// Half of the counted part is over.
    pub fn halfway(&mut self) {
        self.resident_at_half = self.tree.resident();
    }

    /// Looks at what has a peak; to be called a few times a second.
    pub fn peek(&mut self) {
        if self.looked.elapsed() >= LOOK_INTERVAL.max(self.look_took * LOOK_SHARE) {
            let began = Instant::now();
            self.tree.look();
            (self.looked, self.look_took) = (Instant::now(), began.elapsed());
        }
        if let Some(looks) = &mut self.looks {
            looks.fetch();
        }
        self.note_size();
    }

    /// The counted part is over.
    pub fn end(&mut self) {
        self.tree.look();
        let end = self.snapshot();
        let Some(begin) = &self.begin else { return };
        let spent = end.spent.zip(begin.spent);
        self.usage.cpu_lost = self.tree.has_lost();
        let cpu = spent.map(|(end, begin)| end.cpu.saturating_sub(begin.cpu));
        self.usage.cpu = cpu.filter(|_| !self.usage.cpu_lost);
        let met = self.looks.take().map(Looks::end).map(|by_process| {
            let ours = by_process.into_iter().filter(|&(pid, _)| self.tree.has_had(pid));
            ours.fold(Met::default(), |sum, (_, split)| sum.plus(split))
        });
        self.usage.split = met.or_else(|| spent.map(|(end, begin)| end.ticks.since(begin.ticks)));
        self.usage.context_switches =
            end.switches.as_ref().zip(begin.switches.as_ref()).and_then(|(end, begin)| switches(begin, end));
        let resident = self.tree.resident().zip(self.resident_at_half);
        self.usage.rss_growth_bytes = resident.map(|(end, half)| end.cast_signed() - half.cast_signed());
        self.note_size();
    }

    /// What was measured between the two; whatever was not is `None`.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    fn note_size(&mut self) {
        let size = self.tree.size();
        self.usage.threads_max = self.usage.threads_max.max(size.threads);
        self.usage.rss_peak_bytes = self.usage.rss_peak_bytes.max(size.rss_peak_bytes);
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot { spent: self.tree.spent(), switches: self.tree.switches() }
    }
}

/// Switches between two looks, or `None` if a thread of the first is gone by the second.
fn switches(begin: &BTreeMap<i32, u64>, end: &BTreeMap<i32, u64>) -> Option<u64> {
    if begin.keys().any(|tid| !end.contains_key(tid)) {
        return None;
    }
    Some(end.iter().map(|(tid, count)| count.saturating_sub(*begin.get(tid).unwrap_or(&0))).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_ended_take_their_switches_along() {
        let begin = BTreeMap::from([(1, 10), (2, 5)]);
        assert_eq!(switches(&begin, &BTreeMap::from([(1, 12), (2, 5), (3, 7)])), Some(9));
        assert_eq!(switches(&begin, &BTreeMap::from([(1, 12)])), None);
    }

    #[test]
    fn this_process_has_a_thread_and_memory() {
        let mut sampler = Sampler::new(std::process::id());
        sampler.begin();
        sampler.end();
        let usage = sampler.usage();
        assert!(usage.cpu.is_some());
        assert!(usage.threads_max >= Some(1) && usage.rss_peak_bytes > Some(100_000), "{usage:?}");
    }

    #[test]
    fn memory_that_is_taken_in_the_second_half_is_growth() {
        /// So much that what other tests take or give back meanwhile does not matter.
        const TAKEN: usize = 128 << 20;
        let mut sampler = Sampler::new(std::process::id());
        sampler.begin();
        sampler.halfway();
        // Not zeros, which the kernel would only promise.
        let taken = std::hint::black_box(vec![1_u8; TAKEN]);
        sampler.end();
        drop(taken);
        let growth = sampler.usage().rss_growth_bytes;
        assert!(growth > Some(64 << 20), "{growth:?}");
    }

    #[test]
    fn a_process_that_is_not_there_measures_nothing() {
        // Linux gives no process an id above 2^22.
        let mut sampler = Sampler::new((1 << 22) + 1);
        sampler.at_rest(10);
        sampler.begin();
        sampler.end();
        assert_eq!(sampler.usage(), Usage::default());
    }
}
