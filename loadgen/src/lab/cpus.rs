//! Which CPUs serve and which fire.

use std::io;

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Who runs where. Both empty: wherever the kernel puts them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// The server's CPUs.
    pub server: Vec<usize>,
    /// The client's CPUs.
    pub client: Vec<usize>,
}

impl Split {
    /// Halves `cpus`: the first half serves, the rest fires, so that neither can starve the other.
    ///
    /// With a single CPU there is nothing to split, and nothing is pinned.
    pub fn of(cpus: &[usize]) -> Self {
        if cpus.len() < 2 {
            return Self::default();
        }
        let (server, client) = cpus.split_at(cpus.len() / 2);
        Self { server: server.to_vec(), client: client.to_vec() }
    }
}

/// The CPUs that this process may run on; empty where the kernel does not say.
#[cfg(target_os = "linux")]
pub fn allowed() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()
}

/// Binds the calling thread, and every thread and process that it starts from now on, to `cpus`.
/// An empty list leaves everything as it is.
#[cfg(target_os = "linux")]
pub fn pin(cpus: &[usize]) -> io::Result<()> {
    if cpus.is_empty() {
        return Ok(());
    }
    let mut set = CpuSet::new();
    for &cpu in cpus {
        if cpu >= CpuSet::MAX_CPU {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("there is no CPU {cpu}")));
        }
        set.set(cpu);
    }
    Ok(sched_setaffinity(None, &set)?)
}

/// Only Linux lets a process say where another one runs.
#[cfg(not(target_os = "linux"))]
pub fn allowed() -> Vec<usize> {
    Vec::new()
}

/// Leaves everything as it is, or says that it can't be done here.
#[cfg(not(target_os = "linux"))]
pub fn pin(cpus: &[usize]) -> io::Result<()> {
    if cpus.is_empty() { Ok(()) } else { Err(io::ErrorKind::Unsupported.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_half_serves() {
        assert_eq!(Split::of(&[0, 1]), Split { server: vec![0], client: vec![1] });
        assert_eq!(Split::of(&[0, 2, 5]), Split { server: vec![0], client: vec![2, 5] });
    }

    #[test]
    fn one_cpu_is_not_split() {
        assert_eq!(Split::of(&[3]), Split::default());
        assert_eq!(Split::of(&[]), Split::default());
    }

    #[test]
    fn a_thread_can_be_pinned_to_a_cpu_that_it_may_use() {
        let Some(&cpu) = allowed().first() else { return };
        std::thread::spawn(move || {
            pin(&[cpu]).unwrap();
            assert_eq!(allowed(), [cpu]);
        })
        .join()
        .unwrap();
        assert!(pin(&[usize::MAX]).is_err());
    }
}
