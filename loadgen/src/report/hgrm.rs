//! Histograms as text, in the format that `HdrHistogram`'s plotter and others read.

use std::fmt::Write;

use hdrhistogram::Histogram;

/// Lines per halving of the distance to 100 %, as other tools print them.
const TICKS_PER_HALF_DISTANCE: u32 = 5;
/// The plotter expects milliseconds.
const NS_PER_MS: f64 = 1e6;

/// The percentiles of `histogram` (nanoseconds) in milliseconds.
pub(crate) fn text(histogram: &Histogram<u64>) -> String {
    let mut out =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut seen = 0;
    for value in histogram.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        seen += value.count_since_last_iteration();
        let quantile = value.quantile_iterated_to();
        let ms = value.value_iterated_to() as f64 / NS_PER_MS;
        let _ = write!(out, "{ms:12.6} {quantile:14.12} {seen:10}");
        // At 100 % there is no such number, and the plotter takes none.
        let _ =
            if quantile < 1.0 { writeln!(out, " {:14.2}", 1.0 / (1.0 - quantile)) } else { writeln!(out) };
    }
    let (mean, deviation) = (histogram.mean() / NS_PER_MS, histogram.stdev() / NS_PER_MS);
    let _ = writeln!(out, "#[Mean    = {mean:12.6}, StdDeviation   = {deviation:12.6}]");
    let max = histogram.max() as f64 / NS_PER_MS;
    let _ = writeln!(out, "#[Max     = {max:12.6}, Total count    = {:12}]", histogram.len());
    let _ = writeln!(
        out,
        "#[Buckets = {:12}, SubBuckets     = {:12}]",
        histogram.buckets(),
        sub_buckets(histogram)
    );
    out
}

/// Sub-buckets of a histogram with that precision: the power of two that resolves twice its digits.
fn sub_buckets(histogram: &Histogram<u64>) -> u64 {
    (2 * 10_u64.pow(u32::from(histogram.sigfig()))).next_power_of_two()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_the_lines_that_a_plotter_reads() {
        let mut histogram = Histogram::new(3).unwrap();
        for ms in 1..=1000 {
            histogram.record(ms * 1_000_000).unwrap();
        }
        let text = text(&histogram);
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(2)
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_whitespace().map(|number| number.parse().unwrap()).collect())
            .collect();
        assert!(text.starts_with("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
        let half = rows.iter().find(|row| row[1] >= 0.5).unwrap();
        assert!((half[0] - 500.0).abs() < 1.0 && (half[3] - 2.0).abs() < 0.01, "{half:?}");
        let last = rows.last().unwrap();
        assert_eq!(last.len(), 3, "the last line ends at 100 %");
        assert!((last[2] - 1000.0).abs() < f64::EPSILON);
        assert!(
            text.contains("Total count    =         1000]")
                && text.contains("SubBuckets     =         2048]")
        );
    }

    #[test]
    fn a_microsecond_is_told_to_the_nanosecond() {
        let mut histogram = Histogram::new(3).unwrap();
        histogram.record(1_234).unwrap();
        assert!(text(&histogram).contains("    0.001234 1.0000"), "{}", text(&histogram));
    }

    #[test]
    fn an_empty_histogram_is_no_error() {
        assert!(text(&Histogram::new(3).unwrap()).contains("Total count    =            0]"));
    }
}
