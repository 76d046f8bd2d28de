//! Who waits for whom: requests over time, each of which needs a moment of a thread, waits, and needs another moment.

use super::canvas::{Anchor, Canvas, LINE, WIDTH};

/// Requests that come at the same moment.
const REQUESTS: usize = 6;
/// What each waits for its database, in milliseconds.
const WAIT_MS: f64 = 2.0;
/// The two moments of a thread that a request needs, wider than they are so that they can be seen.
const WORK_MS: f64 = 0.12;

const LEFT: f64 = 120.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 62.0;
const ROW: f64 = 24.0;
const BAR: f64 = 16.0;

/// When a request is taken up, and by which thread; it is done `WAIT_MS` and twice `WORK_MS` later.
struct Span {
    start_ms: f64,
    thread: usize,
}

impl Span {
    fn done_ms(&self) -> f64 {
        self.start_ms + WAIT_MS + 2.0 * WORK_MS
    }

    /// From when to when its thread is taken: all the time if that `stays`, or for its two moments.
    fn takes_its_thread(&self, stays: bool) -> Vec<(f64, f64)> {
        let (start, done) = (self.start_ms, self.done_ms());
        if stays { vec![(start, done)] } else { vec![(start, start + WORK_MS), (done - WORK_MS, done)] }
    }
}

/// What each of `threads` serves if it stays with a request until that is done.
fn blocking(threads: usize) -> Vec<Span> {
    let whole = WAIT_MS + 2.0 * WORK_MS;
    (0..REQUESTS)
        .map(|request| Span { start_ms: whole * (request / threads) as f64, thread: request % threads })
        .collect()
}

/// What one thread serves if it leaves a request that waits.
fn leaving() -> Vec<Span> {
    (0..REQUESTS).map(|request| Span { start_ms: WORK_MS * request as f64, thread: 0 }).collect()
}

pub(super) fn serial() -> String {
    draw(
        "Phase 0: one after the other",
        "Six requests come together. The one thread stays with each until its answer is sent, so each waits for all before it.",
        &blocking(1),
        1,
        "p0",
        true,
    )
}

pub(super) fn threads() -> String {
    draw(
        "Phase 1: as many at a time as there are threads",
        "Six requests come together. Two threads stay with one each, so two wait for their database at a time and the others \
         wait for a thread.",
        &blocking(2),
        2,
        "p1",
        true,
    )
}

pub(super) fn tasks() -> String {
    draw(
        "Phase 2: a request that waits needs no thread",
        "Six requests come together. One thread begins each of them in turn, has nothing to do while all of them wait for \
         their database, and then finishes each.",
        &leaving(),
        1,
        "p2",
        false,
    )
}

/// Requests in the upper rows, threads in the lower ones. A thread that `stays` is taken for as long as its request is
/// under way.
fn draw(title: &str, told: &str, spans: &[Span], threads: usize, class: &str, stays: bool) -> String {
    let mut canvas = Canvas::new(title, told);
    let end_ms = (WAIT_MS + 2.0 * WORK_MS) * REQUESTS as f64;
    let x = |ms: f64| LEFT + ms / end_ms * (WIDTH - LEFT - RIGHT);
    let row = |index: usize| TOP + ROW * index as f64;
    let below = TOP + ROW * REQUESTS as f64 + 14.0;

    canvas.words(title, (LEFT, 24.0), Anchor::Start, "bold");
    canvas.bar((LEFT, 34.0), (12.0, 12.0), "wait");
    canvas.words("waits for a thread", (LEFT + 18.0, 45.0), Anchor::Start, "muted small");
    canvas.bar((LEFT + 150.0, 34.0), (12.0, 12.0), class);
    canvas.words(
        "is served: a moment, a wait of 2 ms, a moment",
        (LEFT + 168.0, 45.0),
        Anchor::Start,
        "muted small",
    );

    for (index, span) in spans.iter().enumerate() {
        let y = row(index);
        canvas.words(&format!("request {}", index + 1), (LEFT - 10.0, y + 13.0), Anchor::End, "");
        let done = span.done_ms();
        canvas.bar((x(0.0), y), (x(span.start_ms) - x(0.0), BAR), "wait");
        canvas.bar((x(span.start_ms), y), (x(done) - x(span.start_ms), BAR), class);
        if index + 1 == spans.len() && done < end_ms {
            canvas.words("all done", (x(done) + 8.0, y + 13.0), Anchor::Start, "muted small");
        }
    }
    canvas.line((LEFT, below - 9.0), (WIDTH - RIGHT, below - 9.0), "grid");
    for thread in 0..threads {
        let y = below + ROW * thread as f64;
        let name = if threads == 1 { "the thread".to_owned() } else { format!("thread {}", thread + 1) };
        canvas.words(&name, (LEFT - 10.0, y + 13.0), Anchor::End, "");
        for span in spans.iter().filter(|span| span.thread == thread) {
            for (from, to) in span.takes_its_thread(stays) {
                canvas.bar((x(from) + 0.5, y), (x(to) - x(from) - 1.0, BAR), class);
            }
        }
    }
    let bottom = below + ROW * threads as f64;
    for ms in (0..=12).step_by(2) {
        canvas.words(
            &format!("{ms} ms"),
            (x(f64::from(ms)), bottom + LINE - 4.0),
            Anchor::Middle,
            "muted small",
        );
    }
    canvas.finish(bottom + LINE + 6.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether any thread is taken twice at a time.
    fn is_taken_twice(spans: &[Span], stays: bool) -> bool {
        let all = || {
            spans
                .iter()
                .flat_map(|span| span.takes_its_thread(stays).into_iter().map(|taken| (span.thread, taken)))
        };
        // Ends and beginnings that meet are the same sum in another order.
        let meet = |a: (f64, f64), b: (f64, f64)| a.0 < b.1 - 1e-9 && b.0 < a.1 - 1e-9;
        all().enumerate().any(|(i, (thread, taken))| {
            all().enumerate().any(|(j, (other, theirs))| i != j && thread == other && meet(taken, theirs))
        })
    }

    fn under_way_at_once(spans: &[Span]) -> usize {
        let at =
            |ms: f64| spans.iter().filter(|span| span.start_ms <= ms && ms < span.done_ms() - 1e-9).count();
        spans.iter().map(|span| at(span.start_ms)).max().unwrap_or(0)
    }

    #[test]
    fn a_thread_that_stays_serves_one_and_one_that_leaves_serves_all() {
        assert_eq!(under_way_at_once(&blocking(1)), 1);
        assert_eq!(under_way_at_once(&blocking(2)), 2);
        assert_eq!(under_way_at_once(&leaving()), REQUESTS);
    }

    #[test]
    fn no_thread_does_two_things_at_a_time() {
        assert!(!is_taken_twice(&blocking(1), true) && !is_taken_twice(&blocking(2), true));
        assert!(!is_taken_twice(&leaving(), false));
        assert!(is_taken_twice(&leaving(), true), "a thread that stayed could not do that");
    }
}
