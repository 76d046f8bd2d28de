//! hyper on the runtime that phase 2 has, tokio's threads; `hyper_one` is the same on tokio's other runtime.

use std::error::Error;

use peers::{WORKERS, hello};
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let addr = peers::address()?;
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    // A task like any other: on this thread, every accept would have to wake the worker.
    let serving = runtime.spawn(hello::serve(addr));
    Ok(runtime.block_on(serving)??)
}
