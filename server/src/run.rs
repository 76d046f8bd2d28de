//! From a phase's command line to its `serve`.

use std::io::{self, Write};
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use handler::{Routes, Stats};
use rustix::io::Errno;

use crate::descriptors;
use crate::listen::cannot_listen;
use crate::{Bind, Options, Stop, listen};

/// Listens, prints `NAME listening on http://ADDR`, serves the lab's routes until SIGINT or
/// SIGTERM, and exits with 0; with 1 and a message if that can't be done.
///
/// The drain limit is kept also where `serve` does not return, because a thread of it is held up: half a
/// second later the process ends all the same, with 0, and says that it was cut short. A second signal
/// ends it at once, with 130.
///
/// `serve` is the phase's own. Where the system allows fewer descriptors than `options` asks for
/// connections, it is given options with fewer, and that is said.
pub fn run<O: AsMut<Options>>(
    name: &str,
    bind: &Bind,
    options: O,
    serve: impl FnOnce(TcpListener, Routes, &O, &Arc<Stats>, &Stop) -> io::Result<()>,
) -> ExitCode {
    match try_run(name, bind, options, serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn try_run<O: AsMut<Options>>(
    name: &str,
    bind: &Bind,
    mut options: O,
    serve: impl FnOnce(TcpListener, Routes, &O, &Arc<Stats>, &Stop) -> io::Result<()>,
) -> Result<(), String> {
    let common = options.as_mut();
    let room = descriptors::raise_limit();
    if room < common.max_connections {
        eprintln!(
            "{name}: the limit on open files leaves room for {room} of {} connections, or fewer beside many workers; raise it with ulimit -n",
            common.max_connections
        );
        common.max_connections = room;
    }
    let drain_timeout = common.drain_timeout;

    let addr = bind.addr;
    let listener = listen(addr).map_err(|error| cannot_listen(addr, &error))?;
    let local = listener.local_addr().map_err(|error| cannot_listen(addr, &error))?;

    let stop = Stop::new();
    let (on_signal, name_there) = (stop.clone(), name.to_owned());
    ctrlc::set_handler(move || {
        if on_signal.is_triggered() {
            std::process::exit(INTERRUPTED);
        }
        on_signal.trigger();
        let name = name_there.clone();
        // On a thread of its own, as this one has to hear the second signal. Where none can be started,
        // the second signal is what is left.
        let _ = thread::Builder::new().spawn(move || {
            thread::sleep(drain_timeout + DRAIN_GRACE);
            eprintln!("{name}: something was still under way at the drain limit and is cut off");
            std::process::exit(0);
        });
    })
    .map_err(|error| format!("can't wait for signals: {error}"))?;

    // Whoever started the server waits for this line, so it can't stay in a buffer; and a reader
    // that has gone is no reason to stop.
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{name} listening on http://{local}").and_then(|()| stdout.flush());
    drop(stdout);

    let stats = Arc::new(Stats::new());
    let routes = Routes::new(Arc::clone(&stats));
    serve(listener, routes, &options, &stats, &stop).map_err(|error| cannot_serve(name, &error))
}

/// Time for `serve` to return by itself after the drain deadline.
const DRAIN_GRACE: Duration = Duration::from_millis(500);
/// What a process exits with that was interrupted, as a shell puts it.
const INTERRUPTED: i32 = 130;

fn cannot_serve(name: &str, error: &io::Error) -> String {
    let advice = match Errno::from_io_error(error) {
        Some(Errno::MFILE | Errno::NFILE) => {
            ": its workers need more descriptors than there are; give fewer --workers, or raise the limit with ulimit -n"
        }
        _ => "",
    };
    format!("{name} failed: {error}{advice}")
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use super::cannot_serve;

    #[test]
    fn a_failure_for_want_of_descriptors_says_what_to_do() {
        let message = cannot_serve("phase3-pooled", &Errno::MFILE.into());
        assert!(message.contains("--workers") && message.contains("ulimit -n"), "{message}");
        assert_eq!(cannot_serve("x", &io::Error::other("odd")), "x failed: odd");
    }
}
