//! The little that a run's threads tell each other.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Progress;
use super::pacer::due_in_warmup;
use super::part::{Part, Turn};
use super::plan::{Amount, Mode, Pace, Plan};
use super::worker::SWEEP_MAX;

/// A warm-up that too few answers came in ends this long after its time all the same.
const WARMUP_EXTRA: Duration = Duration::from_secs(5);
/// Connects that fail for this long, with no connection ever made, mean that no server is there.
const NEVER_THERE: Duration = Duration::from_millis(300);
/// Connects that fail for this long after the last sign of life mean that the server has died.
const DIED: Duration = Duration::from_secs(2);
/// How often a thread that is ready looks whether the others are.
const READY_POLL: Duration = Duration::from_micros(50);
/// How long before counting begins it is told to several threads: each of them looks at least this often, and
/// then has some milliseconds to wake up.
const NOTICE: Duration = Duration::from_millis(10).saturating_add(SWEEP_MAX);
/// How much of the wait for an agreed beginning is spent awake, because sleeping takes longer than it is asked to.
const AWAKE_BEFORE_BEGINNING: Duration = Duration::from_millis(2);
/// How long it sleeps at most before it looks whether the run is to end.
const NAP_MAX: Duration = Duration::from_millis(20);
/// It has not happened yet.
const NOT_YET: u64 = u64::MAX;

/// Shared by all threads of one run. Nothing in it is written once per request.
pub(super) struct Shared<'a> {
    /// What this process is to do.
    pub(super) plan: &'a Plan,
    /// What all processes together are to do.
    pub(super) whole: Amount,
    part: Part,
    pub(super) progress: &'a Progress,
    began: Instant,
    /// When the first request may be sent, where that was agreed on.
    begin_at: Option<Instant>,
    /// Threads that are set up.
    ready: AtomicUsize,
    /// When the last of them was.
    ready_ns: AtomicU64,
    /// Threads that count no more.
    counted: AtomicUsize,
    count_from_ns: AtomicU64,
    warm_answers: AtomicU64,
    established: AtomicUsize,
    established_max: AtomicUsize,
    /// The last connection made or byte received, as far as the threads have told; 0 is never.
    alive_ns: AtomicU64,
    gave_up: Mutex<Option<String>>,
    stop: AtomicBool,
}

impl<'a> Shared<'a> {
    /// Of a process that fires all of `plan`, at once.
    #[cfg(test)]
    pub(super) fn new(plan: &'a Plan, progress: &'a Progress) -> Self {
        Self::of_part(plan, (Part::WHOLE, plan.amount), None, progress)
    }

    /// Of a process whose `plan` is a part of what counts `whole` altogether.
    pub(super) fn of_part(
        plan: &'a Plan,
        (part, whole): (Part, Amount),
        begin_at: Option<Instant>,
        progress: &'a Progress,
    ) -> Self {
        progress.counting.store(false, Ordering::Relaxed);
        Self {
            plan,
            whole,
            part,
            progress,
            began: Instant::now(),
            begin_at,
            ready: AtomicUsize::new(0),
            ready_ns: AtomicU64::new(NOT_YET),
            counted: AtomicUsize::new(0),
            count_from_ns: AtomicU64::new(NOT_YET),
            warm_answers: AtomicU64::new(0),
            established: AtomicUsize::new(0),
            established_max: AtomicUsize::new(0),
            alive_ns: AtomicU64::new(0),
            gave_up: Mutex::new(None),
            stop: AtomicBool::new(false),
        }
    }

    /// Returns when every thread has called it: one that has done its share before another is there would
    /// have fired at a server with fewer connections than were asked for. Also when the run is to end, as
    /// it is where a thread could not be started. Where a beginning was agreed on, it is awaited here, so that what
    /// setting up takes is no part of anything.
    pub(super) fn wait_for_all(&self) {
        self.wait_to_begin();
        if self.ready.fetch_add(1, Ordering::Relaxed) + 1 == self.plan.threads {
            let now_ns = self.now_ns();
            if self.plan.warmup.is_zero() {
                // From here and not from before: to set up many connections takes its time, too.
                self.count_from_ns.store(now_ns, Ordering::Relaxed);
            }
            self.ready_ns.store(now_ns, Ordering::Release);
        }
        while self.ready_ns() == NOT_YET && !self.is_stopped() {
            thread::sleep(READY_POLL);
        }
    }

    fn wait_to_begin(&self) {
        let Some(begin_at) = self.begin_at else { return };
        while !self.is_stopped() {
            match begin_at.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return,
                left if left <= AWAKE_BEFORE_BEGINNING => std::hint::spin_loop(),
                left => thread::sleep(left.saturating_sub(AWAKE_BEFORE_BEGINNING).min(NAP_MAX)),
            }
        }
    }

    /// How long after the agreed moment the first request could be sent; zero where none was agreed on.
    pub(super) fn late(&self) -> Duration {
        let Some(begin_at) = self.begin_at.filter(|_| self.ready_ns() != NOT_YET) else {
            return Duration::ZERO;
        };
        (self.began + Duration::from_nanos(self.ready_ns())).saturating_duration_since(begin_at)
    }

    /// How long it was from there until counting began; zero where it did not.
    pub(super) fn warmed_up_for(&self) -> Duration {
        match self.count_from_ns.load(Ordering::Relaxed) {
            NOT_YET => Duration::ZERO,
            from_ns => Duration::from_nanos(from_ns.saturating_sub(self.ready_ns())),
        }
    }

    /// The moments of the schedule that a thread of this process sends at.
    pub(super) fn turn(&self, thread: usize) -> Turn {
        self.part.turn(thread, self.plan.threads)
    }

    /// When all threads were ready to fire.
    pub(super) fn ready_ns(&self) -> u64 {
        self.ready_ns.load(Ordering::Acquire)
    }

    /// When nanosecond 0 was.
    pub(super) fn began(&self) -> Instant {
        self.began
    }

    /// Nanoseconds since the run began, on the monotonic clock.
    pub(super) fn now_ns(&self) -> u64 {
        ns(self.began.elapsed())
    }

    /// When counting begins, if that is known. Whichever thread finds the warm-up complete says it for all, and
    /// where there are others, so early that none of them learns it too late.
    pub(super) fn count_from(&self, now_ns: u64, new_answers: u64) -> Option<u64> {
        let answers = self.warm_answers.fetch_add(new_answers, Ordering::Relaxed) + new_answers;
        let warm_ns = self.ready_ns().saturating_add(ns(self.plan.warmup));
        let expected = self.connections_warm();
        // Connections are held at once only by a closed loop that keeps them.
        let are_kept = self.plan.mode != Mode::Close && self.plan.pace == Pace::Closed;
        let all_open = self.established_max() >= expected || !are_kept;
        let warm = now_ns >= warm_ns && all_open && answers >= expected as u64;
        if warm || now_ns >= warm_ns.saturating_add(ns(WARMUP_EXTRA)) {
            let from_ns = if self.plan.threads == 1 { now_ns } else { now_ns + ns(NOTICE) };
            let from_ns = self.agreed_to_count_ns().map_or(from_ns, |agreed_ns| from_ns.max(agreed_ns));
            // Losing this race is as good as winning it: the other thread's moment counts.
            let _ =
                self.count_from_ns.compare_exchange(NOT_YET, from_ns, Ordering::Relaxed, Ordering::Relaxed);
        }
        let from = self.count_from_ns.load(Ordering::Relaxed);
        (from != NOT_YET).then_some(from)
    }

    /// When all processes count that have warmed up in time; the moment is agreed on with the beginning.
    fn agreed_to_count_ns(&self) -> Option<u64> {
        let begin_ns = ns(self.begin_at?.saturating_duration_since(self.began));
        Some(begin_ns.saturating_add(ns(self.plan.warmup + NOTICE)))
    }

    /// How many connections a warm-up gets to use: at a slow rate not all of them.
    fn connections_warm(&self) -> usize {
        let due = match self.plan.pace {
            Pace::Closed => u64::MAX,
            Pace::Open(rate) => self.part.share(due_in_warmup(rate, self.plan.warmup)),
        };
        self.plan.connections.min(usize::try_from(due).unwrap_or(usize::MAX))
    }

    pub(super) fn one_more_established(&self) {
        let now = self.established.fetch_add(1, Ordering::Relaxed) + 1;
        // Mostly a plain load: the maximum stops growing once all connections are open.
        if now > self.established_max.load(Ordering::Relaxed) {
            self.established_max.fetch_max(now, Ordering::Relaxed);
        }
    }

    pub(super) fn one_less_established(&self) {
        self.established.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn established_max(&self) -> usize {
        self.established_max.load(Ordering::Relaxed)
    }

    /// Ends the run if there is no server to speak to any more.
    ///
    /// A server that accepts and does not answer is not given up: that is what the timeout is for.
    pub(super) fn consider_giving_up(&self, now_ns: u64, alive_ns: u64, connect_failure: Option<&str>) {
        let alive_ns = self.alive_ns.fetch_max(alive_ns, Ordering::Relaxed).max(alive_ns);
        let Some(why) = connect_failure else { return };
        let (since_ns, patience) =
            if alive_ns == 0 { (self.ready_ns(), NEVER_THERE) } else { (alive_ns, DIED) };
        let silent_ns = now_ns.saturating_sub(since_ns);
        if self.established.load(Ordering::Relaxed) > 0 || silent_ns < ns(patience) {
            return;
        }
        let target = &self.plan.target;
        let text = if alive_ns == 0 {
            format!("can't connect to {target}: {why}; is the server running there?")
        } else {
            let seconds = DIED.as_secs();
            format!("{target} stopped taking connections {seconds} s ago: {why}; did the server die?")
        };
        self.gave_up.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(text);
        self.stop();
    }

    /// A thread counts from now on, which whoever watches is told.
    pub(super) fn counts(&self) {
        self.progress.counting.store(true, Ordering::Relaxed);
    }

    /// A thread counts no more. The last one tells whoever watches that the counted part is over.
    pub(super) fn counted(&self) {
        if self.counted.fetch_add(1, Ordering::AcqRel) + 1 == self.plan.threads {
            self.progress.counting.store(false, Ordering::Relaxed);
        }
    }

    /// Ends the run for all threads.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The run is to end now.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.was_interrupted()
    }

    /// Whoever watches asked for the end.
    pub(super) fn was_interrupted(&self) -> bool {
        self.progress.stop.load(Ordering::Relaxed)
    }

    /// Whether the run ended early by itself, and when the server gave its last sign of life.
    pub(super) fn gave_up_at(&self) -> Option<u64> {
        let gave_up = self.gave_up.lock().unwrap_or_else(PoisonError::into_inner);
        gave_up.is_some().then(|| self.alive_ns.load(Ordering::Relaxed))
    }

    /// Why the run ended early by itself, if it did.
    pub(super) fn into_gave_up(self) -> Option<String> {
        self.gave_up.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A duration in nanoseconds; five centuries at most.
pub(crate) fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "shared_tests.rs"]
mod tests;
