//! Which packets go where: a connection for each request, one that is kept, and requests that do not await each other.

use super::canvas::{Anchor, Canvas, WIDTH};

/// A packet, by what it carries, and whether the client sent it.
type Packet = (&'static str, bool);

const OPEN: [Packet; 3] = [("SYN", true), ("SYN, ACK", false), ("ACK", true)];
const ASK: [Packet; 2] = [("GET", true), ("200", false)];
const CLOSE: [Packet; 2] = [("FIN", false), ("FIN", true)];

const TOP: f64 = 92.0;
const ROW: f64 = 21.0;
/// How far an arrow falls on its way: packets take time.
const FALL: f64 = 8.0;

/// What stands above each column, its packets, and their colour.
fn columns() -> [(&'static str, &'static str, Vec<Packet>, &'static str); 3] {
    let each = [OPEN.as_slice(), &ASK, &CLOSE].concat();
    let kept = [OPEN.as_slice(), &ASK, &ASK, &ASK].concat();
    let pipelined = [OPEN.as_slice(), &[("GET GET GET", true), ("200 200 200", false)]].concat();
    [
        ("a connection each", "phase 3", each.repeat(3), "a3"),
        ("one is kept", "phase 4", kept, "a4"),
        ("and not awaited", "phase 4, pipelined", pipelined, "a4"),
    ]
}

pub(super) fn picture() -> String {
    let title = "Phase 4: open once, ask often";
    let mut canvas = Canvas::new(
        title,
        "Three columns of packets between client and server, for three requests each. On the left each request opens and closes \
         a connection. In the middle one connection carries all three. On the right the three requests go out before the \
         first answer, and the three answers come back together.",
    );
    canvas.words(title, (20.0, 24.0), Anchor::Start, "bold");
    let columns = columns();
    let width = WIDTH / columns.len() as f64;
    let mut rows = 0;
    for (index, (what, who, packets, class)) in columns.iter().enumerate() {
        let (left, right) = (width * index as f64 + 40.0, width * (index + 1) as f64 - 40.0);
        let middle = f64::midpoint(left, right);
        canvas.words(what, (middle, 50.0), Anchor::Middle, "");
        canvas.words(who, (middle, 67.0), Anchor::Middle, "muted small");
        canvas.words("client", (left, 82.0), Anchor::Middle, "muted small");
        canvas.words("server", (right, 82.0), Anchor::Middle, "muted small");
        rows = rows.max(packets.len());
        for (row, (carries, from_client)) in packets.iter().enumerate() {
            let y = TOP + ROW * row as f64;
            let (start, end) = if *from_client { (left, right) } else { (right, left) };
            canvas.arrow((start, y), (end, y + FALL), class);
            canvas.words(carries, (middle, y + 1.0), Anchor::Middle, "small halo");
        }
        canvas.line((left, TOP - 4.0), (left, TOP + ROW * packets.len() as f64), "edge");
        canvas.line((right, TOP - 4.0), (right, TOP + ROW * packets.len() as f64), "edge");
    }
    canvas.finish(TOP + ROW * rows as f64 + 12.0)
}

#[cfg(test)]
mod tests {
    use super::{ASK, columns};

    #[test]
    fn a_request_needs_as_many_packets_as_the_lesson_says() {
        let lesson = include_str!("../../../phase4-keepalive/README.md");
        let lesson = lesson.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(lesson.contains("needs seven packets in the picture below; on an open one it needs two"));
        let [each, kept, pipelined] = columns().map(|(_, _, packets, _)| packets);
        assert_eq!((each.len(), ASK.len()), (3 * 7, 2));
        let words = |packets: &[super::Packet], word: &str| -> usize {
            packets.iter().map(|(carries, _)| carries.matches(word).count()).sum()
        };
        for packets in [each, kept, pipelined] {
            assert_eq!((words(&packets, "GET"), words(&packets, "200")), (3, 3), "three requests each");
        }
    }
}
