//! `loadgen export`, each format read back by a reader as strict as the tool's own, or by the tool itself where it is
//! installed.

mod go_format;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde::Deserialize;
use serde_json::{Value, json};

const GATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/full.gate.json");
const RUN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/full.run.json");

fn export(file: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    let command = command.arg("export").arg(file).args(more).stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().expect("loadgen starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn exported(file: &str, more: &[&str]) -> String {
    let (code, stdout, stderr) = export(Path::new(file), more);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{file} {more:?}");
    stdout
}

fn json_of(file: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(file).expect(file)).expect(file)
}

/// `value` as a file in a folder that goes with the test.
fn file(folder: &tempfile::TempDir, name: &str, value: &Value) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, value.to_string()).expect("a file");
    path
}

#[test]
fn go_text_has_a_line_for_each_trial_that_counts() {
    let run = go_format::parse(&exported(RUN, &["--as", "go-bench"])).unwrap();
    let rows = json_of(RUN)["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|s| s["rows"].as_array().unwrap().clone())
        .collect::<Vec<_>>();
    let sound = rows
        .iter()
        .flat_map(|row| row["trials"].as_array().unwrap())
        .filter(|trial| trial["failed"].is_null() && trial["qps"].is_number());
    assert_eq!(run.results.len(), sound.count());
    let first = &run.results[0];
    assert!(
        first.name.contains("/phase=phase0-serial/scenario=") && first.name.contains("/conns="),
        "{first:?}"
    );
    let qps = rows[0]["trials"][0]["qps"].as_f64().unwrap();
    assert!((first.values["ns/op"] - 1e9 / qps).abs() < 1e-3, "{first:?}");
    assert_eq!(run.config["pkg"], "loadgen");
}

#[test]
fn both_sides_of_a_gate_have_the_same_names_and_as_many_lines() {
    let side = |side| go_format::parse(&exported(GATE, &["--as", "go-bench", "--side", side])).unwrap();
    let (base, candidate) = (side("base"), side("candidate"));
    let names =
        |file: &go_format::File| file.results.iter().map(|line| line.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&base), names(&candidate), "benchstat pairs them by name");
    assert_eq!((base.results.len(), side("control").results.len()), (86, 86));
    assert_eq!((base.results[0].values["allocs/req"], candidate.results[0].values["allocs/req"]), (7.0, 8.0));
    let pooled = base.results.iter().find(|line| line.name.contains("phase3")).unwrap();
    assert!(!pooled.values.contains_key("syscalls/req"), "it was not counted: {pooled:?}");
    let exact = ["allocs/req", "syscalls-at-rest/req"];
    assert_eq!(base.exact, exact);
}

/// Skipped, and said to be, where there is neither benchstat nor the older benchcmp.
#[test]
fn the_go_teams_own_tools_read_what_is_meant_for_them() {
    let folder = tempfile::tempdir().unwrap();
    for side in ["base", "candidate"] {
        fs::write(folder.path().join(side), exported(GATE, &["--as", "go-bench", "--side", side])).unwrap();
    }
    let tools = [("benchstat", "cpu-sec/req"), ("benchcmp", "delta")].into_iter().filter(|(tool, word)| {
        let command = &mut Command::new(tool);
        let Ok(output) = command.args(["base", "candidate"]).current_dir(folder.path()).output() else {
            return false;
        };
        let table = String::from_utf8_lossy(&output.stdout);
        let server = "phase=phase0-serial";
        assert!(output.status.success() && table.contains(word) && table.contains(server), "{output:?}");
        true
    });
    if tools.count() == 0 {
        eprintln!("SKIPPED: neither benchstat nor benchcmp is installed; go_format stands in for them");
    }
}

#[test]
fn names_of_others_stay_one_word_and_two_servers_stay_two() {
    let folder = tempfile::tempdir().unwrap();
    let mut gate = json_of(GATE);
    gate["machine"]["cpu_model"] = "two\nBenchmarkLines 1 1 ns/op".into();
    for (index, name) in ["a b/c=1-2 10 5 ns/op", "a\u{a0}b_c=1-2_10 5\nns_op"].into_iter().enumerate() {
        gate["servers"][index]["name"] = name.into();
    }
    let gate = file(&folder, "gate.json", &gate);
    let (code, text, stderr) = export(&gate, &["--as", "go-bench"]);
    assert_eq!(code, Some(0), "{stderr}");
    let names: BTreeMap<String, usize> =
        go_format::parse(&text).unwrap().results.into_iter().fold(BTreeMap::new(), |mut all, line| {
            *all.entry(line.name).or_default() += 1;
            all
        });
    assert_eq!(names.values().copied().collect::<Vec<_>>(), [22, 15, 49], "{names:?}");
}

/// As github-action-benchmark has it, and nothing beside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BenchmarkResult {
    name: String,
    value: f64,
    unit: String,
    range: Option<String>,
    extra: Option<String>,
}

#[test]
fn github_action_benchmark_gets_costs_and_rates_in_files_of_their_own() {
    let read = |format| -> Vec<BenchmarkResult> {
        serde_json::from_str(&exported(GATE, &["--as", format])).unwrap()
    };
    let (costs, rates) = (read("github-benchmark"), read("github-benchmark-rates"));
    assert!(rates.iter().all(|rate| rate.unit == "requests/s") && rates.len() == 3, "{rates:?}");
    assert_eq!(costs.len(), 3 * 6 - 3, "three were not counted: {costs:?}");
    let mut names: Vec<_> = costs.iter().chain(&rates).map(|result| &result.name).collect();
    names.dedup();
    assert_eq!(names.len(), costs.len() + rates.len(), "a name is that of one series");
    let cpu = costs.iter().find(|result| result.name == "phase0-serial, plaintext: CPU per request").unwrap();
    assert!(cpu.value > 60.0 && cpu.unit == "µs" && cpu.extra.is_some(), "{cpu:?}");
    // The action finds the number behind the sign.
    let range = cpu.range.as_deref().and_then(|range| range.strip_prefix("± ")).unwrap();
    assert!(range.parse::<f64>().is_ok_and(|range| range > 0.0), "{range}");
}

/// As Bencher has it, and nothing beside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonNewMetric {
    value: f64,
    lower_value: Option<f64>,
    upper_value: Option<f64>,
}

#[test]
fn bencher_gets_measures_with_their_intervals() {
    for (file, server) in [(GATE, "plaintext/phase0-serial"), (RUN, "reference/phase0-serial")] {
        let all: BTreeMap<String, BTreeMap<String, JsonNewMetric>> =
            serde_json::from_str(&exported(file, &["--as", "bencher"])).unwrap();
        for (name, measure) in
            all.iter().flat_map(|(name, measures)| measures.iter().map(move |each| (name, each)))
        {
            assert!(name.chars().count() <= 1024 && measure.0.len() <= 64, "{name}");
            let metric = measure.1;
            assert!(metric.lower_value.is_none_or(|low| low <= metric.value), "{name}: {measure:?}");
            assert!(metric.upper_value.is_none_or(|high| high >= metric.value), "{name}: {measure:?}");
        }
        assert!(all[server]["throughput"].lower_value.is_some(), "{all:?}");
    }
}

#[test]
fn csv_has_a_row_for_each_trial_and_quotes_what_others_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let mut gate = json_of(GATE);
    let name = "a,\"b\"\r\nc";
    gate["servers"][0]["name"] = name.into();
    let (code, text, stderr) = export(&file(&folder, "gate.json", &gate), &["--as", "csv"]);
    assert_eq!(code, Some(0), "{stderr}");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let column = |name: &str, reader: &mut csv::Reader<&[u8]>| {
        reader.headers().unwrap().iter().position(|title| title == name).unwrap()
    };
    let (server, side, syscalls) = (
        column("server", &mut reader),
        column("side", &mut reader),
        column("syscalls_per_request", &mut reader),
    );
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 3 * 86);
    assert_eq!((&rows[0][server], &rows[0][side], &rows[22][side]), (name, "base", "candidate"));
    assert_eq!(&rows[rows.len() - 1][syscalls], "", "what was not measured is empty");
    python_reads(&text, rows.len());

    let failed = exported(RUN, &["--as", "csv"]);
    let header = |text: &str| text.lines().next().map(str::to_owned);
    assert_eq!(header(&failed), header(&text), "runs and gates can be put in one table");
}

/// Skipped, and said to be, where there is no Python.
fn python_reads(text: &str, rows: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trials.csv");
    fs::write(&path, text).unwrap();
    let script = "import csv,sys; rows=list(csv.DictReader(open(sys.argv[1],newline='',encoding='utf-8'),strict=True)); \
                  assert all(None not in row and None not in row.values() for row in rows); print(len(rows))";
    match Command::new("python3").args(["-c", script]).arg(&path).output() {
        Ok(output) => {
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), rows.to_string(), "{output:?}");
        }
        Err(_) => eprintln!("SKIPPED: python3 is not installed; only the csv crate read it"),
    }
}

#[test]
fn markdown_is_that_of_the_report_and_of_the_gate() {
    assert!(exported(GATE, &["--as", "markdown"]).starts_with("## Gate: ✗ slower\n"));
    assert!(exported(RUN, &["--as", "markdown"]).starts_with("# Phase Lab, "));
}

#[test]
fn a_file_is_written_whole_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("trials.csv");
    let out_text = out.to_str().unwrap();
    assert_eq!(exported(GATE, &["--as", "csv", "--side", "base", "--out", out_text]), "");
    assert_eq!(csv::Reader::from_path(&out).unwrap().records().count(), 86);
    let (code, _, stderr) =
        export(Path::new(GATE), &["--as", "csv", "--out", folder.path().to_str().unwrap()]);
    assert!(code == Some(1) && stderr.contains("choose another file"), "{stderr}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn what_has_nothing_to_export_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut empty = json_of(GATE);
    for server in empty["servers"].as_array_mut().unwrap() {
        server["trials"] = json!([]);
        server["metrics"] = json!([]);
    }
    let empty = file(&folder, "empty.json", &empty);
    for format in ["go-bench", "github-benchmark", "bencher", "csv"] {
        let (code, stdout, stderr) = export(&empty, &["--as", format]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(
            stderr.contains("there are no trials and no counts in it") && stderr.contains("empty.json"),
            "{stderr}"
        );
    }
    // A gate by counts alone has no trials, and formats that know of values alone take it.
    let mut counted = json_of(GATE);
    for server in counted["servers"].as_array_mut().unwrap() {
        server["trials"] = json!([]);
    }
    let counted = file(&folder, "counted.json", &counted);
    for (format, code) in [("github-benchmark", 0), ("bencher", 0), ("go-bench", 2)] {
        assert_eq!(export(&counted, &["--as", format]).0, Some(code), "{format}");
    }
    for (value, part) in [
        (json!({"schema": "phase-lab/gate/2"}), "was written by a newer loadgen"),
        (json!({"schema": "phase-lab/attack/1"}), "its schema is phase-lab/attack/1"),
        (json!({}), "it says no \"schema\""),
    ] {
        let (code, _, stderr) = export(&file(&folder, "other.json", &value), &["--as", "csv"]);
        assert!(code == Some(2) && stderr.contains(part) && stderr.contains("other.json"), "{stderr}");
    }
    let (code, _, stderr) = export(Path::new(RUN), &["--as", "csv", "--side", "base"]);
    assert!(code == Some(2) && stderr.contains("a run has no sides"), "{stderr}");
}
