//! The pool by itself: what a request needs, taken and given back, against allocating it anew.
//!
//! The pool is nobody's business outside of the phase, so its file is compiled into this program, too.

#[cfg_attr(test, allow(unused_imports, reason = "its tests are run with the phase's"))]
#[path = "../src/pool.rs"]
mod pool;

use phase3_pooled::Options;

use pool::Pool;

fn main() {
    benching::run(|criterion| {
        for (name, fresh_buffers) in [("phase3-pooled", false), ("phase3-pooled --fresh-buffers", true)] {
            let options = Options { fresh_buffers, ..Options::default() };
            let mut pool = Pool::new(&options);
            benching::exchanges(criterion, name, |request, answer| {
                let mut exchange = pool.take();
                exchange.input.extend(request);
                exchange.output.extend_from_slice(answer);
                pool.give_back(exchange);
            });
        }
    });
}
