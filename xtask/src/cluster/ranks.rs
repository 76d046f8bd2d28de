//! Two shards on this machine that know their rank from the variables of a scheduler, without one.

use std::fs::{self, File};
use std::path::Path;
use std::process::{self, Command};
use std::time::Duration;

use super::merged::{Merged, merge, merge_lines};
use super::server::Server;
use super::shards::{free_port, run_all, without_rank};
use super::{equal, heading, seen};

const SHARDS: usize = 2;
/// Neither divides by two.
const REQUESTS: u64 = 4_001;
const CONNECTIONS: u64 = 5;
const ENDED_WITHIN: Duration = Duration::from_secs(30);

/// How a task is told which shard it is: the variables of task `{rank}`, and what is said besides.
struct Scheduler {
    name: &'static str,
    variables: &'static [(&'static str, &'static str)],
    flags: &'static [&'static str],
}

const SCHEDULERS: [Scheduler; 5] = [
    Scheduler { name: "by hand", variables: &[], flags: &["--shard={rank}/2"] },
    Scheduler {
        name: "Open MPI",
        variables: &[("OMPI_COMM_WORLD_RANK", "{rank}"), ("OMPI_COMM_WORLD_SIZE", "2")],
        flags: &[],
    },
    Scheduler { name: "PMI", variables: &[("PMI_RANK", "{rank}"), ("PMI_SIZE", "2")], flags: &[] },
    Scheduler {
        name: "Kubernetes",
        variables: &[("JOB_COMPLETION_INDEX", "{rank}")],
        flags: &["--shards=2"],
    },
    Scheduler {
        name: "Kubernetes, counted by a variable",
        variables: &[("JOB_COMPLETION_INDEX", "{rank}"), ("LOADGEN_SHARDS", "2")],
        flags: &[],
    },
];

/// Fires under each scheduler's variables, and holds what is merged against the server's count.
pub(super) fn run(loadgen: &Path) -> Result<(), String> {
    heading("two shards under rank variables, and no scheduler");
    let scratch = tempfile::tempdir().map_err(|error| format!("no folder can be made: {error}"))?;
    let mut server = Server::here(loadgen)?;
    for scheduler in &SCHEDULERS {
        let merged = under(scheduler, loadgen, scratch.path(), &server)?;
        seen(&format!("{}: {}", scheduler.name, merged.agrees(SHARDS, REQUESTS, &mut server)?));
    }
    let folder = under_slurm(loadgen, scratch.path(), &server)?;
    let merged = merge(loadgen, [&folder])?;
    seen(&format!("Slurm: {}; {}", merged.agrees(SHARDS, REQUESTS, &mut server)?, merged.timing()));
    without_the_second(loadgen, &folder)
}

/// Both shards print what they have to say to their log, as in Kubernetes, and meet at a port.
fn under(scheduler: &Scheduler, loadgen: &Path, scratch: &Path, server: &Server) -> Result<Merged, String> {
    let meet = format!("127.0.0.1:{}", free_port()?);
    let attack = |rank: usize| {
        let of_rank = |text: &str| text.replace("{rank}", &rank.to_string());
        let mut command = attack(loadgen, scratch, server);
        command.args(["--shard-dir", "-", "--quiet", "--meet", &meet]);
        command.args(scheduler.flags.iter().map(|flag| of_rank(flag)));
        command.envs(scheduler.variables.iter().map(|(name, value)| (name, of_rank(value))));
        command
    };
    let logs = run_all((0..SHARDS).map(attack).collect(), ENDED_WITHIN)?;
    let file = scratch.join("logs");
    let lines = fs::write(&file, logs.concat()).and_then(|()| File::open(&file));
    merge_lines(loadgen, lines.map_err(|error| format!("{}: {error}", file.display()))?)
}

/// They find each other and a folder by Slurm's variables alone. The folder.
fn under_slurm(loadgen: &Path, scratch: &Path, server: &Server) -> Result<std::path::PathBuf, String> {
    // The port follows from the job's number, so that of a process keeps two such tests apart.
    let job = process::id().to_string();
    let attack = |rank: usize| {
        let mut command = attack(loadgen, scratch, server);
        command.envs([
            ("SLURM_JOB_ID", job.as_str()),
            ("SLURM_STEP_ID", "0"),
            ("SLURM_STEP_NUM_TASKS", "2"),
            ("SLURM_NTASKS", "2"),
            ("SLURM_STEP_NODELIST", "localhost"),
            ("SLURM_PROCID", &rank.to_string()),
        ]);
        command
    };
    run_all((0..SHARDS).map(attack).collect(), ENDED_WITHIN)?;
    Ok(scratch.join(format!("shards/slurm-{job}.0")))
}

fn attack(loadgen: &Path, scratch: &Path, server: &Server) -> Command {
    let mut command = Command::new(loadgen);
    command.args(["attack", &server.url(), "-n", &REQUESTS.to_string()]);
    command.args(["-c", &CONNECTIONS.to_string(), "--threads", "1"]).current_dir(scratch);
    without_rank(&mut command);
    command
}

/// One file is not there: the result is partial, and says what is missing.
fn without_the_second(loadgen: &Path, folder: &Path) -> Result<(), String> {
    let file = folder.join(format!("shard-1-of-{SHARDS}.json"));
    fs::remove_file(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let merged = merge(loadgen, [folder])?;
    let missing = merged.lacks_only(1)?;
    // Shard 0 takes the odd one.
    equal("requests of the shard that is left", merged.ok(), REQUESTS.div_ceil(SHARDS as u64))?;
    seen(&format!("without the second's file it is partial, and {missing} is missing"));
    Ok(())
}
