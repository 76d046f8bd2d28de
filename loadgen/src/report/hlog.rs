//! Histograms as a log, version 1.3, as `HdrHistogram`'s log processors read it; values in nanoseconds.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};

/// Programs that read the log expect the largest value in milliseconds.
const NS_PER_MS: f64 = 1e6;

/// A line of the log.
pub(crate) struct Line<'a> {
    /// Since the log began.
    pub(crate) from: Duration,
    pub(crate) length: Duration,
    pub(crate) max_ns: u64,
    /// By [`encoded`].
    pub(crate) histogram: &'a str,
}

/// A log that began then.
pub(crate) fn text<'a>(began: SystemTime, lines: impl Iterator<Item = Line<'a>>) -> String {
    let began = began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let mut out = format!(
        "#[Histogram log format version 1.3]\n\
         #[StartTime: {began:.3} (seconds since epoch)]\n\
         #[BaseTime: {began:.3} (seconds since epoch)]\n\
         #[MaxValueDivisor: {NS_PER_MS:.3}]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n"
    );
    for Line { from, length, max_ns, histogram } in lines {
        let (from, length, max_ms) = (from.as_secs_f64(), length.as_secs_f64(), max_ns as f64 / NS_PER_MS);
        let _ = writeln!(out, "{from:.3},{length:.3},{max_ms:.6},{histogram}");
    }
    out
}

/// A histogram as a line of the log holds it.
///
/// # Panics
/// Never: any histogram of the engine can be written to memory.
pub(crate) fn encoded(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("a histogram with these bounds can be written to memory");
    STANDARD.encode(bytes)
}

/// A line for each trial. What lies between their counted parts is left out: each begins where the one before
/// it ended.
pub(super) fn of_trials(began: SystemTime, trials: &[(Duration, &Histogram<u64>)]) -> String {
    let histograms: Vec<String> = trials.iter().map(|(_, histogram)| encoded(histogram)).collect();
    let mut from = Duration::ZERO;
    let lines = trials.iter().zip(&histograms).map(|(&(length, histogram), encoded)| {
        let line = Line { from, length, max_ns: histogram.max(), histogram: encoded };
        from += length;
        line
    });
    text(began, lines)
}

#[cfg(test)]
pub(crate) mod tests {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    /// When each line began, in milliseconds, and how many values it has, as another program reads the log.
    pub(crate) fn read(log: &str) -> Vec<(u128, u64)> {
        let entries = IntervalLogIterator::new(log.as_bytes()).map(|entry| entry.expect("a sound line"));
        let lines = entries.filter_map(|entry| {
            let LogEntry::Interval(line) = entry else { return None };
            let bytes = STANDARD.decode(line.encoded_histogram()).expect("base64");
            let histogram: Histogram<u64> =
                Deserializer::new().deserialize(&mut bytes.as_slice()).expect("a histogram");
            Some((line.start_timestamp().as_millis(), histogram.len()))
        });
        lines.collect()
    }

    #[test]
    fn each_trial_is_a_line_behind_the_one_before() {
        let mut histogram = Histogram::new(3).unwrap();
        histogram.record(1_000_000).unwrap();
        let time = Duration::from_millis(1500);
        let log = of_trials(SystemTime::UNIX_EPOCH, &[(time, &histogram), (time, &histogram)]);
        assert_eq!(read(&log), [(0, 1), (1_500, 1)]);
    }
}
