//! Which columns there is room for, and what the last line says.

use crate::args::SortKey;

/// Where the owner of a port stands among the columns of the table, and what passes through it.
pub(super) const WHO: usize = 2;
const RX: usize = 3;
const TX: usize = 4;

/// Bridge, port, who, RX, TX, packets both ways, drops, errors: as wide as is wanted, and as is enough, in columns
/// of the screen. Of `123.4 Mbit/s` ten letters are.
const WANTED: [u16; 9] = [12, 6, 24, 12, 12, 10, 10, 9, 8];
const ENOUGH: [u16; 9] = [12, 6, 18, 10, 10, 8, 8, 7, 6];

/// Which columns give way first where it is narrow. Port and owner never do.
const GIVE_WAY: [usize; 7] = [0, 8, 7, 6, 5, TX, RX];

/// The columns for a screen so wide, and how wide each is, from the left. What is sorted by has its column, and
/// names are shorter before a counter is left out.
pub(super) fn columns(width: u16, key: SortKey) -> Vec<(usize, u16)> {
    let mut shown: Vec<usize> = (0..WANTED.len()).collect();
    for column in GIVE_WAY.into_iter().filter(|column| !sorted_by(key).contains(column)) {
        if least(&shown) <= width {
            break;
        }
        shown.retain(|other| *other != column);
    }
    let mut room = width.saturating_sub(least(&shown));
    let enough = |column: usize| ENOUGH.get(column).copied().unwrap_or_default();
    let mut columns: Vec<_> = shown.into_iter().map(|column| (column, enough(column))).collect();
    // Rates are whole first, then names longer.
    columns.sort_by_key(|(column, _)| match *column {
        RX | TX => 0,
        WHO => 1,
        _ => 2,
    });
    for (column, wide) in &mut columns {
        let wanted = WANTED.get(*column).copied().unwrap_or_default();
        let more = wanted.saturating_sub(*wide).min(room);
        *wide += more;
        room -= more;
    }
    columns.sort_unstable();
    columns
}

/// A count in a column so wide, in thousands or more where it is longer: `12345678` as `12.3M`. Other cells as they
/// are.
pub(super) fn fitted(cell: String, wide: u16) -> String {
    let wide = usize::from(wide);
    let is_count = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    if cell.len() <= wide || !is_count {
        return cell;
    }
    let forms = (1_usize..).zip(['k', 'M', 'G', 'T', 'P', 'E']).filter_map(|(thousands, unit)| {
        let (whole, rest) = cell.split_at_checked(cell.len().checked_sub(3 * thousands)?)?;
        let tenth = rest.get(..1)?;
        matches!(whole.len(), 1..=3)
            .then(|| [format!("{whole}.{tenth}{unit}"), format!("{whole}{unit}")])
    });
    let shorter = forms.flatten().find(|form| form.len() <= wide);
    shorter.unwrap_or(cell)
}

/// How wide these are at least, with one between two of them.
fn least(shown: &[usize]) -> u16 {
    let widths = shown.iter().filter_map(|column| ENOUGH.get(*column));
    widths.map(|wide| wide + 1).sum::<u16>().saturating_sub(1)
}

/// The columns of what is sorted by.
fn sorted_by(key: SortKey) -> &'static [usize] {
    match key {
        SortKey::Traffic => &[RX, TX],
        SortKey::Packets => &[5, 6],
        SortKey::Drops => &[7],
        SortKey::Errors => &[8],
        SortKey::Name | SortKey::Port => &[],
    }
}

/// The keys, in as many words as a screen so wide has room for.
pub(super) fn help(width: u16) -> &'static str {
    const SHORTEST: &str = "q quit  Enter explain";
    const FORMS: [&str; 2] = [
        "q quit  Enter explain  t traffic  p packets  d drops  e errors  n name  o port  r reverse  / filter",
        "q quit  Enter explain  t p d e n o sort  r reverse  / filter",
    ];
    FORMS.into_iter().find(|form| form.len() <= width.into()).unwrap_or(SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [SortKey; 6] = [
        SortKey::Traffic,
        SortKey::Packets,
        SortKey::Drops,
        SortKey::Errors,
        SortKey::Name,
        SortKey::Port,
    ];

    #[test]
    fn every_counter_has_a_column_at_80() {
        for key in KEYS {
            for width in [80, 90, 100, 160] {
                let all = columns(width, key);
                let shown: Vec<_> = all.iter().map(|(column, _)| *column).collect();
                assert!(shown.ends_with(&[1, 2, 3, 4, 5, 6, 7, 8]), "{width}: {shown:?}");
            }
        }
        assert_eq!(
            columns(160, SortKey::Traffic),
            WANTED.into_iter().enumerate().collect::<Vec<_>>()
        );
        assert_eq!(columns(92, SortKey::Traffic)[1], (WHO, 24), "names are longer before counters");
    }

    #[test]
    fn a_count_is_shorter_where_it_has_no_room() {
        let shown = |count: &str, wide| fitted(count.to_owned(), wide);
        assert_eq!(shown("123456", 6), "123456");
        assert_eq!(shown("1234567", 6), "1.2M");
        assert_eq!(shown("12345678", 7), "12.3M");
        assert_eq!(shown("999999999", 6), "999.9M");
        assert_eq!(shown("18446744073709551615", 6), "18.4E");
        assert_eq!(shown("18446744073709551615", 4), "18E");
        assert_eq!(shown("123.4 Mbit/s", 6), "123.4 Mbit/s");
    }

    #[test]
    fn what_is_sorted_by_has_a_column() {
        for key in KEYS {
            for width in [40, 50, 60, 70, 79] {
                let all = columns(width, key);
                let has = |column: &usize| all.iter().any(|(shown, _)| shown == column);
                assert!(sorted_by(key).iter().all(has), "{width}: {all:?}");
                assert!([1, WHO].iter().all(has), "{width}: {all:?}");
                let wide: u16 = all.iter().map(|(_, wide)| wide + 1).sum();
                assert!(wide - 1 <= width.max(47), "{width}: {all:?}");
            }
        }
    }

    #[test]
    fn the_last_line_tells_the_most_important_keys_at_any_width() {
        for width in [30, 60, 80, 99, 160] {
            let help = help(width);
            assert!(help.len() <= width.into(), "{width}: {help}");
            assert!(help.starts_with("q quit  Enter explain"), "{width}: {help}");
        }
        assert!(help(80).contains("sort"));
    }
}
