//! `--format`, as Docker's commands have it.

use std::str::FromStr;

use serde::Serialize;

use crate::cell::printable_lines;
use crate::format_error::FormatError;
use crate::table::{self, Cells};
use crate::{csv, template};

/// How rows are laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns under a header.
    #[default]
    Table,
    /// Comma-separated values without a header (RFC 4180).
    Csv,
    /// One v1 object a line.
    Json,
    /// A Go template for each row.
    Template(String),
    /// `table TEMPLATE`: a Go template for each row, its tabs made into columns.
    TableOf(String),
}

impl Format {
    /// Whether rows may not suit it: a template can ask for what a row does not have.
    pub fn is_template(&self) -> bool {
        matches!(self, Self::Template(_) | Self::TableOf(_))
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let format = match text {
            "table" => Self::Table,
            "csv" => Self::Csv,
            "json" => Self::Json,
            _ if !text.contains("{{") => {
                return Err(FormatError::new(format!(
                    "no such format: {text:?}; use table, csv, json, or a template such as '{{{{.OFPort}}}}'"
                )));
            }
            _ => match text.strip_prefix("table ") {
                Some(rest) => Self::TableOf(rest.to_owned()),
                None => Self::Template(text.to_owned()),
            },
        };
        if let Self::TableOf(text) | Self::Template(text) = &format {
            template::check(text)?;
        }
        Ok(format)
    }
}

/// A column: its header, and how a row fills it.
pub type Column<T> = (&'static str, fn(&T) -> String);

/// How one kind of row is shown.
pub struct View<T: 'static> {
    /// The columns of its table.
    pub table: &'static [Column<T>],
    /// The fields of its CSV; headers are not printed.
    pub csv: &'static [Column<T>],
}

/// Lays out rows; every line is ended by a newline.
///
/// # Errors
/// A template that asks a row for something it does not have.
pub fn render<T: Serialize>(
    format: &Format,
    view: &View<T>,
    rows: &[T],
) -> Result<String, FormatError> {
    render_cells(format, Cells::Cut, view, rows)
}

/// The same with cells of this length.
///
/// # Errors
/// As [`render`].
pub fn render_cells<T: Serialize>(
    format: &Format,
    cells: Cells,
    view: &View<T>,
    rows: &[T],
) -> Result<String, FormatError> {
    match format {
        Format::Table => Ok(table::lay_out(|| with_header(view.table, rows), cells)),
        Format::Csv => Ok(lines(rows.iter().map(|row| csv_line(view.csv, row)))),
        Format::Json => Ok(lines(rows.iter().map(json))),
        Format::Template(text) => {
            let rows: Result<String, _> = rendered(text, rows).map(|row| Ok(row? + "\n")).collect();
            rows.map(|rows| printable_lines(&rows).into_owned())
        }
        Format::TableOf(text) => {
            let body: Vec<String> = rendered(text, rows).collect::<Result<_, _>>()?;
            let header = headers(text);
            let all = || std::iter::once(&header).chain(&body);
            let split = |line: &String| line.split('\t').map(str::to_owned).collect();
            Ok(table::lay_out(|| all().map(split), cells))
        }
    }
}

fn lines(rows: impl Iterator<Item = String>) -> String {
    rows.map(|row| row + "\n").collect()
}

fn with_header<T>(columns: &[Column<T>], rows: &[T]) -> impl Iterator<Item = Vec<String>> {
    let header = columns.iter().map(|(header, _)| (*header).to_owned()).collect();
    let body = rows.iter().map(|row| columns.iter().map(|(_, cell)| cell(row)).collect());
    std::iter::once(header).chain(body)
}

fn csv_line<T>(columns: &[Column<T>], row: &T) -> String {
    let fields: Vec<_> = columns.iter().map(|(_, cell)| cell(row)).collect();
    csv::line(fields.iter().map(String::as_str))
}

fn json<T: Serialize>(row: &T) -> String {
    // A row is made of strings, numbers and lists of them: it always has a JSON form.
    serde_json::to_string(row).unwrap_or_default()
}

fn rendered<T: Serialize>(
    text: &str,
    rows: &[T],
) -> impl Iterator<Item = Result<String, FormatError>> {
    rows.iter().map(move |row| template::render(text, row))
}

/// The header of a table template: each action becomes the field it names, in capitals.
fn headers(text: &str) -> String {
    let mut out = String::new();
    let text = text.replace("\\t", "\t");
    let mut rest = text.as_str();
    while let Some((before, action)) = rest.split_once("{{") {
        out.push_str(before);
        let (action, after) = action.split_once("}}").unwrap_or((action, ""));
        let field = action.split_whitespace().find_map(|word| word.strip_prefix('.'));
        out.push_str(&field.unwrap_or_default().to_uppercase());
        rest = after;
    }
    out + rest
}
