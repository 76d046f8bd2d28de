//! What requests need, kept for the next one.

use http1::{Buffer, Response};

use crate::Options;
use crate::parser::Parser;

/// Everything that serving a request takes besides the connection itself.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) input: Buffer,
    pub(crate) parser: Parser,
    pub(crate) response: Response,
    pub(crate) output: Vec<u8>,
}

impl Exchange {
    fn new(options: &Options) -> Self {
        Self {
            input: Buffer::new(),
            parser: Parser::new(options),
            response: Response::new(),
            output: Vec::new(),
        }
    }

    /// Empties everything and keeps what it allocated. The parser also keeps the last head, to know it again:
    /// nobody can read it, and whoever is served next may bring the same one.
    fn clear(&mut self) {
        self.input.clear();
        self.parser.reset();
        self.response.clear();
        self.output.clear();
    }

    fn capacity_bytes(&self) -> usize {
        self.input.capacity() + self.parser.capacity() + self.response.capacity() + self.output.capacity()
    }
}

/// Exchanges that were used before. Each worker has a pool of its own, so there is nothing to lock.
#[derive(Debug)]
pub(crate) struct Pool<'a> {
    free: Vec<Free>,
    /// What they hold on to together.
    bytes: usize,
    options: &'a Options,
}

/// An exchange that waits to be taken, and how much it holds on to. Taking it moves a pointer, not all its parts.
#[derive(Debug)]
struct Free {
    exchange: Box<Exchange>,
    bytes: usize,
}

/// Exchanges that a pool keeps: as many as requests are usually under way at once. What a burst
/// needed beyond that is given back to the allocator.
const FREE_MAX: usize = 1_024;

/// What a pooled exchange may hold on to. A body of 64 KiB that comes and goes back leaves its buffers behind for the
/// next one: it is in four of them on its way, and one that grew is up to twice as large as it had to be. A huge
/// body does not.
const EXCHANGE_BYTES_MAX: usize = 640 * 1024;

/// What a pool may hold on to.
const POOL_BYTES_MAX: usize = 256 * 1024 * 1024;

impl<'a> Pool<'a> {
    /// An empty pool; one that never keeps anything with `--fresh-buffers`.
    pub(crate) fn new(options: &'a Options) -> Self {
        Self { free: Vec::new(), bytes: 0, options }
    }

    /// An exchange that is empty, used before if there is one.
    pub(crate) fn take(&mut self) -> Box<Exchange> {
        match self.free.pop() {
            Some(Free { exchange, bytes }) => {
                self.bytes -= bytes;
                exchange
            }
            None => Box::new(Exchange::new(self.options)),
        }
    }

    /// Keeps the exchange for the next request.
    pub(crate) fn give_back(&mut self, mut exchange: Box<Exchange>) {
        let bytes = exchange.capacity_bytes();
        let has_room = self.free.len() < FREE_MAX && self.bytes + bytes <= POOL_BYTES_MAX;
        if has_room && bytes <= EXCHANGE_BYTES_MAX && !self.options.fresh_buffers {
            exchange.clear();
            self.bytes += bytes;
            self.free.push(Free { exchange, bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EXCHANGE_BYTES_MAX, POOL_BYTES_MAX, Pool};
    use crate::Options;

    #[test]
    fn what_was_given_back_is_taken_again_empty_and_with_its_capacity() {
        let options = Options::default();
        let mut pool = Pool::new(&options);
        let mut exchange = pool.take();
        exchange.output.extend_from_slice(&[b'x'; 1_000]);
        exchange.input.extend(b"half a request");
        pool.give_back(exchange);
        let exchange = pool.take();
        assert!(exchange.output.is_empty() && exchange.output.capacity() >= 1_000);
        assert!(exchange.input.is_empty());
    }

    #[test]
    fn what_has_grown_huge_is_not_kept() {
        let options = Options::default();
        let mut pool = Pool::new(&options);
        let mut exchange = pool.take();
        exchange.output.reserve(EXCHANGE_BYTES_MAX);
        pool.give_back(exchange);
        assert!(pool.free.is_empty());
    }

    #[test]
    fn a_pool_keeps_so_much_memory_and_no_more() {
        let options = Options::default();
        let mut pool = Pool::new(&options);
        let large = EXCHANGE_BYTES_MAX / 2;
        let exchanges: Vec<_> = (0..2 * POOL_BYTES_MAX / large)
            .map(|_| {
                let mut exchange = pool.take();
                exchange.output.reserve(large);
                exchange
            })
            .collect();
        for exchange in exchanges {
            pool.give_back(exchange);
        }
        let kept = pool.free.len();
        assert!(kept > 0 && pool.bytes <= POOL_BYTES_MAX && pool.bytes + large > POOL_BYTES_MAX - large);
        for left in (0..kept).rev() {
            drop(pool.take());
            assert_eq!(pool.free.len(), left);
        }
        assert_eq!(pool.bytes, 0);
    }

    #[test]
    fn with_fresh_buffers_nothing_is_kept() {
        let options = Options { fresh_buffers: true, ..Options::default() };
        let mut pool = Pool::new(&options);
        let exchange = pool.take();
        pool.give_back(exchange);
        assert!(pool.free.is_empty());
    }
}
