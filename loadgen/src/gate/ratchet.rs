//! Counts that only ever get fewer: held to the base from both sides, and to a limit that no base excuses.
//!
//! A base that has got worse already would let a candidate be as bad. A limit in the policy does not, and where a
//! candidate has got below it, the gate says which number to write there, so that nobody loses again what was won.

use super::judge::{self, Verdict};
use super::outcome::Compared;
use crate::report::format::per_request;

/// What a count says against the base's and against the most that the policy allows, as far as there are both.
///
/// How exactly it can be counted, `tolerance`, is given to either.
pub(super) fn verdict(
    base: Option<f64>,
    candidate: Option<f64>,
    tolerance: f64,
    max: Option<f64>,
) -> Option<Verdict> {
    let both = [judge::counts(base, candidate, tolerance), judge::counts(max, candidate, tolerance)];
    // The worse news first.
    [Verdict::More, Verdict::Fewer, Verdict::Same].into_iter().find(|verdict| both.contains(&Some(*verdict)))
}

/// Why there are too many.
pub(super) fn complaint(metric: &Compared) -> String {
    let too_many = |than: Option<f64>| {
        judge::counts(than, metric.candidate, metric.limit.unwrap_or_default()) == Some(Verdict::More)
    };
    match metric.max {
        Some(max) if too_many(metric.max) => {
            let base = if too_many(metric.base) { "the base has and than " } else { "" };
            format!("more than {base}the {} that the policy allows at the most", per_request(max))
        }
        _ => "more than the base has".into(),
    }
}

/// What to do where there are fewer, so that it stays so.
pub(super) fn ask(server: &str, metric: &Compared) -> String {
    let tolerance = metric.limit.unwrap_or_default();
    let below_max = judge::counts(metric.max, metric.candidate, tolerance) == Some(Verdict::Fewer);
    let than = match metric.max {
        Some(max) if below_max => format!("fewer than the {} that the policy allows", per_request(max)),
        Some(_) => return "fewer than the base has, and as few as the policy asks for".into(),
        None => "fewer than the base has".into(),
    };
    match (metric.metric.as_str(), metric.candidate) {
        // With its scenario behind it a name is no server's.
        (name @ ("allocations_per_request" | "syscalls_at_rest_per_request"), Some(candidate))
            if !server.contains(" in ") =>
        {
            format!(
                "{than}. Tighten the limit, so that it stays so: {name}_max = {} for [server.{}] in gate.toml, if \
                 this is the scenario that it names; and save a baseline anew",
                to_write(candidate),
                key(server)
            )
        }
        _ => format!("{than}. Once this is the base, the next one is held to it; save a baseline anew"),
    }
}

/// So many, with two decimals at the most and never below what there are.
fn to_write(count: f64) -> f64 {
    // What is off by less than a rounding error is meant to be exact.
    let rounded = ((count * 100.0 - 1e-6).ceil() / 100.0).max(0.0);
    // Of two zeros the greater may be the negative one, which reads as "-0"; their sum is not.
    rounded + 0.0
}

/// A name as TOML takes it for a key.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.chars().all(bare) { name.to_owned() } else { format!("{name:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allocations(base: f64, candidate: f64, max: Option<f64>) -> Compared {
        Compared {
            base: Some(base),
            candidate: Some(candidate),
            limit: Some(0.02),
            max,
            ..Compared::shown("allocations_per_request")
        }
    }

    #[test]
    fn a_limit_holds_whatever_the_base_has() {
        assert_eq!(verdict(Some(1.0), Some(1.0), 0.02, Some(0.0)), Some(Verdict::More));
        assert_eq!(verdict(None, Some(1.0), 0.02, Some(0.0)), Some(Verdict::More));
        assert_eq!(verdict(Some(0.0), Some(0.01), 0.02, Some(0.0)), Some(Verdict::Same));
        assert_eq!(verdict(Some(8.0), Some(8.0), 0.02, Some(9.0)), Some(Verdict::Fewer));
        assert_eq!(verdict(Some(7.0), Some(8.0), 0.02, Some(9.0)), Some(Verdict::More));
        assert_eq!(verdict(Some(8.0), None, 0.02, Some(9.0)), None);
        assert_eq!(verdict(Some(8.0), Some(8.0), 0.02, None), Some(Verdict::Same));
    }

    #[test]
    fn too_many_are_told_by_what_they_exceed() {
        assert_eq!(complaint(&allocations(0.0, 1.0, None)), "more than the base has");
        assert_eq!(
            complaint(&allocations(1.0, 1.0, Some(0.0))),
            "more than the 0 that the policy allows at the most"
        );
        let both = complaint(&allocations(0.0, 1.0, Some(0.0)));
        assert_eq!(both, "more than the base has and than the 0 that the policy allows at the most");
    }

    #[test]
    fn fewer_ask_for_the_number_to_write() {
        let asked = ask("phase0-serial", &allocations(9.0, 8.016, None));
        assert!(
            asked.starts_with("fewer than the base has.")
                && asked.contains("allocations_per_request_max = 8.02 for [server.phase0-serial]"),
            "{asked}"
        );
        let asked = ask("phase1-threads --spawn", &allocations(8.0, 8.0, Some(9.0)));
        assert!(
            asked.starts_with("fewer than the 9 that the policy allows.")
                && asked.contains("_max = 8 for [server.\"phase1-threads --spawn\"]"),
            "{asked}"
        );
        let asked = ask("phase3-pooled", &allocations(9.0, 0.0, Some(0.0)));
        assert_eq!(asked, "fewer than the base has, and as few as the policy asks for");
        let instructions =
            Compared { metric: "instructions_per_request".into(), ..allocations(9.0, 8.0, None) };
        assert!(!ask("phase0-serial", &instructions).contains("_max"));
    }
}
