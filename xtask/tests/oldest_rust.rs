//! The oldest Rust that the lab says to build with. Whether it does, only that toolchain can show (the workflow
//! `elsewhere`); here it is held that everybody names the same one, and that no dependency asks for a newer one.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// `1.88` and `1.88.0` are the same.
fn numbers(version: &str) -> Vec<u64> {
    let mut numbers: Vec<_> = version.split('.').map(|number| number.parse().expect("a number")).collect();
    numbers.resize(3, 0);
    numbers
}

#[test]
fn everybody_names_the_same_one() {
    let said = |file: &str, words: String| {
        let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
        assert!(text.contains(&words), "{file} does not say '{words}'");
    };
    said("README.md", format!("({OLDEST} or later)"));
    said("INSTALL.md", format!("Rust {OLDEST} or later"));
    said("Containerfile", format!("ARG RUST={OLDEST}\n"));
    said(".github/workflows/elsewhere.yml", format!("OLDEST: \"{OLDEST}\"\n"));
    for workspace in ["fuzz", "peers"] {
        said(&format!("{workspace}/Cargo.toml"), format!("rust-version = \"{OLDEST}\"\n"));
    }
}

#[test]
fn no_dependency_wants_a_newer_rust_than_is_said() {
    // What other systems alone need is not fetched for this.
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().expect("rustc starts").stdout;
    let host = String::from_utf8_lossy(&host).trim().to_owned();
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", &host])
            .args(["--manifest-path", manifest])
            .current_dir(ROOT)
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let all: Value = serde_json::from_slice(&output.stdout).expect("cargo tells JSON");
        let packages = all["packages"].as_array().expect("packages");
        assert!(packages.len() > 20, "{manifest}: there are only {}", packages.len());
        for package in packages {
            let Some(wanted) = package["rust_version"].as_str() else { continue };
            let (name, version) = (&package["name"], &package["version"]);
            assert!(numbers(wanted) <= numbers(OLDEST), "{name} {version} wants Rust {wanted}");
        }
    }
}
