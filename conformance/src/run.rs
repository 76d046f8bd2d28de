//! Runs cases and gives verdicts.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Serialize;

use crate::case::{Case, Need};
use crate::cases;
use crate::delivery::{self, Delivery};
use crate::escape::escape;
use crate::exchange::{Exchange, exchange};
use crate::judge::{describe, judge, same_answers};
use crate::profile::Profile;
use crate::report::{Report, Row};

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The right outcome, in every delivery.
    Passed,
    /// An outcome that is allowed but not the right one.
    Tolerated {
        /// Which one.
        outcome: String,
    },
    /// None of the allowed outcomes.
    Failed(Box<Failure>),
    /// The server does not offer what the case is about.
    NotOffered {
        /// What it would need.
        need: Need,
    },
}

/// Everything needed to see what went wrong, and to send it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What was wrong, in a sentence.
    pub miss: String,
    /// The allowed outcomes.
    pub expected: String,
    /// How the bytes were cut into writes.
    pub delivery: String,
    /// What the case sends, escaped.
    pub sent: String,
    /// What came back, escaped.
    pub received: String,
    /// How the connection ended.
    pub ended: String,
}

/// Runs one case on fresh connections, in every delivery that the profile asks for, up to its first
/// failure.
pub fn run(addr: SocketAddr, profile: &Profile, case: &Case) -> Verdict {
    if let Some(&need) = case.needs.iter().find(|need| !offers(profile, **need)) {
        return Verdict::NotOffered { need };
    }
    let fail = |miss, delivery, exchange: &Exchange| {
        Verdict::Failed(Box::new(failure(miss, case, delivery, exchange)))
    };
    let whole = exchange(addr, profile, case, Delivery::Whole);
    let mut worst = match judge(profile, case, &whole) {
        Ok(index) => index,
        Err(miss) => return fail(miss, Delivery::Whole, &whole),
    };
    let again = (1..case.repeat).map(|_| Delivery::Whole);
    let cut = if profile.deliveries && !case.whole_only { delivery::others(&case.steps) } else { Vec::new() };
    for delivery in again.chain(cut) {
        let other = exchange(addr, profile, case, delivery);
        match judge(profile, case, &other) {
            Ok(index) => worst = worst.max(index),
            Err(miss) => return fail(miss, delivery, &other),
        }
        if !same_answers(&whole, &other) {
            let miss = format!(
                "not the answer to the same bytes in one piece, \"{}\"",
                escape(whole.transcript.bytes())
            );
            return fail(miss, delivery, &other);
        }
    }
    if worst < case.right {
        Verdict::Passed
    } else {
        Verdict::Tolerated { outcome: case.allowed[worst].to_string() }
    }
}

/// Runs every case that the suite has for this profile, as many at a time as it allows.
pub fn run_all(addr: SocketAddr, profile: &Profile) -> Report {
    run_these(addr, profile, &cases::all(profile))
}

/// Runs the cases given, in the order of the report.
pub fn run_these(addr: SocketAddr, profile: &Profile, cases: &[Case]) -> Report {
    let next = AtomicUsize::new(0);
    let verdicts: Vec<OnceLock<Verdict>> = cases.iter().map(|_| OnceLock::new()).collect();
    thread::scope(|scope| {
        for _ in 0..profile.parallel.clamp(1, cases.len().max(1)) {
            scope.spawn(|| {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(case) = cases.get(index)
                {
                    verdicts[index].get_or_init(|| run(addr, profile, case));
                }
            });
        }
    });
    let verdicts = verdicts.into_iter().filter_map(OnceLock::into_inner);
    let rows = cases.iter().zip(verdicts).map(|(case, verdict)| Row::new(case, verdict)).collect();
    Report { server: profile.name.clone(), addr, rows }
}

fn offers(profile: &Profile, need: Need) -> bool {
    match need {
        Need::Persistence => profile.persists,
        Need::LabRoutes => profile.lab_routes,
        Need::InjectingRoute => profile.injecting_target.is_some(),
    }
}

fn failure(miss: String, case: &Case, delivery: Delivery, exchange: &Exchange) -> Failure {
    let outcomes: Vec<String> = case.allowed.iter().map(ToString::to_string).collect();
    Failure {
        miss,
        expected: outcomes.join("; or "),
        delivery: delivery.to_string(),
        sent: escape(&case.sent()),
        received: escape(exchange.transcript.bytes()),
        ended: describe(&exchange.ended),
    }
}
