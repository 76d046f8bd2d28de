//! Writes the seeds of the targets named, or of all, to `corpus/`, and what has failed before beside
//! them. What else is there is kept.

use std::path::Path;
use std::{env, fs, io};

use fuzz::TARGETS;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names: Vec<String> = env::args().skip(1).collect();
    if let Some(unknown) = names.iter().find(|name| TARGETS.iter().all(|target| target.name != **name)) {
        return Err(io::Error::other(format!("{unknown} is none of the targets")));
    }
    for target in TARGETS.iter().filter(|target| names.is_empty() || names.iter().any(|n| n == target.name)) {
        let corpus = root.join("corpus").join(target.name);
        fs::create_dir_all(&corpus)?;
        let seeds = (target.seeds)();
        for seed in &seeds {
            fs::write(corpus.join(&seed.name), &seed.input)?;
        }
        for entry in fs::read_dir(root.join("regressions").join(target.name)).into_iter().flatten() {
            let entry = entry?;
            fs::copy(entry.path(), corpus.join(entry.file_name()))?;
        }
        println!("{}: {} seeds", target.name, seeds.len());
    }
    Ok(())
}
