//! What is typed, and that the terminal has another size.

use std::io::IsTerminal;
use std::thread;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::outcome::CliError;

/// What happened at the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// A key was pressed.
    Key(KeyCode),
    /// Ctrl and C: the end.
    Interrupt,
    /// Something else that is to be drawn.
    Redraw,
}

/// Whether keys can be typed: standard input is a terminal.
pub(super) fn are_typed() -> bool {
    std::io::stdin().is_terminal()
}

/// Reads the terminal on a thread of its own, which ends with the program.
///
/// # Errors
/// No thread is to be had.
pub(super) fn read() -> Result<UnboundedReceiver<Input>, CliError> {
    let (sender, receiver) = unbounded_channel();
    let read = move || {
        while let Ok(event) = event::read() {
            if input(&event).is_some_and(|input| sender.send(input).is_err()) {
                return;
            }
        }
    };
    let thread = thread::Builder::new().name("keys".to_owned()).spawn(read);
    thread.map_err(|error| CliError::new(format!("cannot read keys: {error}")))?;
    Ok(receiver)
}

fn input(event: &Event) -> Option<Input> {
    match event {
        Event::Key(KeyEvent { kind: KeyEventKind::Release, .. }) => None,
        Event::Key(key) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            (key.code == KeyCode::Char('c')).then_some(Input::Interrupt)
        }
        Event::Key(key) => Some(Input::Key(key.code)),
        Event::Resize(..) | Event::FocusGained => Some(Input::Redraw),
        _ => None,
    }
}
