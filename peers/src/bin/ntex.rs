//! ntex with one worker, on tokio.

use std::error::Error;

use ntex::web::{self, App, HttpResponse, HttpServer};
use peers::{BACKLOG, BODY, TEXT, WORKERS};

#[ntex::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = peers::address()?;
    let server = HttpServer::new(async || App::new().route("/", web::get().to(answer)));
    let backlog = i32::try_from(BACKLOG)?;
    Ok(server.workers(WORKERS).backlog(backlog).bind(addr)?.run().await?)
}

async fn answer() -> HttpResponse {
    HttpResponse::Ok().content_type(TEXT).body(BODY)
}
