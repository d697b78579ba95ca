//! A check-up.

use super::cells::some;
use crate::format::{Column, View};
use crate::v1::{Check, Verdict};

const CHECK: Column<Check> = ("CHECK", |row| row.check.clone());
const VERDICT: Column<Check> = ("VERDICT", verdict);
const TARGET: Column<Check> = ("TARGET", |row| some(row.target.clone()));
const DETAIL: Column<Check> = ("DETAIL", |row| row.detail.clone());
const HINT: Column<Check> = ("WHAT TO DO", |row| row.hint.clone());

/// A check-up.
pub const DOCTOR: View<Check> = View {
    table: &[CHECK, VERDICT, TARGET, DETAIL, HINT],
    csv: &[CHECK, VERDICT, TARGET, DETAIL, HINT],
};

/// What does not work stands out.
fn verdict(row: &Check) -> String {
    match row.verdict {
        Verdict::Fail => row.verdict.word().to_uppercase(),
        Verdict::Ok | Verdict::Note => row.verdict.to_string(),
    }
}
