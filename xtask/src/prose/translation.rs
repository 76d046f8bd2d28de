//! A translation is held to the page that it is of, section by section.
//!
//! Nobody can check by program whether a translation says the same; that it was looked at again after its original had
//! changed can be. Above each section of `README.zh.md` stands a comment with the number of that section of `README.md` as
//! it was translated. A number that is another by now names the section to translate anew.

use crc32fast::hash;

use super::Sources;
use super::page;

const ORIGINAL: &str = "README.md";
const TRANSLATION: &str = "README.zh.md";

/// What has to be translated anew. Nothing of it can be written here: a number is set by whoever has translated.
pub(super) fn check(sources: &Sources) -> Result<Vec<String>, String> {
    let original = sources.text_of(ORIGINAL)?;
    let translated = sources.text_of(TRANSLATION)?;
    Ok(differences(&original, &translated))
}

fn differences(original: &str, translated: &str) -> Vec<String> {
    let wanted: Vec<_> = sections(original).map(|(title, number)| (title, mark(number))).collect();
    let found: Vec<_> = translated.lines().filter(|line| line.starts_with("<!-- of ")).collect();
    let mut wrong = Vec::new();
    for (index, (title, mark)) in wanted.iter().enumerate() {
        match found.get(index) {
            Some(line) if line == mark => {}
            _ => wrong.push(format!(
                "{TRANSLATION}: '{title}' of {ORIGINAL} is not translated as it is now; translate it, then put {mark} above it"
            )),
        }
    }
    if found.len() > wanted.len() {
        wrong.push(format!(
            "{TRANSLATION} has {} sections, and {ORIGINAL} has {}",
            found.len(),
            wanted.len()
        ));
    }
    wrong
}

fn mark(number: u32) -> String {
    format!("<!-- of {number:08x} -->")
}

/// The sections of a page, each with its title and a number that changes with what it says. What is generated in it is
/// generated in the translation, too.
fn sections(text: &str) -> impl Iterator<Item = (String, u32)> {
    let (bare, _) = page::fill(text, |_| Ok(Some(String::new())));
    let mut parts: Vec<String> = vec![String::new()];
    let mut in_code = false;
    for line in bare.lines() {
        in_code ^= line.starts_with("```");
        if !in_code && line.starts_with("## ") {
            parts.push(String::new());
        }
        let part = parts.last_mut().expect("there is one from the start");
        part.push_str(line);
        part.push('\n');
    }
    parts.into_iter().map(|part| {
        let title = part.lines().next().unwrap_or_default().trim_start_matches('#').trim().to_owned();
        let number = hash(part.trim().as_bytes());
        (title, number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_that_has_changed_is_to_be_translated_anew() {
        let original = "# A\nb\n<!-- climb -->\n1\n<!-- /climb -->\n\n## C\nd\n";
        let marks: Vec<_> = sections(original).map(|(_, number)| mark(number)).collect();
        let translated = format!("{}\n# X\n{}\n## Y\n", marks[0], marks[1]);
        assert!(differences(original, &translated).is_empty());
        assert!(differences(&original.replace('1', "2"), &translated).is_empty(), "a generated figure");
        let wrong = differences(&original.replace("d\n", "e\n"), &translated);
        assert_eq!(wrong.len(), 1);
        assert!(wrong[0].contains("'C'"), "{}", wrong[0]);
    }
}
