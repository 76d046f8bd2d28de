//! What belongs to the book: the pages of its summary, and what these link to.
//!
//! Below the book's folder everything has the path that it has in the workspace, but for READMEs, which are the first page of
//! their folder. A page or a source file that a lesson links to becomes a chapter at the end; pictures and reports go along as
//! they are. Of what those chapters at the end link to in turn only the words are kept: a book has an end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag};

use crate::prose::{fenced, without_comments};

const SUMMARY: &str = "book/SUMMARY.md";
/// The first page. mdBook shows it under a second address, at the top, and its links have to hold from there, too.
const FIRST: &str = "book/introduction.md";
/// The heading above the chapters that are not in the summary.
const FURTHER: &str = "What the lessons link to";

/// What a link leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Page,
    Code,
    /// A picture, or a page that is one already.
    Asset,
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        Some(match path.extension()?.to_str()? {
            "md" => Self::Page,
            "rs" | "toml" | "sh" | "yml" => Self::Code,
            "svg" | "html" => Self::Asset,
            _ => return None,
        })
    }
}

/// Every file of the book's source, by its path there.
pub(super) fn gather(root: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, String> {
    let summary = text(root, Path::new(SUMMARY))?;
    let pages: Vec<PathBuf> = targets(root, Path::new(SUMMARY), &summary).collect();
    let mut linked = BTreeSet::new();
    for page in &pages {
        linked.extend(targets(root, page, &text(root, page)?));
    }
    let further: Vec<PathBuf> = linked
        .iter()
        .filter(|path| matches!(Kind::of(path), Some(Kind::Page | Kind::Code)) && !pages.contains(path))
        .cloned()
        .collect();
    linked.extend(pages.iter().cloned());

    let mut files = BTreeMap::new();
    for path in &linked {
        let bytes = match Kind::of(path) {
            Some(Kind::Page) => {
                let adapted = with_links(root, path, &without_comments(&text(root, path)?), &linked);
                adapted.into_bytes()
            }
            Some(Kind::Code) => code(path, &text(root, path)?).into_bytes(),
            Some(Kind::Asset) => {
                fs::read(root.join(path)).map_err(|error| format!("{}: {error}", path.display()))?
            }
            None => continue,
        };
        files.insert(place(path), bytes);
    }
    files.insert("SUMMARY.md".into(), contents(root, &summary, &linked, &further).into_bytes());
    Ok(files)
}

/// The summary as mdBook wants it, at the top of all files, with the chapters that lessons link to.
fn contents(root: &Path, summary: &str, linked: &BTreeSet<PathBuf>, further: &[PathBuf]) -> String {
    let mut contents = String::new();
    let mut from = 0;
    for link in links(root, Path::new(SUMMARY), summary) {
        let Some(target) = link.target.filter(|target| linked.contains(target)) else { continue };
        contents.push_str(&summary[from..link.address.start]);
        contents.push_str(&place(&target).display().to_string());
        from = link.address.end;
    }
    contents.push_str(&summary[from..]);
    let _ = writeln!(contents, "\n# {FURTHER}\n");
    for path in further {
        let _ = writeln!(contents, "- [`{}`]({})", path.display(), place(path).display());
    }
    contents
}

fn text(root: &Path, path: &Path) -> Result<String, String> {
    fs::read_to_string(root.join(path)).map_err(|error| format!("{}: {error}", path.display()))
}

/// A source file as a chapter.
fn code(path: &Path, text: &str) -> String {
    let language = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let language = if language == "rs" { "rust" } else { language };
    format!("# `{}`\n\n{}\n", path.display(), fenced(language, text))
}

/// Where a file of the workspace is in the book.
fn place(path: &Path) -> PathBuf {
    match Kind::of(path) {
        Some(Kind::Code) => format!("{}.md", path.display()).into(),
        _ if path == Path::new(FIRST) => "introduction.md".into(),
        // The first page's second address is the top's index.
        _ if path == Path::new("README.md") => "overview.md".into(),
        _ if path.ends_with("README.md") => path.with_file_name("index.md"),
        _ => path.to_owned(),
    }
}

/// A link of a page: where it stands, where its address does, and the file that it leads to.
struct Link {
    whole: std::ops::Range<usize>,
    address: std::ops::Range<usize>,
    target: Option<PathBuf>,
    is_image: bool,
}

/// The links of a page that lead to files.
fn links(root: &Path, page: &Path, text: &str) -> Vec<Link> {
    let mut links = Vec::new();
    for (event, whole) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let Event::Start(
            tag @ (Tag::Link { link_type: LinkType::Inline, .. }
            | Tag::Image { link_type: LinkType::Inline, .. }),
        ) = event
        else {
            continue;
        };
        let (Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = &tag else { continue };
        if dest_url.contains("://") || dest_url.starts_with('#') {
            continue;
        }
        let path = dest_url.split('#').next().unwrap_or_default();
        let Some(at) = text[whole.clone()].rfind(&format!("]({path}")) else { continue };
        let start = whole.start + at + "](".len();
        links.push(Link {
            address: start..start + path.len(),
            target: resolved(root, page, path),
            is_image: matches!(tag, Tag::Image { .. }),
            whole,
        });
    }
    links
}

fn targets(root: &Path, page: &Path, text: &str) -> impl Iterator<Item = PathBuf> {
    links(root, page, text).into_iter().filter_map(|link| link.target)
}

/// The file that a link leads to, from the root. A folder is its README.
fn resolved(root: &Path, page: &Path, link: &str) -> Option<PathBuf> {
    let path = normal(&page.parent()?.join(link));
    let path = if root.join(&path).is_dir() { path.join("README.md") } else { path };
    root.join(&path).is_file().then_some(path)
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// The page with each link leading to where its file is in the book; those that lead out of it are words.
fn with_links(root: &Path, page: &Path, text: &str, linked: &BTreeSet<PathBuf>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for link in links(root, page, text) {
        // An image within a link that is words by now.
        if link.whole.start < from {
            continue;
        }
        let target = link.target.filter(|target| linked.contains(target));
        match target {
            Some(target) => {
                out.push_str(&text[from..link.address.start]);
                out.push_str(&relative(&place(page), &place(&target)));
                from = link.address.end;
            }
            None if link.is_image => {}
            None => {
                out.push_str(&text[from..link.whole.start]);
                out.push_str(text[link.whole.start + 1..link.address.start].trim_end_matches("]("));
                from = link.whole.end;
            }
        }
    }
    out.push_str(&text[from..]);
    out
}

/// How one file of the book is called from another.
fn relative(from: &Path, to: &Path) -> String {
    let from: Vec<_> = from.parent().unwrap_or(Path::new("")).components().collect();
    let to: Vec<_> = to.components().collect();
    let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - same);
    let down = to[same..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_where_its_file_is_in_the_book() {
        let root = Path::new(crate::cargo::ROOT);
        let linked = ["README.md", "phase0-serial/README.md", "phase0-serial/src/lib.rs"];
        let linked = linked.into_iter().map(PathBuf::from).collect();
        let page =
            "[a](../phase0-serial) [b](../phase0-serial/src/lib.rs) [`c`](../Cargo.toml) [d](../README.md#x)";
        assert_eq!(
            with_links(root, Path::new("book/x.md"), page, &linked),
            "[a](../phase0-serial/index.md) [b](../phase0-serial/src/lib.rs.md) `c` [d](../overview.md#x)"
        );
    }

    #[test]
    fn the_books_own_pages_all_have_a_place_in_it() {
        let root = Path::new(crate::cargo::ROOT).canonicalize().expect("a root");
        let files = gather(&root).expect("a book");
        let contents = String::from_utf8(files[Path::new("SUMMARY.md")].clone()).expect("text");
        for link in contents.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            assert!(files.contains_key(Path::new(link)), "{link} is in the contents and not in the book");
        }
    }
}
