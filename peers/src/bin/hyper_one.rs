//! hyper on one thread, which polls, accepts and serves: what tokio costs at the least.

use std::error::Error;

use peers::hello;
use tokio::runtime::Builder;

fn main() -> Result<(), Box<dyn Error>> {
    let addr = peers::address()?;
    Ok(Builder::new_current_thread().enable_all().build()?.block_on(hello::serve(addr))?)
}
