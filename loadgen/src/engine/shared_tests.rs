use super::*;

fn plan(threads: usize, warmup: Duration) -> Plan {
    Plan { threads, warmup, ..Plan::of_a_test() }
}

#[test]
fn without_a_warm_up_counting_begins_when_the_last_thread_is_ready() {
    let (plan, progress) = (plan(2, Duration::ZERO), Progress::default());
    let shared = Shared::new(&plan, &progress);
    thread::scope(|scope| {
        scope.spawn(|| shared.wait_for_all());
        let before_ns = shared.now_ns();
        assert_eq!(shared.count_from(before_ns, 0), None);
        shared.wait_for_all();
        let from_ns = shared.count_from(shared.now_ns(), 0).expect("all of them are there");
        assert!(from_ns >= before_ns && from_ns == shared.ready_ns());
    });
}

#[test]
fn several_threads_learn_beforehand_when_counting_begins() {
    for (threads, notice) in [(1, Duration::ZERO), (2, NOTICE)] {
        let (plan, progress) = (plan(threads, Duration::from_secs(1)), Progress::default());
        let shared = Shared::new(&plan, &progress);
        thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(|| shared.wait_for_all())));
            shared.wait_for_all();
        });
        shared.one_more_established();
        let warm_ns = shared.ready_ns() + ns(plan.warmup);
        assert_eq!(shared.count_from(warm_ns - 1, 1), None);
        assert_eq!(shared.count_from(warm_ns, 0), Some(warm_ns + ns(notice)));
        // Whoever looks later is told the same.
        assert_eq!(shared.count_from(warm_ns + 5, 0), Some(warm_ns + ns(notice)));
    }
}

#[test]
fn who_was_never_there_is_given_up_by_the_time_since_the_threads_were_ready() {
    let (plan, progress) = (plan(1, Duration::ZERO), Progress::default());
    let shared = Shared::new(&plan, &progress);
    shared.wait_for_all();
    let at_ns = shared.ready_ns() + ns(NEVER_THERE);
    shared.consider_giving_up(at_ns - 1, 0, Some("refused"));
    assert!(!shared.is_stopped());
    shared.consider_giving_up(at_ns, 0, Some("refused"));
    assert!(shared.is_stopped());
}

#[test]
fn the_counted_part_is_over_when_the_last_thread_says_so() {
    let (plan, progress) = (plan(2, Duration::ZERO), Progress::default());
    let shared = Shared::new(&plan, &progress);
    let is_counting = || progress.counting.load(Ordering::Relaxed);
    assert!(!is_counting(), "no thread is there");
    shared.counts();
    shared.counted();
    assert!(is_counting(), "the other one may still count");
    shared.counted();
    assert!(!is_counting());
}
