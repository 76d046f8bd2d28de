//! A page's generated blocks, each between two comments.

/// A block: what stands between `<!-- NAME WHAT -->` and `<!-- /NAME -->`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    pub(crate) name: &'a str,
    pub(crate) what: &'a str,
    pub(crate) line: usize,
}

/// The names that a block can have.
const NAMES: [&str; 9] =
    ["code", "diff", "changes", "=", "measured", "climb", "exercises", "solutions", "run"];
/// How other comments begin that mean something to us.
const OTHERS: [&str; 2] = ["not run: ", "of "];
const OPEN: &str = "<!-- ";
const CLOSE: &str = " -->";

/// The page with what `make` gives in each block, and what could not be made, each with its line. What `make` has nothing
/// for stays as it is.
pub(crate) fn fill(
    text: &str,
    mut make: impl FnMut(&Block<'_>) -> Result<Option<String>, String>,
) -> (String, Vec<String>) {
    let mut out = String::with_capacity(text.len());
    let mut wrong = Vec::new();
    let mut rest = text;
    while let Some((before, block, content, after)) = next(rest) {
        let line = text[..text.len() - rest.len() + before.len()].matches('\n').count() + 1;
        out.push_str(before);
        let Ok((name, what)) = block else {
            wrong.push(format!("{line}: {}", block.unwrap_err()));
            rest = after;
            continue;
        };
        if name == "=" && (before.is_empty() || before.ends_with('\n')) && line > 1 {
            // Markdown would take the rest of the line for HTML.
            wrong.push(format!("{line}: a figure must not begin a line"));
        }
        let made = make(&Block { name, what, line });
        let content = match made {
            Ok(Some(made)) if name == "=" => made,
            Ok(Some(made)) => format!("\n{}\n", made.trim_end()),
            Ok(None) => content.to_owned(),
            Err(error) => {
                wrong.push(format!("{line}: {error}"));
                content.to_owned()
            }
        };
        let space = if what.is_empty() { "" } else { " " };
        out.extend([OPEN, name, space, what, CLOSE, &content, OPEN, "/", name, CLOSE]);
        rest = after;
    }
    out.push_str(rest);
    wrong.extend(unknown(text));
    (out, wrong)
}

/// Comments that are neither a block's nor one of the others that mean something: a slip of the pen in a block's name would
/// leave what is in it to drift.
fn unknown(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut opened, mut at) = (Vec::new(), 0);
    while let Some(start) = text[at..].find("<!--").map(|start| at + start) {
        let inner = &text[start + "<!--".len()..];
        let Some(end) = inner.find("-->") else { break };
        at = start + "<!--".len() + end;
        let words = inner[..end].trim();
        let name = words.split(' ').next().unwrap_or_default();
        let closes = name.strip_prefix('/').filter(|name| opened.last() == Some(name));
        if NAMES.contains(&name) {
            opened.push(name);
        } else if closes.is_some() {
            opened.pop();
        } else if !OTHERS.iter().any(|other| words.starts_with(other)) {
            let line = text[..start].matches('\n').count() + 1;
            wrong.push(format!("{line}: nothing is known of a comment '{words}'"));
        }
    }
    wrong
}

type Next<'a> = (&'a str, Result<(&'a str, &'a str), String>, &'a str, &'a str);

/// What comes before the next block, the block, what is in it, and what comes behind.
fn next(text: &str) -> Option<Next<'_>> {
    let mut from = 0;
    loop {
        let start = from + text[from..].find(OPEN)?;
        let inner = &text[start + OPEN.len()..];
        let end = inner.find("-->")?;
        let words = inner[..end].trim();
        let (name, what) = words.split_once(' ').unwrap_or((words, ""));
        if !NAMES.contains(&name) {
            from = start + OPEN.len();
            continue;
        }
        let content = &inner[end + "-->".len()..];
        let close = format!("{OPEN}/{name}{CLOSE}");
        return Some(if let Some((content, after)) = content.split_once(close.as_str()) {
            (&text[..start], Ok((name, what.trim())), content, after)
        } else {
            let kept = text.len() - content.len();
            (&text[..kept], Err(format!("the block '{words}' has no end, {close}")), "", content)
        });
    }
}

/// The text without any comment, for those who read only what is shown.
pub(crate) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("<!--") {
        let Some((_, after)) = comment.split_once("-->") else { break };
        out.push_str(before);
        // A comment that had a line for itself takes the line along.
        let alone = before.is_empty() || before.ends_with('\n');
        rest = if alone { after.strip_prefix('\n').unwrap_or(after) } else { after };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_filled_and_what_is_around_it_stays() {
        let page = "a\n<!-- code x.rs fn f -->\nold\n<!-- /code -->\nb <!-- = s / r / qps -->1<!-- /= --> c\n<!-- of 12 -->\n";
        let mut seen = Vec::new();
        let (filled, wrong) = fill(page, |block| {
            seen.push((block.name.to_owned(), block.what.to_owned(), block.line));
            Ok(Some(format!("new {}", block.name)))
        });
        assert_eq!(
            filled,
            "a\n<!-- code x.rs fn f -->\nnew code\n<!-- /code -->\nb <!-- = s / r / qps -->new =<!-- /= --> c\n<!-- of 12 -->\n"
        );
        assert!(wrong.is_empty());
        assert_eq!(seen, [("code".into(), "x.rs fn f".into(), 2), ("=".into(), "s / r / qps".into(), 5)]);
    }

    #[test]
    fn what_can_not_be_made_stays_and_is_told_with_its_line() {
        let page = "\n<!-- climb -->\nold\n<!-- /climb -->\n<!-- diff a b -->\n";
        let (filled, wrong) = fill(page, |_| Err("no".into()));
        assert_eq!(filled, page);
        assert_eq!(wrong.len(), 2);
        assert_eq!(wrong[0], "2: no");
        assert!(wrong[1].contains("has no end"), "{}", wrong[1]);
    }

    #[test]
    fn a_slip_of_the_pen_in_a_name_is_told() {
        let (_, wrong) =
            fill("a\n<!-- mesured s: r -->\n1\n<!-- /mesured -->\n<!-- /code -->\n", |_| Ok(None));
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(wrong[0].starts_with("2: nothing is known of a comment 'mesured"), "{}", wrong[0]);
    }

    #[test]
    fn a_figure_that_begins_a_line_is_told() {
        let page = "The rate is\n<!-- = s / r / qps -->1<!-- /= --> a second.\n";
        let (_, wrong) = fill(page, |_| Ok(Some("1".into())));
        assert_eq!(wrong, ["2: a figure must not begin a line"]);
    }

    #[test]
    fn a_comment_goes_with_its_line() {
        assert_eq!(without_comments("a\n<!-- b -->\nc <!-- = -->1<!-- /= --> d\n"), "a\nc 1 d\n");
    }
}
