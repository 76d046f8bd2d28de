//! What the original report claimed, each claim answered from this run's own figures.

mod judge;

use super::document::{Document, Row, Scenario};
use super::format::{count, duration, memory, or_none, rate, success, times};
use super::tables::{Cell, Table};
use super::truth::{POOL, SERIAL, SPAWN, WORKERS};
use judge::{Factor, Rounded, Verdict};

/// Connections of the original report.
const CONNECTIONS: usize = 1_000;
/// How soon the original report wanted every answer.
const SOON_NS: u64 = 1_000_000;
/// Memory moves by this much with the number of requests that happen to be under way, once in a while…
const GROWTH_MAX_BYTES: i64 = 2 << 20;
/// …but in every trial by no more than this.
const GROWTH_ALWAYS_MAX_BYTES: i64 = 64 << 10;

/// A claim and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Claim {
    said: String,
    shown: String,
    verdict: Verdict,
    why: String,
}

/// The claims as a table; `None` for a run without the original's workload.
pub(super) fn table(document: &Document) -> Option<Table> {
    let claims = claims(document);
    let rows = claims.into_iter().map(|claim| {
        vec![
            Cell::Text(claim.said),
            Cell::Text(claim.shown),
            Cell::Strong(claim.verdict.words().into()),
            Cell::Text(claim.why),
        ]
    });
    let table = Table { titles: vec!["claim", "this run", "verdict", "why"], left: 4, rows: rows.collect() };
    (!table.rows.is_empty()).then_some(table)
}

fn claims(document: &Document) -> Vec<Claim> {
    let Some(original) = document.scenarios.iter().find(|s| s.rows.iter().any(|r| r.original_qps.is_some()))
    else {
        return Vec::new();
    };
    let mut all = vec![ten_times(original), seventeen_times(original)];
    all.push(connections(original));
    all.push(all_answered(document));
    all.push(soon(document, original));
    all.push(stable_memory(document, original));
    all.extend(judge::targets(document));
    all
}

/// The rows that the original's claims are about, in every scenario that takes them up.
fn claimed(scenarios: &[Scenario]) -> impl Iterator<Item = &Row> {
    let rows = scenarios.iter().flat_map(|scenario| &scenario.rows);
    rows.filter(|row| row.original_qps.is_some() || row.target_qps.is_some())
}

fn row<'a>(scenario: &'a Scenario, name: &str) -> Option<&'a Row> {
    scenario.rows.iter().find(|row| row.name == name)
}

fn ten_times(scenario: &Scenario) -> Claim {
    let claimed = Rounded { factor: f64::from(WORKERS), digit: 1.0 };
    let factor = Factor::of(row(scenario, POOL), row(scenario, SERIAL));
    let (verdict, why) = pool_against(
        scenario,
        factor,
        claimed,
        "ten workers that wait at the same time answer ten times as much as one, and no more",
        "the pool stays below what ten waiting workers allow",
    );
    Claim { said: "10x from ten threads".into(), shown: Factor::words(factor), verdict, why }
}

fn seventeen_times(scenario: &Scenario) -> Claim {
    let pool = Factor::of(row(scenario, POOL), row(scenario, SERIAL));
    let spawn = Factor::of(row(scenario, SPAWN), row(scenario, SERIAL));
    let originals = row(scenario, POOL)
        .and_then(|row| row.original_qps)
        .zip(row(scenario, SERIAL).and_then(|row| row.original_qps));
    let claimed = Rounded { factor: originals.map_or(17.2, |(pool, serial)| pool / serial), digit: 0.1 };
    let (verdict, why) = pool_against(
        scenario,
        pool,
        claimed,
        "the pool is that much faster here, which ten workers alone don't explain",
        "ten workers can't be more than ten times as fast as one; a thread for each connection can",
    );
    let beside = spawn.map_or_else(String::new, |spawn| {
        format!("; with a thread for each connection {}", times(spawn.middle))
    });
    Claim {
        said: format!("{} with ten workers", times(claimed.factor)),
        shown: Factor::words(pool) + &beside,
        verdict,
        why,
    }
}

/// A claim about what the pool gains over phase 0, if enough connections kept its workers busy.
fn pool_against(
    scenario: &Scenario,
    factor: Option<Factor>,
    claimed: Rounded,
    holds: &str,
    does_not: &str,
) -> (Verdict, String) {
    if let Some(why) = judge::too_few(scenario, WORKERS as usize) {
        return (Verdict::CantTell, why);
    }
    match factor {
        None => (Verdict::CantTell, "the pool or phase 0 was not measured".to_owned()),
        Some(factor) => factor.against(claimed, holds, does_not),
    }
}

fn connections(scenario: &Scenario) -> Claim {
    let said = format!("{} connections at the same time", count(CONNECTIONS as u64));
    let rows = claimed(std::slice::from_ref(scenario));
    let least = rows.filter_map(|row| row.client.connections_established).min();
    let shown = least.map_or("not measured".into(), |n| format!("{} with every server", count(n as u64)));
    let (verdict, why) = match least {
        Some(least) if least >= CONNECTIONS => {
            (Verdict::Holds, "so many were established at once, counted by the client".to_owned())
        }
        Some(_) => match judge::too_few(scenario, CONNECTIONS) {
            Some(why) => (Verdict::CantTell, why),
            None => (Verdict::DoesNot, "not all that were asked for could be established".to_owned()),
        },
        None => (Verdict::CantTell, "nothing was established".to_owned()),
    };
    Claim { said, shown, verdict, why }
}

fn all_answered(document: &Document) -> Claim {
    let said = "100 % success".to_owned();
    let requests = claimed(&document.scenarios).map(|row| row.requests);
    let (ok, failed) = requests.fold((0, 0), |sum, each| (sum.0 + each.ok, sum.1 + each.failed));
    let Some(share) = super::Requests { ok, failed }.success() else {
        let why = "no request was counted".to_owned();
        return Claim { said, shown: "not measured".into(), verdict: Verdict::CantTell, why };
    };
    let shown = format!("{} of {} requests", success(share), count(ok + failed));
    let (verdict, why) = if failed == 0 {
        (Verdict::Holds, "status, length and body of every answer were checked".to_owned())
    } else {
        (Verdict::DoesNot, format!("{} were not answered as they should be", count(failed)))
    };
    Claim { said, shown, verdict, why }
}

fn soon(document: &Document, original: &Scenario) -> Claim {
    let said = format!("answers within {} ms", SOON_NS / 1_000_000);
    let fastest = |scenario: &Scenario| {
        let phases = scenario.rows.iter().filter(|row| row.kind == "phase");
        let all = phases.filter_map(|row| Some((row.latency_ns?, row.name.clone())));
        all.min_by_key(|(latency, _)| latency.p99)
    };
    let elsewhere = document.scenarios.iter().filter(|scenario| scenario.params.wait_ns.is_none());
    let elsewhere = elsewhere.filter_map(|scenario| Some((fastest(scenario)?, &scenario.name)));
    let beside =
        elsewhere.min_by_key(|((latency, _), _)| latency.p99).map_or_else(String::new, |(best, name)| {
            format!("; with no wait ({name}) {} by {}", duration(best.0.p99), best.1)
        });
    let Some((latency, name)) = fastest(original) else {
        let why = "no latency was measured".to_owned();
        return Claim { said, shown: "not measured".into(), verdict: Verdict::CantTell, why };
    };
    let shown = format!("99 % within {} by {name}{beside}", duration(latency.p99));
    let (verdict, why) = match original.params.wait_ns {
        Some(wait) if wait >= SOON_NS => (
            Verdict::DoesNot,
            format!("every answer waits {} by design, so none can come sooner", duration(wait)),
        ),
        _ if latency.p99 <= SOON_NS => (Verdict::Holds, "the fastest phase keeps it for 99 of 100".into()),
        _ => (Verdict::DoesNot, "even the fastest phase takes longer for one in a hundred".into()),
    };
    Claim { said, shown, verdict, why }
}

/// Whatever fills up once is full by the middle of a trial; what grows after that is held against the server, if it
/// does so every time.
fn stable_memory(document: &Document, original: &Scenario) -> Claim {
    let said = "stable memory".to_owned();
    let half = duration(original.params.duration_ns / 2);
    let growths = |row: &Row| -> Vec<i64> {
        let counted = row.trials.iter().filter(|trial| trial.failed.is_none());
        counted.filter_map(|trial| trial.server.rss_growth_bytes).collect()
    };
    let grown: Vec<(&Row, Vec<i64>)> = claimed(&document.scenarios)
        .map(|row| (row, growths(row)))
        .filter(|(_, growths)| !growths.is_empty())
        .collect();
    let most = |(_, growths): &(&Row, Vec<i64>)| growths.iter().copied().max().unwrap_or(0);
    let least = |(_, growths): &(&Row, Vec<i64>)| growths.iter().copied().min().unwrap_or(0);
    let Some(worst) = grown.iter().max_by_key(|each| most(each)) else {
        let why = "this run did not look at memory over time".to_owned();
        return Claim { said, shown: "not measured".into(), verdict: Verdict::CantTell, why };
    };
    let shown = |each: &(&Row, Vec<i64>)| {
        let peak = or_none(each.0.server.rss_peak_bytes, memory);
        let grown = memory(most(each).max(0).cast_unsigned());
        format!("at most {grown} more in the last {half} of a trial ({} of {peak})", each.0.name)
    };
    let always = grown.iter().filter(|(_, growths)| growths.len() > 1).max_by_key(|each| least(each));
    if let Some(leak) = always.filter(|each| least(each) > GROWTH_ALWAYS_MAX_BYTES) {
        let why = format!("it grew in every trial, by {} at the least", memory(least(leak).cast_unsigned()));
        return Claim { said, shown: shown(leak), verdict: Verdict::DoesNot, why };
    }
    let (verdict, why) = if most(worst) <= GROWTH_MAX_BYTES {
        (Verdict::Holds, "as far as so short a time can show; `cargo xtask soak` watches for minutes")
    } else {
        (
            Verdict::CantTell,
            "not in every trial, if there was more than one; `cargo xtask soak` watches for minutes",
        )
    };
    Claim { said, shown: shown(worst), verdict, why: why.into() }
}

/// A target as it is shown.
fn rate_words(row: &Row) -> String {
    row.qps.map_or("not measured".into(), |qps| format!("{}/s", rate(qps.median)))
}

#[cfg(test)]
mod tests;
