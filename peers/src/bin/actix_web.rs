//! actix-web with one worker.

use std::error::Error;

use actix_web::rt::System;
use actix_web::{App, HttpResponse, HttpServer, web};
use peers::{BACKLOG, BODY, TEXT, WORKERS};

fn main() -> Result<(), Box<dyn Error>> {
    let addr = peers::address()?;
    let server = HttpServer::new(|| App::new().route("/", web::get().to(answer)));
    let server = server.workers(WORKERS).backlog(BACKLOG).bind(addr)?;
    Ok(System::new().block_on(server.run())?)
}

async fn answer() -> HttpResponse {
    HttpResponse::Ok().content_type(TEXT).body(BODY)
}
