use super::*;
use crate::report::sample;

/// Every run that the tests have, from nothing measured to everything.
fn runs() -> Vec<Document> {
    let mut empty = sample::document();
    for row in &mut empty.scenarios[0].rows {
        row.qps = None;
        row.latency_ns = None;
        row.speedup = None;
        row.server = super::super::super::Server::default();
        row.trials.clear();
    }
    vec![sample::document(), sample::reference(), sample::full(), empty]
}

#[test]
fn the_page_asks_the_network_for_nothing_and_runs_nothing() {
    for page in runs().iter().map(html) {
        let inner = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for part in ["http:", "https:", "<script", "@import", "url(", "src=\"", "<link rel=\"stylesheet"] {
            assert!(!inner.contains(part), "'{part}' in the page");
        }
    }
}

#[test]
fn names_of_servers_are_text_and_never_markup() {
    let page = html(&sample::full());
    assert!(!page.contains("mine <b>") && page.contains("mine &lt;b&gt;"), "a server's name is escaped");
    assert!(page.contains("&lt;html&gt; &amp; more"), "a sample is escaped");
}

#[test]
fn every_picture_has_a_title_a_description_and_its_values() {
    for page in runs().iter().map(html) {
        let pictures: Vec<_> = page.split("<figure").skip(1).collect();
        for picture in &pictures {
            for part in ["role=\"img\"", "<title id=", "<desc id=", "The values", "<table"] {
                assert!(picture.contains(part), "'{part}' is missing in {picture}");
            }
            assert!(!picture.contains("#0000"), "every colour has a class: {picture}");
        }
    }
    assert_eq!(
        html(&sample::reference()).matches("<figure").count(),
        20,
        "four for each scenario, and one that credits its mechanisms"
    );
}

#[test]
fn no_two_lines_of_a_picture_have_the_same_name() {
    for page in runs().iter().map(html) {
        for picture in page.split("<figure").skip(1) {
            let texts = picture.split("<text").skip(1).filter_map(|rest| rest.split_once("</text>"));
            // The names of lines have the colours of their servers, and no other words do.
            let is_name = |text: &&str| !text.contains("f-text") && !text.contains("f-muted");
            let names = texts.map(|(text, _)| text).filter(is_name);
            let mut names: Vec<_> = names.filter_map(|text| Some(text.split_once('>')?.1.trim())).collect();
            names.sort_unstable();
            let all = names.len();
            names.dedup();
            assert_eq!(names.len(), all, "{names:?}");
        }
    }
}

#[test]
fn a_scenario_may_be_called_as_a_section_is() {
    let mut document = sample::document();
    document.scenarios[0].name = "conditions".into();
    let page = html(&document);
    assert_eq!(page.matches("id=\"conditions\"").count(), 1);
    assert_eq!(
        page.matches("href=\"#scenario-conditions\"").count(),
        2,
        "from its tile and from the sections"
    );
}

#[test]
fn what_was_measured_is_drawn_and_what_was_not_is_left_out() {
    let (full, little) = (html(&sample::full()), html(&sample::document()));
    for part in ["The floor", "What bounds them", "allocations", "of the floor", "per held connection"] {
        assert!(full.contains(part), "'{part}' is missing");
        assert!(!little.contains(part), "'{part}' was not measured there");
    }
    assert!(full.contains("waterfall-kept") && full.contains("keep-alive"), "ablations are credited");
    assert!(full.contains("<p>Should win: "), "a guess is not taken for a result");
    for part in ["What the original report claimed", "does not hold", "can&#39;t be told", "17.2x"] {
        assert!(little.contains(part) || little.contains(&part.replace("&#39;", "'")), "'{part}' is missing");
    }
}

#[test]
fn a_picture_can_stand_in_a_file_of_its_own() {
    for scenario in runs().iter().flat_map(|run| &run.scenarios) {
        for (name, svg) in pictures(scenario) {
            assert!(name.ends_with(&format!("-{}", scenario.name)), "{name}");
            for part in [" width=\"480\" height=\"", "<title id=", "<style>", "prefers-color-scheme: dark"] {
                assert!(svg.contains(part), "'{part}' is missing in {name}");
            }
            assert!(!svg.contains("var(--paper)") || svg.contains("--paper: #"), "{name} has no colours");
        }
    }
}
