//! The live view: rows, a line of what can be typed, and the explanation of one container.

use std::future::pending;
use std::pin::{Pin, pin};
use std::time::Duration;

use host::{Origin, Question};
use model::Target;
use model::switch::SwitchSource;
use ratatui::crossterm::event::KeyCode;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Row, Table};
use ratatui::{DefaultTerminal, Frame};
use report::v1::PortRates;
use report::{printable, v1, views};
use tokio::sync::mpsc::{self, Sender};
use tokio::time::{Instant, sleep_until};

use super::columns::{WHO, columns, fitted, help};
use super::keys::{self, Input};
use super::order::Order;
use super::pane::Pane;
use super::selection::Selection;
use super::{Counted, Source};
use crate::args::{SortKey, TopArgs};
use crate::live::stopped;
use crate::outcome::CliError;

/// What is shown.
struct State {
    order: Order,
    all: Vec<PortRates>,
    bar: Selection,
    /// Whether the filter is being typed.
    typing: bool,
    /// The explanation of a container, in the place of the rows.
    explained: Option<Pane>,
    /// What could not be had.
    trouble: Option<String>,
}

/// Shows rows until it is ended, and leaves the terminal as it was.
///
/// # Errors
/// The terminal cannot be used.
pub(super) async fn show(source: &mut Source<'_>, args: &TopArgs) -> Result<(), CliError> {
    let cannot = |error| CliError::new(format!("cannot use the terminal: {error}"));
    let terminal = ratatui::try_init().map_err(cannot)?;
    let shown = tokio::select! {
        () = stopped() => Ok(()),
        shown = follow(source, args, terminal) => shown,
    };
    ratatui::restore();
    shown
}

async fn follow(
    source: &mut Source<'_>,
    args: &TopArgs,
    mut terminal: DefaultTerminal,
) -> Result<(), CliError> {
    let mut typed = keys::read()?;
    let origin = source.origin;
    // Neither a key nor the end waits for a source that is silent: what is asked goes on beside them.
    let (tell, mut told) = mpsc::channel(1);
    let mut count = pin!(count(source, args.delay, tell));
    let mut explaining: Option<Explaining<'_>> = None;
    let mut state = State {
        order: Order::new(args.sort),
        all: Vec::new(),
        bar: Selection::default(),
        typing: false,
        explained: None,
        trouble: None,
    };
    loop {
        let draw = terminal.draw(|frame| state.draw(frame));
        draw.map_err(|error| CliError::new(format!("cannot draw: {error}")))?;
        tokio::select! {
            biased;
            input = typed.recv() => match input {
                Some(Input::Key(key)) if state.typing => state.type_filter(key),
                Some(Input::Key(KeyCode::Enter)) if state.explained.is_none() => {
                    let ask = |row| -> Explaining<'_> { Box::pin(explain(origin, row)) };
                    explaining = state.selected().map(ask);
                }
                Some(Input::Key(KeyCode::Char('q') | KeyCode::Esc)) if state.explained.is_none() => {
                    return Ok(());
                }
                Some(Input::Key(key)) => state.key(key),
                Some(Input::Interrupt) | None => return Ok(()),
                Some(Input::Redraw) => {}
            },
            text = explained(&mut explaining) => {
                explaining = None;
                state.explained = Some(Pane::new(text));
            }
            Some(counted) = told.recv() => state.take(counted),
            () = &mut count => return Ok(()),
        }
    }
}

/// What is asked about a container.
type Explaining<'a> = Pin<Box<dyn Future<Output = String> + 'a>>;

/// Its end; none where nothing is asked.
async fn explained(explaining: &mut Option<Explaining<'_>>) -> String {
    match explaining {
        Some(asked) => asked.await,
        None => pending().await,
    }
}

/// Counts again and again, for as long as that is heard.
async fn count(source: &mut Source<'_>, delay: Duration, tell: Sender<Result<Counted, CliError>>) {
    loop {
        let due = Instant::now() + delay;
        if tell.send(source.next().await).await.is_err() {
            return;
        }
        sleep_until(due).await;
    }
}

impl State {
    fn take(&mut self, counted: Result<Counted, CliError>) {
        match counted {
            Ok(counted) => {
                self.all = counted.rows;
                let uncounted = counted.uncounted.join("; ");
                self.trouble = Some(uncounted).filter(|told| !told.is_empty());
            }
            Err(error) => self.trouble = Some(error.to_string()),
        }
    }

    fn rows(&self) -> Vec<PortRates> {
        self.order.of(self.all.clone())
    }

    fn type_filter(&mut self, key: KeyCode) {
        match key {
            KeyCode::Char(letter) => self.order.filter.push(letter),
            KeyCode::Backspace => drop(self.order.filter.pop()),
            KeyCode::Esc => {
                self.order.filter.clear();
                self.typing = false;
            }
            KeyCode::Enter => self.typing = false,
            _ => {}
        }
        self.bar.select_first();
    }

    fn key(&mut self, key: KeyCode) {
        if let Some(pane) = &mut self.explained {
            match key {
                KeyCode::Esc | KeyCode::Char('q') | KeyCode::Enter => self.explained = None,
                key => pane.key(key),
            }
            return;
        }
        let sort = match key {
            KeyCode::Char('t') => Some(SortKey::Traffic),
            KeyCode::Char('p') => Some(SortKey::Packets),
            KeyCode::Char('d') => Some(SortKey::Drops),
            KeyCode::Char('e') => Some(SortKey::Errors),
            KeyCode::Char('n') => Some(SortKey::Name),
            KeyCode::Char('o') => Some(SortKey::Port),
            _ => None,
        };
        if let Some(sort) = sort {
            self.order.key = sort;
        }
        match key {
            KeyCode::Char('r') => self.order.reversed = !self.order.reversed,
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Down | KeyCode::Char('j') => self.bar.select_next(),
            KeyCode::Up | KeyCode::Char('k') => self.bar.select_previous(),
            KeyCode::Home => self.bar.select_first(),
            KeyCode::End => self.bar.select_last(),
            _ => {}
        }
    }

    fn selected(&self) -> Option<PortRates> {
        let mut rows = self.rows();
        let at = self.bar.at(&rows)?;
        Some(rows.swap_remove(at))
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        let [title, body, foot] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)])
                .areas(frame.area());
        let rows = self.rows();
        let told = self.title(rows.len());
        frame.render_widget(Line::from(told).style(Modifier::BOLD), title);
        if let Some(pane) = &mut self.explained {
            let shown = pane.shown(body.width.into(), body.height.into());
            frame.render_widget(Paragraph::new(shown.join("\n")), body);
        } else {
            let table = table(&rows, body.width, self.order.key);
            self.bar.follow(&rows);
            frame.render_stateful_widget(table, body, self.bar.table());
        }
        let foot_text = match (&self.explained, self.typing) {
            (Some(pane), _) => pane.help(),
            (None, true) => format!("/{}_  Enter keep  Esc clear", printable(&self.order.filter)),
            (None, false) => help(foot.width).to_owned(),
        };
        frame.render_widget(Line::from(foot_text).style(Modifier::DIM), foot);
    }

    fn title(&self, shown: usize) -> String {
        if let Some(trouble) = &self.trouble {
            return format!("docker ovs top: {}", printable(trouble));
        }
        let order = if self.order.reversed { ", reversed" } else { "" };
        let filter = match self.order.filter.as_str() {
            "" => String::new(),
            filter => format!(", filter {}", printable(filter)),
        };
        format!(
            "docker ovs top: {shown} of {} ports by {}{order}{filter}",
            self.all.len(),
            self.order.key.word()
        )
    }
}

/// The rows in the columns that there is room for.
fn table(rows: &[PortRates], width: u16, key: SortKey) -> Table<'static> {
    let columns = columns(width, key);
    let shown =
        columns.iter().filter_map(|(column, wide)| Some((views::TOP.table.get(*column)?, *wide)));
    let header: Vec<_> = shown.clone().map(|((header, _), _)| *header).collect();
    let body = rows.iter().map(|row| {
        let cells = shown.clone().map(|((_, cell), wide)| fitted(printable(&cell(row)), wide));
        Row::new(cells.collect::<Vec<_>>())
    });
    let body: Vec<_> = body.collect();
    // Names get what is left.
    let widths = columns.iter().map(|(column, wide)| match *column {
        WHO => Constraint::Min(*wide),
        _ => Constraint::Length(*wide),
    });
    Table::new(body, widths)
        .header(Row::new(header).style(Modifier::BOLD))
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
}

/// What `docker ovs explain` says of the container on a row.
async fn explain(origin: &Origin, row: PortRates) -> String {
    let Some(container) = &row.container else {
        return format!("port {} of {}: {}", row.ofport, row.bridge, row.who);
    };
    explanation(origin, container).await.unwrap_or_else(|error| error.to_string())
}

async fn explanation(origin: &Origin, container: &str) -> Result<String, CliError> {
    let asked = Target::parse(container)?;
    let question = Question {
        target: Some(asked.clone()),
        tenants: true,
        sources: SwitchSource::ALL.to_vec(),
        traffic: true,
        ..Question::default()
    };
    let look = origin.look(&question).await;
    let subject = look.subject(&asked)?;
    let found = look.attachments_of(subject)?;
    let rows: Vec<_> = found.iter().map(|found| v1::Explanation::of(found, subject)).collect();
    Ok(report::explain(&rows))
}
