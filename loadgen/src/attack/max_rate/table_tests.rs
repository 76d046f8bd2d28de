use clap::Parser;

use super::*;
use crate::attack::AttackError;
use crate::attack::max_rate::json;
use crate::attack::max_rate::slo::slo;
use crate::attack::max_rate::step::Broken;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: Args,
}

fn step(rate_per_sec: f64, promised_ns: u64) -> Step {
    Step {
        rate_per_sec,
        answered_per_sec: rate_per_sec,
        reached: 0.999_99,
        p50_ns: Some(100_000),
        p99_ns: Some(promised_ns),
        promised_ns: Some(promised_ns),
        failed: 0,
        failure: None,
        overdue: 0,
        broken: (promised_ns > 5_000_000).then_some(Broken::TooSlow),
        client: None,
    }
}

/// What a search shows that went from 1,000 to 2,000 and back.
fn found() -> Found {
    Found {
        rate_per_sec: Some(1_500.0),
        broken_per_sec: Some(2_000.0),
        steps: vec![step(1_000.0, 1), step(2_000.0, 9_000_000), step(1_500.0, 2_000_000)],
        ended: None,
    }
}

fn text(found: &Found, promise: &str, width: usize) -> String {
    let args = Command::try_parse_from(["attack", "http://h/"]).unwrap().args;
    let mut out = Vec::new();
    write(&mut out, &args, &slo(promise).unwrap(), found, width).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(found: &Found) -> serde_json::Value {
    let args = Command::try_parse_from(["attack", "http://127.0.0.1:9/"]).unwrap().args;
    json::of(&args.plan().unwrap().0, 0, &slo("p99=5ms").unwrap(), found, None)
}

#[test]
fn the_hockey_stick_goes_up_by_rate_whatever_the_order_of_the_search() {
    assert_eq!(
        text(&found(), "p99=5ms", 80),
        "the highest rate at which http://h/ keeps p99 within 5ms\n\
         \n\
         \x20rate  answered  reached     p50      p99  verdict\n\
         1,000     1,000   99.9 %  100 µs  1.00 ns  holds\n\
         1,500     1,500   99.9 %  100 µs  2.00 ms  holds\n\
         2,000     2,000   99.9 %  100 µs  9.00 ms  too slow\n\
         \n\
         max rate      1,500 per second\n"
    );
    let json = json(&found());
    assert_eq!(
        (&json["steps"][2]["holds"], &json["steps"][2]["verdict"]),
        (&false.into(), &"too slow".into())
    );
    assert_eq!((&json["interrupted"], &json["ended_by"]), (&false.into(), &serde_json::Value::Null));
}

#[test]
fn every_width_holds_it_and_what_the_promise_is_about_stays() {
    let mut found = found();
    found.steps.push(Step {
        answered_per_sec: 12_345_678.0,
        promised_ns: None,
        p50_ns: None,
        p99_ns: None,
        overdue: 1,
        client: Some("the client was busy all the time, so the server may be faster".into()),
        ..step(100_000_000.0, 9_000_000)
    });
    found.broken_per_sec = Some(100_000_000.0);
    found.ended =
        Some(Ended::Exhausted("100,000,000 per second is the highest rate that can be fired".into()));
    for promise in ["p50=5ms", "p99=5ms", "p99.9=5ms"] {
        let name = promise.split('=').next().unwrap();
        for width in 50..120 {
            let text = text(&found, promise, width);
            assert!(text.lines().all(|line| line.chars().count() <= width), "{width}: {text}");
            let titles = text.lines().find(|line| line.contains("rate ")).unwrap();
            assert!(titles.ends_with("verdict") || titles.contains("highest"), "{titles}");
            assert!(text.contains(&format!("  {name}  ")), "{text}");
            assert!(text.contains(">5.00 ms  beyond the client"), "{text}");
        }
    }
    assert!(text(&found, "p99=5ms", 60).contains(" reached "));
    assert!(text(&found, "p99=5ms", 90).contains(" answered "));
}

#[test]
fn a_search_that_ended_at_the_clients_limit_says_so() {
    let busy = |rate| Step { client: Some("the client was busy".into()), ..step(rate, 9_000_000) };
    let mut found = Found { steps: vec![step(1_500.0, 1), busy(2_000.0)], ..found() };
    let limited = text(&found, "p99=5ms", 80);
    assert!(limited.contains("max rate      at least 1,500 per second\n"), "{limited}");
    assert!(limited.contains("do better: at 2,000 per second the client was busy\n"), "{limited}");
    assert_eq!(json(&found)["client_limit"], "at 2,000 per second the client was busy");
    found.rate_per_sec = None;
    assert!(text(&found, "p99=5ms", 80).contains("max rate      none: no rate"));
}

fn died() -> Ended {
    Ended::Failed { rate_per_sec: 1_750.0, error: AttackError::Died("it died".into()) }
}

#[test]
fn a_search_that_ended_early_says_that_there_may_be_more() {
    for (ended, told, why) in [
        (Ended::Interrupted, "at least 1,500 per second (interrupted)", "interrupted"),
        (
            died(),
            "at least 1,500 per second (the search ended early)",
            "at 1,750 requests per second: it died",
        ),
        (Ended::Exhausted("no more".into()), "at least 1,500 per second\nnote          no more", "no more"),
    ] {
        let found = Found { ended: Some(ended), ..found() };
        let text = text(&found, "p99=5ms", 80);
        assert!(text.ends_with(&format!("max rate      {told}\n")), "{text}");
        assert_eq!(json(&found)["ended_by"], why);
    }
    let nothing = Found { ended: Some(Ended::Interrupted), ..Found::default() };
    assert!(text(&nothing, "p99=5ms", 80).ends_with("5ms\n\nmax rate      not found (interrupted)\n"));
    let nothing = Found { ended: Some(died()), ..Found::default() };
    assert!(text(&nothing, "p99=5ms", 80).contains("not found (the search ended early)"));
}

#[test]
fn a_rate_at_which_requests_failed_says_of_what() {
    let mut found = found();
    found.steps[1] =
        Step { failed: 1_234, failure: Some("reset: it was not ready".into()), ..step(2_000.0, 1) };
    let text = text(&found, "p99=5ms", 80);
    assert!(
        text.contains("note          at 2,000 per second 1,234 failed: reset: it was not ready\n"),
        "{text}"
    );
    assert_eq!(json(&found)["steps"][2]["failure"], "reset: it was not ready");
}
