//! Shows how far an attack is, on standard error, and ends it at Ctrl-C.

use std::io::{self, IsTerminal, Write};
use std::process;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::open_loop;
use crate::engine::{self, Amount, EngineError, Outcome, Plan, Progress};

/// How often the line is drawn anew.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// The first Ctrl-C ends the attack early, the second one the process at once.
pub(super) fn stop_on_ctrl_c(progress: &Arc<Progress>) {
    let progress = Arc::clone(progress);
    // Where a handler is already installed, whoever installed it decides what Ctrl-C means.
    let _ = ctrlc::set_handler(move || {
        if progress.stop.swap(true, Ordering::Relaxed) {
            process::exit(i32::from(super::EXIT_INTERRUPTED));
        }
    });
}

/// Runs `plan` with a line that shows its progress.
pub(super) fn run(plan: &Plan, progress: &Arc<Progress>) -> Result<Outcome, EngineError> {
    if !io::stderr().is_terminal() {
        // Nothing is left to be done about a standard error that is closed.
        let _ =
            writeln!(io::stderr(), "attacking {} {}{}", plan.target, extent(plan), open_loop::describe(plan));
        return engine::run(plan, progress);
    }
    let bar = bar(plan);
    thread::scope(|scope| {
        let attack = scope.spawn(|| engine::run(plan, progress));
        let mut counting_since = None;
        while !attack.is_finished() {
            draw(&bar, plan, progress, &mut counting_since);
            thread::park_timeout(DRAW_EVERY);
        }
        bar.finish_and_clear();
        attack.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn extent(plan: &Plan) -> String {
    let amount = match plan.amount {
        Amount::Time(time) => format!("for {}", humantime::format_duration(time)),
        Amount::Requests(requests) => format!("with {requests} requests"),
    };
    if plan.warmup.is_zero() {
        return amount;
    }
    format!("{amount}, after a warm-up of {}", humantime::format_duration(plan.warmup))
}

fn bar(plan: &Plan) -> ProgressBar {
    let length = match plan.amount {
        Amount::Time(time) => u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        Amount::Requests(requests) => requests,
    };
    let style = ProgressStyle::with_template("{wide_bar} {msg}").expect("the template is a constant");
    ProgressBar::new(length).with_style(style).with_message("warming up")
}

fn draw(bar: &ProgressBar, plan: &Plan, progress: &Progress, counting_since: &mut Option<Instant>) {
    let (ok, failed) = (progress.ok.load(Ordering::Relaxed), progress.failed.load(Ordering::Relaxed));
    if ok + failed == 0 {
        bar.tick();
        return;
    }
    let elapsed = counting_since.get_or_insert_with(Instant::now).elapsed();
    bar.set_position(match plan.amount {
        Amount::Time(_) => u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        Amount::Requests(_) => ok + failed,
    });
    let failures = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    bar.set_message(format!("{ok} answered{failures}"));
}
