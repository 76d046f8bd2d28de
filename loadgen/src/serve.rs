//! `loadgen serve PHASE`: one phase as a server, in this very binary.

use std::process::ExitCode;

use handler::{Burdened, Handler, Misbehaving, Step};
use http1::{Request, Response};

use crate::canned;
use crate::cli::Failure;
use crate::lab::{COUNT_PATH, Leash, rows};

/// Which phase serves, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  loadgen serve phase0-serial
      on 127.0.0.1:8080
  loadgen serve phase2-async --addr 127.0.0.1:8081
      beside it
  loadgen serve phase1-threads --help
      what a phase can be told

Then, from another terminal: curl 'http://127.0.0.1:8080/wait?ms=200'

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 it could not serve, 2 bad arguments, 130 stopped at once by a second \
signal.")]
pub struct Args {
    #[command(subcommand)]
    phase: Phase,
}

#[derive(Debug, clap::Args)]
struct Serve<O: clap::Args> {
    #[command(flatten)]
    bind: server::Bind,
    #[command(flatten)]
    leash: Leash,
    /// Also serve /panic and /inject, which break the rules, so that it can be seen what comes of that
    #[arg(long, hide = true)]
    misbehaving: bool,
    /// Count allocations, and also serve /allocations, which tells how many there were
    #[arg(long, hide = true, conflicts_with = "misbehaving")]
    count_allocations: bool,
    /// Compute for about so many nanoseconds more with each request, so that it can be seen whether that is found
    #[arg(long, hide = true, value_name = "NS", conflicts_with = "misbehaving")]
    burden: Option<u64>,
    #[command(flatten)]
    options: O,
}

/// What is served, and whether it is all.
#[derive(Clone, Copy)]
enum Serving {
    Routes,
    Misbehaving,
    /// With so much computing for each request.
    Counted(u64),
    Burdened(u64),
}

/// The lab's routes, and one that tells how often the process has allocated.
struct Counted<H>(H);

impl<H: Handler> Handler for Counted<H> {
    fn handle(&self, request: &Request<'_>, response: &mut Response) -> Step {
        if request.path() == COUNT_PATH {
            response.text_of(allocations::count());
            return Step::Reply;
        }
        self.0.handle(request, response)
    }
}

// Which handler serves is settled here, once, and costs no request anything.
macro_rules! serve {
    ($line:expr, $name:literal, $phase:ident) => {
        $line.run($name, |bind, options, serving| match serving {
            Serving::Routes => server::run($name, bind, options, $phase::serve),
            Serving::Misbehaving => {
                server::run($name, bind, options, |listener, routes, options, stats, stop| {
                    $phase::serve(listener, Misbehaving(routes), options, stats, stop)
                })
            }
            Serving::Burdened(nanos) => {
                server::run($name, bind, options, |listener, handler, options, stats, stop| {
                    $phase::serve(listener, Burdened { handler, nanos }, options, stats, stop)
                })
            }
            Serving::Counted(nanos) => {
                server::run($name, bind, options, |listener, handler, options, stats, stop| {
                    let handler = Counted(Burdened { handler, nanos });
                    $phase::serve(listener, handler, options, stats, stop)
                })
            }
        })
    };
}

macro_rules! subcommands {
    ($($phase:ident = $name:literal { help: $help:literal, $($said:tt)+ })+) => {
        #[derive(Debug, clap::Subcommand)]
        #[expect(non_camel_case_types, reason = "a phase's variant is called as its crate is")]
        enum Phase {
            $(
                #[command(name = $name, about = $help, long_about = None, after_help = concat!(
                    "Examples:\n  loadgen serve ", $name, "\n  loadgen serve ", $name,
                    " --addr 127.0.0.1:0\n      on a free port, which the first line says\n  loadgen serve ",
                    $name, " --max-connections 100\n      what the 101st client meets"
                ))]
                $phase(Serve<$phase::Options>),
            )+
            /// Canned bytes and nothing else: the floor that the phases are held against
            #[command(name = "canned")]
            Canned(canned::Args),
            #[command(external_subcommand)]
            Unknown(Vec<String>),
        }

        /// Serves until it is told to stop.
        pub fn run(args: Args) -> Result<ExitCode, Failure> {
            match args.phase {
                $(Phase::$phase(line) => serve!(line, $name, $phase),)+
                Phase::Canned(args) => canned::run(&args),
                Phase::Unknown(words) => Err(Failure::BadArguments(format!(
                    "there is no phase '{}'; the phases are {}, and {} is the floor beneath them",
                    words.first().map_or("", String::as_str),
                    rows::phase_names(),
                    rows::CANNED
                ))),
            }
        }

        /// The limits and deadlines that a phase has where nobody sets others; `None` where there is no such phase.
        pub fn defaults(phase: &str) -> Option<server::Options> {
            match phase {
                $($name => Some($phase::Options::default().common),)+
                _ => None,
            }
        }
    };
}
crate::phases!(subcommands);

/// Has this process do what the lab wants of it, or says which part of that it can't. Before any thread starts.
pub(crate) fn put_on(leash: &Leash, name: &str) -> Result<(), Failure> {
    let bad = |what: &str, error| Failure::BadArguments(format!("{name} can't {what}: {error}"));
    let parent = Leash { cpus: Vec::new(), ..leash.clone() };
    parent.apply().map_err(|error| bad("end with the process that started it", error))?;
    let pinned = Leash { with_parent: false, ..leash.clone() };
    pinned.apply().map_err(|error| bad(&format!("run on CPUs {:?}", leash.cpus), error))
}

impl<O: clap::Args> Serve<O> {
    fn run(
        self,
        name: &str,
        serve: impl FnOnce(&server::Bind, O, Serving) -> ExitCode,
    ) -> Result<ExitCode, Failure> {
        // Before any thread starts, so that all of them run where the first one does.
        put_on(&self.leash, name)?;
        let serving = match (self.misbehaving, self.count_allocations, self.burden) {
            (true, ..) => Serving::Misbehaving,
            (false, true, nanos) if allocations::start() => Serving::Counted(nanos.unwrap_or(0)),
            (false, true, _) => {
                return Err(Failure::BadArguments("this program's allocator does not count".into()));
            }
            (false, false, Some(nanos)) => Serving::Burdened(nanos),
            (false, false, None) => Serving::Routes,
        };
        Ok(serve(&self.bind, self.options, serving))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_are_computed_from_the_workers_that_phase_1_really_starts() {
        let workers = phase1_threads::Options::default().workers;
        assert_eq!(rows::phase("phase1-threads").unwrap().workers, Some(u32::from(workers)));
    }
}
