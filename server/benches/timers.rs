//! The queue of delayed answers: one goes in and the first comes out, while so many wait.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use server::Timers;

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("timers");
    group.throughput(Throughput::Elements(1));
    for waiting in [1_u64, 1_000, 10_000] {
        group.bench_with_input(
            BenchmarkId::new("schedule and pop", waiting),
            &waiting,
            |bencher, &waiting| {
                let mut timers = Timers::new().expect("a timer");
                let start = Instant::now();
                let at = |step| start + Duration::from_micros(step);
                (0..waiting).for_each(|step| timers.schedule(at(step), step));
                let mut step = waiting;
                bencher.iter(|| {
                    timers.schedule(at(step), step);
                    let due = timers.pop_due(at(step - waiting));
                    assert!(due.is_some());
                    step += 1;
                });
            },
        );
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
