//! One phase in this very binary, with routes that misbehave.

use std::ffi::OsString;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::{io, iter};

use clap::{Args, Parser};
use handler::{Misbehaving, Routes, Stats};
use server::{Bind, Options, Stop};

#[derive(Parser)]
struct Line<O: Args> {
    #[command(flatten)]
    bind: Bind,
    #[command(flatten)]
    options: O,
}

/// Serves the phase that `words` name, with the flags behind its name, until it is told to stop.
pub(crate) fn serve(words: &[OsString]) -> ExitCode {
    let Some((name, flags)) = words.split_first() else {
        eprintln!("error: which phase?");
        return ExitCode::from(2);
    };
    // A macro would be shorter than this and say less.
    match name.to_str() {
        Some("phase0-serial") => run("phase0-serial", flags, |listener, routes, options, stats, stop| {
            phase0_serial::serve(listener, routes, options, stats, stop)
        }),
        Some("phase1-threads") => run("phase1-threads", flags, |listener, routes, options, stats, stop| {
            phase1_threads::serve(listener, routes, options, stats, stop)
        }),
        Some("phase2-async") => run("phase2-async", flags, |listener, routes, options, stats, stop| {
            phase2_async::serve(listener, routes, options, stats, stop)
        }),
        Some("phase3-pooled") => run("phase3-pooled", flags, |listener, routes, options, stats, stop| {
            phase3_pooled::serve(listener, routes, options, stats, stop)
        }),
        Some("phase4-keepalive") => {
            run("phase4-keepalive", flags, |listener, routes, options, stats, stop| {
                phase4_keepalive::serve(listener, routes, options, stats, stop)
            })
        }
        _ => {
            eprintln!("error: there is no phase {}", name.display());
            ExitCode::from(2)
        }
    }
}

fn run<O: Args + AsMut<Options>>(
    name: &str,
    flags: &[OsString],
    serve: impl FnOnce(TcpListener, Misbehaving, &O, &Arc<Stats>, &Stop) -> io::Result<()>,
) -> ExitCode {
    let line = Line::<O>::parse_from(iter::once(&OsString::from(name)).chain(flags));
    server::run(name, &line.bind, line.options, |listener, routes: Routes, options, stats, stop| {
        serve(listener, Misbehaving(routes), options, stats, stop)
    })
}
