//! The places that name every phase, and how another one joins them.
//!
//! They are edited as text, by adding to it and nothing else, so that comments and order stay as they are. A place
//! that does not look as it should is an error that names it, and never a guess.

use super::name::Name;

/// A phase that is to join, and the one that it begins as.
#[derive(Debug)]
pub(super) struct Joining<'a> {
    pub(super) name: &'a Name,
    pub(super) from: &'a Name,
    /// What reports say that it adds.
    pub(super) idea: &'a str,
}

/// Makes a file's text one that knows the phase, too, or says what it looked for in vain.
pub(super) type Edit = fn(&str, &Joining<'_>) -> Result<String, String>;

/// The list of the phases, from which all of `loadgen` has them.
pub(super) const LIST: &str = "loadgen/src/phases.rs";
/// The workloads.
pub(super) const SCENARIOS: &str = "loadgen/scenarios.toml";

/// Each file, what it is to know, and how it learns it.
pub(super) const PLACES: [(&str, &str, Edit); 5] = [
    ("Cargo.toml", "a member of the workspace, for the others to depend on", workspace),
    ("loadgen/Cargo.toml", "a dependency", dependency),
    (LIST, "one of the phases; its idea stands there", list),
    (SCENARIOS, "a row of each workload that the other has one in", scenarios),
    ("fuzz/Cargo.toml", "a dependency, since the fuzz targets try every phase", fuzz),
];

/// The phases that the list names, in its order.
pub(super) fn listed(list: &str) -> Vec<Name> {
    list.lines().filter_map(|line| entry(line.trim())).collect()
}

fn workspace(text: &str, joining: &Joining<'_>) -> Result<String, String> {
    let member = |line: &str| Name::of_any(line.trim().strip_prefix('"')?.strip_suffix("\",")?);
    let text = line(text, joining, "[workspace] members", member)?;
    line(&text, joining, "[workspace.dependencies]", by_path)
}

fn fuzz(text: &str, joining: &Joining<'_>) -> Result<String, String> {
    line(text, joining, "[dependencies]", by_path)
}

/// The phase that a line such as `phase0-serial = { path = "../phase0-serial" }` depends on.
fn by_path(line: &str) -> Option<Name> {
    Name::of_any(line.split_once(" = { path = ")?.0)
}

fn dependency(text: &str, joining: &Joining<'_>) -> Result<String, String> {
    line(text, joining, "[dependencies]", |line| Name::of_any(line.strip_suffix(".workspace = true")?))
}

/// Adds a line like that of the phase it begins as, behind the last of such lines whose phase comes before it.
fn line(
    text: &str,
    joining: &Joining<'_>,
    section: &str,
    phase: impl Fn(&str) -> Option<Name>,
) -> Result<String, String> {
    let Joining { name, from, .. } = joining;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let model = lines.iter().find(|line| phase(line.trim_end()).as_ref() == Some(from));
    let place = lines
        .iter()
        .rposition(|line| phase(line.trim_end()).is_some_and(|phase| phase.number < name.number))
        .map(|last| last + 1);
    let (Some(model), Some(place)) = (model, place) else {
        return Err(format!("a line of {section} for {from}"));
    };
    let added = model.replace(&from.to_string(), &name.to_string());
    Ok([&lines[..place], &[added.as_str()], &lines[place..]].concat().concat())
}

/// The phase whose entry in the list begins with this line: `phase0_serial = "phase0-serial" {`.
fn entry(line: &str) -> Option<Name> {
    let (ident, rest) = line.split_once(" = \"")?;
    let name = Name::of_any(rest.strip_suffix("\" {")?)?;
    (name.ident() == ident).then_some(name)
}

fn list(text: &str, joining: &Joining<'_>) -> Result<String, String> {
    let Joining { name, from, idea } = joining;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let of = |line: &&str| entry(line.trim());
    let end = |start: usize| Some(start + 1 + lines[start..].iter().position(|line| line.trim() == "}")?);
    let model = lines.iter().position(|line| of(line).as_ref() == Some(from));
    let last = lines.iter().rposition(|line| of(line).is_some_and(|phase| phase.number < name.number));
    // What it can do is what the other can.
    let abilities = model.and_then(|start| {
        let entry = &lines[start..end(start)?];
        let first = entry.iter().position(|line| line.trim_start().starts_with("workers: "))?;
        Some(entry[first..entry.len() - 1].concat())
    });
    let (Some(model), Some(place), Some(abilities)) = (model, last.and_then(end), abilities) else {
        return Err(format!("an entry {} = \"{from}\" {{ … workers: … }}", from.ident()));
    };
    let indent = &lines[model][..lines[model].len() - lines[model].trim_start().len()];
    let added = format!(
        "{indent}{} = \"{name}\" {{\n{indent}    help: {:?},\n{indent}    idea: {idea:?},\n{abilities}{indent}}}\n",
        name.ident(),
        capitalised(idea),
    );
    Ok([&lines[..place], &[added.as_str()], &lines[place..]].concat().concat())
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// In each list of rows that has the other phase, behind the last phase that comes before it.
fn scenarios(text: &str, joining: &Joining<'_>) -> Result<String, String> {
    const OPEN: &str = "\nrows = [";
    let Joining { name, from, .. } = joining;
    let (mut made, mut rest) = (String::new(), text);
    while let Some(start) = rest.find(OPEN) {
        let (before, rows) = rest.split_at(start + OPEN.len());
        made.push_str(before);
        let Some((rows, after)) = rows.find(']').map(|end| rows.split_at(end)) else {
            return Err("the ] of each rows = [".into());
        };
        made.push_str(&with_row(rows, name, from));
        rest = after;
    }
    made.push_str(rest);
    if made == text {
        return Err(format!("a scenario that has \"{from}\" among its rows"));
    }
    Ok(made)
}

/// The inside of a list of rows, with one for the phase if the other has one.
fn with_row(rows: &str, name: &Name, from: &Name) -> String {
    let quoted: Vec<(usize, &str)> = rows
        .match_indices('"')
        .map(|(at, _)| at)
        .collect::<Vec<_>>()
        .chunks_exact(2)
        .map(|ends| (ends[1] + 1, &rows[ends[0] + 1..ends[1]]))
        .collect();
    let phase = |row: &str| Name::of_any(row.split(' ').next()?);
    let last =
        quoted.iter().rev().find(|(_, row)| phase(row).is_some_and(|phase| phase.number < name.number));
    match last {
        Some(&(end, _)) if quoted.iter().any(|(_, row)| *row == from.to_string()) => {
            // As the rows before it are set.
            let line = rows[..end].rfind('\n').map(|line| &rows[line..]);
            let indent = line.and_then(|line| line.split('"').next()).unwrap_or(" ");
            format!("{},{indent}\"{name}\"{}", &rows[..end], &rows[end..])
        }
        _ => rows.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: &str = "\
[workspace]
members = [
    \"http1\",
    \"phase3-pooled\", # loops
    \"phase3-pooled\",
    \"phase4-keepalive\",
    \"loadgen\",
]

[workspace.dependencies]
phase3-pooled = { path = \"phase3-pooled\", version = \"0.1.0\" }
# The last one.
phase4-keepalive = { path = \"phase4-keepalive\", version = \"0.1.0\" }
loadgen = { path = \"loadgen\", version = \"0.1.0\" }
";

    fn name(text: &str) -> Name {
        Name::of_any(text).unwrap()
    }

    fn with<T>(new: &str, from: &str, run: impl FnOnce(&Joining<'_>) -> T) -> T {
        run(&Joining { name: &name(new), from: &name(from), idea: "say \"it\"" })
    }

    #[test]
    fn a_line_is_added_behind_the_last_phase_and_nothing_else_changes() {
        let made = with("phase5-mine", "phase3-pooled", |joining| workspace(CARGO, joining)).unwrap();
        let expected = CARGO.replace("    \"loadgen\"", "    \"phase5-mine\",\n    \"loadgen\"").replace(
            "loadgen = {",
            "phase5-mine = { path = \"phase5-mine\", version = \"0.1.0\" }\nloadgen = {",
        );
        assert_eq!(made, expected);
    }

    #[test]
    fn a_phase_that_comes_in_between_stands_in_between() {
        let dependencies =
            "phase4-keepalive.workspace = true\nphase7-late.workspace = true\nserver.workspace = true\n";
        let made = with("phase6-mine", "phase7-late", |joining| dependency(dependencies, joining)).unwrap();
        assert_eq!(made, dependencies.replace("phase7", "phase6-mine.workspace = true\nphase7"));
    }

    #[test]
    fn an_entry_of_the_list_has_the_idea_and_can_do_what_the_other_can() {
        let entry = |ident: &str, name: &str, workers: &str, keeps: bool| {
            format!(
                "    {ident} = \"{name}\" {{\n        help: \"H\",\n        idea: \"i\",\n        workers: {workers},\n        keeps: {keeps},\n    }}\n"
            )
        };
        let four = entry("phase4_keepalive", "phase4-keepalive", "None", true);
        let text =
            format!("before {{\n{}{four}}}\n", entry("phase1_threads", "phase1-threads", "Some(10)", false));
        let made = with("phase5-mine", "phase1-threads", |joining| list(&text, joining)).unwrap();
        let five = entry("phase5_mine", "phase5-mine", "Some(10)", false)
            .replace("\"H\"", r#""Say \"it\"""#)
            .replace("\"i\"", r#""say \"it\"""#);
        assert_eq!(made, text.replace(&four, &(four.clone() + &five)));
        let names: Vec<_> = listed(&made).iter().map(Name::to_string).collect();
        assert_eq!(names, ["phase1-threads", "phase4-keepalive", "phase5-mine"]);
    }

    #[test]
    fn rows_are_added_where_the_other_has_one_and_set_as_those_are() {
        let text = "\
[[scenario]]
rows = [
    \"phase3-pooled\",
    \"phase4-keepalive\",
    \"canned\",
]
ablations = [\"phase4-keepalive --close\"]

[[scenario]]
rows = [\"phase4-keepalive\", \"canned\"]

[[scenario]]
rows = [\"phase3-pooled\"]

[[scenario]]
rows = [\"phase4-keepalive --close\"]
";
        let made = with("phase5-mine", "phase4-keepalive", |joining| scenarios(text, joining)).unwrap();
        let expected = text
            .replace("    \"canned\"", "    \"phase5-mine\",\n    \"canned\"")
            .replace(", \"canned\"]", ", \"phase5-mine\", \"canned\"]");
        assert_eq!(made, expected);
    }

    #[test]
    fn a_place_that_lacks_what_is_looked_for_is_not_guessed_at() {
        for (_, _, edit) in PLACES {
            let error =
                with("phase5-mine", "phase4-keepalive", |joining| edit("# nothing\n", joining)).unwrap_err();
            assert!(error.contains("phase4-keepalive"), "{error}");
        }
        let only_member = CARGO.split("[workspace.dependencies]").next().unwrap();
        let error = with("phase5-mine", "phase4-keepalive", |joining| workspace(only_member, joining));
        assert_eq!(error.unwrap_err(), "a line of [workspace.dependencies] for phase4-keepalive");
        let cut = "x\nrows = [\"phase4-keepalive\"";
        let error = with("phase5-mine", "phase4-keepalive", |joining| scenarios(cut, joining)).unwrap_err();
        assert!(error.contains("] of each"), "{error}");
    }
}
