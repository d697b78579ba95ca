//! The steps to an answer.

use crate::format::View;
use crate::v1::Explanation;

/// Only for JSON and templates: the table of an explanation is [`crate::explain`].
pub const EXPLANATION: View<Explanation> = View {
    table: &[("INTERFACE", |row| row.attachment.interface.clone())],
    csv: &[("", |row| row.attachment.interface.clone())],
};
