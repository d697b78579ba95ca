//! What is being typed: which verb, which of its words, which global options stand before it.

use clap::{Arg, ArgAction, Command};

/// What the word under the cursor is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A verb.
    Verb,
    /// An option of the verb, or of the tool.
    Option,
    /// The value of an option or an argument of this id, after a beginning such as `--source=`.
    Value {
        /// The id.
        id: String,
        /// The beginning.
        lead: String,
    },
    /// The name of a file.
    File,
    /// Nothing that could be completed.
    Nothing,
}

/// A line that is being typed.
#[derive(Debug)]
pub(super) struct Line {
    /// The tool, or the verb that was typed.
    pub(super) command: Command,
    /// The verb's words, as `mesh join`; none before there is one.
    pub(super) verb: Vec<String>,
    /// What the word under the cursor is.
    pub(super) slot: Slot,
    /// Global options that were typed, with their values.
    pub(super) global: Vec<String>,
    /// The arguments that were typed, in their order.
    arguments: Vec<String>,
    /// What is typed of the word under the cursor.
    pub(super) prefix: String,
}

impl Line {
    /// Reads the words `before` the one that begins with `prefix`.
    pub(super) fn read(tool: &Command, before: &[String], prefix: &str) -> Self {
        let mut command = tool.clone();
        command.build();
        let mut reader = Reader {
            command,
            verb: Vec::new(),
            global: Vec::new(),
            pending: None,
            arguments: Vec::new(),
        };
        for word in before {
            reader.word(word);
        }
        let slot = reader.slot(prefix);
        let prefix = prefix.to_owned();
        let Reader { command, verb, global, arguments, .. } = reader;
        Self { command, verb, slot, global, arguments, prefix }
    }

    /// The argument of this id, where it was typed.
    pub(super) fn argument(&self, id: &str) -> Option<&str> {
        let at = self.command.get_positionals().position(|argument| argument.get_id() == id)?;
        self.arguments.get(at).map(String::as_str)
    }

    /// Whether it is a verb of this name.
    pub(super) fn is(&self, verb: &str) -> bool {
        self.command.get_name() == verb
    }
}

struct Reader {
    command: Command,
    verb: Vec<String>,
    global: Vec<String>,
    /// The option whose value comes next.
    pending: Option<Arg>,
    arguments: Vec<String>,
}

impl Reader {
    fn word(&mut self, word: &str) {
        if let Some(option) = self.pending.take() {
            return self.keep(&option, word);
        }
        if let Some(option) = self.option(word) {
            self.keep(&option, word);
            let takes = takes_value(&option) && !has_value(&option, word);
            self.pending = takes.then_some(option);
        } else if !word.starts_with('-') {
            self.positional(word);
        }
    }

    fn positional(&mut self, word: &str) {
        match self.command.find_subcommand(word).cloned() {
            Some(verb) if self.arguments.is_empty() => {
                self.verb.push(verb.get_name().to_owned());
                self.command = verb;
            }
            _ => self.arguments.push(word.to_owned()),
        }
    }

    fn keep(&mut self, option: &Arg, word: &str) {
        if option.is_global_set() {
            self.global.push(word.to_owned());
        }
    }

    fn option(&self, word: &str) -> Option<Arg> {
        let mut options = self.command.get_opts().chain(self.command.get_arguments());
        if let Some(long) = word.strip_prefix("--") {
            let name = long.split('=').next()?;
            return options.find(|option| option.get_long() == Some(name)).cloned();
        }
        let short = word.strip_prefix('-')?.chars().next()?;
        options.find(|option| option.get_short() == Some(short)).cloned()
    }

    fn slot(&self, prefix: &str) -> Slot {
        if let Some(option) = &self.pending {
            return value_of(option, "");
        }
        if let Some((name, _)) = prefix.split_once('=').filter(|_| prefix.starts_with("--")) {
            let lead = format!("{name}=");
            return self.option(prefix).map_or(Slot::Nothing, |option| value_of(&option, &lead));
        }
        if prefix.starts_with('-') {
            return Slot::Option;
        }
        if self.command.has_subcommands() {
            return if self.arguments.is_empty() { Slot::Verb } else { Slot::Nothing };
        }
        let mut arguments: Vec<_> = self.command.get_positionals().collect();
        let last = arguments.pop();
        let at = arguments.get(self.arguments.len()).copied();
        let repeated = |last: &&Arg| {
            self.arguments.len() == arguments.len()
                || matches!(last.get_action(), ArgAction::Append)
        };
        at.or(last.filter(repeated)).map_or(Slot::Nothing, |argument| value_of(argument, ""))
    }
}

fn takes_value(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Set | ArgAction::Append)
}

/// Whether the value stands in the same word: `--source=ovsdb`, `-Hunix:///x`; one that may be left
/// out stands nowhere else.
fn has_value(option: &Arg, word: &str) -> bool {
    let joined = if word.starts_with("--") { word.contains('=') } else { word.chars().count() > 2 };
    joined || option.is_require_equals_set()
}

fn value_of(option: &Arg, lead: &str) -> Slot {
    let names = option.get_value_names().unwrap_or_default();
    let file = names
        .iter()
        .any(|name| matches!(name.as_str(), "FILE" | "DIR" | "PATH" | "BEFORE" | "AFTER"));
    if file {
        return Slot::File;
    }
    Slot::Value { id: option.get_id().to_string(), lead: lead.to_owned() }
}
