//! A hello-world on hyper, to stand on the ladder beside the phases:
//!
//! ```sh
//! cargo build --release -p loadgen --example hyper
//! cargo run --release -p loadgen -- run --scenario plaintext --target hyper='target/release/examples/hyper 127.0.0.1:{port}'
//! ```
//!
//! Tokio's threads, a task for each connection, hyper's own defaults: no limits beyond those, no deadlines.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let addr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let addr: SocketAddr = addr.parse().map_err(io::Error::other)?;
    let listener = TcpListener::bind(addr).await?;
    println!("hyper listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A connection that ends with an error concerns nobody else.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(hello)).await;
        });
    }
}

async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"Hello, World!")));
    let text = hyper::header::HeaderValue::from_static("text/plain");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, text);
    Ok(response)
}
