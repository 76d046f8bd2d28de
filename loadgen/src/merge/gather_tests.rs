use std::io::Cursor;

use super::*;
use crate::engine::{Outcome, Plan};
use crate::shard::clock::Offset;
use crate::shard::record::{Fired, SCHEMA};

fn shard(index: usize) -> Record {
    let mut outcome = Outcome::empty();
    outcome.elapsed = std::time::Duration::from_secs(1);
    outcome.ok = 100;
    // Each has latencies of its own.
    outcome.latency_ns.record_n(1_000_000 * (index as u64 + 1), 100).unwrap();
    let mut plan = Plan::of_a_test();
    plan.connections = 10;
    let clock = Some(Offset::default());
    let fired = Fired { name: "GET http://h/".into(), plan, at_unix_ns: 1_000, clock, probes: 0, outcome };
    Record {
        schema: SCHEMA.into(),
        run: "a-run".into(),
        index,
        count: 4,
        said_by: "--shard".into(),
        host: format!("host{index}"),
        version: "1".into(),
        absent: Vec::new(),
        fired: vec![fired],
    }
}

fn line(record: &Record) -> String {
    serde_json::to_string(record).unwrap()
}

/// What comes of such a text on standard input.
fn merged(text: &str) -> Result<Gathered, String> {
    let mut desk = Desk::default();
    desk.lines(&mut Cursor::new(text), "standard input")?;
    desk.clear()
}

fn merged_all(records: &[Record]) -> Result<Gathered, String> {
    merged(&records.iter().map(line).collect::<Vec<_>>().join("\n"))
}

#[test]
fn four_shards_make_a_whole_and_no_latency_is_lost() {
    let gathered = merged_all(&[shard(2), shard(0), shard(3), shard(1)]).unwrap();
    assert!(!gathered.is_partial() && gathered.complaint().is_none());
    let [whole] = gathered.wholes.as_slice() else { panic!("{gathered:?}") };
    assert_eq!(whole.outcome.ok, 400);
    assert!((whole.outcome.requests_per_sec() - 400.0).abs() < 1e-9);
    // Exactly what one histogram of all of them would have.
    let mut all = Outcome::empty().latency_ns;
    (1..=4).for_each(|ms| all.record_n(1_000_000 * ms, 100).unwrap());
    assert_eq!(whole.outcome.latency_ns, all);
    // A mean of the four p99s would be 2.5 ms.
    assert_eq!(whole.outcome.latency_ns.value_at_quantile(0.99), all.value_at_quantile(0.99));
}

#[test]
fn a_missing_shard_is_named_with_its_part_of_the_load() {
    let mut first = shard(0);
    first.absent = vec![2];
    let gathered = merged_all(&[first, shard(1)]).unwrap();
    assert!(gathered.is_partial());
    assert_eq!(gathered.missing.iter().map(|missing| missing.part.index).collect::<Vec<_>>(), [2, 3]);
    // What was to be fired by all, and what by those that are there.
    assert_eq!((gathered.wholes[0].asked.connections, gathered.wholes[0].plan.connections), (10, 6));
    assert!(gathered.missing[0].why.contains("not there when the others began"));
    assert!(gathered.missing[1].why.contains("no file"));
    assert_eq!(gathered.complaint().unwrap(), "the result is partial: 2 shards of 4 missing");
}

#[test]
fn logs_are_read_whatever_else_they_say() {
    let text = format!(
        "starting\n{}\n[pod/attack-1] {}\n{{\"level\":\"info\"}}\n",
        line(&shard(0)),
        line(&shard(1))
    );
    let gathered = merged(&text).unwrap();
    assert_eq!(gathered.wholes[0].shards.len(), 2);
    assert!(merged("nothing\n").unwrap_err().contains("there is no shard"));
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("0.log");
    fs::write(&log, &text).unwrap();
    let read = || gather(&[Source::of(&log)]).unwrap().wholes[0].shards.len();
    assert_eq!(read(), 2);
    // Also where the first line is one.
    for (text, shards) in [
        (format!("{}\n{}\n", line(&shard(0)), line(&shard(1))), 2),
        (format!("{}\nits file is …\n", line(&shard(0))), 1),
        (format!("0: {}\n", line(&shard(0))), 1),
    ] {
        fs::write(&log, &text).unwrap();
        assert_eq!(read(), shards);
    }
}

#[test]
fn a_server_may_have_another_name_to_each_shard() {
    let mut other = shard(1);
    other.fired[0].name = "GET http://elsewhere/".into();
    assert_eq!(merged_all(&[shard(0), other]).unwrap().wholes[0].outcome.ok, 200);
}

#[test]
fn a_broken_line_is_missing_under_the_number_that_it_begins_with() {
    let broken = line(&shard(2));
    let text = [&line(&shard(0)), &line(&shard(1)), &broken[..broken.len() / 2], &line(&shard(3))].join("\n");
    let gathered = merged(&text).unwrap();
    let [missing] = gathered.missing.as_slice() else { panic!("{:?}", gathered.missing) };
    assert!(
        missing.part.index == 2 && missing.why.contains("standard input, line 3: is broken"),
        "{missing:?}"
    );
}

#[test]
fn a_file_that_has_another_ones_name_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    for index in [0, 1, 2] {
        fs::write(folder.path().join(record::file_name(shard(index).part())), line(&shard(index))).unwrap();
    }
    fs::write(folder.path().join("shard-3-of-4.json"), line(&shard(2))).unwrap();
    let gathered = gather(&[Source::of(folder.path())]).unwrap();
    let [missing] = gathered.missing.as_slice() else { panic!("{:?}", gathered.missing) };
    assert!(
        missing.why.contains("shard-3-of-4.json: is broken: it says that it is shard 2 of 4"),
        "{missing:?}"
    );
}

#[test]
fn shards_that_do_not_belong_together_are_refused() {
    let refused = |change: &dyn Fn(&mut Record)| {
        let mut other = shard(1);
        change(&mut other);
        merged_all(&[shard(0), other]).unwrap_err()
    };
    for (why, change) in [
        ("run a-run", (&|r: &mut Record| r.run = "b".into()) as &dyn Fn(&mut Record)),
        ("shards", &|r| r.count = 5),
        ("loadgen 2", &|r| r.version = "2".into()),
        ("one has fired \"GET http://h/\", the other \"GET http://h/b\": request", &|r| {
            r.fired[0].name = "GET http://h/b".into();
            r.fired[0].plan.request = b"GET /b HTTP/1.1\r\n\r\n".to_vec();
        }),
        ("same moment", &|r| r.fired[0].at_unix_ns = 2),
        ("connections 11 and not 10", &|r| r.fired[0].plan.connections = 11),
        ("both say that they are shard 0", &|r| r.index = 0),
        ("schema is \"phase-lab/shard/9\"", &|r| r.schema = "phase-lab/shard/9".into()),
    ] {
        let refusal = refused(change);
        assert!(refusal.contains(why), "{why}: {refusal}");
    }
}

#[test]
fn a_broken_file_counts_as_missing_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let put = |record: &Record, text: &str| {
        fs::write(folder.path().join(record::file_name(record.part())), text).unwrap();
    };
    for index in [0, 1, 2] {
        put(&shard(index), &line(&shard(index)));
    }
    let whole = line(&shard(3));
    put(&shard(3), &whole[..whole.len() / 2]);
    fs::write(folder.path().join("notes.txt"), "no shard").unwrap();
    let gathered = gather(&[Source::of(folder.path())]).unwrap();
    let [missing] = gathered.missing.as_slice() else { panic!("{:?}", gathered.missing) };
    assert!(missing.part.index == 3 && missing.why.contains("shard-3-of-4.json: is broken"), "{missing:?}");
    assert_eq!(gathered.wholes[0].outcome.ok, 300);
}

#[test]
fn what_holds_no_shard_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let why = gather(&[Source::of(folder.path())]).unwrap_err();
    assert!(why.contains("holds no shard") && why.contains("--shard-dir"), "{why}");
    let run = folder.path().join("run.json");
    fs::write(&run, "{\"schema\": \"phase-lab/run/1\"}").unwrap();
    assert!(gather(&[Source::of(&run)]).unwrap_err().contains("its schema is \"phase-lab/run/1\""));
    fs::write(&run, "{").unwrap();
    assert!(gather(&[Source::of(&run)]).unwrap_err().contains("none of the shards can be read"));
    assert!(gather(&[Source::of(Path::new("/no/such/file"))]).unwrap_err().contains("/no/such/file"));
}

#[test]
fn an_interrupted_shard_makes_the_result_partial() {
    let mut interrupted = shard(3);
    interrupted.fired[0].outcome.interrupted = true;
    let gathered = merged_all(&[shard(0), shard(1), shard(2), interrupted]).unwrap();
    assert!(gathered.is_partial() && gathered.missing.is_empty());
    assert!(gathered.complaint().unwrap().contains("shard 3 (host3): was interrupted"));
}

#[test]
fn a_trial_that_was_broken_off_is_partial_and_the_others_are_whole() {
    let mut all = [shard(0), shard(1), shard(2), shard(3)];
    for record in &mut all[1..] {
        let mut second = record.fired[0].clone();
        (second.name, second.at_unix_ns) = ("the second".into(), 2_000);
        record.fired.push(second);
    }
    let gathered = merged_all(&all).unwrap();
    let counted: Vec<_> =
        gathered.wholes.iter().map(|whole| (whole.name.as_str(), whole.shards.len())).collect();
    assert_eq!(counted, [("GET http://h/", 4), ("the second", 3)]);
    assert!(gathered.is_partial());
    assert!(gathered.complaint().unwrap().contains("the second is in 3 of 4 files only"));
}

#[test]
fn what_can_not_have_been_measured_is_broken() {
    for (why, change) in [
        ("shard 9 of 4", (&|r: &mut Record| r.index = 9) as &dyn Fn(&mut Record)),
        ("fired nothing", &|r| r.fired.clear()),
        ("not a latency for each answer", &|r| r.fired[0].outcome.ok += 1),
        ("a count that is too large", &|r| r.fired[0].outcome.bytes_read = u64::MAX),
    ] {
        let mut record = shard(1);
        change(&mut record);
        let refusal = merged_all(&[record]).unwrap_err();
        assert!(refusal.contains(why), "{why}: {refusal}");
    }
}
