//! Which part of its CPU time a server spends in its own code, and which part in the kernel's.
//!
//! The total is exact; the split is sampled, and more often than the kernel does by itself. Most
//! kernels look at the timer tick and give the whole tick to whoever runs then (they keep exact accounts
//! only with `CONFIG_VIRT_CPU_ACCOUNTING_GEN`, which costs every system call some time). That is a hundred to a
//! thousand looks a second, in step with everything else that goes by the tick, and few of them meet a
//! server that mostly waits: of phase 0 in the reference scenario, which is busy for 2 % of the time, a
//! second shows two or three.
//!
//! So the server's CPUs are looked at by a clock of their own, 997 times a second. Being prime, that
//! walks through every phase of timers of a millisecond or of the tick in a third of a second. The clock is the
//! CPU's and not the server's: nothing has to be kept up to date when threads take turns, start or end,
//! so that all it costs is the looks, about 0.5 % of the CPU and the same for every server. (A
//! clock for each thread, inherited from one to the next, more than doubled the CPU time of a server
//! that starts a thread for each connection.) It counts whether a look met one of the server's processes
//! in its own code or in the kernel, and nothing else. Where that is not allowed, the ticks of
//! `/proc/PID/stat` have to do.
//!
//! A share p that n looks have found is off by sqrt(p (1 - p) / n), one standard deviation.

use std::collections::BTreeMap;
use std::{fmt, io};

use perf_event::events::Software;
use perf_event::{Builder, SampleFlag};

use super::usage::Met;

/// Looks per second of each CPU.
const LOOKS_PER_SEC: u64 = 997;
/// Room for looks at one CPU that have not been fetched. One is 16 bytes: this lasts for seconds.
const RING_BYTES: usize = 64 * 1024;
/// More CPUs than this are not looked at; each costs a descriptor and a ring.
const CPUS_MAX: usize = 256;
/// The mode in the header of a look, and two of its values, as `linux/perf_event.h` has them.
const MODE_MASK: u16 = 7;
const MODE_KERNEL: u16 = 1;
const MODE_USER: u16 = 2;
/// The kind of record that is a look.
const RECORD_SAMPLE: u32 = 9;

/// Looks at CPUs, and remembers who was met there.
pub(super) struct Looks {
    clocks: Vec<perf_event::Sampler>,
    by_process: BTreeMap<i32, Met>,
}

impl Looks {
    /// Ready to look at these CPUs, or `None` where the kernel does not allow it.
    pub(super) fn at(cpus: &[usize]) -> Option<Self> {
        if cpus.is_empty() || cpus.len() > CPUS_MAX {
            return None;
        }
        let clocks = cpus.iter().map(|&cpu| clock(cpu)).collect::<io::Result<_>>().ok()?;
        Some(Self { clocks, by_process: BTreeMap::new() })
    }

    /// Looks from now on.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.clocks.iter_mut().try_for_each(|clock| clock.as_counter_mut().enable())
    }

    /// Fetches what has been seen, so that there is room for more; a few times a second will do.
    pub(super) fn fetch(&mut self) {
        for clock in &mut self.clocks {
            while let Some(record) = clock.next_record() {
                if record.ty() != RECORD_SAMPLE {
                    continue;
                }
                let Some(pid) = record.to_contiguous().first_chunk().map(|bytes| i32::from_ne_bytes(*bytes))
                else {
                    continue;
                };
                let split = self.by_process.entry(pid).or_default();
                match record.misc() & MODE_MASK {
                    MODE_USER => split.user += 1,
                    MODE_KERNEL => split.system += 1,
                    _ => {}
                }
            }
        }
    }

    /// Looks no longer, and tells how often each process was met.
    pub(super) fn end(mut self) -> BTreeMap<i32, Met> {
        for clock in &mut self.clocks {
            // One that goes on is one that is dropped in a moment.
            let _ = clock.as_counter_mut().disable();
        }
        self.fetch();
        self.by_process
    }
}

impl fmt::Debug for Looks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Looks").field("by_process", &self.by_process).finish_non_exhaustive()
    }
}

fn clock(cpu: usize) -> io::Result<perf_event::Sampler> {
    let mut builder = Builder::new(Software::CPU_CLOCK);
    builder.any_pid().one_cpu(cpu).include_kernel();
    builder.sample(SampleFlag::TID).sample_frequency(LOOKS_PER_SEC);
    builder.build()?.sampled(RING_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cpu_or_one_that_is_not_there_is_not_looked_at() {
        assert!(Looks::at(&[]).is_none() && Looks::at(&[1 << 20]).is_none());
    }

    #[test]
    fn a_thread_that_only_counts_is_met_in_user_mode() {
        let core = core_affinity::get_core_ids().expect("this system tells")[0];
        let cpu = core.id;
        let Some(mut looks) = Looks::at(&[cpu]) else {
            eprintln!("skipped: the kernel lets nobody look at a CPU here; as root it does");
            return;
        };
        let met = std::thread::spawn(move || {
            assert!(core_affinity::set_for_current(core), "it may run there");
            looks.begin().expect("looks");
            let me = std::process::id().cast_signed();
            // Ends by what was seen, however busy the machine is.
            let mut n = 0_u64;
            loop {
                (0..1_000_000).for_each(|_| n = std::hint::black_box(n).wrapping_mul(31).wrapping_add(1));
                looks.fetch();
                if looks.by_process.get(&me).is_some_and(|split| split.total() >= 50) {
                    return looks.end()[&me];
                }
            }
        });
        let split = met.join().expect("it counts");
        assert!(split.user > split.system, "{split:?}");
    }
}
