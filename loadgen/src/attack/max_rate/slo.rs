//! A promise about latency, as it is given with `--slo`.

use std::fmt;
use std::time::Duration;

/// A quantile of the latency, and what it has to stay within.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::attack) struct Slo {
    /// As people write it.
    pub(super) name: &'static str,
    pub(super) quantile: f64,
    pub(in crate::attack) limit: Duration,
}

impl fmt::Display for Slo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} within {}", self.name, humantime::format_duration(self.limit))
    }
}

/// Reads `p99=5ms`.
pub(in crate::attack) fn slo(text: &str) -> Result<Slo, String> {
    const QUANTILES: [(&str, f64); 5] =
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
    let (name, limit) = text.split_once('=').ok_or("it is written as p99=5ms")?;
    let (name, quantile) = *QUANTILES
        .iter()
        .find(|&&(known, _)| known == name)
        .ok_or_else(|| format!("{name:?} is none of p50, p90, p99, p99.9 and max"))?;
    match humantime::parse_duration(limit) {
        Ok(limit) if !limit.is_zero() => Ok(Slo { name, quantile, limit }),
        _ => Err(format!("{limit:?} is no time; examples: p99=5ms, p50=300us")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_a_quantile_and_a_time() {
        let promise = slo("p99=5ms").unwrap();
        assert_eq!((promise.name, promise.limit), ("p99", Duration::from_millis(5)));
        assert_eq!(promise.to_string(), "p99 within 5ms");
        for (text, why) in
            [("p99", "p99=5ms"), ("p95=1ms", "p99.9"), ("p99=soon", "no time"), ("max=0s", "no time")]
        {
            assert!(slo(text).unwrap_err().contains(why), "{text}");
        }
    }
}
