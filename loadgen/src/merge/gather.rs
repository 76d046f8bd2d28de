//! Reads shards one after the other and adds up those that belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::missing::Missing;
use crate::engine::Part;
use crate::shard::record::{self, Fired, Record};
use crate::shard::whole::Whole;
use crate::shard::{SHARDS_MAX, differing, load, tell};

/// How the line of a shard begins.
const MARK: &[u8] = b"{\"schema\":\"phase-lab/shard/";

/// Where shards come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    File(PathBuf),
    StandardInput,
}

/// All that was found.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) run: String,
    pub(super) count: usize,
    /// One for an attack, one for each trial of a run.
    pub(super) wholes: Vec<Whole>,
    pub(super) missing: Vec<Missing>,
    /// How many shards were read.
    pub(super) seen: usize,
    /// Whether there is a shard whose clock was not compared with shard 0's.
    pub(super) clocks_unknown: bool,
}

/// What the first shard says that all others have to say as well.
#[derive(Debug)]
struct Common {
    /// Where that shard was read.
    place: String,
    run: String,
    count: usize,
    version: String,
}

/// Shards that have been added, and files that could not be read.
#[derive(Debug, Default)]
struct Desk {
    common: Option<Common>,
    wholes: Vec<Whole>,
    /// Where each shard was read.
    seen: BTreeMap<usize, String>,
    broken: Vec<(Option<Part>, String)>,
    absent: BTreeSet<usize>,
    clocks_unknown: bool,
}

impl Source {
    pub(super) fn of(place: &Path) -> Self {
        if place == Path::new("-") { Self::StandardInput } else { Self::File(place.to_owned()) }
    }
}

/// Reads all sources.
///
/// # Errors
/// When there is no shard, or when some don't belong together; in words for people.
pub(super) fn gather(sources: &[Source]) -> Result<Gathered, String> {
    let mut desk = Desk::default();
    for source in sources {
        match source {
            Source::StandardInput => desk.lines(&mut io::stdin().lock(), "standard input")?,
            Source::File(path) if path.is_dir() => {
                for path in shards_in(path)? {
                    desk.file(&path)?;
                }
            }
            Source::File(path) => desk.file(path)?,
        }
    }
    desk.clear()
}

/// The files of a folder that have a shard's name, in an order that does not change.
fn shards_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: io::Error| format!("{}: can't be read: {error}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if let Some(part) = part_of(&path) {
            found.push((part.count, part.index, path));
        }
    }
    if found.is_empty() {
        return Err(format!(
            "{}: holds no shard: their names are shard-I-of-N.json; is it the folder that --shard-dir named?",
            folder.display()
        ));
    }
    found.sort();
    Ok(found.into_iter().map(|(.., path)| path).collect())
}

fn part_of(path: &Path) -> Option<Part> {
    record::part_of(path.file_name()?.to_str()?)
}

impl Desk {
    /// Takes each line of `from` that is a shard and passes over the others, as logs are full of.
    fn lines(&mut self, from: &mut dyn BufRead, place: &str) -> Result<(), String> {
        for (number, line) in (1..).zip(from.split(b'\n')) {
            let line = line.map_err(|error| format!("{place}: can't be read: {error}"))?;
            let Some(start) = find(&line, MARK) else { continue };
            self.text(&line[start..], &format!("{place}, line {number}"), None)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), String> {
        let place = path.display().to_string();
        let mut bytes = Vec::new();
        let read = fs::File::open(path)
            .and_then(|file| io::Read::read_to_end(&mut BufReader::new(file), &mut bytes));
        match read {
            Ok(_) if is_log(&bytes) => self.lines(&mut bytes.as_slice(), &place),
            Ok(_) => self.text(&bytes, &place, part_of(path)),
            Err(error) if part_of(path).is_some() => {
                self.broken.push((part_of(path), format!("{place}: can't be read: {error}")));
                Ok(())
            }
            Err(error) => Err(format!("{place}: can't be read: {error}")),
        }
    }

    /// `named` is the shard that the file's name says it is.
    fn text(&mut self, bytes: &[u8], place: &str, named: Option<Part>) -> Result<(), String> {
        let record = match serde_json::from_slice::<Record>(bytes) {
            Ok(record) => record,
            Err(error) => {
                if let Some(other) = other_schema(bytes) {
                    return Err(format!("{place}: is no shard of this version: its schema is {other:?}"));
                }
                let why = if bytes.is_empty() { "it is empty".to_owned() } else { error.to_string() };
                self.broken.push((named.or_else(|| part_told(bytes)), format!("{place}: is broken: {why}")));
                return Ok(());
            }
        };
        if record.schema != record::SCHEMA {
            return Err(format!("{place}: is no shard of this version: its schema is {:?}", record.schema));
        }
        let misnamed = named
            .filter(|named| *named != record.part())
            .map(|_| format!("it says that it is shard {} of {}", record.index, record.count));
        match flaw(&record).or(misnamed) {
            None => self.add(&record, place),
            Some(why) => {
                self.broken.push((named, format!("{place}: is broken: {why}")));
                Ok(())
            }
        }
    }

    fn add(&mut self, record: &Record, place: &str) -> Result<(), String> {
        match &self.common {
            None => self.common = Some(Common::of(record, place)),
            Some(common) => {
                if let Some(why) = common.against(record).or_else(|| self.apart(record)) {
                    return Err(format!(
                        "{place} and {} don't belong together: {why}; leave out the one that is of another run",
                        common.place
                    ));
                }
            }
        }
        if let Some(other) = self.seen.insert(record.index, place.to_owned()) {
            return Err(format!(
                "{other} and {place} both say that they are shard {}; leave one out",
                record.index
            ));
        }
        for fired in &record.fired {
            match self.wholes.iter_mut().find(|whole| is_of(whole, fired)) {
                Some(whole) => whole.add(record.index, &record.host, fired),
                // A trial that the shards before this one have lost.
                None => self.wholes.push(Whole::of(record.index, &record.host, fired)),
            }
            self.clocks_unknown |= fired.clock.is_none();
        }
        self.absent.extend(&record.absent);
        Ok(())
    }

    /// Why what a shard has fired is none of what the others have, if so.
    fn apart(&self, record: &Record) -> Option<String> {
        for fired in &record.fired {
            if let Some(whole) = self.wholes.iter().find(|whole| is_of(whole, fired)) {
                let differing = differing(&load(&whole.plan), &load(&fired.plan));
                if !differing.is_empty() {
                    let what = if whole.name == fired.name {
                        format!("{} was not the same to them", fired.name)
                    } else {
                        format!("one has fired {:?}, the other {:?}", whole.name, fired.name)
                    };
                    return Some(format!("{what}: {}", differing.join(", ")));
                }
            }
        }
        let shared = record.fired.iter().any(|fired| self.wholes.iter().any(|whole| is_of(whole, fired)));
        let (ours, theirs) = (self.wholes.first()?, record.fired.first()?);
        let what = if ours.name == theirs.name {
            "not at the same moment".to_owned()
        } else {
            format!("one has fired {:?}, the other {:?}", ours.name, theirs.name)
        };
        (!shared).then_some(what)
    }

    fn clear(mut self) -> Result<Gathered, String> {
        let Some(common) = self.common else {
            return Err(match self.broken.first() {
                Some((_, why)) => format!("none of the shards can be read; {why}"),
                None => "there is no shard in that; shards are what loadgen attack writes with --shard I/N"
                    .to_owned(),
            });
        };
        for whole in &mut self.wholes {
            whole.finish();
            whole.keep_to(common.count);
        }
        self.wholes.sort_by_key(|whole| whole.at_unix_ns);
        let absent = |index| Part { index, count: common.count };
        let missing = (0..common.count).filter(|index| !self.seen.contains_key(index)).map(|index| {
            let broken = self.broken.iter().find(|(part, _)| *part == Some(absent(index)));
            let why = match broken {
                Some((_, why)) => why.clone(),
                None if self.absent.contains(&index) => "not there when the others began".to_owned(),
                None => "no file".to_owned(),
            };
            Missing { part: absent(index), why }
        });
        let missing: Vec<_> = missing.collect();
        // Nobody can say whose the others are, so that they are told beside what is missing.
        for (part, why) in &self.broken {
            if part.is_none_or(|part| !missing.iter().any(|missing| missing.part == part)) {
                tell(why);
            }
        }
        Ok(Gathered {
            run: common.run,
            count: common.count,
            wholes: self.wholes,
            missing,
            seen: self.seen.len(),
            clocks_unknown: self.clocks_unknown,
        })
    }
}

impl Common {
    fn of(record: &Record, place: &str) -> Self {
        Self {
            place: place.to_owned(),
            run: record.run.clone(),
            count: record.count,
            version: record.version.clone(),
        }
    }

    /// Why a shard is of another run, if it is.
    fn against(&self, record: &Record) -> Option<String> {
        if record.run != self.run {
            return Some(format!("one is of run {}, the other of run {}", record.run, self.run));
        }
        if record.count != self.count {
            return Some(format!("one is of {} shards, the other of {}", record.count, self.count));
        }
        if record.version != self.version {
            return Some(format!("one is of loadgen {}, the other of {}", record.version, self.version));
        }
        None
    }
}

impl Gathered {
    /// Why the result is not that of everything that was asked for.
    pub(super) fn is_partial(&self) -> bool {
        !self.missing.is_empty()
            || self.wholes.iter().any(|whole| whole.shards.len() < self.seen)
            || self
                .wholes
                .iter()
                .flat_map(|whole| &whole.shards)
                .any(|shard| shard.interrupted || shard.gave_up.is_some())
    }

    /// Why this is no success, if it is none.
    pub(super) fn complaint(&self) -> Option<String> {
        if let Some(Missing { part, .. }) = self.missing.first() {
            let count = self.missing.len();
            let which = if count == 1 { format!("shard {}", part.index) } else { format!("{count} shards") };
            return Some(format!("the result is partial: {which} of {} missing", self.count));
        }
        for whole in &self.wholes {
            for shard in &whole.shards {
                let said = |why: &str| Some(format!("shard {} ({}): {why}", shard.index, shard.host));
                match (&shard.gave_up, &shard.invalid, shard.interrupted) {
                    (Some(why), ..) | (None, Some(why), _) => return said(why),
                    (None, None, true) => return said("was interrupted, so that the result is partial"),
                    (None, None, false) => {}
                }
            }
            if whole.shards.len() < self.seen {
                let (there, seen) = (whole.shards.len(), self.seen);
                return Some(format!(
                    "the result is partial: {} is in {there} of {seen} files only; it was broken off",
                    whole.name
                ));
            }
            if whole.outcome.ok == 0 {
                return Some(format!("{}: nothing was answered as expected", whole.name));
            }
        }
        None
    }
}

/// Whether that is what all of them have fired together. Names may differ: a server has another one to each host.
fn is_of(whole: &Whole, fired: &Fired) -> bool {
    whole.at_unix_ns == fired.at_unix_ns
}

/// Whether these are lines of which some are shards, or parts of one: a log, or what several shards have printed.
fn is_log(bytes: &[u8]) -> bool {
    find(bytes, MARK).is_some_and(|at| at > 0 || bytes.trim_ascii().contains(&b'\n'))
}

/// Which shard the beginning of a broken one says that it is.
fn part_told(bytes: &[u8]) -> Option<Part> {
    let number = |name: &[u8]| {
        let after = &bytes[find(bytes, name)? + name.len()..];
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&after[..digits]).ok()?.parse().ok()
    };
    Some(Part { index: number(b"\"index\":")?, count: number(b"\"count\":")? })
}

/// What no shard says of itself.
fn flaw(record: &Record) -> Option<String> {
    let Record { index, count, fired, .. } = record;
    if *index >= *count || *count > SHARDS_MAX {
        return Some(format!("it says that it is shard {index} of {count}"));
    }
    if fired.is_empty() {
        return Some("it has fired nothing".to_owned());
    }
    fired.iter().find_map(|fired| Some(format!("{}: {}", fired.name, fired.outcome.flaw()?)))
}

/// The schema of what is JSON and no shard.
fn other_schema(bytes: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let schema = value.get("schema")?.as_str()?.to_owned();
    (schema != record::SCHEMA).then_some(schema)
}

fn find(line: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(line, what)
}

#[cfg(test)]
#[path = "gather_tests.rs"]
mod tests;
