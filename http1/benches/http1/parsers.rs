//! The parsers, each on the same requests, out of a buffer that holds them whole.

use criterion::{BenchmarkId, Criterion, Throughput};
use http1::{Buffer, Limits, OwnedRequest, textbook, zerocopy};

use crate::requests::{Sample, samples};

pub(crate) fn bench(criterion: &mut Criterion) {
    for (unit, throughput) in [("bytes", bytes as fn(&Sample) -> Throughput), ("requests", requests)] {
        let mut group = criterion.benchmark_group(format!("parse, {unit}"));
        for sample in samples() {
            group.throughput(throughput(&sample));
            group.bench_with_input(BenchmarkId::new("textbook", sample.name), &sample, |bencher, sample| {
                let mut parser = textbook::Parser::new(Limits::default());
                let (mut input, mut request) = (Buffer::new(), OwnedRequest::new());
                bencher.iter(|| {
                    input.extend(&sample.bytes);
                    for _ in 0..sample.requests {
                        let progress = parser.parse(&mut input, &mut request);
                        assert_eq!(progress, Ok(textbook::Progress::Complete));
                        request.clear();
                    }
                });
            });
            // As if no two heads were alike, and as it is where a client repeats itself.
            let parser = || zerocopy::Parser::new(Limits::default());
            for (name, mut parser) in
                [("zero-copy", parser().reading_every_head()), ("zero-copy, again", parser())]
            {
                group.bench_with_input(BenchmarkId::new(name, sample.name), &sample, |bencher, sample| {
                    let mut input = Buffer::new();
                    bencher.iter(|| {
                        input.extend(&sample.bytes);
                        for _ in 0..sample.requests {
                            let progress = parser.parse(&mut input, |request, _| request.fields.len());
                            assert!(matches!(progress, Ok(zerocopy::Progress::Complete(1..))));
                        }
                    });
                });
            }
        }
        group.finish();
    }
}

fn bytes(sample: &Sample) -> Throughput {
    Throughput::Bytes(sample.bytes.len() as u64)
}

fn requests(sample: &Sample) -> Throughput {
    Throughput::Elements(sample.requests)
}
