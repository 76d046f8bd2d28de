//! axum, as its own first page has it, on the runtime that phase 2 has.

use std::error::Error;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::serve::ListenerExt;
use peers::{BACKLOG, BODY, TEXT, WORKERS};
use tokio::net::TcpSocket;
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let addr = peers::address()?;
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    let serving = runtime.spawn(async move {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(addr)?;
        // One that can't be told not to delay is served all the same.
        let listener = socket.listen(BACKLOG)?.tap_io(|stream| drop(stream.set_nodelay(true)));
        let routes = Router::new().route("/", get(|| async { ([(CONTENT_TYPE, TEXT)], BODY) }));
        axum::serve(listener, routes).await
    });
    Ok(runtime.block_on(serving)??)
}
