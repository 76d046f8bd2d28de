//! A strict reader of Go benchmark text: <https://go.dev/design/14313-benchmark-format>, with the lines about units that
//! <https://go.dev/issue/43744> added. Where readers skip a line that they do not know, this one complains.

use std::collections::BTreeMap;

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// `goos` and the like.
    pub(crate) config: BTreeMap<String, String>,
    /// Units whose values are exact.
    pub(crate) exact: Vec<String>,
    /// In their order.
    pub(crate) results: Vec<Line>,
}

/// A result.
#[derive(Debug)]
pub(crate) struct Line {
    /// The whole name, with the number of CPUs behind the last dash.
    pub(crate) name: String,
    /// By unit.
    pub(crate) values: BTreeMap<String, f64>,
}

/// Reads a file, or says which line is none of the format.
pub(crate) fn parse(text: &str) -> Result<File, String> {
    let mut file = File::default();
    for (index, line) in text.lines().enumerate() {
        let wrong = |why: &str| format!("line {}: {why}: {line}", index + 1);
        if let Some(unit) = line.strip_prefix("Unit ") {
            let (unit, property) = unit.split_once(' ').ok_or_else(|| wrong("a unit without a property"))?;
            if property != "assume=exact" {
                return Err(wrong("a property that nobody knows"));
            }
            file.exact.push(unit.to_owned());
        } else if line.starts_with("Benchmark") {
            file.results.push(result(line).map_err(|why| wrong(&why))?);
        } else {
            let (key, value) = line.split_once(": ").ok_or_else(|| wrong("neither a key nor a result"))?;
            let begins_small = key.chars().next().is_some_and(char::is_lowercase);
            if !begins_small
                || key.chars().any(|c| c.is_whitespace() || c.is_uppercase())
                || value.trim() != value
            {
                return Err(wrong("no key and value"));
            }
            file.config.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok(file)
}

/// A name, how often it ran, then pairs of a value and its unit.
fn result(line: &str) -> Result<Line, String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [name, times, pairs @ ..] = fields.as_slice() else { return Err("too few fields".into()) };
    let rest = name.strip_prefix("Benchmark").unwrap_or_default();
    if rest.chars().next().is_none_or(char::is_lowercase) {
        return Err("no name of a benchmark".into());
    }
    let parts: Vec<&str> = rest.split('/').skip(1).collect();
    if let Some(part) = parts
        .iter()
        .find(|part| part.split_once('=').is_none_or(|(key, value)| key.is_empty() || value.is_empty()))
    {
        return Err(format!("'{part}' is no key=value"));
    }
    if !times.parse::<u64>().is_ok_and(|times| times > 0) {
        return Err("it ran no whole number of times".into());
    }
    if pairs.is_empty() || !pairs.len().is_multiple_of(2) {
        return Err("no pairs of value and unit".into());
    }
    let mut values = BTreeMap::new();
    for pair in pairs.chunks(2) {
        let digits = pair[0].chars().all(|c| c.is_ascii_digit() || c == '.');
        let value = pair[0].parse::<f64>().ok().filter(|value| digits && value.is_finite());
        let value = value.ok_or_else(|| format!("'{}' is no value", pair[0]))?;
        if values.insert(pair[1].to_owned(), value).is_some() {
            return Err(format!("{} is there twice", pair[1]));
        }
    }
    Ok(Line { name: (*name).to_owned(), values })
}

#[test]
fn what_is_none_of_the_format_is_named() {
    for (line, part) in [
        ("BenchmarkServe/phase=x", "too few fields"),
        ("BenchmarkServe/phase=x many 1 ns/op", "no whole number"),
        ("BenchmarkServe/phase 1 1 ns/op", "no key=value"),
        ("BenchmarkServe/phase=x 1 1e9 ns/op", "'1e9' is no value"),
        ("BenchmarkServe/phase=x 1 1 ns/op 2", "no pairs"),
        ("Benchmarkserve 1 1 ns/op", "no name"),
        ("Goos: linux", "no key and value"),
        ("PASS", "neither"),
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.contains(part) && error.starts_with("line 1: "), "{line}: {error}");
    }
}
