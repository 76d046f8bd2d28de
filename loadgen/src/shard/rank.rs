//! Which of several processes this one is: said by a flag, or by whatever started them.

use crate::engine::Part;

/// More shards than this are taken for a mistake.
pub(crate) const SHARDS_MAX: usize = 65_536;

/// Says how many there are where the rank comes without a count.
const SHARDS: &str = "LOADGEN_SHARDS";

/// The variables that launchers give each task: its number from 0, and how many tasks there are.
///
/// An `mpirun` within a Slurm job starts its helpers as tasks of Slurm, whose variables its own tasks inherit, so MPI
/// is asked first.
const LAUNCHERS: [(&str, &str); 3] = [
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
    ("PMI_RANK", "PMI_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
];
/// What Slurm sets for the tasks of a step alone. A batch script has a `SLURM_PROCID` of 0, too, and is no task.
const SLURM_STEP: &str = "SLURM_STEP_ID";
/// The tasks of the step, where it has fewer of them than the job.
const SLURM_STEP_TASKS: &str = "SLURM_STEP_NUM_TASKS";
/// The number from 0 of a pod of an indexed Kubernetes Job, which is not told how many there are.
const COMPLETION_INDEX: &str = "JOB_COMPLETION_INDEX";

/// Which one, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rank {
    pub(crate) part: Part,
    /// A flag or a variable.
    pub(crate) said_by: &'static str,
}

/// Reads `I/N`.
pub(super) fn shard(text: &str) -> Result<Part, String> {
    const FORM: &str = "a shard is written as I/N, such as 0/4 for the first of four";
    let (index, count) = text.split_once('/').ok_or(FORM)?;
    let number = |text: &str| text.parse::<usize>().map_err(|_| FORM.to_owned());
    let part = Part { index: number(index)?, count: number(count)? };
    part_of(part).ok_or_else(|| match part.count {
        0 => "of 0 shards there is none".to_owned(),
        count if count > SHARDS_MAX => format!("{SHARDS_MAX} shards are the most"),
        count => format!("shards count from 0: those of {count} are 0/{count} to {}/{count}", count - 1),
    })
}

fn part_of(part: Part) -> Option<Part> {
    (part.index < part.count && part.count <= SHARDS_MAX).then_some(part)
}

/// The rank by the flags `--shard` and `--shards`, or else by the environment; `None` for a process that is alone.
pub(super) fn rank(
    flag: Option<Part>,
    shards: Option<usize>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Rank>, String> {
    if let Some(part) = flag {
        return Ok(Some(Rank { part, said_by: "--shard" }));
    }
    let number = |name: &str| {
        let parsed =
            |text: String| text.parse::<usize>().map_err(|_| format!("{name}={text}: that is no number"));
        // Templates leave empty what they don't know.
        env(name).filter(|text| !text.is_empty()).map(parsed).transpose()
    };
    let said = match shards {
        Some(count) => Some((count, "--shards")),
        None => number(SHARDS)?.map(|count| (count, SHARDS)),
    };
    if let Some((0, said_by)) = said {
        return Err(format!("{said_by} says 0 shards; one is the least"));
    }
    if let Some((1, said_by)) = said {
        return Ok(Some(Rank { part: Part::WHOLE, said_by }));
    }
    for (index, count) in LAUNCHERS {
        if index == "SLURM_PROCID" && env(SLURM_STEP).is_none() {
            continue;
        }
        let tasks =
            if index == "SLURM_PROCID" && env(SLURM_STEP_TASKS).is_some() { SLURM_STEP_TASKS } else { count };
        let (Some(own), Some(all)) = (number(index)?, number(tasks)?) else { continue };
        if let Some((said, by)) = said.filter(|&(said, _)| said != all) {
            return Err(format!(
                "{by} says {said} shards, and {tasks} says {all}; leave {by} out, or start {said} tasks"
            ));
        }
        return found(own, all, index);
    }
    match (number(COMPLETION_INDEX)?, said) {
        (Some(own), Some((count, _))) => found(own, count, COMPLETION_INDEX),
        (Some(own), None) => Err(format!(
            "{COMPLETION_INDEX} is {own}, but nothing says how many there are: give --shards N or {SHARDS}=N, with the \
             job's completions, or --shards 1 for a process that is alone"
        )),
        (None, Some((count, by))) => Err(format!(
            "{by} says {count} shards, but not which one this is: give --shard I/{count}, or start it by srun, mpirun \
             or an indexed Job"
        )),
        (None, None) => Ok(None),
    }
}

fn found(index: usize, count: usize, said_by: &'static str) -> Result<Option<Rank>, String> {
    match part_of(Part { index, count }) {
        Some(part) => Ok(Some(Rank { part, said_by })),
        None if count > SHARDS_MAX => Err(format!("there are {count} shards; {SHARDS_MAX} are the most")),
        None => Err(format!(
            "{said_by} is {index}, but there are only {count} shards, 0 to {}",
            count.saturating_sub(1)
        )),
    }
}

/// The first host of a list as Slurm writes it: `n[03-05,9],other` begins with `n03`.
pub(super) fn first_host(list: &str) -> String {
    let mut host = String::new();
    let mut rest = list.chars();
    while let Some(next) = rest.next() {
        match next {
            ',' => break,
            '[' => {
                let inside: String = rest.by_ref().take_while(|&c| c != ']').collect();
                host.extend(inside.chars().take_while(|c| !"-,".contains(*c)));
            }
            other => host.push(other),
        }
    }
    host
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(
        env: &[(&str, &str)],
        shards: Option<usize>,
    ) -> Result<Option<(usize, usize, &'static str)>, String> {
        let env =
            |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let told = |rank: Rank| (rank.part.index, rank.part.count, rank.said_by);
        rank(None, shards, &env).map(|rank| rank.map(told))
    }

    #[test]
    fn each_launcher_is_understood() {
        let slurm = [("SLURM_PROCID", "3"), ("SLURM_NTASKS", "8"), ("SLURM_STEP_ID", "0")];
        assert_eq!(by(&slurm, None), Ok(Some((3, 8, "SLURM_PROCID"))));
        let mpi = [("OMPI_COMM_WORLD_RANK", "1"), ("OMPI_COMM_WORLD_SIZE", "2")];
        assert_eq!(by(&mpi, None), Ok(Some((1, 2, "OMPI_COMM_WORLD_RANK"))));
        assert_eq!(by(&[("PMI_RANK", "1"), ("PMI_SIZE", "2")], None), Ok(Some((1, 2, "PMI_RANK"))));
        assert_eq!(by(&[("JOB_COMPLETION_INDEX", "0")], Some(4)), Ok(Some((0, 4, "JOB_COMPLETION_INDEX"))));
        let kubernetes = [("JOB_COMPLETION_INDEX", "3"), ("LOADGEN_SHARDS", "4")];
        assert_eq!(by(&kubernetes, None), Ok(Some((3, 4, "JOB_COMPLETION_INDEX"))));
        let both = [mpi.as_slice(), &slurm].concat();
        assert_eq!(by(&both, None), Ok(Some((1, 2, "OMPI_COMM_WORLD_RANK"))), "mpirun within a Slurm job");
    }

    #[test]
    fn a_step_of_fewer_tasks_than_its_job_counts_its_own() {
        let env = [
            ("SLURM_PROCID", "1"),
            ("SLURM_NTASKS", "8"),
            ("SLURM_STEP_NUM_TASKS", "2"),
            ("SLURM_STEP_ID", "4"),
        ];
        assert_eq!(by(&env, None), Ok(Some((1, 2, "SLURM_PROCID"))));
    }

    #[test]
    fn who_is_alone_is_no_shard() {
        assert_eq!(by(&[], None), Ok(None));
        assert_eq!(by(&[("SLURM_PROCID", "0"), ("SLURM_NTASKS", "4")], None), Ok(None), "a batch script");
        assert_eq!(
            by(&[("PMI_RANK", "0"), ("PMI_SIZE", "1")], None),
            Ok(Some((0, 1, "PMI_RANK"))),
            "for args to say"
        );
        assert_eq!(by(&[("JOB_COMPLETION_INDEX", "2")], Some(1)), Ok(Some((0, 1, "--shards"))));
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_to_do() {
        let refused = |env: &[(&str, &str)], shards| by(env, shards).unwrap_err();
        assert!(refused(&[("JOB_COMPLETION_INDEX", "2")], None).contains("--shards N"));
        assert!(refused(&[("JOB_COMPLETION_INDEX", "4")], Some(4)).contains("only 4 shards, 0 to 3"));
        assert!(refused(&[], Some(4)).contains("--shard I/4"));
        assert!(refused(&[("PMI_RANK", "0"), ("PMI_SIZE", "2")], Some(3)).contains("PMI_SIZE says 2"));
        assert!(refused(&[("LOADGEN_SHARDS", "0")], None).contains("one is the least"));
        assert_eq!(by(&[("LOADGEN_SHARDS", "")], None), Ok(None));
        assert!(
            refused(&[("PMI_RANK", "x"), ("PMI_SIZE", "2")], None).contains("PMI_RANK=x: that is no number")
        );
    }

    #[test]
    fn a_shard_is_written_from_zero() {
        assert_eq!(shard("0/1"), Ok(Part { index: 0, count: 1 }));
        assert_eq!(shard("3/4"), Ok(Part { index: 3, count: 4 }));
        assert!(shard("4/4").unwrap_err().contains("0/4 to 3/4"));
        for text in ["", "1", "a/b", "-1/2", "1/2/3"] {
            assert!(shard(text).unwrap_err().contains("I/N"), "{text}");
        }
        assert!(shard("0/0").is_err());
    }

    #[test]
    fn the_first_host_of_a_list_is_found() {
        for (list, first) in [
            ("n0", "n0"),
            ("n[03-05,9],other", "n03"),
            ("a,b", "a"),
            ("rack[1-2]n[7,9]", "rack1n7"),
            ("n[5]", "n5"),
            ("", ""),
        ] {
            assert_eq!(first_host(list), first, "{list}");
        }
    }
}
