//! A histogram as the few numbers that a document has of it.

use hdrhistogram::Histogram;

use super::document::{Latency, Point};

pub(super) fn latency(histogram: &Histogram<u64>) -> Option<Latency> {
    if histogram.is_empty() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of u64 is one")]
    let mean = histogram.mean().round() as u64;
    Some(Latency {
        mean,
        p50: histogram.value_at_quantile(0.5),
        p90: histogram.value_at_quantile(0.9),
        p99: histogram.value_at_quantile(0.99),
        p999: histogram.value_at_quantile(0.999),
        max: histogram.max(),
    })
}

/// Points of a curve over the number of nines, up to the last of which a single request has a say.
pub(super) fn curve(histogram: &Histogram<u64>) -> Vec<Point> {
    /// Points from one nine to the next.
    const PER_NINE: u32 = 4;
    /// 99.9999 %.
    const NINES_MAX: u32 = 6;
    let beyond = (0..=NINES_MAX * PER_NINE).map(|n| 10_f64.powf(-f64::from(n) / f64::from(PER_NINE)));
    // One that is beyond may be a hair less than one, because a tenth is no sum of powers of two.
    let heard = beyond.take_while(|share| share * histogram.len() as f64 > 1.0 - 1e-9);
    heard
        .map(|share| {
            let quantile = written(1.0 - share);
            Point { quantile, ns: histogram.value_at_quantile(quantile) }
        })
        .collect()
}

/// As it is read again from a file: ten decimals, which leave four digits of the sixth nine, and few enough
/// for a parser of floats that is quick instead of exact.
fn written(quantile: f64) -> f64 {
    format!("{quantile:.10}").parse().unwrap_or(quantile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_goes_as_far_as_there_are_requests_for_it() {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        (1..=1_000).for_each(|ns| histogram.record(ns).unwrap());
        let curve = curve(&histogram);
        assert_eq!((curve[0].quantile, curve[0].ns), (0.0, 1));
        let last = curve.last().unwrap();
        assert_eq!((last.quantile, curve.len()), (0.999, 13), "of a thousand, one is beyond");
        assert!((998..=1_000).contains(&last.ns), "{last:?}");
        assert_eq!(super::curve(&Histogram::<u64>::new(3).unwrap()), []);
    }

    #[test]
    fn quantiles_are_read_as_they_were_written() {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        histogram.record_n(1_000, 10_000_000).unwrap();
        let curve = curve(&histogram);
        assert_eq!(curve.len(), 25);
        let again: Vec<Point> = serde_json::from_str(&serde_json::to_string(&curve).unwrap()).unwrap();
        assert_eq!(curve, again);
        for (n, point) in (0_u8..).zip(&curve) {
            let nines = -(1.0 - point.quantile).log10();
            assert!((nines - f64::from(n) / 4.0).abs() < 1e-4, "{point:?}");
        }
    }
}
