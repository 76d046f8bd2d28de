use clap::Parser;

use super::*;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: Args,
}

fn plan(flags: &str) -> Result<Plan, AttackError> {
    let words = format!("attack http://127.0.0.1:9/ {flags}");
    let args = Command::try_parse_from(words.split_whitespace()).expect("flags that exist").args;
    args.plan().map(|(plan, _)| plan)
}

#[test]
fn the_defaults_are_a_timed_run_on_kept_connections() {
    let plan = plan("").unwrap();
    assert_eq!((plan.connections, plan.mode), (64, Mode::KeepAlive { pipeline: 1 }));
    assert_eq!((plan.amount, plan.warmup), (Amount::Time(DURATION_DEFAULT), WARMUP_DEFAULT));
}

#[test]
fn a_number_of_requests_is_exact_and_so_has_no_warm_up() {
    let plan = plan("-n 7 -c 1 --close -m HEAD").unwrap();
    assert_eq!((plan.amount, plan.warmup), (Amount::Requests(7), Duration::ZERO));
    assert_eq!((plan.mode, plan.head, plan.threads), (Mode::Close, true, 1));
}

#[test]
fn numbers_that_make_no_sense_are_refused_by_their_flag() {
    for flags in ["-c 0", "-t 0", "-n 0", "-d 0", "--pipeline 0", "--timeout 0", "-t 3 -c 2"] {
        let error = plan(flags).expect_err(flags).to_string();
        let flag = flags.split(" -c").next().unwrap_or(flags);
        assert!(error.starts_with(flag), "{flags}: {error}");
    }
}

#[test]
fn more_than_a_day_is_taken_for_a_mistake() {
    for (flags, told) in [
        ("-d 86401", "-d 1day 1s: 24 hours"),
        ("-d 1e18", "-d "),
        ("-d 1000y -R 1000", "-d "),
        ("--warmup 25h", "--warmup 1day 1h: 24 hours"),
    ] {
        let error = plan(flags).expect_err(flags).to_string();
        assert!(error.starts_with(told) && error.contains("24h"), "{flags}: {error}");
    }
    assert!(plan("-d 24h --warmup 24h").is_ok());
}

#[test]
fn a_unix_socket_takes_the_place_of_the_host() {
    let plan = plan("--unix-socket /run/x.sock").unwrap();
    assert_eq!(plan.target, Target::Unix("/run/x.sock".into()));
    assert!(plan.request.starts_with(b"GET / HTTP/1.1\r\nHost: 127.0.0.1:9\r\n"));
    let long = format!("--unix-socket /{}", "x".repeat(200));
    assert!(self::plan(&long).unwrap_err().to_string().starts_with("--unix-socket /x"));
}

#[test]
fn a_bare_number_is_in_seconds() {
    assert_eq!(duration("1.5"), Ok(Duration::from_millis(1_500)));
    assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
    assert!(duration("-1").is_err() && duration("soon").is_err());
}

#[test]
fn a_pipeline_has_a_bound() {
    assert_eq!(plan("--pipeline 65536").unwrap().mode, Mode::KeepAlive { pipeline: 65_536 });
    let refused = plan("--pipeline 65537").unwrap_err().to_string();
    assert_eq!(refused, "--pipeline 65537: 65536 requests are the most");
}
