//! `cargo xtask fuzz`: bytes that nobody thought of, for as long as there is time.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use crate::cargo::{ROOT, cargo};

/// The targets, in the order in which they run.
const TARGETS: [&str; 4] = ["parsers", "chunked", "encoding", "server"];

/// Bytes of an input. Every limit of every target is below, and longer ones only take longer.
const INPUT_BYTES_MAX: u32 = 1024;
/// Seconds for one input; more is a find, as is more memory.
const INPUT_SECONDS_MAX: u32 = 20;
const MEMORY_MIB_MAX: u32 = 2 * 1024;

/// What libFuzzer said last is shown when it has found something: the panic, the input, its place.
const REPORT_LINES: usize = 120;

const EXAMPLES: &str = "\
Needs a nightly toolchain and cargo-fuzz. An input that fails is left under fuzz/artifacts; once the \
bug is mended it belongs under fuzz/regressions, where each test run of fuzz checks it again.

Examples:
  cargo xtask fuzz
      each target for ten minutes
  cargo xtask fuzz parsers --time 8h
      one of them overnight
  cargo run --manifest-path fuzz/Cargo.toml \\
    --bin parsers -- FILE
      one input, on any toolchain";

/// Feed the parsers, the encoder and whole servers with bytes that libFuzzer makes up
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to feed; all of them, one after the other, if none is named
    #[arg(value_parser = TARGETS)]
    targets: Vec<String>,
    /// How long each target is fed
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    time: Duration,
}

/// Writes the seeds, then feeds each target for its time. All have their turn, also after a find.
pub(crate) fn run(args: &Args) -> Result<ExitCode, String> {
    need(&["rustc", "--version"], "a nightly toolchain", "rustup toolchain install nightly")?;
    need(&["cargo", "fuzz", "--version"], "cargo-fuzz", "cargo install cargo-fuzz")?;
    let mut targets: Vec<_> = args.targets.iter().map(String::as_str).collect();
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    let seed = ["run", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--example", "seed", "--"];
    if cargo(seed.iter().chain(&targets))? != ExitCode::SUCCESS {
        return Err("the seeds can't be written".to_owned());
    }
    let mut code = ExitCode::SUCCESS;
    for target in targets {
        if !feed(target, args.time)? {
            code = ExitCode::FAILURE;
        }
    }
    Ok(code)
}

/// Something that runs under the nightly toolchain.
fn nightly(args: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(args).current_dir(ROOT);
    command
}

fn need(args: &[&str], what: &str, install: &str) -> Result<(), String> {
    match nightly(args).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(_) => Err(format!("{what} is needed: {install}")),
        Err(error) => Err(format!("{what} is needed, and rustup to install it: {error}")),
    }
}

/// Feeds one target, and says in a line how far it came. `false` if it has found something.
fn feed(target: &str, time: Duration) -> Result<bool, String> {
    let failed = |error| format!("cargo fuzz run {target} failed: {error}");
    let mut command = nightly(&["cargo", "fuzz", "run", target, "--"]);
    command
        .arg(format!("-max_total_time={}", time.as_secs().max(1)))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"))
        .arg("-print_final_stats=1");
    println!("{target}: building, then feeding for {}", humantime::format_duration(time));
    let mut child = command.stderr(Stdio::piped()).spawn().map_err(failed)?;
    let stderr = child.stderr.take().ok_or_else(|| format!("{target} has no standard error"))?;
    let mut progress = Progress::default();
    for line in BufReader::new(stderr).split(b'\n') {
        progress.read(&String::from_utf8_lossy(&line.map_err(failed)?));
    }
    if child.wait().map_err(failed)?.success() {
        println!("{target}: {progress}, nothing found");
        return Ok(true);
    }
    for line in &progress.last_lines {
        eprintln!("{line}");
    }
    let kept = Path::new("fuzz/artifacts").join(target);
    println!("{target}: {progress}; it FAILED, see above; a failing input is kept in {}", kept.display());
    Ok(false)
}

/// What libFuzzer has said so far.
#[derive(Default)]
struct Progress {
    executions: String,
    coverage: String,
    inputs: String,
    last_lines: VecDeque<String>,
}

impl Progress {
    /// Takes a line like `#1024 pulse  cov: 512 ft: 2048 corp: 128/9Kb …`, or one of the statistics at
    /// the end.
    fn read(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        let mut after = |label: &str| words.by_ref().find(|word| *word == label).and(words.next());
        if let Some(count) = line.strip_prefix('#').and_then(|rest| rest.split_whitespace().next()) {
            count.clone_into(&mut self.executions);
            if let (Some(edges), Some(inputs)) = (after("cov:"), after("corp:")) {
                edges.clone_into(&mut self.coverage);
                inputs.split('/').next().unwrap_or_default().clone_into(&mut self.inputs);
            }
            if line.contains("pulse") {
                println!("  {self}");
            }
        } else if let Some(count) = after("stat::number_of_executed_units:") {
            count.clone_into(&mut self.executions);
        }
        if self.last_lines.len() == REPORT_LINES {
            self.last_lines.pop_front();
        }
        self.last_lines.push_back(line.to_owned());
    }
}

impl std::fmt::Display for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { executions, coverage, inputs, .. } = self;
        write!(f, "{executions} executions, {coverage} edges covered, {inputs} inputs kept")
    }
}

#[cfg(test)]
mod tests {
    use super::{Progress, TARGETS};

    #[test]
    fn the_last_line_of_each_kind_counts() {
        let mut progress = Progress::default();
        for line in [
            "INFO: Seed: 1",
            "#936\tINITED cov: 1017 ft: 5123 corp: 612/88Kb exec/s: 468 rss: 62Mb",
            "#2048\tNEW    cov: 1020 ft: 5140 corp: 620/89Kb lim: 4096 exec/s: 512 rss: 70Mb L: 8/40 MS: 1 -",
            "stat::number_of_executed_units: 2100",
            "Done 2100 runs in 4 second(s)",
        ] {
            progress.read(line);
        }
        assert_eq!(progress.to_string(), "2100 executions, 1020 edges covered, 620 inputs kept");
    }

    #[test]
    fn every_target_is_known_by_its_name() {
        let manifest = include_str!("../../fuzz/Cargo.toml");
        let paths: Vec<_> = TARGETS.iter().map(|name| format!("fuzz_targets/{name}.rs")).collect();
        assert!(paths.iter().all(|path| manifest.contains(path)), "{paths:?}");
        assert_eq!(manifest.matches("fuzz_targets/").count(), TARGETS.len());
    }
}
