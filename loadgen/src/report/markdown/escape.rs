//! Text that others wrote, as Markdown that says it and does nothing else.
//!
//! A server's answer, a name or a scenario's sentence may hold what looks like markup. Parts between single
//! backticks are code, as everywhere in the lab's own sentences.

/// A sentence outside of a table, where a line may begin with it.
pub(crate) fn inline(text: &str) -> String {
    spans(&one_kind_of_line_end(text)).split('\n').map(begun).collect::<Vec<_>>().join("\n")
}

/// Text and code, wherever it stands in a line.
fn spans(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        let closed = parts.peek().is_some();
        match (is_code, closed) {
            (false, _) => out += &plain(part),
            // A part of several lines may hold an empty one, at which code would end.
            (true, true) if !part.trim().is_empty() && !part.contains('\n') => {
                // Two backticks in a row would be one longer mark.
                out += if out.ends_with('`') { " `" } else { "`" };
                out += part;
                out.push('`');
            }
            (true, _) => {
                out += "\\`";
                out += &plain(part);
                out += if closed { "\\`" } else { "" };
            }
        }
        is_code = !is_code;
    }
    out
}

/// The same as a cell, which ends at a pipe and at the end of a line.
pub(super) fn cell(text: &str) -> String {
    spans(&one_line(text)).replace('|', "\\|")
}

/// A name as a cell in the shape of code.
pub(super) fn code_cell(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    // A space beside a backtick that is the name's own is taken away again where it is shown.
    let air = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // In a table a pipe is escaped in code, too.
    format!("{fence}{air}{}{air}{fence}", one_line(text).replace('|', "\\|"))
}

/// A block of code that none of its lines can end.
pub(super) fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}{language}\n{text}\n{fence}\n")
}

/// What is no code: without tags, entities, links, pictures and emphasis.
fn plain(text: &str) -> String {
    let in_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '<' => out += "&lt;",
            '&' => out += "&amp;",
            // Within a word it is a part of it, as in `run_json`.
            '_' if in_word(before) && in_word(rest.clone().next()) => out.push(c),
            '\\' | '[' | '*' | '_' | '~' => out.extend(['\\', c]),
            _ => out.push(c),
        }
        before = Some(c);
    }
    out
}

/// A line that begins nothing but itself: no heading, quotation, list, rule or table.
fn begun(line: &str) -> String {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - number.len()];
    let is_mark = |marks: &str, text: &str| {
        let mut chars = text.chars();
        chars.next().is_some_and(|c| marks.contains(c)) && !chars.next().is_some_and(char::is_alphanumeric)
    };
    if text.starts_with('>') || is_mark("#+-=:|", text) || (!digits.is_empty() && is_mark(".)", number)) {
        return format!("{indent}{digits}\\{number}");
    }
    line.to_owned()
}

/// A carriage return ends a line, too, alone or with the feed that follows.
fn one_kind_of_line_end(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn one_line(text: &str) -> String {
    one_kind_of_line_end(text).replace('\n', " ")
}

/// How many backticks stand in a row, at most.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_links_of_others_are_text() {
        assert_eq!(inline("<script>x</script> ![a](http://b)"), "&lt;script>x&lt;/script> !\\[a](http://b)");
    }

    #[test]
    fn stars_underscores_and_tildes_of_others_emphasise_nothing() {
        assert_eq!(
            inline("*a* **b** _c_ __d__ ~~e~~"),
            "\\*a\\* \\*\\*b\\*\\* \\_c\\_ \\_\\_d\\_\\_ \\~\\~e\\~\\~"
        );
        assert_eq!(inline("run_json, (_x_y_)"), "run_json, (\\_x_y\\_)");
        assert_eq!(inline("`*a*` and _`b`_"), "`*a*` and \\_`b`\\_");
        assert_eq!(inline("&lt;b> \\*"), "&amp;lt;b> \\\\\\*");
    }

    #[test]
    fn a_line_of_others_is_no_heading_quotation_list_rule_or_table() {
        for (theirs, shown) in [
            ("# a", "\\# a"),
            ("###", "\\###"),
            ("> a", "\\> a"),
            (">a", "\\>a"),
            ("- a", "\\- a"),
            ("+ a", "\\+ a"),
            ("* a", "\\* a"),
            ("12. a", "12\\. a"),
            ("1) a", "1\\) a"),
            ("a\n===", "a\n\\==="),
            ("a\r---\r\n# b", "a\n\\---\n\\# b"),
            ("a\n  ---", "a\n  \\---"),
            ("a | b\n:-- | --", "a | b\n\\:-- | --"),
            ("a | b\n| -- |", "a | b\n\\| -- |"),
        ] {
            assert_eq!(inline(theirs), shown);
        }
        for plain in ["", "#a", "-3 %", "1.5 ms", "12", "a - b", "– a"] {
            assert_eq!(inline(plain), plain);
        }
    }

    #[test]
    fn code_stays_code_and_a_lone_backtick_is_one() {
        assert_eq!(inline("run `a <b>` now"), "run `a <b>` now");
        assert_eq!(inline("a ` <b>"), "a \\` &lt;b>");
        assert_eq!(inline("a `` <b>"), "a \\`\\` &lt;b>");
        assert_eq!(inline("`a``<b>`"), "`a` `<b>`");
        assert_eq!(inline("`a\n\n<b>`"), "\\`a\n\n&lt;b>\\`");
    }

    #[test]
    fn a_cell_ends_where_the_table_says() {
        assert_eq!(cell("a|b\nc"), "a\\|b c");
        assert_eq!(cell("|*a*\n- b"), "\\|\\*a\\* - b");
        assert_eq!(cell("a\r\nb\rc"), "a b c");
        assert_eq!(code_cell("a|b\rc"), "`a\\|b c`");
        assert_eq!(code_cell("a`b"), "``a`b``");
        assert_eq!(code_cell("`a"), "`` `a ``");
    }

    #[test]
    fn a_block_ends_with_its_fence_only() {
        assert_eq!(block("sh", "echo"), "```sh\necho\n```\n");
        assert_eq!(block("sh", "a\n```\nb"), "````sh\na\n```\nb\n````\n");
    }
}
