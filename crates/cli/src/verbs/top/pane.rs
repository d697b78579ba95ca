//! A text that may be longer than the screen, and which part of it is shown.

use ratatui::crossterm::event::KeyCode;
use ratatui::text::Span;

/// A text, and where on the screen it begins.
#[derive(Clone, Debug)]
pub(super) struct Pane {
    text: String,
    /// The first line that is shown, of those that there are at the width of the screen.
    first: usize,
    /// How many lines there were when it was drawn last.
    lines: usize,
    /// How many of them there was room for.
    room: usize,
}

impl Pane {
    /// One that is shown from its beginning.
    pub(super) fn new(text: String) -> Self {
        Self { text, first: 0, lines: 0, room: 0 }
    }

    /// What a key means for it; others mean nothing.
    pub(super) fn key(&mut self, key: KeyCode) {
        let page = self.room.saturating_sub(1).max(1);
        self.first = match key {
            KeyCode::Down | KeyCode::Char('j') => self.first.saturating_add(1),
            KeyCode::Up | KeyCode::Char('k') => self.first.saturating_sub(1),
            KeyCode::PageDown | KeyCode::Char(' ') => self.first.saturating_add(page),
            KeyCode::PageUp => self.first.saturating_sub(page),
            KeyCode::Home => 0,
            KeyCode::End => usize::MAX,
            _ => self.first,
        };
        self.stay_inside();
    }

    /// The lines that are shown in so many columns and rows.
    pub(super) fn shown(&mut self, columns: usize, rows: usize) -> Vec<String> {
        let lines = wrapped(&self.text, columns.max(1));
        (self.lines, self.room) = (lines.len(), rows);
        self.stay_inside();
        lines.into_iter().skip(self.first).take(rows).collect()
    }

    /// The keys, and which lines are shown where those are not all; as it was drawn last.
    pub(super) fn help(&self) -> String {
        if self.lines <= self.room {
            return "Esc back".to_owned();
        }
        let last = (self.first + self.room).min(self.lines);
        let more = if last < self.lines { ", more below" } else { "" };
        let (first, lines) = (self.first + 1, self.lines);
        format!(
            "lines {first}-{last} of {lines}{more}  Esc back  Up Down PgUp PgDn Home End scroll"
        )
    }

    /// The last line is not further up than the last row.
    fn stay_inside(&mut self) {
        self.first = self.first.min(self.lines.saturating_sub(self.room));
    }
}

/// The lines of a text, cut where they are wider than so many columns: at the last blank, or else in a word.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut all = Vec::new();
    for line in text.lines() {
        let mut rest = line;
        loop {
            let fits = fitting(rest, columns);
            let (Some(fitting), Some(beyond)) = (rest.get(..fits), rest.get(fits..)) else { break };
            if beyond.is_empty() {
                break;
            }
            // A blank of the indentation is no place to cut: the word behind it would be no shorter.
            let indent = rest.len() - rest.trim_start().len();
            let blank = fitting.rfind(' ').filter(|at| *at > indent && !beyond.starts_with(' '));
            let end = blank.unwrap_or(fits);
            all.push(rest.get(..end).unwrap_or_default().trim_end().to_owned());
            rest = rest.get(end..).unwrap_or_default().trim_start();
        }
        if !rest.is_empty() || line.is_empty() {
            all.push(rest.to_owned());
        }
    }
    all
}

/// How many bytes of a text fit into so many columns; at least those of one letter.
fn fitting(text: &str, columns: usize) -> usize {
    let mut wide = 0;
    for (at, letter) in text.char_indices() {
        let end = at + letter.len_utf8();
        wide += Span::raw(text.get(at..end).unwrap_or_default()).width();
        if wide > columns && at > 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thirty lines, in so many columns and rows.
    fn pane(columns: usize, rows: usize) -> Pane {
        let text: String = (1..=30).map(|number| format!("line {number}\n")).collect();
        let mut pane = Pane::new(text);
        pane.shown(columns, rows);
        pane
    }

    fn first_and_last(pane: &mut Pane, rows: usize) -> (String, String) {
        let shown = pane.shown(80, rows);
        (shown.first().unwrap().clone(), shown.last().unwrap().clone())
    }

    #[test]
    fn keys_scroll_and_stay_inside() {
        let mut pane = pane(80, 10);
        for (key, first, last) in [
            (KeyCode::Up, 1, 10),
            (KeyCode::Down, 2, 11),
            (KeyCode::Char('j'), 3, 12),
            (KeyCode::Char('k'), 2, 11),
            (KeyCode::PageDown, 11, 20),
            (KeyCode::Char('t'), 11, 20),
            (KeyCode::PageDown, 20, 29),
            (KeyCode::PageDown, 21, 30),
            (KeyCode::Down, 21, 30),
            (KeyCode::PageUp, 12, 21),
            (KeyCode::Home, 1, 10),
            (KeyCode::PageUp, 1, 10),
            (KeyCode::End, 21, 30),
            (KeyCode::Up, 20, 29),
        ] {
            pane.key(key);
            let expected = (format!("line {first}"), format!("line {last}"));
            assert_eq!(first_and_last(&mut pane, 10), expected, "{key:?}");
        }
    }

    #[test]
    fn a_screen_of_another_size_has_as_much_as_it_can() {
        let mut pane = pane(80, 10);
        pane.key(KeyCode::End);
        for (rows, first) in [(10, 21), (25, 6), (40, 1), (5, 1), (1, 1)] {
            let last = (first + rows - 1).min(30);
            let expected = (format!("line {first}"), format!("line {last}"));
            assert_eq!(first_and_last(&mut pane, rows), expected, "{rows}");
        }
        assert!(pane.shown(80, 0).is_empty());
        pane.key(KeyCode::PageDown);
        assert_eq!(pane.shown(0, 3).len(), 3);
        // Narrower, there are more lines; wider again, fewer.
        pane.key(KeyCode::End);
        assert_eq!(pane.shown(4, 3).len(), 3);
        pane.key(KeyCode::End);
        assert_eq!(first_and_last(&mut pane, 3), ("line 28".to_owned(), "line 30".to_owned()));
    }

    #[test]
    fn it_is_told_whether_there_is_more() {
        let mut pane = pane(80, 10);
        assert!(pane.help().starts_with("lines 1-10 of 30, more below  Esc back"));
        pane.key(KeyCode::Down);
        assert!(pane.help().starts_with("lines 2-11 of 30, more below  Esc back"));
        pane.key(KeyCode::End);
        assert!(pane.help().starts_with("lines 21-30 of 30  Esc back"));
        assert!(pane.help().len() <= 80);
        pane.shown(80, 30);
        assert_eq!(pane.help(), "Esc back");
        let mut nothing = Pane::new(String::new());
        assert!(nothing.shown(80, 10).is_empty());
        assert_eq!(nothing.help(), "Esc back");
    }

    #[test]
    fn lines_are_cut_between_words() {
        for (text, columns, expected) in [
            ("one two three", 8, &["one two", "three"][..]),
            ("one two three", 7, &["one two", "three"]),
            ("one two", 5, &["one", "two"]),
            ("  onetwothree", 6, &["  onet", "wothre", "e"]),
            ("one\n\ntwo", 5, &["one", "", "two"]),
            ("\u{4e2d}\u{4e2d}\u{4e2d}", 4, &["\u{4e2d}\u{4e2d}", "\u{4e2d}"]),
            ("\u{4e2d}\u{4e2d}", 1, &["\u{4e2d}", "\u{4e2d}"]),
            ("one     ", 3, &["one"]),
        ] {
            assert_eq!(wrapped(text, columns), expected, "{text}");
        }
    }
}
