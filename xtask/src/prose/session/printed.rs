//! What commands printed, beside what a page says that they print.

use super::Step;

/// Stands for what differs from run to run.
const ANYTHING: &str = "…";

/// The block as it should be: what was printed, but where that is what the page says. A line whose `…` no longer fits stays, and
/// is told: what stands for anything must not become one run's figure by itself.
pub(super) fn settled(steps: &[Step], outputs: &[String]) -> (String, Vec<String>) {
    let mut lines = vec!["```console".to_owned()];
    let mut lost = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let mut command = step.command.lines();
        lines.extend(command.next().map(|line| format!("$ {line}")));
        lines.extend(command.map(|line| format!("> {line}")));
        let output = outputs.get(index).map_or("", String::as_str);
        let printed: Vec<&str> = output.lines().collect();
        if matches(&step.printed, &printed) {
            lines.extend(step.printed.iter().cloned());
        } else if step.printed.iter().any(|said| said.contains(ANYTHING)) {
            lost.push(format!(
                "'{}' should print\n{}\nand printed\n{output}",
                step.command,
                step.printed.join("\n")
            ));
            lines.extend(step.printed.iter().cloned());
        } else {
            lines.extend(printed.iter().map(|line| (*line).to_owned()));
        }
    }
    lines.push("```".to_owned());
    (lines.join("\n"), lost)
}

/// Whether lines are as they are said to be.
fn matches(said: &[String], is: &[&str]) -> bool {
    match said.split_first() {
        None => is.is_empty(),
        Some((first, rest)) if first.trim() == ANYTHING => {
            (0..=is.len()).any(|skipped| matches(rest, &is[skipped..]))
        }
        Some((first, rest)) => {
            is.split_first().is_some_and(|(line, others)| fits(first, line) && matches(rest, others))
        }
    }
}

/// Whether a line is as it is said to be.
fn fits(said: &str, is: &str) -> bool {
    let is = is.trim_end();
    let mut parts = said.trim_end().split(ANYTHING);
    let Some(mut rest) = parts.next().and_then(|first| is.strip_prefix(first)) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_ellipsis_stands_for_what_differs() {
        assert!(fits("took … ms", "took 12 ms") && fits("…", "") && fits("a", "a"));
        assert!(!fits("took … ms", "took 12 s") && !fits("a", "ab") && !fits("a…a", "a"));
        assert!(matches(&lines("a\n…\nd"), &["a", "b", "c", "d"]) && matches(&lines("a\n…\nd"), &["a", "d"]));
        assert!(!matches(&lines("a\n…\nd"), &["a", "b"]) && !matches(&lines(""), &["a"]));
    }

    #[test]
    fn what_stands_for_anything_never_becomes_one_runs_figure() {
        let step = |printed| [Step { command: "a".into(), printed: lines(printed) }];
        let (block, lost) = settled(&step("0.8… s"), &["0.79 s".into()]);
        assert!(block.contains("\n0.8… s\n") && lost.len() == 1, "{block} {lost:?}");
        assert!(lost[0].contains("0.79 s"), "{lost:?}");
        let (block, lost) = settled(&step("3"), &["4".into()]);
        assert!(block.contains("\n4\n") && lost.is_empty(), "{block} {lost:?}");
    }
}
