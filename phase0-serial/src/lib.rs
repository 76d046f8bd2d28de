//! Phase 0: one thread, one connection at a time.
//!
//! The baseline, and the server that everybody writes first: [`serve`] accepts a connection, serves
//! it to its end, and only then looks for the next. It is right, short, and needs no lock. What it
//! can't do is anything else while a request waits: if a request waits 2 ms for its database, 1,000
//! clients get at most 500 answers a second from it, however many processors there are.
//!
//! Nor can it look after anybody else while a client keeps it waiting. Each silent client costs the next
//! ones a whole idle deadline, so eight of them cost eight, and none is dropped earlier because others
//! wait. A client that left while its answer was not due yet is noticed when the answer is written.
//!
//! What it costs is nothing but time, so the next phase changes one thing: who calls
//! `connection::serve`.
//!
//! Read in this order: [`serve`], then `connection.rs`.

mod connection;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use handler::{Fault, Handler, Stats};
use server::{Connections, Stop};

/// Serves until `stop` is triggered.
///
/// # Errors
/// When the listener can't be shared with `stop`. Whatever happens on a connection is counted in `stats` and
/// ends that connection only.
#[expect(clippy::needless_pass_by_value, reason = "the listener and its queue end with the serving")]
pub fn serve(
    listener: TcpListener,
    handler: impl Handler,
    options: &Options,
    stats: &Arc<Stats>,
    stop: &Stop,
) -> io::Result<()> {
    stop.on_trigger_end(&listener)?;
    let connections = Connections::new(usize::MAX, stats);
    loop {
        let accepted = listener.accept();
        if stop.is_triggered() {
            return Ok(());
        }
        match accepted {
            Ok((stream, _)) => {
                let _admission = connections.admit();
                connection::serve(&stream, &handler, &options.common, stats, stop);
            }
            Err(error) => {
                stats.fault(Fault::Accept);
                std::thread::sleep(server::accept_pause(&error).unwrap_or(Duration::ZERO));
            }
        }
    }
}

/// What the user of phase 0 can set.
///
/// The deadlines are far shorter than in other phases, because whoever is silent here keeps
/// everybody waiting. A request usually comes right behind the last packet of the handshake; the idle
/// deadline leaves time for that to be lost once and sent again, which takes 200 ms.
#[derive(clap::Args, Clone, Debug)]
#[command(mut_arg("idle_timeout", |arg| arg.default_value("300ms")))]
#[command(mut_arg("head_timeout", |arg| arg.default_value("2s")))]
#[command(mut_arg("body_timeout", |arg| arg.default_value("5s")))]
#[command(mut_arg("write_timeout", |arg| arg.default_value("5s")))]
#[command(mut_arg("drain_timeout", |arg| arg.default_value("1s")))]
#[command(mut_arg("max_connections", |arg| arg.hide(true).default_value("1")))]
pub struct Options {
    /// What all phases let their user set.
    #[command(flatten)]
    pub common: server::Options,
}

impl Default for Options {
    fn default() -> Self {
        server::default_options()
    }
}

impl AsMut<server::Options> for Options {
    fn as_mut(&mut self) -> &mut server::Options {
        &mut self.common
    }
}
