//! An item of a source file: a function, a type, a trait.

/// The lines of the first item whose first line has these words, without what stands before it, moved to the left.
///
/// It ends where rustfmt lets it end: at the next bracket that stands as far left as its first line does.
pub(crate) fn item(source: &str, words: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let start = lines.iter().position(|line| begins(line, words))?;
    let indent = lines[start].len() - lines[start].trim_start().len();
    let closes = |line: &&str| {
        line.len() - line.trim_start().len() == indent && line.trim_start().starts_with(['}', ']'])
    };
    let is_one_line = lines[start].ends_with([';', '}', ',']);
    let end = if is_one_line { start } else { start + 1 + lines[start + 1..].iter().position(closes)? };
    let moved = lines[start..=end].iter().map(|line| line.get(indent..).unwrap_or_default());
    Some(moved.collect::<Vec<_>>().join("\n"))
}

/// Whether a line has the words as whole words, and is no comment.
fn begins(line: &str, words: &str) -> bool {
    let line = line.trim_start();
    let word = |c: char| c.is_alphanumeric() || c == '_';
    !line.starts_with("//")
        && line.find(words).is_some_and(|at| {
            let is_whole = !(words.ends_with(word) && line[at + words.len()..].starts_with(word));
            is_whole && !line[..at].ends_with(word)
        })
}

#[cfg(test)]
mod tests {
    use super::item;

    const SOURCE: &str = "\
//! fn serve is the lesson.
impl A {
    /// Serves.
    pub fn serve(
        a: u8,
    ) -> u8 {
        if a == 0 {
            1
        } else {
            2
        }
    }

    fn serve_all() {}
}
const MAX: u8 = 3;
";

    #[test]
    fn an_item_ends_at_its_own_bracket() {
        let wanted = "pub fn serve(\n    a: u8,\n) -> u8 {\n    if a == 0 {\n        1\n    } else {\n        2\n    }\n}";
        assert_eq!(item(SOURCE, "fn serve").as_deref(), Some(wanted));
    }

    #[test]
    fn an_item_of_one_line_is_that_line() {
        assert_eq!(item(SOURCE, "const MAX").as_deref(), Some("const MAX: u8 = 3;"));
        assert_eq!(item(SOURCE, "fn serve_all").as_deref(), Some("fn serve_all() {}"));
        assert_eq!(item(SOURCE, "fn serve_all("), item(SOURCE, "fn serve_all"));
        assert_eq!(item(SOURCE, "fn nothing"), None);
    }
}
