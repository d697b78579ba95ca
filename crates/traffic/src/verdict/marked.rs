//! What conntrack keeps of a connection besides its state, `ct_mark` and `ct_label`. A trace has them as the rules
//! of the pass before wrote them, and else as zero: it knows neither what an earlier packet wrote, nor what another
//! `ct(…)` of the same packet did.

use flowtext::{Header, KeptField};

use crate::packet::Direction;

/// The fields, as a megaflow calls them.
const FIELDS: [&str; 2] = ["ct_mark=", "ct_label="];

/// The passes of a trace, in order.
#[derive(Default)]
pub(super) struct Passes(Vec<Begun>);

struct Begun {
    /// The pass that it was recirculated from.
    parent: Option<usize>,
    /// By what each of the fields is written that it bears.
    kept: [KeptField; 2],
    /// Whether conntrack knows the connection, so that it keeps what is written.
    is_known: bool,
    /// Which bits of them decide in it.
    decide: [Option<u128>; 2],
    /// Which of them it writes.
    wrote: [bool; 2],
}

impl Passes {
    /// A pass of this megaflow begins, with what it bears of `ct_mark` and `ct_label`. Of an answer `is_known` says
    /// whether conntrack has its connection.
    pub(super) fn begin(
        &mut self,
        parent: Option<usize>,
        header: &Header,
        is_known: bool,
        megaflow: &str,
    ) {
        let kept = [header.mark, header.label];
        let decide = FIELDS.map(|field| bits(megaflow, field));
        self.0.push(Begun { parent, kept, is_known, decide, wrote: [false; 2] });
    }

    /// The last one writes `ct_mark` or `ct_label`.
    pub(super) fn wrote(&mut self, mark: bool, label: bool) {
        if let Some(last) = self.0.last_mut() {
            last.wrote = [mark, label];
        }
    }

    /// That rules look at what is not known of these fields.
    pub(super) fn doubts(&self, direction: Direction) -> Vec<String> {
        let rows = self.0.iter().enumerate();
        let each = rows.flat_map(|(at, pass)| {
            let all = FIELDS.into_iter().zip(pass.kept).zip(pass.decide).enumerate();
            all.filter_map(move |(which, ((field, kept), decide))| {
                let decide = decide?;
                let is_written = kept.bits.is_some_and(|bits| decide & !bits == 0);
                // What nothing wrote is zero of a connection that is new.
                let is_told = direction == Direction::Original || (is_written && pass.is_known);
                Some((at, which, field, is_told && !kept.before))
            })
        });
        let unknown =
            each.filter(|(at, which, _, is_told)| !is_told || self.is_written_beside(*at, *which));
        let why = |field: &str| {
            let field = field.trim_end_matches('=');
            format!("it depends on {field}, which the connection has, and a trace is not told")
        };
        unknown.map(|(_, _, field, _)| why(field)).collect()
    }

    /// Whether a pass writes the field that is neither before this one nor after it: it may be either.
    fn is_written_beside(&self, at: usize, which: usize) -> bool {
        let writes = |pass: &Begun| pass.wrote.get(which) == Some(&true);
        let mut others = self.0.iter().enumerate().filter(|(_, pass)| writes(pass));
        others.any(|(other, _)| !self.comes_of(other, at) && !self.comes_of(at, other))
    }

    /// Whether a pass is this one, or was recirculated from it, or from what was.
    fn comes_of(&self, pass: usize, from: usize) -> bool {
        let mut at = Some(pass);
        while let Some(here) = at {
            if here == from {
                return true;
            }
            // A pass is recirculated from an earlier one.
            at = self.0.get(here).and_then(|begun| begun.parent).filter(|parent| *parent < here);
        }
        false
    }
}

/// The bits of a field that a megaflow has. What cannot be read may be all.
fn bits(megaflow: &str, field: &str) -> Option<u128> {
    let value = megaflow.split(',').find_map(|part| part.trim().strip_prefix(field))?;
    let mask = |mask: &str| match mask.strip_prefix("0x") {
        Some(hex) => u128::from_str_radix(hex, 16).ok(),
        None => mask.parse().ok(),
    };
    let all = if field == "ct_mark=" { u128::from(u32::MAX) } else { u128::MAX };
    Some(value.split_once('/').map_or(Some(all), |(_, bits)| mask(bits)).unwrap_or(all))
}
