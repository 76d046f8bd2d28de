//! Every target holds on every input that is known: the seeds, and what has failed before.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fuzz::TARGETS;

fn check_all(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("one of the targets");
    let seeds = (target.seeds)();
    assert!(seeds.len() > 50, "{} seeds", seeds.len());
    let names: BTreeSet<_> = seeds.iter().map(|seed| &seed.name).collect();
    assert_eq!(names.len(), seeds.len(), "two seeds have one name");
    for seed in &seeds {
        println!("{}", seed.name);
        (target.check)(&seed.input);
    }
    let failed_before = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(name);
    for entry in fs::read_dir(failed_before).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        println!("{}", path.display());
        (target.check)(&fs::read(path).expect("a readable input"));
    }
}

#[test]
fn the_parsers_hold_on_every_seed() {
    check_all("parsers");
}

#[test]
fn the_chunked_coding_holds_on_every_seed() {
    check_all("chunked");
}

#[test]
fn the_encoding_holds_on_every_seed() {
    check_all("encoding");
}

#[test]
fn the_servers_hold_on_every_seed() {
    check_all("server");
}
