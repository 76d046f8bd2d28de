//! Trends on a terminal.

use super::super::format::{or_none, rate};
use super::super::terminal::wrap;
use super::trend::{Machine, Point, Trend};

/// Runs that a line has room for; of more the last ones are shown.
const SPARKS_MAX: usize = 20;
/// Blanks between columns.
const GAP: usize = 2;
/// How far numbers are moved in where the name has a line of its own.
const INDENT: usize = 2;
const TITLES: [&str; 4] = ["first", "last", "median", "n"];

/// All machines in at most `width` columns.
pub fn text(machines: &[Machine], width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for machine in machines {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let runs = if machine.runs == 1 { "1 run".into() } else { format!("{} runs", machine.runs) };
        lines.extend(wrap(&format!("{}: {runs}, requests per second", machine.name), width));
        for group in machine.trends.chunk_by(|a, b| a.scenario == b.scenario) {
            lines.push(String::new());
            lines.extend(table(group, width));
        }
    }
    let marked = machines.iter().flat_map(|m| &m.trends).flat_map(|t| &t.points).any(is_marked);
    let mut notes = vec![
        "Each block is a run, the highest one the best of its row. Machines drift: what all rows share is more \
         likely the machine than the code.",
    ];
    if marked {
        notes.push("q: quick, fewer than three trials; p: partial. The median is that of the other runs, where there are any.");
    }
    if machines.iter().flat_map(|m| &m.trends).flat_map(|t| &t.points).any(|point| point.changed) {
        notes.push("^: since that run a level is another.");
    }
    lines.push(String::new());
    lines.extend(notes.into_iter().flat_map(|note| wrap(note, width.min(100))));
    lines.join("\n") + "\n"
}

fn is_marked(point: &Point) -> bool {
    point.quick || point.partial
}

/// A block for each run, from the lowest to the highest rate.
fn sparks(points: &[Point]) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let low = points.iter().map(|point| point.qps).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|point| point.qps).fold(0.0, f64::max);
    let level = |qps: f64| {
        // What hardly moves is drawn flat: noise that fills the height would look like news.
        let floor = low.min(high * 0.8);
        let share = if high > floor { (qps - floor) / (high - floor) } else { 1.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 7")]
        let index = (share.clamp(0.0, 1.0) * 7.0).round() as usize;
        LEVELS[index]
    };
    points.iter().map(|point| level(point.qps)).collect()
}

/// A mark under each block of a run that says less than the others or begins a level; empty where there is none.
fn marks(points: &[Point]) -> String {
    let mark = |point: &Point| match (point.changed, point.partial, point.quick) {
        (true, ..) => '^',
        (false, true, _) => 'p',
        (false, false, true) => 'q',
        (false, false, false) => ' ',
    };
    points.iter().map(mark).collect::<String>().trim_end().to_owned()
}

fn table(trends: &[Trend], width: usize) -> Vec<String> {
    let rows: Vec<_> = trends.iter().map(|trend| (trend, cells(trend))).collect();
    let widths: Vec<usize> = (0..TITLES.len())
        .map(|index| {
            let cells = rows.iter().map(|(_, cells)| cells[index].len());
            cells.chain([TITLES[index].len()]).max().unwrap_or(0)
        })
        .collect();
    let scenario = trends.first().map_or("", |trend| trend.scenario.as_str());
    let names = trends.iter().map(|trend| trend.row.chars().count()).max();
    let numbers: usize = widths.iter().map(|width| width + GAP).sum();
    let shown = trends.iter().map(|trend| trend.points.len()).max().unwrap_or(0).min(SPARKS_MAX);
    let names = names.unwrap_or(0);
    let beside = names + numbers + GAP + shown <= width;
    let start = if beside { names } else { INDENT };
    let shown = shown.min(width.saturating_sub(start + numbers + GAP));
    let line = |cells: &[String; 4]| -> String {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("  {cell:>width$}"));
        padded.collect::<Vec<_>>().concat()
    };
    let titles = line(&TITLES.map(str::to_owned));
    let mut lines = Vec::new();
    if beside && scenario.chars().count() <= names {
        lines.push(format!("{scenario:start$}{titles}"));
    } else {
        lines.extend(wrap(scenario, width));
        lines.push(format!("{:start$}{titles}", ""));
    }
    for (trend, cells) in &rows {
        let last = &trend.points[trend.points.len().saturating_sub(shown)..];
        if !beside {
            lines.push(trend.row.clone());
        }
        let name = if beside { trend.row.as_str() } else { "" };
        lines.push(format!("{name:start$}{}  {}", line(cells), sparks(last)));
        let marks = marks(last);
        if !marks.is_empty() {
            lines.push(format!("{:1$}{marks}", "", start + numbers + GAP));
        }
    }
    lines
}

fn cells(trend: &Trend) -> [String; 4] {
    let end = |point: Option<&Point>| or_none(point, |point| rate(point.qps));
    [
        end(trend.points.first()),
        end(trend.points.last()),
        or_none(trend.median(), rate),
        trend.points.len().to_string(),
    ]
}
