//! The build of a base.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::child::{self, Of};
use super::error::BaseError;
use super::git::of_trouble;
use super::kept::Kept;
use crate::measure::Build;

/// Also the slowest machine is done with all dependencies within this.
const BUILD_WITHIN: Duration = Duration::from_secs(3600);
/// A compiler tells its version within this.
const VERSION_WITHIN: Duration = Duration::from_secs(60);
/// How often it is told what cargo is at.
const TELL_INTERVAL: Duration = Duration::from_secs(15);
/// The package, and its program.
const LOADGEN: &str = "loadgen";

/// What `cargo run` and `cargo test` tell the program that they start, which was not meant for another cargo.
const OF_THE_CALLER: [&str; 4] =
    ["OUT_DIR", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR"];
/// The same, where a part of the name is told apart by what follows.
const OF_THE_CALLER_PREFIXES: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// A line of cargo's that names what was built.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

/// A line that says what a build script had to say.
#[derive(Deserialize)]
struct Script {
    env: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// What was built.
pub(super) struct Built {
    /// Where cargo has put it.
    pub(super) program: PathBuf,
    /// In what it was built otherwise than the candidate, each in a sentence.
    pub(super) notes: Vec<String>,
}

/// Builds the loadgen of these sources, with the profile of `build`, in this environment.
pub(super) fn build(
    sources: &Path,
    kept: &Kept,
    build: &Build,
    name: &str,
    tell: &mut dyn FnMut(&str),
    interrupted: &dyn Fn() -> bool,
) -> Result<Built, BaseError> {
    let mut notes: Vec<String> = other_compiler(sources, build, interrupted).into_iter().collect();
    let mut command = command("CARGO", "cargo", sources);
    command.args(["build", "--locked", "--package", LOADGEN, "--bin", LOADGEN, "--profile", profile(build)]);
    command.args(["--message-format", "json-render-diagnostics", "--target-dir"]).arg(kept.target());
    command.env("CARGO_TERM_COLOR", "never").env("CARGO_TERM_PROGRESS_WHEN", "never");
    tell(&format!("building the base {name}, a minute or two the first time"));
    let mut told = Instant::now();
    let (mut executable, mut flags) = (None, None);
    let said =
        child::run(&mut command, kept.held_by_child()?, BUILD_WITHIN, Some(interrupted), &mut |line, of| {
            if of == Of::Output {
                executable = executable_of(line).or(executable.take());
                flags = flags_of(line).or(flags.take());
            } else if told.elapsed() >= TELL_INTERVAL && line.trim_start().starts_with("Compiling ") {
                told = Instant::now();
                tell(&format!("still building the base: {}", line.trim()));
            }
        });
    let said = said.map_err(|trouble| of_trouble(trouble, "cargo"))?;
    match executable {
        Some(program) if said.status.success() => {
            notes.extend(flags.and_then(|flags| other_flags(&flags, build)));
            for note in &notes {
                tell(note);
            }
            Ok(Built { program, notes })
        }
        None if said.status.success() => {
            Err(BaseError::Failed(format!("cargo built {name}, and did not say where it put the program")))
        }
        _ if said.is_of_a_full_disk() => Err(BaseError::DiskFull {
            what: format!("the base {name} could not be built"),
            folder: kept.target(),
        }),
        _ => Err(BaseError::DoesNotBuild { name: name.to_owned(), lines: said.last }),
    }
}

/// A program that belongs to the user's Rust toolchain, in the user's environment.
fn command(variable: &str, program: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os(variable).unwrap_or_else(|| program.into()));
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names.filter(|name| is_of_the_caller(name)) {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}

fn is_of_the_caller(name: &str) -> bool {
    OF_THE_CALLER.contains(&name) || OF_THE_CALLER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn profile(build: &Build) -> &'static str {
    if build.is_release() { "release" } else { "dev" }
}

/// Says so where the base gets another compiler than the candidate had, which would be measured as well.
fn other_compiler(sources: &Path, build: &Build, interrupted: &dyn Fn() -> bool) -> Option<String> {
    let ours = build.rustc.as_deref()?;
    let mut theirs = None;
    let mut rustc = command("RUSTC", "rustc", sources);
    let said = child::run(
        rustc.arg("--version"),
        Stdio::null(),
        VERSION_WITHIN,
        Some(interrupted),
        &mut |line, _| {
            theirs.get_or_insert_with(|| line.to_owned());
        },
    );
    let theirs = said.ok().filter(|said| said.status.success()).and(theirs)?;
    (theirs != ours).then(|| {
        format!(
            "The base was built with {theirs}, and this program with {ours}: the difference is measured, too."
        )
    })
}

/// The same of what the compiler was told: it may be slower or faster for that alone.
fn other_flags(theirs: &str, build: &Build) -> Option<String> {
    let theirs = Build { rustflags: Some(theirs.to_owned()), ..Build::default() }.flags()?;
    let ours = build.flags()?;
    (theirs != ours).then(|| {
        format!(
            "RUSTFLAGS of the base is {theirs}, and of this program {ours}: the difference is measured, too. The base has \
             what is set now, in the environment and for its own folder."
        )
    })
}

/// What its build script says of RUSTFLAGS; a base from before there was this says nothing.
fn flags_of(line: &str) -> Option<String> {
    let script: Script = serde_json::from_str(line).ok()?;
    script.env.into_iter().find(|(name, _)| name == "LOADGEN_RUSTFLAGS").map(|(_, flags)| flags)
}

fn executable_of(line: &str) -> Option<PathBuf> {
    let artifact: Artifact = serde_json::from_str(line).ok()?;
    let is_it = artifact.target.name == LOADGEN && artifact.target.kind.iter().any(|kind| kind == "bin");
    artifact.executable.filter(|_| is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_run_tells_its_program_is_not_told_to_another_cargo_and_the_users_settings_are() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_BIN_EXE_loadgen", "OUT_DIR"] {
            assert!(is_of_the_caller(name), "{name}");
        }
        for name in ["RUSTFLAGS", "CARGO_HOME", "CARGO_BUILD_TARGET", "CARGO_PROFILE_DEV_OPT_LEVEL", "RUSTC"]
        {
            assert!(!is_of_the_caller(name), "{name}");
        }
    }

    #[test]
    fn the_profile_is_that_of_the_candidate() {
        for (ours, theirs) in
            [("release", "release"), ("dev (optimised)", "dev"), ("dev (not optimised)", "dev")]
        {
            assert_eq!(profile(&Build { profile: ours.into(), ..Build::default() }), theirs);
        }
    }

    #[test]
    fn other_flags_than_the_candidates_are_told_and_those_that_nobody_knows_are_not() {
        let line = r#"{"reason":"build-script-executed","package_id":"path+file:///t/loadgen#0.1.0","env":[["LOADGEN_PROFILE","debug"],["LOADGEN_RUSTFLAGS","-C target-cpu=native"]],"out_dir":"/t"}"#;
        let flags = flags_of(line).unwrap();
        assert_eq!(flags, "-C target-cpu=native");
        assert_eq!(flags_of(&line.replace("LOADGEN_RUSTFLAGS", "X")), None);
        let with = |flags: Option<&str>| Build { rustflags: flags.map(str::to_owned), ..Build::default() };
        assert_eq!(other_flags(&flags, &with(Some("-C target-cpu=native"))), None);
        assert_eq!(other_flags(&flags, &with(None)), None);
        let told = other_flags(&flags, &with(Some(""))).unwrap();
        assert!(told.contains("of the base is -C target-cpu=native, and of this program none"), "{told}");
    }

    #[test]
    fn the_program_is_told_from_the_library_and_from_what_else_cargo_says() {
        let line = |kind, executable| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"loadgen","kind":["{kind}"]}},"executable":{executable}}}"#
            )
        };
        assert_eq!(executable_of(&line("lib", "null")), None);
        assert_eq!(executable_of(&line("bin", "\"/t/loadgen\"")), Some("/t/loadgen".into()));
        assert_eq!(executable_of(r#"{"reason":"build-finished","success":true}"#), None);
    }
}
