//! How far the surroundings of two sides are the same.

use super::told::Told;

/// Which counts mean the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// All of them.
    Machine,
    /// What the program alone decides, and no machine.
    Program,
}

/// How much the sides have in common; what they have not is noted.
pub(super) fn likeness(base: &Told, candidate: &Told, notes: &mut Vec<String>) -> Likeness {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "not known".into());
    let machine = |told: &Told| {
        let machine = &told.machine;
        let cpus = machine.cpus.map_or_else(|| "?".into(), |cpus| cpus.to_string());
        format!("{} with {cpus} CPUs, {}", known(&machine.cpu_model), machine.arch)
    };
    let facts = [
        ("The machine", machine(base), machine(candidate)),
        ("The kernel", known(&base.machine.kernel), known(&candidate.machine.kernel)),
        ("The compiler", known(&base.build.rustc), known(&candidate.build.rustc)),
    ];
    for (what, before, now) in facts.iter().filter(|(_, before, now)| before != now) {
        notes.push(format!("{what} differs ({before}, then {now})."));
    }
    if let (Some(before), Some(now)) = (base.build.flags(), candidate.build.flags())
        && before != now
    {
        notes.push(format!("RUSTFLAGS differs ({before}, then {now})."));
    }
    for told in [base, candidate] {
        if told.side.dirty == Some(true) {
            notes.push(format!("{} was built from files that were not committed.", told.side.name));
        }
    }
    if facts[0].1 == facts[0].2 {
        return Likeness::Machine;
    }
    notes.push(
        "Instructions are shown and not judged between two machines: libraries have code of their own for each kind of \
         processor."
            .into(),
    );
    Likeness::Program
}
