//! The changes of a gate as pictures: one for each metric that is told in percent, and one for what is counted.

use super::judge::Verdict;
use super::outcome::{Compared, Outcome};
use super::table::{Item, items, table, verdict};
use super::text;
use crate::report::html::forest::{Change, Forest, Mark};
use crate::report::html::frame::Picture;

/// Counts that are told by how many more there are.
const COUNTS: [&str; 3] = ["allocations_per_request", "syscalls_per_request", "syscalls_at_rest_per_request"];
/// Characters of a name that a picture has room for beside a metric's.
const NAME_MAX: usize = 34;

/// All pictures that there is something for.
pub(super) fn pictures(outcome: &Outcome) -> Vec<Picture> {
    let all = items(outcome);
    let mut metrics: Vec<&str> = Vec::new();
    for (_, metric) in &all {
        if !metrics.contains(&metric.metric.as_str()) && !COUNTS.contains(&metric.metric.as_str()) {
            metrics.push(&metric.metric);
        }
    }
    let in_percent = metrics.into_iter().enumerate().filter_map(|(index, metric)| {
        let of: Vec<_> = all.iter().copied().filter(|item| item.1.metric == metric).collect();
        let note = match metric {
            "requests_per_sec" => "Fewer is worse. ",
            "p99_ns" => {
                "It moves by tens of percent between runs of the same server, so it is never judged. "
            }
            _ => "More is worse. ",
        };
        picture(
            &of,
            percent,
            Forest {
                id: format!("change-{index}"),
                title: format!("Change in {}", text::name(metric)),
                unit: "change in percent",
                label,
                note: Some(format!("{note}{KEY}")),
                changes: Vec::new(),
                values: table(&of),
            },
        )
    });
    let mut pictures: Vec<_> = in_percent.collect();
    let counts: Vec<_> =
        all.iter().copied().filter(|item| COUNTS.contains(&item.1.metric.as_str())).collect();
    pictures.extend(picture(
        &counts,
        count,
        Forest {
            id: "counts".into(),
            title: "Change in counts".into(),
            unit: "more or fewer per request",
            label,
            note: Some(format!("They are counted, so they have no interval. {KEY}")),
            changes: Vec::new(),
            values: table(&counts),
        },
    ));
    pictures
}

/// A change as a mark on the scale.
fn label(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    format!("{value:+.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How to read it without colours.
const KEY: &str = "A square is beyond its limit, a disc is not, a ring can't be told yet, a small dot is shown only. \
                   The shaded part is beyond the limit.";

fn picture(
    items: &[Item<'_>],
    change: fn(&Item<'_>) -> Option<Change>,
    forest: Forest<'_>,
) -> Option<Picture> {
    let changes: Vec<_> = items.iter().filter_map(change).collect();
    (!changes.is_empty()).then(|| Forest { changes, ..forest }.picture())
}

fn percent(&(server, metric): &Item<'_>) -> Option<Change> {
    let counted =
        || Some((metric.candidate? / metric.base? - 1.0) * 100.0).filter(|change| change.is_finite());
    let middle = metric.change_percent.or_else(counted)?;
    let limits = match metric.metric.as_str() {
        "requests_per_sec" => (metric.limit.map(|limit| -limit), None),
        _ => (None, metric.limit),
    };
    let words = text::change(metric).unwrap_or_else(|| format!("{middle:+.1} %"));
    Some(Change {
        name: short(&server.name),
        words: format!("{words} {}", verdict(metric)),
        middle,
        interval: metric.low_percent.zip(metric.high_percent),
        limits,
        mark: mark(metric),
    })
}

fn count(&(server, metric): &Item<'_>) -> Option<Change> {
    let (base, candidate) = (metric.base?, metric.candidate?);
    let what = text::name(&metric.metric).trim_end_matches(" per request");
    let value = |value| text::value(&metric.metric, value);
    Some(Change {
        name: format!("{what}, {}", short(&server.name)),
        words: format!("{} → {} {}", value(base), value(candidate), verdict(metric)),
        middle: candidate - base,
        interval: None,
        limits: (None, too_many(metric)),
        mark: mark(metric),
    })
}

/// How many more than the base's are too many: those that the base excuses, or those that the policy allows at the most,
/// whichever comes first.
fn too_many(metric: &Compared) -> Option<f64> {
    let (base, tolerance) = (metric.base?, metric.limit?);
    Some(metric.max.map_or(tolerance, |max| tolerance.min(max - base + tolerance)))
}

/// A name without its middle where it is long: servers of a kind mostly differ at the end. The table has it whole.
fn short(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    if chars.len() <= NAME_MAX {
        return name.to_owned();
    }
    let part = |chars: &[char]| chars.iter().collect::<String>();
    format!("{}…{}", part(&chars[..NAME_MAX / 2]), part(&chars[chars.len() - NAME_MAX / 2..]))
}

fn mark(metric: &Compared) -> Mark {
    match metric.verdict.as_deref() {
        None => Mark::Shown,
        Some(_) if metric.is_regression() => Mark::Bad,
        Some(verdict) if verdict == Verdict::CannotTell.name() => Mark::Open,
        Some(_) => Mark::Good,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn marks_on_the_scale_have_a_sign_and_no_empty_digits() {
        assert_eq!([0.0, 5.0, -20.0, 0.5, -0.025].map(label), ["0", "+5", "-20", "+0.5", "-0.025"]);
    }

    #[test]
    fn long_names_that_differ_at_the_end_are_told_apart() {
        let long = |end: &str| short(&format!("{}{end}", "a-server-".repeat(10)));
        assert_ne!(long("1"), long("2"));
        assert_eq!(
            (short("phase3-pooled").as_str(), long("1").chars().count()),
            ("phase3-pooled", NAME_MAX + 1)
        );
    }

    #[test]
    fn what_is_worse_is_known_for_each_metric() {
        let outcome = sample::full();
        let all = items(&outcome);
        let limits = |metric: &str| {
            let item = all.iter().find(|item| item.1.metric == metric).unwrap();
            percent(item).or_else(|| count(item)).unwrap().limits
        };
        assert_eq!(limits("cpu_us_per_request"), (None, Some(2.0)));
        assert_eq!(limits("requests_per_sec"), (Some(-3.0), None));
        assert_eq!(limits("p99_ns"), (None, None));
    }

    #[test]
    fn the_most_that_the_policy_allows_is_a_limit_where_it_comes_before_the_bases() {
        let limit = |base: f64, max: Option<f64>| {
            let shown = Compared::shown("allocations_per_request");
            too_many(&Compared { base: Some(base), limit: Some(0.25), max, ..shown })
        };
        assert_eq!(limit(1.0, None), Some(0.25));
        assert_eq!(limit(1.0, Some(0.0)), Some(-0.75), "it is among what the base has already");
        assert_eq!(limit(1.0, Some(5.0)), Some(0.25), "the base is no excuse to get as far");
        assert_eq!(too_many(&Compared::shown("allocations_per_request")), None);
    }

    #[test]
    fn a_count_with_a_limit_in_percent_is_told_in_percent() {
        let mut outcome = sample::full();
        let metric = &mut outcome.servers[0].metrics[3];
        metric.metric = "instructions_per_request".into();
        (metric.base, metric.candidate, metric.limit) = (Some(10_000.0), Some(10_500.0), Some(2.0));
        let pictures = pictures(&outcome);
        let picture = pictures.iter().find(|picture| picture.title.contains("instructions")).unwrap();
        assert!(picture.description.contains("phase0-serial: +5.0 % ✗ more"), "{}", picture.description);
    }

    #[test]
    fn what_was_not_measured_has_no_mark() {
        let mut outcome = sample::full();
        for metric in outcome.servers.iter_mut().flat_map(|server| &mut server.metrics) {
            (metric.base, metric.candidate, metric.change_percent) = (None, None, None);
        }
        assert_eq!(pictures(&outcome).len(), 0);
    }
}
