//! What merging takes, from one shard to 64: small processes on this machine, each with some requests. It has to be linear in
//! time, and to take hardly more memory for many than for one, since files are read one after the other.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::merged::merge;
use super::peak::{self, Took};
use super::server::Server;
use super::shards::{free_port, run_all, without_rank};
use super::{heading, seen};

const COUNTS: [u64; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Each merged so many times, and the median told.
const MERGES: usize = 7;
const ENDED_WITHIN: Duration = Duration::from_secs(180);

const HEADER: &str = "shards    requests    files     merged in   per shard   peak memory";
/// Between these the time for each shard is compared: fewer are no more than the start of a process.
const SOME: u64 = 16;
const ALL: u64 = 64;
/// Linear is one, and quadratic four.
const TIMES_MAX: f64 = 3.0;
/// Held all at once, the histograms of 64 shards are more than 20.
const GROWTH_MIB_MAX: f64 = 8.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Fires with more and more shards, merges each time, prints a table, and judges it.
pub(super) fn run(loadgen: &Path, requests_each: u64) -> Result<(), String> {
    heading(&format!("1 to 64 shards of {requests_each} requests each, merged {MERGES} times"));
    let scratch = tempfile::tempdir().map_err(|error| format!("no folder can be made: {error}"))?;
    let mut server = Server::here(loadgen)?;
    seen(HEADER);
    let mut rows = Vec::new();
    for shards in COUNTS {
        let folder = scratch.path().join(shards.to_string());
        let requests = shards * requests_each;
        fire(loadgen, &folder, shards, requests, &server)?;
        let count = usize::try_from(shards).expect("at most 64");
        merge(loadgen, [&folder])?.agrees(count, requests, &mut server)?;
        let took = merging(loadgen, &folder)?;
        let row = Row { shards, took };
        seen(&format!(
            "{shards:6} {requests:11} {:5.0} KiB {:9.1} ms {:8.2} ms {:9.1} MiB",
            size(&folder)? as f64 / 1024.0,
            took.time.as_secs_f64() * 1e3,
            row.per_shard_ms(),
            row.memory_mib(),
        ));
        rows.push(row);
    }
    judge(&bounds(&rows))
}

/// What merging so many took.
struct Row {
    shards: u64,
    took: Took,
}

impl Row {
    fn per_shard_ms(&self) -> f64 {
        self.took.time.as_secs_f64() * 1e3 / self.shards as f64
    }

    fn memory_mib(&self) -> f64 {
        self.took.memory_bytes as f64 / MIB
    }
}

/// The most that something may be.
struct Bound {
    what: String,
    is: f64,
    max: f64,
    unit: &'static str,
}

impl Bound {
    /// What is no number is not.
    fn is_kept(&self) -> bool {
        self.is <= self.max
    }

    fn tell(&self) -> String {
        format!("{}: {:.2} {unit}, and {:.0} {unit} at most", self.what, self.is, self.max, unit = self.unit)
    }
}

/// Merging has to be bounded in time for each shard, and in memory.
fn bounds(rows: &[Row]) -> [Bound; 2] {
    let at = |shards| rows.iter().find(|row| row.shards == shards).expect("a row of the table");
    [
        Bound {
            what: format!("time for each of {ALL} shards, over that for each of {SOME}"),
            is: at(ALL).per_shard_ms() / at(SOME).per_shard_ms(),
            max: TIMES_MAX,
            unit: "times",
        },
        Bound {
            what: format!("memory for {ALL} shards, beyond that for 1"),
            is: at(ALL).memory_mib() - at(1).memory_mib(),
            max: GROWTH_MIB_MAX,
            unit: "MiB",
        },
    ]
}

/// Prints each, and is an error if one is missed.
fn judge(bounds: &[Bound]) -> Result<(), String> {
    for bound in bounds {
        seen(&bound.tell());
    }
    let missed: Vec<_> = bounds.iter().filter(|bound| !bound.is_kept()).map(Bound::tell).collect();
    if missed.is_empty() { Ok(()) } else { Err(format!("merging takes too much: {}", missed.join("; "))) }
}

/// A connection for each shard, and a thread.
fn fire(loadgen: &Path, folder: &Path, shards: u64, requests: u64, server: &Server) -> Result<(), String> {
    let meet = format!("127.0.0.1:{}", free_port()?);
    let attack = |index: u64| {
        let mut command = Command::new(loadgen);
        command.args(["attack", &server.url(), "-n", &requests.to_string(), "-c", &shards.to_string()]);
        command.args(["--threads", "1", "--quiet", "--meet", &meet]);
        command.args(["--shard", &format!("{index}/{shards}"), "--shard-dir"]).arg(folder);
        without_rank(&mut command);
        command
    };
    run_all((0..shards).map(attack).collect(), ENDED_WITHIN).map(drop)
}

/// The median time of several merges, and the largest peak.
fn merging(loadgen: &Path, folder: &Path) -> Result<Took, String> {
    let arguments = [OsStr::new("merge"), OsStr::new("--json"), folder.as_os_str()];
    let merges: Result<Vec<_>, _> = (0..MERGES).map(|_| peak::of(loadgen, &arguments)).collect();
    let merges = merges?;
    let mut times: Vec<_> = merges.iter().map(|took| took.time).collect();
    times.sort();
    let memory = merges.iter().map(|took| took.memory_bytes).max();
    Ok(Took { time: times[MERGES / 2], memory_bytes: memory.unwrap_or(0) })
}

fn size(folder: &Path) -> Result<u64, String> {
    let sizes = fs::read_dir(folder)
        .and_then(|files| files.map(|file| Ok(file?.metadata()?.len())).sum::<std::io::Result<u64>>());
    sizes.map_err(|error| format!("{}: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Bound, Row, Took, bounds, judge};

    const MIB: u64 = 1024 * 1024;

    /// 1 ms for each of 1 and 16 shards, and a MiB, and these for 64.
    fn table(time_ms: u64, memory_bytes: u64) -> [Bound; 2] {
        let row = |shards, time_ms, memory_bytes| Row {
            shards,
            took: Took { time: Duration::from_millis(time_ms), memory_bytes },
        };
        bounds(&[row(1, 1, MIB), row(16, 16, MIB), row(64, time_ms, memory_bytes)])
    }

    #[test]
    fn time_for_each_shard_and_memory_may_grow_up_to_their_bounds() {
        assert_eq!(judge(&table(3 * 64, 9 * MIB)), Ok(()));
        assert_eq!(judge(&table(64, MIB / 2)), Ok(()));
    }

    #[test]
    fn a_bound_that_is_missed_is_an_error_that_names_it() {
        let slow = judge(&table(4 * 64, 9 * MIB)).unwrap_err();
        assert!(slow.contains("4.00 times, and 3 times at most") && !slow.contains("MiB"), "{slow}");
        let large = judge(&table(3 * 64, 10 * MIB)).unwrap_err();
        assert!(large.contains("9.00 MiB, and 8 MiB at most") && !large.contains("times"), "{large}");
    }

    /// The figures are those of one run, and stay; the form and the bounds are this program's.
    #[test]
    fn the_page_shows_a_table_of_this_form() {
        let page = include_str!("../../../loadgen/CLUSTER.md");
        assert!(page.contains(super::HEADER));
        for bound in table(64, MIB) {
            let told = bound.tell();
            let (what, max) = (told.split(": ").next(), told.rsplit(", ").next());
            assert!(what.is_some_and(|what| page.contains(what)), "{told}");
            assert!(max.is_some_and(|max| page.contains(max)), "{told}");
        }
    }
}
