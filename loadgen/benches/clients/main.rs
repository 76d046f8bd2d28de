//! Load generators against one server that does next to nothing: what a request costs each of them.
//!
//! `cargo bench -p loadgen --bench clients [-- ROUNDS [SECONDS]]`
//!
//! The canned server (`loadgen serve canned`) runs on CPU 1, each client on CPU 0, in turns, with one thread
//! and 64 connections. The bare client (`examples/bare.rs`) measures nothing and checks nothing: it is what
//! a request costs a client at the least. A client's CPU time is what the kernel charged its process,
//! start and end included, for all of them alike. Medians over the rounds; ratios are of medians of the same
//! run. A client that is not on the PATH, or can't do what a table is about, is n/a.

#[allow(dead_code)]
#[path = "../../examples/bare.rs"]
mod bare;
mod measure;
mod tools;

use std::io;

use loadgen::lab::cpus;
use measure::{Sample, measure};
use tools::{CONNECTIONS, Mode, PIPELINE, RATE, TOOLS};

const ROUNDS: usize = 5;
const SECONDS: u64 = 3;
const CPU_OF_CLIENTS: usize = 0;
const CPU_OF_SERVER: usize = 1;
/// The word that makes this program the bare client.
const FIRE: &str = "fire-bare";

fn main() -> io::Result<()> {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let first = arguments.next();
    match first.as_deref() {
        Some(FIRE) => return bare::fire(arguments),
        // As a part of all tests it measures nothing, and would take minutes.
        None if !is_bench => {
            println!("to measure: cargo bench -p loadgen --bench clients [-- ROUNDS [SECONDS]]");
            return Ok(());
        }
        _ => {}
    }
    let rounds = first.and_then(|number| number.parse().ok()).unwrap_or(ROUNDS);
    let seconds = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(SECONDS);
    println!("{rounds} rounds of {seconds} s, {CONNECTIONS} connections, 1 thread");
    // Where there is no such CPU the kernel decides, and the figures say less.
    if let Err(error) = cpus::pin(&[CPU_OF_CLIENTS]) {
        eprintln!("can't pin to CPU {CPU_OF_CLIENTS}: {error}; expect noise");
    }
    for mode in [Mode::Keep, Mode::Close, Mode::Pipelined, Mode::Paced] {
        let mut samples = vec![Vec::new(); TOOLS.len()];
        for round in 0..rounds {
            for turn in 0..TOOLS.len() {
                // The order turns round with each round, so that a drift favours nobody.
                let which = if round % 2 == 0 { turn } else { TOOLS.len() - 1 - turn };
                samples[which].extend(measure(&TOOLS[which], mode, seconds)?);
            }
        }
        print(mode, &samples);
    }
    Ok(())
}

fn title(mode: Mode) -> String {
    match mode {
        Mode::Keep => "keep-alive".to_owned(),
        Mode::Close => "a connection per request".to_owned(),
        Mode::Pipelined => format!("keep-alive, {PIPELINE} requests pipelined"),
        Mode::Paced => format!("{RATE} requests per second, latency from when each was due"),
    }
}

/// A line for each client; `rate`, `CPU` and `median` are ours divided by its.
fn print(mode: Mode, samples: &[Vec<Sample>]) {
    println!("\n{}", title(mode));
    println!(
        "{:>10}{:>12}{:>10}{:>11}{:>9}{:>9}{:>8}{:>9}",
        "", "requests/s", "CPU µs", "median µs", "MiB", "rate", "CPU", "median"
    );
    let ours = medians(&samples[0]);
    for (tool, samples) in TOOLS.iter().zip(samples) {
        let (Some(its), Some(ours)) = (medians(samples), ours) else {
            println!("{:>10}{:>12}", tool.name, "n/a");
            continue;
        };
        let p50 = its.p50_us.map_or_else(|| "n/a".to_owned(), |us| format!("{us:.0}"));
        let p50_ratio =
            ours.p50_us.zip(its.p50_us).map_or_else(String::new, |(a, b)| format!("{:.2}x", a / b));
        println!(
            "{:>10}{:>12.0}{:>10.2}{p50:>11}{:>9.1}{:>8.2}x{:>7.2}x{p50_ratio:>9}",
            tool.name,
            its.per_sec,
            its.cpu_us,
            its.memory_mib,
            ours.per_sec / its.per_sec,
            ours.cpu_us / its.cpu_us,
        );
    }
}

/// Each figure's own median; `None` without a sample.
fn medians(samples: &[Sample]) -> Option<Sample> {
    let median = |of: fn(&Sample) -> Option<f64>| {
        let mut values: Vec<f64> = samples.iter().filter_map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Some(Sample {
        per_sec: median(|sample| Some(sample.per_sec))?,
        cpu_us: median(|sample| Some(sample.cpu_us))?,
        memory_mib: median(|sample| Some(sample.memory_mib))?,
        p50_us: median(|sample| sample.p50_us),
    })
}
