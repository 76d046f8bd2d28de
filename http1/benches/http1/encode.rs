//! Three answers, written as a handler does and encoded behind what is there.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use http1::{Delivery, Response, Status, Version, encode};

const DATE: &[u8] = b"Sun, 06 Nov 1994 08:49:37 GMT";
const KEPT: Delivery = Delivery { head_only: false, version: Version::Http11, keep_alive: true };

/// Writes an answer.
type Write = fn(&mut Response);

pub(crate) fn bench(criterion: &mut Criterion) {
    let answers: [(&str, Write); 3] = [
        ("small", |response| _ = response.text("Hello, World!")),
        ("64 KiB", |response| {
            response.body_mut().resize(64 * 1024, b'x');
            response.add_field("Content-Type", "application/octet-stream");
        }),
        ("404", |response| _ = response.become_error(Status::NOT_FOUND, "there is nothing here")),
    ];
    let mut group = criterion.benchmark_group("encode");
    for (name, write) in answers {
        let (mut response, mut out) = (Response::new(), Vec::new());
        let mut once = || {
            response.clear();
            out.clear();
            write(&mut response);
            encode(black_box(&response), KEPT, DATE, &mut out);
            out.len()
        };
        group.throughput(Throughput::Bytes(once() as u64));
        group.bench_function(name, |bencher| bencher.iter(&mut once));
    }
    group.finish();
}
