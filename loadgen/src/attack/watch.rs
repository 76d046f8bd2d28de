//! Watches an attack, and ends it at Ctrl-C.

use std::process;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use super::Args;
use super::live::Live;
use super::series::Series;
use super::view::View;
use crate::engine::{EngineError, Interval, Outcome, Pace, Plan, Progress};

/// How often the watcher looks; the engine has news a few times a second.
const LOOK_EVERY: Duration = Duration::from_millis(50);

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

/// Has `fire` run `plan` and shows how it goes; also returns how it went, second by second.
pub(super) fn run(
    plan: &Plan,
    args: &Args,
    progress: &Arc<Progress>,
    fire: impl FnOnce(&Progress) -> Result<Outcome, EngineError> + Send,
) -> Result<(Outcome, Series), EngineError> {
    let live = Live::new(plan, args.quiet);
    let trying_per_sec = match plan.pace {
        Pace::Open(rate) if args.open_loop.max_rate => Some(rate.from_per_sec),
        Pace::Open(_) | Pace::Closed => None,
    };
    let (mut view, mut series) = (View::new(trying_per_sec), Series::new(args.files.need_log()));
    live.begin(plan, &view);
    let mut take_in = |news: &Interval, series: &mut Series| {
        view.add(news);
        if let Some(row) = series.add(news) {
            view.add_row(row.clone());
            live.row(&view, row);
        }
        live.draw(&view, plan.amount);
    };
    if !args.quiet || args.files.need_seconds() {
        progress.intervals.watch();
    }
    let outcome = thread::scope(|scope| {
        let attack = scope.spawn(|| fire(progress));
        while !attack.is_finished() {
            while let Some(news) = progress.intervals.take() {
                take_in(&news, &mut series);
            }
            thread::sleep(LOOK_EVERY);
        }
        attack.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    while let Some(news) = progress.intervals.take() {
        take_in(&news, &mut series);
    }
    series.finish();
    live.end();
    Ok((outcome?, series))
}
