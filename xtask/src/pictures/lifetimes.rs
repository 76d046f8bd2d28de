//! Which memory lives how long: what a request needs, made anew each time, or kept for the next one.

use super::canvas::{Anchor, Canvas, WIDTH};

/// What a request needs: the fields of phase 3's `Exchange`.
const OBJECTS: [&str; 5] = ["input", "parser", "request", "response", "output"];
/// When each is first needed, and when it is needed no longer, as shares of a request's time.
const USED: [(f64, f64); 5] = [(0.0, 0.95), (0.05, 0.45), (0.12, 0.7), (0.3, 0.8), (0.5, 0.95)];
/// Requests one after the other.
const REQUESTS: usize = 4;

const LEFT: f64 = 120.0;
const RIGHT: f64 = 16.0;
const ROW: f64 = 20.0;
const BAR: f64 = 13.0;

pub(super) fn picture() -> String {
    let title = "Phase 3: what one request needed, the next one needs too";
    let mut canvas = Canvas::new(
        title,
        "Above, each of four requests allocates an input buffer, a parser, a request, a response and an output, and gives \
         them back. Below, the same five lie in a pool and live through all four requests.",
    );
    let step = (WIDTH - LEFT - RIGHT) / REQUESTS as f64;
    let height = ROW * OBJECTS.len() as f64;
    canvas.words(title, (LEFT, 24.0), Anchor::Start, "bold");
    let (upper, lower) = (78.0, 78.0 + height + 44.0);
    let heads = [
        (upper, "phase 2: made and given back for each request"),
        (lower, "phase 3: taken from a pool, given back to it"),
    ];
    for (top, words) in heads {
        canvas.words(words, (LEFT, top - 20.0), Anchor::Start, "muted");
        for (index, name) in OBJECTS.iter().enumerate() {
            canvas.words(name, (LEFT - 10.0, top + ROW * index as f64 + 11.0), Anchor::End, "small");
        }
        for request in 0..=REQUESTS {
            let x = LEFT + step * request as f64;
            canvas.line((x, top - 8.0), (x, top + height), "grid");
        }
    }
    for (index, (from, to)) in USED.iter().enumerate() {
        let y = ROW * index as f64;
        for request in 0..REQUESTS {
            let x = LEFT + step * request as f64 + 4.0;
            let inner = step - 8.0;
            canvas.bar((x + inner * from, upper + y), (inner * (to - from), BAR), "p2");
            canvas.bar((x + inner * from, lower + y), (inner * (to - from), BAR), "p3");
        }
        // What is kept is there from the first request on, also between its uses.
        canvas.bar(
            (LEFT + 4.0 + (step - 8.0) * from, lower + y + 4.0),
            (WIDTH - RIGHT - LEFT - 4.0 - (step - 8.0) * from, BAR - 8.0),
            "p3",
        );
    }
    for request in 0..REQUESTS {
        let x = LEFT + step * (request as f64 + 0.5);
        canvas.words(
            &format!("request {}", request + 1),
            (x, lower + height + 16.0),
            Anchor::Middle,
            "muted small",
        );
    }
    canvas.finish(lower + height + 28.0)
}

#[cfg(test)]
mod tests {
    use super::OBJECTS;

    #[test]
    fn the_objects_are_the_fields_of_an_exchange() {
        let source = include_str!("../../../phase3-pooled/src/pool.rs");
        let fields = source.split("struct Exchange {").nth(1).and_then(|rest| rest.split('}').next());
        let fields: Vec<_> = fields
            .expect("an exchange")
            .lines()
            .filter_map(|line| line.trim().strip_prefix("pub(crate) ")?.split(':').next())
            .collect();
        assert_eq!(fields, OBJECTS);
    }
}
