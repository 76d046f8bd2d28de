//! The flags of a process that fires its part of the load, and what they come to.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::rank::{self, Rank};
use crate::engine::{DURATION_MAX, Part};

/// Ports at which shards meet where nobody names one: outside of those that the kernel gives to clients.
const PORTS: std::ops::Range<u32> = 20_000..30_000;

/// How long others are waited for where nobody says.
const MEET_WITHIN: Duration = Duration::from_secs(60);

/// One of several processes that fire together
#[derive(Clone, Debug, Default, clap::Args)]
#[expect(clippy::doc_markdown, reason = "the text is help for a terminal")]
#[command(next_help_heading = "Shards: several processes that fire together")]
pub struct ShardArgs {
    /// Fire part I of N, from 0 on; tasks of srun and mpirun know their own
    ///
    /// All of them are given the same flags. Connections, the number of requests (-n) and the rate (-R) are those of
    /// the whole, and are divided; threads (-t) are those of each. Each writes a file, which `loadgen merge` puts
    /// together. Without this flag the part is that of OMPI_COMM_WORLD_RANK and _SIZE, PMI_RANK and PMI_SIZE,
    /// SLURM_PROCID and SLURM_NTASKS in a step, or JOB_COMPLETION_INDEX with --shards.
    #[arg(long, value_name = "I/N", value_parser = rank::shard)]
    shard: Option<Part>,
    /// How many there are, where the rank comes without it, as in a Kubernetes Job [env: LOADGEN_SHARDS]; 1 is alone
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536), conflicts_with = "shard")]
    shards: Option<u32>,
    /// Where shard 0 listens, for the others to come to: they compare what they are to fire and their clocks, and begin
    /// together [default: the first host of a Slurm step; this host, where all tasks of mpirun are on it]
    ///
    /// Plain TCP, without a password: for networks whose hosts and users trust each other.
    #[arg(long, value_name = "HOST:PORT", value_parser = place)]
    meet: Option<String>,
    /// How long the others are waited for; who has not come by then is left out, and the result says so [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = patience, conflicts_with = "start_at")]
    meet_within: Option<Duration>,
    /// Begin at this moment instead of meeting: seconds since 1970, or 2026-01-31T12:00:00Z
    ///
    /// For hosts that can't reach each other. Nothing is compared then, and clocks are believed.
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "meet")]
    start_at: Option<SystemTime>,
    /// The folder for the shards' files, or - for a line on standard output [default: shards/RUN]
    ///
    /// With - give each shard an output of its own, such as a pod's log or srun -o %t.log: lines of several may be mixed.
    #[arg(long, value_name = "DIR")]
    shard_dir: Option<PathBuf>,
}

/// What one of several processes has to know.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) rank: Rank,
    pub(crate) gathering: Gathering,
    /// The name of what all of them do, where whoever started them has given it one.
    pub(crate) run: Option<String>,
    /// Where its file goes.
    pub(crate) output: Output,
}

/// How all begin together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gathering {
    Meet {
        place: String,
        within: Duration,
    },
    At(SystemTime),
    /// There is nobody to wait for.
    Alone,
}

/// Where a shard's file goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Folder(Option<PathBuf>),
    StandardOutput,
}

fn place(text: &str) -> Result<String, String> {
    let port =
        text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
    match port {
        Some(Ok(1..)) => Ok(text.to_owned()),
        _ => Err("it is written as HOST:PORT, such as n0:7400".to_owned()),
    }
}

fn patience(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| format!("{error}; examples: 60s, 10m"))?;
    if time > DURATION_MAX { Err("24 hours (24h) are the longest".to_owned()) } else { Ok(time) }
}

fn moment(text: &str) -> Result<SystemTime, String> {
    let at = moment_at_any_time(text)?;
    match at.duration_since(SystemTime::now()) {
        Ok(ahead) if ahead > DURATION_MAX => Err("that is more than 24 hours ahead".to_owned()),
        _ => Ok(at),
    }
}

fn moment_at_any_time(text: &str) -> Result<SystemTime, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        let since = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
        return UNIX_EPOCH.checked_add(since).ok_or_else(|| "that is too far in the future".to_owned());
    }
    humantime::parse_rfc3339_weak(text)
        .map_err(|error| format!("{error}; examples: 1767225600, 2026-01-31T12:00:00Z"))
}

impl ShardArgs {
    /// What they come to together with the environment; `None` for a process that is alone.
    pub(crate) fn seat(&self) -> Result<Option<Seat>, String> {
        self.seat_in(&|name| std::env::var(name).ok())
    }

    fn seat_in(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Seat>, String> {
        let shards = self.shards.map(|shards| usize::try_from(shards).unwrap_or(usize::MAX));
        let flags = [
            ("--meet", self.meet.is_some()),
            ("--meet-within", self.meet_within.is_some()),
            ("--start-at", self.start_at.is_some()),
            ("--shard-dir", self.shard_dir.is_some()),
        ];
        let flag = flags.iter().find(|(_, given)| *given);
        // One task is no shard, unless it is told what to do as one: a batch script may be run with any number.
        let rank = rank::rank(self.shard, shards, env)?;
        let rank = rank.filter(|rank| rank.part.count > 1 || rank.said_by == "--shard" || flag.is_some());
        let Some(rank) = rank else {
            return match flag {
                Some((flag, _)) => Err(format!(
                    "{flag}: this process is no shard; say which one by --shard I/N, or start it by srun, mpirun or an \
                     indexed Job"
                )),
                None => Ok(None),
            };
        };
        let run = run_of(env);
        let gathering = match (&self.meet, self.start_at) {
            (_, Some(at)) => Gathering::At(at),
            _ if rank.part.count == 1 => Gathering::Alone,
            (Some(place), _) => self.meeting(place.clone()),
            (None, None) => {
                let host = host_of_shard_0(env).ok_or_else(|| {
                    format!(
                        "shard {} of {}: say where the shards meet, by --meet HOST:PORT with a host and a free port of \
                         shard 0's, or when they begin, by --start-at TIME",
                        rank.part.index, rank.part.count
                    )
                })?;
                self.meeting(format!("{host}:{}", port(run.as_deref().unwrap_or_default())))
            }
        };
        let output = match &self.shard_dir {
            Some(dir) if dir == Path::new("-") => Output::StandardOutput,
            dir => Output::Folder(dir.clone()),
        };
        Ok(Some(Seat { rank, gathering, run, output }))
    }

    fn meeting(&self, place: String) -> Gathering {
        Gathering::Meet { place, within: self.meet_within.unwrap_or(MEET_WITHIN) }
    }
}

/// The name that a launcher gives all tasks of one start. The tasks of an `mpirun` within a Slurm job are not all in a
/// step, so whoever said the rank is asked first.
fn run_of(env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let plain = |text: String| {
        let sound = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        text.chars().map(|c| if sound(c) { c } else { '-' }).collect::<String>()
    };
    if env("OMPI_COMM_WORLD_RANK").is_some()
        && let Some(name) = env("PMIX_NAMESPACE")
    {
        return Some(plain(format!("mpi-{name}")));
    }
    if let (Some(job), Some(step)) = (env("SLURM_JOB_ID"), env("SLURM_STEP_ID")) {
        return Some(plain(format!("slurm-{job}.{step}")));
    }
    None
}

/// Where shard 0 runs, if whoever started it says so: on the first node of a step, or here where all tasks are.
fn host_of_shard_0(env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if let (Some(local), Some(all)) = (env("OMPI_COMM_WORLD_LOCAL_SIZE"), env("OMPI_COMM_WORLD_SIZE")) {
        return (local == all && run_of(env).is_some()).then(|| "127.0.0.1".to_owned());
    }
    env("SLURM_STEP_ID")?;
    let host = rank::first_host(&env("SLURM_STEP_NODELIST")?);
    (!host.is_empty()).then_some(host)
}

/// One that is the same for all shards of a run, and for few other runs.
fn port(run: &str) -> u32 {
    PORTS.start + crc32fast::hash(run.as_bytes()) % (PORTS.end - PORTS.start)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: ShardArgs,
    }

    fn seat(words: &str, env: &[(&str, &str)]) -> Result<Option<Seat>, String> {
        let words = format!("loadgen {words}");
        let args = Command::try_parse_from(words.split_whitespace()).map_err(|error| error.to_string())?.args;
        args.seat_in(&|name| {
            env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn tasks_of_a_slurm_step_meet_on_its_first_node_at_a_port_of_their_own() {
        let place = |step: &str| {
            let env = [
                ("SLURM_PROCID", "1"),
                ("SLURM_NTASKS", "4"),
                ("SLURM_STEP_NUM_TASKS", "4"),
                ("SLURM_JOB_ID", "17"),
                ("SLURM_STEP_ID", step),
                ("SLURM_STEP_NODELIST", "n[2-5]"),
            ];
            let seat = seat("", &env).unwrap().unwrap();
            assert_eq!(seat.run, Some(format!("slurm-17.{step}")));
            let Gathering::Meet { place, within } = seat.gathering else { panic!("{seat:?}") };
            assert_eq!(within, Duration::from_secs(60));
            place
        };
        let (host, port) =
            place("0").split_once(':').map(|(h, p)| (h.to_owned(), p.parse::<u32>().unwrap())).unwrap();
        assert!(host == "n2" && PORTS.contains(&port), "{host}:{port}");
        assert_eq!(place("0"), place("0"));
        assert_ne!(place("0"), place("1"));
    }

    #[test]
    fn tasks_of_mpi_meet_here_only_if_all_of_them_are_here() {
        let env = |local| {
            [
                ("OMPI_COMM_WORLD_RANK", "0"),
                ("OMPI_COMM_WORLD_SIZE", "2"),
                ("OMPI_COMM_WORLD_LOCAL_SIZE", local),
                ("PMIX_NAMESPACE", "prterun-a-1@1"),
            ]
        };
        let here = seat("", &env("2")).unwrap().unwrap();
        assert!(matches!(&here.gathering, Gathering::Meet { place, .. } if place.starts_with("127.0.0.1:")));
        assert_eq!(here.run.as_deref(), Some("mpi-prterun-a-1-1"));
        assert!(seat("", &env("1")).unwrap_err().contains("--meet HOST:PORT"));
    }

    #[test]
    fn a_shard_by_hand_says_where_it_meets_or_when_it_begins() {
        assert!(seat("--shard 0/2", &[]).unwrap_err().contains("shard 0 of 2: say where the shards meet"));
        let met = seat("--shard 0/2 --meet h:7400 --meet-within 5s --shard-dir -", &[]).unwrap().unwrap();
        assert_eq!(met.gathering, Gathering::Meet { place: "h:7400".into(), within: Duration::from_secs(5) });
        assert_eq!(met.output, Output::StandardOutput);
        let at =
            |text: &str| seat(&format!("--shard 1/2 --start-at {text} --shard-dir d"), &[]).unwrap().unwrap();
        assert_eq!(at("1767225600").gathering, at("2026-01-01T00:00:00Z").gathering);
        assert_eq!(at("1").output, Output::Folder(Some("d".into())));
        assert_eq!(seat("--shard 0/1", &[]).unwrap().unwrap().gathering, Gathering::Alone);
    }

    #[test]
    fn one_task_is_alone_unless_it_is_told_what_to_do_as_a_shard() {
        let env =
            [("SLURM_PROCID", "0"), ("SLURM_NTASKS", "1"), ("SLURM_JOB_ID", "7"), ("SLURM_STEP_ID", "0")];
        assert!(seat("", &env).unwrap().is_none());
        let alone = seat("--shard-dir d --meet h:1", &env).unwrap().unwrap();
        assert_eq!((alone.gathering, alone.run.as_deref()), (Gathering::Alone, Some("slurm-7.0")));
        let later = seat("--shard 0/1 --start-at 5", &[]).unwrap().unwrap();
        assert_eq!(later.gathering, Gathering::At(UNIX_EPOCH + Duration::from_secs(5)));
    }

    #[test]
    fn what_can_be_no_place_and_no_time_is_refused_at_once() {
        for (words, why) in [
            ("--meet nohost", "HOST:PORT"),
            ("--meet h:0", "HOST:PORT"),
            ("--meet :7400", "HOST:PORT"),
            ("--meet-within 25h", "24 hours"),
            ("--start-at 1767225600000", "more than 24 hours ahead"),
        ] {
            let refused = seat(&format!("--shard 0/2 {words}"), &[]).unwrap_err();
            assert!(refused.contains(why), "{words}: {refused}");
        }
    }

    #[test]
    fn flags_of_a_shard_need_one() {
        for words in ["--meet h:1", "--meet-within 5s", "--start-at 5", "--shard-dir d"] {
            assert!(seat(words, &[]).unwrap_err().contains("this process is no shard"), "{words}");
        }
        assert!(seat("", &[]).unwrap().is_none());
        assert!(seat("--shards 1", &[("JOB_COMPLETION_INDEX", "0")]).unwrap().is_none());
        assert!(seat("--shard 0/2 --shards 2", &[]).unwrap_err().contains("cannot be used with"));
        assert!(
            seat("--shard 0/2 --start-at 5 --meet-within 5s", &[])
                .unwrap_err()
                .contains("cannot be used with")
        );
        assert!(seat("--shard 0/2 --start-at soon", &[]).unwrap_err().contains("examples"));
    }
}
