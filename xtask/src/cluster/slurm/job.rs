//! A batch job by the script that users are given.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::super::room::run;
use super::daemons::Cluster;
use crate::cargo;
use crate::interrupt;

const SCRIPT: &str = "loadgen/cluster/slurm.sh";
const ENDED_WITHIN: Duration = Duration::from_secs(120);
/// `sbatch --wait` looks less and less often, up to every ten seconds.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A job that is running or waiting.
pub(super) struct Job {
    id: String,
    folder: PathBuf,
}

/// A job that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) id: String,
    code: i32,
    /// What its script printed.
    pub(super) output: String,
}

impl Job {
    /// Submits the script from `folder`, with these words behind it. loadgen is on the PATH that the job inherits.
    pub(super) fn submit(
        cluster: &Cluster,
        loadgen: &Path,
        folder: &Path,
        words: &[&str],
    ) -> Result<Self, String> {
        let mut command = Command::new("sbatch");
        command.arg("--parsable").arg(Path::new(cargo::ROOT).join(SCRIPT)).args(words);
        command.current_dir(folder).env("PATH", path_with(loadgen)?);
        let said = run(cluster.know(&mut command))?;
        let id = id(&said).ok_or_else(|| format!("sbatch told no job but {said:?}"))?;
        Ok(Self { id: id.to_owned(), folder: folder.to_owned() })
    }

    /// Waits for its end.
    pub(super) fn wait(self, cluster: &Cluster) -> Result<Ended, String> {
        let deadline = Instant::now() + ENDED_WITHIN;
        loop {
            let told =
                run(cluster.know(Command::new("scontrol").args(["--oneliner", "show", "job", &self.id])))?;
            if let Some(code) = code_at_end(&told) {
                return Ok(Ended { code, output: self.output(), id: self.id });
            }
            interrupt::check()?;
            if Instant::now() >= deadline {
                return Err(format!(
                    "job {} did not end within {ENDED_WITHIN:?}: {told}it printed:\n{}\n{}",
                    self.id,
                    self.output(),
                    cluster.quoted()
                ));
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    /// The script's first lines say what its output is called.
    fn output(&self) -> String {
        fs::read_to_string(self.folder.join(format!("loadgen-{}.out", self.id))).unwrap_or_default()
    }
}

impl Ended {
    /// An error that has all of its output, unless it ended with this code.
    pub(super) fn with_code(self, code: i32) -> Result<Self, String> {
        if self.code == code {
            return Ok(self);
        }
        let error = format!("job {} ended with {} in place of {code}", self.id, self.code);
        Err(self.with_output(&error))
    }

    /// An error with all that the job printed.
    pub(super) fn with_output(&self, error: &str) -> String {
        format!("{error}; it printed:\n{}", self.output)
    }
}

/// The PATH with the folder of loadgen before all others.
fn path_with(loadgen: &Path) -> Result<OsString, String> {
    let folder = loadgen.parent().unwrap_or(Path::new("/")).to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [folder].into_iter().chain(env::split_paths(&path));
    env::join_paths(folders).map_err(|error| format!("PATH: {error}"))
}

/// The job's number, perhaps with the cluster's name behind it.
fn id(said: &str) -> Option<&str> {
    let id = said.lines().next()?.split(';').next()?.trim();
    (!id.is_empty() && id.chars().all(|c| c.is_ascii_digit())).then_some(id)
}

/// The script's exit code, once nothing of the job runs any more.
fn code_at_end(told: &str) -> Option<i32> {
    let value =
        |name: &str| told.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let state = value("JobState")?;
    if ["PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "SUSPENDED"].contains(&state) {
        return None;
    }
    value("ExitCode")?.split(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{code_at_end, id};

    #[test]
    fn a_number_is_the_jobs_and_an_error_is_not() {
        assert_eq!(id("12;lab\n"), Some("12"));
        assert_eq!(id("7\n"), Some("7"));
        assert_eq!(id("sbatch: error: no\n"), None);
        assert_eq!(id(""), None);
    }

    #[test]
    fn a_job_has_a_code_when_it_has_ended() {
        assert_eq!(code_at_end("JobId=1 JobState=FAILED ExitCode=1:0 Command=a"), Some(1));
        assert_eq!(code_at_end("JobId=1 JobState=COMPLETED ExitCode=0:0"), Some(0));
        assert_eq!(code_at_end("JobId=1 JobState=RUNNING ExitCode=0:0"), None);
        assert_eq!(code_at_end("JobId=1 JobState=COMPLETING ExitCode=0:0"), None);
    }
}
