//! What a request costs before and behind its handler: parsing it, by each of the parsers, and encoding the
//! answer. Bytes per second tell parsers apart, requests per second what a server could do if it did
//! nothing else.

mod encode;
mod parsers;
mod requests;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, parsers::bench, encode::bench);
criterion_main!(benches);
