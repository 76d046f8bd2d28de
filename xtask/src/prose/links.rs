//! Links that lead nowhere.

use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The links of a page, by the line they are on, whose file or heading is not there. What is on the network is not asked
/// for: a check must give the same answer without one.
pub(super) fn broken(root: &Path, page: &Path, text: &str) -> Vec<String> {
    let folder = root.join(page.parent().unwrap_or(Path::new("")));
    let mut wrong = Vec::new();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event else {
            continue;
        };
        if dest_url.contains("://") || dest_url.starts_with("mailto:") {
            continue;
        }
        let (path, heading) = dest_url.split_once('#').unwrap_or((&dest_url, ""));
        let target = if path.is_empty() { root.join(page) } else { folder.join(path) };
        let line = text[..range.start].matches('\n').count() + 1;
        if !path.is_empty() && !target.exists() {
            wrong.push(format!("{line}: {dest_url} leads to nothing"));
        } else if !heading.is_empty() && path.is_empty() && !headings(text).contains(&heading.to_owned()) {
            wrong.push(format!("{line}: there is no heading #{heading} on this page"));
        } else if !heading.is_empty() && !path.is_empty() {
            let there = fs::read_to_string(&target).unwrap_or_default();
            if !headings(&there).contains(&heading.to_owned()) {
                wrong.push(format!("{line}: {path} has no heading #{heading}"));
            }
        }
    }
    wrong
}

/// Where a text's links lead.
pub(super) fn of(text: &str) -> Vec<String> {
    let links = Parser::new(text).filter_map(|event| match event {
        Event::Start(Tag::Link { dest_url, .. }) => Some(dest_url.into_string()),
        _ => None,
    });
    links.collect()
}

/// The names that a page's headings can be linked by: small letters, hyphens for spaces, nothing else but letters, digits
/// and underscores.
pub(super) fn headings(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => names.extend(heading.take().map(|heading| slug(&heading))),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            _ => {}
        }
    }
    names
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c => c.is_alphanumeric().then_some(c),
    });
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_file_and_a_heading() {
        let page = "# What it *is*, `now`\n\n[a](Cargo.toml) [b](gone.md) [c](#what-it-is-now) [d](#no) [e](https://x.example/)\n[f](README.md#nowhere)\n";
        let wrong = broken(Path::new(crate::cargo::ROOT), Path::new("page.md"), page);
        assert_eq!(
            wrong,
            [
                "3: gone.md leads to nothing",
                "3: there is no heading #no on this page",
                "4: README.md has no heading #nowhere"
            ]
        );
    }
}
