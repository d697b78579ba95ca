//! A build.

use crate::format::{Column, View};
use crate::v1::Version;

const VERSION: Column<Version> = ("VERSION", |row| row.version.to_owned());
const COMMIT: Column<Version> = ("COMMIT", |row| row.commit.to_owned());
const DATE: Column<Version> = ("DATE", |row| row.date.to_owned());

/// A build.
pub const BUILD: View<Version> =
    View { table: &[VERSION, COMMIT, DATE], csv: &[VERSION, COMMIT, DATE] };
