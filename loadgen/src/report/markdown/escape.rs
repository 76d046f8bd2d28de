//! Text that others wrote, as Markdown that says it and does nothing else.
//!
//! A server's answer, a name or a scenario's sentence may hold what looks like markup. Parts between single
//! backticks are code, as everywhere in the lab's own sentences.

/// A sentence outside of a table.
pub(super) fn inline(text: &str) -> String {
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
    inline(&text.replace('\n', " ")).replace('|', "\\|")
}

/// A name as a cell in the shape of code.
pub(super) fn code_cell(text: &str) -> String {
    let fence = "`".repeat(longest_run(text) + 1);
    // A space beside a backtick that is the name's own is taken away again where it is shown.
    let air = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // In a table a pipe is escaped in code, too.
    format!("{fence}{air}{}{air}{fence}", text.replace('\n', " ").replace('|', "\\|"))
}

/// A block of code that none of its lines can end.
pub(super) fn block(language: &str, text: &str) -> String {
    let fence = "`".repeat((longest_run(text) + 1).max(3));
    format!("{fence}{language}\n{text}\n{fence}\n")
}

/// What is no code: without tags, links and pictures.
fn plain(text: &str) -> String {
    text.replace('\\', "\\\\").replace('<', "&lt;").replace('[', "\\[")
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
        assert_eq!(code_cell("a|b"), "`a\\|b`");
        assert_eq!(code_cell("a`b"), "``a`b``");
        assert_eq!(code_cell("`a"), "`` `a ``");
    }

    #[test]
    fn a_block_ends_with_its_fence_only() {
        assert_eq!(block("sh", "echo"), "```sh\necho\n```\n");
        assert_eq!(block("sh", "a\n```\nb"), "````sh\na\n```\nb\n````\n");
    }
}
