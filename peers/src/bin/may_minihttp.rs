//! `may_minihttp` with one worker: a coroutine for each connection, and as little HTTP as will do.

use std::error::Error;
use std::io;

use may_minihttp::{HttpServer, HttpService, Request, Response};
use peers::{BODY, WORKERS};

#[derive(Clone)]
struct Hello;

impl HttpService for Hello {
    fn call(&mut self, _: Request<'_, '_, '_>, response: &mut Response<'_>) -> io::Result<()> {
        // It takes header lines, not names and values; peers::TEXT says the same.
        response.header("Content-Type: text/plain; charset=utf-8").body(BODY);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let addr = peers::address()?;
    may::config().set_workers(WORKERS);
    let server = HttpServer(Hello).start(addr)?;
    server.join().map_err(|_| "the accept loop panicked")?;
    Ok(())
}
