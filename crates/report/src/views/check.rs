//! A check-up.

use super::cells::some;
use crate::format::{Column, View};
use crate::v1::Check;

const CHECK: Column<Check> = ("CHECK", |row| row.check.clone());
const VERDICT: Column<Check> = ("VERDICT", |row| row.verdict.to_string());
const TARGET: Column<Check> = ("TARGET", |row| some(row.target.clone()));
const DETAIL: Column<Check> = ("DETAIL", |row| row.detail.clone());
const REMEDY: Column<Check> = ("WHAT TO DO", |row| row.remedy.clone());

/// A check-up.
pub const DOCTOR: View<Check> = View {
    table: &[CHECK, VERDICT, TARGET, DETAIL, REMEDY],
    csv: &[CHECK, VERDICT, TARGET, DETAIL, REMEDY],
};
