//! The search for the highest rate that keeps a promise: doubling, then bisection, in few steps.

use std::fmt;
use std::time::Duration;

/// The rate is doubled, or halved where the first one is too much already, so often at most.
const DOUBLINGS_MAX: usize = 14;
/// The gap between a rate that holds and one that does not is halved so often, which leaves about 3 % of it.
const BISECTIONS: usize = 5;
/// The share of a rate that has to be reached.
const REACHED_MIN: f64 = 0.99;

/// A promise about latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slo {
    /// As people write it.
    pub(super) name: &'static str,
    pub(super) quantile: f64,
    pub(super) limit: Duration,
}

impl fmt::Display for Slo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} within {}", self.name, humantime::format_duration(self.limit))
    }
}

/// Reads `p99=5ms`.
pub(super) fn slo(text: &str) -> Result<Slo, String> {
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

/// What a rate showed.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) rate_per_sec: f64,
    /// Requests answered as expected per second.
    pub(super) answered_per_sec: f64,
    /// The share of the rate.
    pub(super) reached: f64,
    pub(super) p50_ns: u64,
    pub(super) p99_ns: u64,
    /// The latency that the promise is about.
    pub(super) promised_ns: u64,
    pub(super) failed: u64,
    /// Why this rate was beyond the client rather than the server.
    pub(super) client: Option<String>,
}

impl Step {
    /// Why the promise was not kept; `None` if it was.
    pub(super) fn broken(&self, slo: &Slo) -> Option<&'static str> {
        if self.client.is_some() {
            Some("beyond the client")
        } else if self.failed > 0 {
            Some("requests failed")
        } else if self.reached < REACHED_MIN {
            Some("rate not reached")
        } else if u128::from(self.promised_ns) > slo.limit.as_nanos() {
            Some("too slow")
        } else {
            None
        }
    }
}

/// What the search found.
#[derive(Debug)]
pub(super) struct Found {
    /// The highest rate that held; `None` where none did.
    pub(super) rate_per_sec: Option<f64>,
    /// Every step, in the order in which they were taken.
    pub(super) steps: Vec<Step>,
    /// The search was ended before it was through, so the server may do better.
    pub(super) interrupted: bool,
}

/// Searches from `first_per_sec` on. `measure` returns `None` when it was interrupted, which ends the search.
///
/// A rate that breaks the promise is given a second chance, because a machine that was busy with
/// something else for a moment says nothing about the server.
pub(super) fn search<E>(
    first_per_sec: f64,
    slo: &Slo,
    mut measure: impl FnMut(f64) -> Result<Option<Step>, E>,
) -> Result<Found, E> {
    let mut found = Found { rate_per_sec: None, steps: Vec::new(), interrupted: false };
    let mut holds = |rate_per_sec: f64| -> Result<Option<bool>, E> {
        for _ in 0..2 {
            let Some(step) = measure(rate_per_sec)? else { return Ok(None) };
            let broken = step.broken(slo).is_some();
            found.steps.push(step);
            if !broken {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    };
    let (mut good, mut bad) = (None, None);
    let mut rate_per_sec = first_per_sec;
    for _ in 0..=DOUBLINGS_MAX {
        match holds(rate_per_sec)? {
            None => return Ok(Found { rate_per_sec: good, interrupted: true, ..found }),
            Some(true) => good = Some(rate_per_sec),
            Some(false) => bad = Some(rate_per_sec),
        }
        if good.is_some() && bad.is_some() {
            break;
        }
        rate_per_sec = if good.is_some() { rate_per_sec * 2.0 } else { rate_per_sec / 2.0 };
    }
    if let (Some(mut low), Some(mut high)) = (good, bad) {
        for _ in 0..BISECTIONS {
            let middle = f64::midpoint(low, high).round();
            if middle <= low || middle >= high {
                break;
            }
            match holds(middle)? {
                None => return Ok(Found { rate_per_sec: Some(low), interrupted: true, ..found }),
                Some(true) => low = middle,
                Some(false) => high = middle,
            }
        }
        good = Some(low);
    }
    Ok(Found { rate_per_sec: good, ..found })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const SLO: Slo = Slo { name: "p99", quantile: 0.99, limit: Duration::from_millis(5) };

    fn step(rate_per_sec: f64, promised_ns: u64) -> Step {
        Step {
            rate_per_sec,
            answered_per_sec: rate_per_sec,
            reached: 1.0,
            p50_ns: 1,
            p99_ns: promised_ns,
            promised_ns,
            failed: 0,
            client: None,
        }
    }

    /// A server that is fast up to `capacity_per_sec`.
    fn against(capacity_per_sec: f64, first_per_sec: f64) -> Found {
        let measure = |rate: f64| {
            let ns = if rate <= capacity_per_sec { 1_000_000 } else { 50_000_000 };
            Ok::<_, Infallible>(Some(step(rate, ns)))
        };
        let Ok(found) = search(first_per_sec, &SLO, measure);
        found
    }

    #[test]
    fn it_comes_close_from_below_and_from_above() {
        for (capacity, first) in [(17_300.0, 1_000.0), (140.0, 1_000.0), (1_000.0, 1_000.0)] {
            let found = against(capacity, first);
            let rate = found.rate_per_sec.unwrap();
            assert!(rate <= capacity && rate >= capacity * 0.95, "{rate} of {capacity}");
            assert!(found.steps.len() < 30, "{}", found.steps.len());
        }
    }

    #[test]
    fn a_server_that_keeps_no_promise_ends_the_search() {
        let found = against(0.0, 1_000.0);
        assert_eq!(found.rate_per_sec, None);
        assert_eq!(found.steps.len(), 2 * (DOUBLINGS_MAX + 1));
    }

    #[test]
    fn one_hiccup_is_forgiven() {
        let mut hiccup = true;
        let found = search(1_000.0, &SLO, |rate| {
            let slow = std::mem::take(&mut hiccup) || rate > 4_000.0;
            Ok::<_, Infallible>(Some(step(rate, if slow { 9_000_000 } else { 1_000_000 })))
        });
        let Ok(found) = found;
        assert!(found.rate_per_sec >= Some(3_900.0), "{:?}", found.rate_per_sec);
    }

    #[test]
    fn an_interrupted_search_returns_what_it_has() {
        let mut left = 2;
        let found = search(1_000.0, &SLO, |rate| {
            left -= 1;
            Ok::<_, Infallible>((left >= 0).then(|| step(rate, 1)))
        });
        let Ok(found) = found;
        assert_eq!((found.rate_per_sec, found.steps.len(), found.interrupted), (Some(2_000.0), 2, true));
    }

    #[test]
    fn each_way_to_break_a_promise_has_its_name() {
        assert_eq!(step(1.0, 5_000_000).broken(&SLO), None);
        assert_eq!(step(1.0, 5_000_001).broken(&SLO), Some("too slow"));
        assert_eq!(Step { failed: 1, ..step(1.0, 1) }.broken(&SLO), Some("requests failed"));
        assert_eq!(Step { reached: 0.98, ..step(1.0, 1) }.broken(&SLO), Some("rate not reached"));
        let client = Some("busy".to_owned());
        assert_eq!(Step { client, ..step(1.0, 1) }.broken(&SLO), Some("beyond the client"));
    }

    #[test]
    fn a_promise_is_a_quantile_and_a_time() {
        assert_eq!(slo("p99=5ms"), Ok(SLO));
        for (text, why) in
            [("p99", "p99=5ms"), ("p95=1ms", "p99.9"), ("p99=soon", "no time"), ("max=0s", "no time")]
        {
            assert!(slo(text).unwrap_err().contains(why), "{text}");
        }
    }
}
