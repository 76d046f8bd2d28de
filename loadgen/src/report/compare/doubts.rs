//! Why a difference between two runs may not be the servers' doing.

use super::super::document::{Document, Scenario};

/// The share of these that is about the place and not the program ends with what to do.
const RATIOS_ONLY: &str = "trust only ratios within one run, such as the speed-up";

pub(super) fn doubts(a: &Document, b: &Document) -> Vec<String> {
    let mut all = Vec::new();
    let mut differ = |what: &str, a: String, b: String| {
        if a != b {
            all.push(format!("{what} differs ({a}, then {b}): {RATIOS_ONLY}."));
        }
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".into());
    let machine = |document: &Document| {
        let machine = &document.machine;
        let cpus = machine.cpus.map_or_else(|| "?".into(), |n| n.to_string());
        format!("{} with {cpus} CPUs, {}", text(&machine.cpu_model), machine.arch)
    };
    let split = |document: &Document| {
        let cpus = &document.cpus;
        if cpus.server.is_empty() {
            "not split".to_owned()
        } else {
            format!("server on {:?}, client on {:?}", cpus.server, cpus.client)
        }
    };
    differ("The machine", machine(a), machine(b));
    differ("The kernel", text(&a.machine.kernel), text(&b.machine.kernel));
    differ("The build", a.build.profile.clone(), b.build.profile.clone());
    differ("The compiler", text(&a.build.rustc), text(&b.build.rustc));
    if let (Some(before), Some(now)) = (a.build.flags(), b.build.flags()) {
        differ("RUSTFLAGS", before, now);
    }
    differ("The CPU split", split(a), split(b));
    if a.commit != b.commit {
        all.push(format!(
            "The commit differs ({}, then {}): client and server changed together.",
            text(&a.commit),
            text(&b.commit)
        ));
    }
    for (name, document) in [("A", a), ("B", b)] {
        if document.dirty == Some(true) {
            all.push(format!("Run {name} was built from files that were not committed."));
        }
        if document.partial {
            all.push(format!("Run {name} is partial: some of its trials are missing."));
        }
        if document.scenarios.iter().any(|scenario| scenario.params.trials < 3) {
            all.push(format!("Run {name} has fewer than three trials: there is no interval to compare."));
        }
    }
    all.extend(client_bound(a, b));
    let pairs = a
        .scenarios
        .iter()
        .filter_map(|ours| Some((ours, b.scenarios.iter().find(|theirs| theirs.name == ours.name)?)));
    for (ours, theirs) in pairs.filter(|(ours, theirs)| ours.params.load() != theirs.params.load()) {
        all.push(format!(
            "{}: the load differs ({}, then {}), so its ratios say nothing about a server.",
            ours.name,
            ours.params.load(),
            theirs.params.load()
        ));
    }
    all
}

/// The rows of both runs whose client was the bottleneck in either, one sentence for all scenarios.
fn client_bound(a: &Document, b: &Document) -> Option<String> {
    let in_both = a.scenarios.iter().filter_map(|ours| {
        let theirs = b.scenarios.iter().find(|theirs| theirs.name == ours.name)?;
        let bound = |scenario: &Scenario, name: &str| {
            scenario.rows.iter().any(|row| row.name == name && row.client.bound)
        };
        let is_in = |name: &str| theirs.rows.iter().any(|row| row.name == name);
        let rows: Vec<&str> =
            ours.rows.iter().map(|row| row.name.as_str()).filter(|name| is_in(name)).collect();
        let hit: Vec<&str> =
            rows.iter().copied().filter(|name| bound(ours, name) || bound(theirs, name)).collect();
        let who = if hit.len() == rows.len() && rows.len() > 1 { "all".to_owned() } else { hit.join(", ") };
        (!hit.is_empty()).then(|| format!("in {} {who}", ours.name))
    });
    let all: Vec<String> = in_both.collect();
    (!all.is_empty()).then(|| {
        format!(
            "The load generator was the bottleneck ({}): compare these by CPU per request, for the servers' rates may \
             differ by more.",
            all.join("; ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn whatever_differs_beside_the_servers_is_said() {
        let (a, mut b) = (sample::document(), sample::document());
        b.machine.cpus = Some(64);
        b.build.profile = "dev (optimised)".into();
        b.cpus.server.clear();
        b.commit = None;
        b.dirty = Some(true);
        b.partial = true;
        b.scenarios[0].params.trials = 1;
        b.scenarios[0].params.connections = 64;
        let all = doubts(&a, &b).join("\n");
        for part in [
            "The machine differs (AMD EPYC with 2 CPUs, x86_64, then AMD EPYC with 64 CPUs",
            "trust only ratios within one run",
            "The build differs (release, then dev (optimised))",
            "The CPU split differs",
            "The commit differs (0123456789ab, then not known)",
            "Run B was built from files",
            "Run B is partial",
            "Run B has fewer than three trials",
            "reference: the load differs",
        ] {
            assert!(all.contains(part), "'{part}' is missing in:\n{all}");
        }
    }

    #[test]
    fn rows_whose_client_was_the_bottleneck_in_either_run_are_named() {
        let (mut a, mut b) = (sample::document(), sample::document());
        assert_eq!(doubts(&a, &b), [""; 0]);
        a.scenarios[0].rows[1].client.bound = true;
        b.scenarios[0].rows[2].client.bound = true;
        let all = doubts(&a, &b);
        let named = "The load generator was the bottleneck (in reference phase1-threads, phase1-threads --spawn): \
                     compare these by CPU per request";
        assert!(all.len() == 1 && all[0].starts_with(named), "{all:?}");
        a.scenarios[0].rows[0].client.bound = true;
        assert!(doubts(&a, &b)[0].contains("(in reference all)"), "{:?}", doubts(&a, &b));
    }

    #[test]
    fn a_row_that_only_one_run_has_is_not_compared() {
        let (mut a, mut b) = (sample::document(), sample::document());
        a.scenarios[0].rows[1].client.bound = true;
        b.scenarios[0].rows.remove(1);
        assert_eq!(doubts(&a, &b), [""; 0]);
    }
}
