//! A program that is run to its end, watched, and ended early where that is asked for.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::{ending, interrupt};
use crate::measure::family::Family;

/// What is kept of its standard error: the last lines.
const LAST_LINES_MAX: usize = 20;
/// A longer line comes in pieces.
const LINE_BYTES_MAX: u64 = 1 << 16;
/// So many lines wait to be looked at, then the program waits.
const LINES_WAITING_MAX: usize = 64;
/// How often it is looked whether to stop, where it says nothing.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// How often an end is looked for that is near: it says nothing any more.
const END_INTERVAL: Duration = Duration::from_millis(2);
/// What it wrote before it ended is read within this; whoever it left behind may hold its pipes open.
const READ_WITHIN: Duration = Duration::from_secs(1);

/// How it ended, and what it said at the end.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: ExitStatus,
    /// Its last lines on standard error.
    pub(super) last: Vec<String>,
}

impl Said {
    /// The first line that is left of what it complained about, or how it ended.
    pub(super) fn complaint(&self) -> String {
        let line = self.last.iter().find(|line| !line.trim().is_empty());
        let said = line.map(|line| {
            ["fatal: ", "error: "]
                .iter()
                .fold(line.as_str(), |rest, word| rest.strip_prefix(word).unwrap_or(rest))
        });
        said.map_or_else(|| format!("it ended with {} and said nothing", self.status), str::to_owned)
    }

    /// Whether that is why it failed: programs say it in the words of the C library.
    pub(super) fn is_of_a_full_disk(&self) -> bool {
        self.last.iter().any(|line| line.contains("No space left on device"))
    }
}

/// Why it did not end by itself.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("could not start {program}: {error}")]
    Start { program: String, error: io::Error },
    #[error("it took longer than {0:?}")]
    TooLong(Duration),
    #[error("interrupted")]
    Interrupted,
}

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
}

type Line = (Of, String);
type Each<'a> = &'a mut dyn FnMut(&str, Of);

/// Says whether to stop; `None` is for a program that has to get done, and that Ctrl-C lets get done.
pub(super) type Interrupted<'a> = Option<&'a dyn Fn() -> bool>;

/// Runs it with `input`, hands each line that it writes to `each`, and ends it with all that came of it when
/// `interrupted` says so or its time is up.
pub(super) fn run(
    command: &mut Command,
    input: Stdio,
    within: Duration,
    interrupted: Interrupted<'_>,
    each: Each<'_>,
) -> Result<Said, Trouble> {
    // A group of its own: Ctrl-C in the terminal reaches the lab alone, which then ends the program.
    command.process_group(0).stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| Trouble::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        error,
    })?;
    let mut family = Family::new(child.id());
    if interrupted.is_some() {
        // A second Ctrl-C ends the lab at once, and this with it.
        interrupt::remember_server(&family);
    }
    let ended = watch(&mut child, within, interrupted, each);
    if ended.is_err() {
        ending::end(&mut family, || !matches!(child.try_wait(), Ok(None)));
    }
    interrupt::forget_server(&family);
    ended
}

fn watch(
    child: &mut Child,
    within: Duration,
    interrupted: Interrupted<'_>,
    each: Each<'_>,
) -> Result<Said, Trouble> {
    let (sender, lines) = mpsc::sync_channel(LINES_WAITING_MAX);
    read(child.stdout.take(), sender.clone(), Of::Output);
    read(child.stderr.take(), sender, Of::Errors);
    let deadline = Instant::now() + within;
    let mut last = VecDeque::new();
    loop {
        if interrupted.is_some_and(|interrupted| interrupted()) {
            return Err(Trouble::Interrupted);
        }
        if Instant::now() >= deadline {
            return Err(Trouble::TooLong(within));
        }
        if take(&lines, LOOK_INTERVAL, &mut last, each).is_err() {
            thread::sleep(END_INTERVAL);
        }
        // It was never waited for elsewhere, so that nothing can be wrong with asking.
        if let Ok(Some(status)) = child.try_wait() {
            let deadline = Instant::now() + READ_WITHIN;
            while Instant::now() < deadline && take(&lines, LOOK_INTERVAL, &mut last, each).is_ok() {}
            return Ok(Said { status, last: last.into() });
        }
    }
}

/// Waits a moment for a line; an error says that there will be none any more.
fn take(
    lines: &Receiver<Line>,
    within: Duration,
    last: &mut VecDeque<String>,
    each: Each<'_>,
) -> Result<(), ()> {
    match lines.recv_timeout(within) {
        Ok((Of::Output, line)) => each(&line, Of::Output),
        Ok((Of::Errors, line)) => {
            each(&line, Of::Errors);
            if last.len() == LAST_LINES_MAX {
                last.pop_front();
            }
            last.push_back(line);
        }
        Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => return Err(()),
    }
    Ok(())
}

/// On a thread of its own, which ends with the pipe or when nobody listens any more.
fn read(pipe: Option<impl Read + Send + 'static>, lines: SyncSender<Line>, of: Of) {
    let Some(pipe) = pipe else { return };
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while let Ok(1..) = pipe.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            if lines.send((of, text)).is_err() {
                return;
            }
            line.clear();
        }
    });
}
