//! Figures of the lessons that look measured and were typed.
//!
//! What is measured has decimals and a unit, or says how many times as much something is. Such a figure belongs into a block that
//! fills it from the reference run. What follows from premises in front of the reader (10 / 2 ms = 5,000) has neither.

use std::path::Path;

use super::page;

/// The units of what the lab measures of a server, and `x` for how many times.
const UNITS: [&str; 3] = ["µs", "MiB", "x"];
/// Of the report that the lab reproduces, and no measurement of ours.
const REPORTED: [&str; 1] = ["17.2x"];

/// The typed figures of a lesson, each with its line. Other pages may quote what was measured elsewhere.
pub(super) fn figures(page: &Path, text: &str) -> Vec<String> {
    let is_lesson =
        page.starts_with("book") || (page.ends_with("README.md") && page.parent() != Some(Path::new("")));
    if !is_lesson {
        return Vec::new();
    }
    // Blocks become empty and keep their lines.
    let (bare, _) = page::fill(text, |block| Ok((block.name == "=").then(String::new)));
    let mut wrong = Vec::new();
    let (mut in_code, mut in_block) = (false, false);
    for (index, line) in bare.lines().enumerate() {
        in_code ^= line.starts_with("```");
        in_block = (in_block || opens(line)) && !line.starts_with("<!-- /");
        if !in_code && !in_block {
            let found = without_code(line);
            wrong.extend(measured(&found).map(|figure| {
                format!(
                    "{}: '{figure}' looks measured and was typed; have it filled from the reference run",
                    index + 1
                )
            }));
        }
    }
    wrong
}

/// Whether a block of lines begins here.
fn opens(line: &str) -> bool {
    line.starts_with("<!-- ")
        && line.ends_with("-->")
        && !line.starts_with("<!-- not run")
        && !line.starts_with("<!-- of ")
}

/// The line without what stands in backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// Numbers with decimals and one of the units.
fn measured(line: &str) -> impl Iterator<Item = String> {
    let mut figures = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let number = &rest[start..];
        let end = number.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').unwrap_or(number.len());
        let (number, after) = number.split_at(end);
        let unit = UNITS.iter().find(|unit| {
            after
                .trim_start_matches([' ', '\u{a0}'])
                .strip_prefix(**unit)
                .is_some_and(|behind| !behind.starts_with(char::is_alphanumeric))
        });
        if let (Some(unit), true) = (unit, number.trim_end_matches(['.', ',']).contains('.')) {
            figures.push(format!("{number}{}{unit}", if *unit == "x" { "" } else { " " }));
        }
        rest = after;
    }
    figures.into_iter().filter(|figure| !REPORTED.contains(&figure.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_looks_measured_has_to_be_filled() {
        let page = "It costs 4.77 µs, 6.3 MiB and is 5.7x as fast as `1.5x`, not 17.2x.\n\nA wait of 2 ms, 10 / 2 ms = 5,000.\n<!-- = s / r / cpu -->4.85 µs<!-- /= --> so\n";
        let wrong = figures(Path::new("book/x.md"), &format!("so {page}"));
        let found: Vec<_> = wrong.iter().filter_map(|wrong| wrong.split('\'').nth(1)).collect();
        assert_eq!(found, ["4.77 µs", "6.3 MiB", "5.7x"], "{wrong:?}");
        assert!(figures(Path::new("CHANGELOG.md"), page).is_empty());
    }

    #[test]
    fn tables_and_code_are_not_looked_at() {
        let page = "<!-- measured s: r -->\n| a | 4.77 µs |\n<!-- /measured -->\n```text\n1.5x\n```\n";
        assert!(figures(Path::new("phase0-serial/README.md"), page).is_empty());
    }
}
