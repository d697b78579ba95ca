//! `--format`, as Docker's commands have it.

use std::str::FromStr;

use serde::Serialize;

use crate::cell::printable_lines;
use crate::csv;
use crate::format_error::FormatError;
use crate::table::{self, Cells};
use crate::template::Template;
use crate::v1::Row;

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
    Template(Template),
    /// `table TEMPLATE`: a Go template for each row, its tabs made into columns.
    TableOf(Template),
}

impl Format {
    /// Whether rows may not suit it: a template can ask for what a row does not have.
    pub fn is_template(&self) -> bool {
        matches!(self, Self::Template(_) | Self::TableOf(_))
    }

    /// Checks, before anything is asked, whether it suits rows of that kind.
    ///
    /// # Errors
    /// A template that names a field that none of them has.
    pub fn check<T: Row>(&self) -> Result<(), FormatError> {
        match self {
            Self::Template(template) | Self::TableOf(template) => template.check(T::NAME),
            Self::Table | Self::Csv | Self::Json => Ok(()),
        }
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        match text {
            // What a variable of a shell is that is not set; Docker takes it for a table too.
            "" | "table" => Ok(Self::Table),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ if !text.contains("{{") => Err(FormatError::new(format!(
                "no such format: {text:?}; use table, csv, json, or a template such as '{{{{.OFPort}}}}'"
            ))),
            _ => match text.strip_prefix("table") {
                // As Docker has it: with a blank after the word, or without.
                Some(rest) => Template::parse(rest.trim_matches(' ')).map(Self::TableOf),
                None => Template::parse(text).map(Self::Template),
            },
        }
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
    RowFormat { format, cells, view }.under(true, &mut Vec::new(), rows)
}

/// Rows that come one after the other, batch by batch: a table has one header, before its first row.
pub struct Stream<T: 'static> {
    format: Format,
    cells: Cells,
    view: &'static View<T>,
    is_begun: bool,
    /// Columns get wider with what comes, and never narrower.
    widths: Vec<usize>,
}

impl<T: Serialize> Stream<T> {
    /// Nothing was laid out yet.
    pub fn new(format: &Format, cells: Cells, view: &'static View<T>) -> Self {
        Self { format: format.clone(), cells, view, is_begun: false, widths: Vec::new() }
    }

    /// Lays out more rows; no rows are no text.
    ///
    /// # Errors
    /// As [`render`].
    pub fn more(&mut self, rows: &[T]) -> Result<String, FormatError> {
        if rows.is_empty() {
            return Ok(String::new());
        }
        let of = RowFormat { format: &self.format, cells: self.cells, view: self.view };
        let text = of.under(!self.is_begun, &mut self.widths, rows)?;
        self.is_begun = true;
        Ok(text)
    }
}

/// How rows are laid out.
struct RowFormat<'a, T: 'static> {
    format: &'a Format,
    cells: Cells,
    view: &'a View<T>,
}

impl<T: Serialize> RowFormat<'_, T> {
    /// Lays them out, under the header of a table or without it, in columns that are at least so wide.
    fn under(
        &self,
        header: bool,
        widths: &mut Vec<usize>,
        rows: &[T],
    ) -> Result<String, FormatError> {
        let Self { format, cells, view } = self;
        match format {
            Format::Table => {
                let lines = || with_header(view.table, rows).skip(usize::from(!header));
                Ok(table::lay_out_wider(lines, *cells, widths))
            }
            Format::Csv => Ok(lines(rows.iter().map(|row| csv_line(view.csv, row)))),
            Format::Json => Ok(lines(rows.iter().map(json))),
            Format::Template(template) => {
                let rows: Result<String, _> =
                    template.rows(rows).map(|row| Ok(row? + "\n")).collect();
                rows.map(|rows| printable_lines(&rows).into_owned())
            }
            Format::TableOf(template) => {
                let body: Vec<String> = template.rows(rows).collect::<Result<_, _>>()?;
                let header = header.then(|| template.header());
                let all = || header.iter().chain(&body);
                let split = |line: &String| line.split('\t').map(str::to_owned).collect();
                Ok(table::lay_out_wider(|| all().map(split), *cells, widths))
            }
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
