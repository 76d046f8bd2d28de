//! Tables, each in a box of its own that scrolls where there is no room.

use maud::{Markup, html};

use super::super::tables::{Cell, Table};

pub(crate) fn html(table: &Table) -> Markup {
    let class = |index: usize| if index < table.left { "word" } else { "number" };
    html! {
        // A box that scrolls must be reached without a mouse, too.
        div.scroll tabindex="0" {
            table {
                thead { tr { @for (index, title) in table.titles.iter().enumerate() {
                    th scope="col" class=(class(index)) { (title) }
                } } }
                tbody { @for row in &table.rows { tr {
                    @for (index, value) in row.iter().enumerate() {
                        @if index == 0 { th scope="row" class=(class(index)) { (cell(value)) } }
                        @else { td class=(class(index)) { (cell(value)) } }
                    }
                } } }
            }
        }
    }
}

fn cell(cell: &Cell) -> Markup {
    html! {
        @match cell {
            Cell::Text(text) => (ticked(text)),
            Cell::Code(text) => code { (name(text)) },
            Cell::Strong(text) => strong { (text) },
            Cell::Gauge(share, text) => {
                span.gauge aria-hidden="true" { span style=(format!("width:{:.0}%", share.clamp(0.0, 1.0) * 100.0)) {} }
                " " (text)
            },
        }
    }
}

/// A server's name, in which an option stays in one piece.
fn name(text: &str) -> Markup {
    html! {
        @for (index, word) in text.split(' ').enumerate() {
            @if index > 0 { " " }
            @if word.starts_with("--") { span.option { (word) } } @else { (word) }
        }
    }
}

/// Text whose parts between backticks are code, as in the sentences that Markdown has, too.
pub(crate) fn ticked(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
