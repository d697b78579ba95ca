//! Which containers share one network namespace, by `--network container:OTHER`, whichever of them
//! was joined to which.

use model::snapshot::Container;

/// Whether `other` shares the namespace of `row`, as far as `all` tell.
pub(super) fn are_relatives(all: &[&Container], row: &Container, other: &Container) -> bool {
    root(all, row) == root(all, other)
}

/// The id of the container whose namespace `row` is in, at the end of the chain: what it is called
/// there if it is not among `all`, as when it was removed.
fn root<'a>(all: &[&'a Container], row: &'a Container) -> &'a str {
    let mut at = row;
    let mut words = &*row.id.0;
    // A chain is no longer than there are containers; a circle cannot be.
    for _ in 0..=all.len() {
        let Some(next) = at.network_mode.strip_prefix("container:") else { return words };
        match all.iter().find(|known| is_called(known, next)) {
            Some(known) => (at, words) = (known, &*known.id.0),
            None => return next,
        }
    }
    words
}

/// Docker writes the full id; Podman and old engines what was typed.
fn is_called(row: &Container, words: &str) -> bool {
    let id = words.len() >= 12 && row.id.0.starts_with(words);
    id || *row.name == *words
}

#[cfg(test)]
mod tests {
    use model::ids::ContainerId;

    use super::*;

    fn row(name: &str, mode: &str) -> Container {
        Container {
            id: ContainerId(format!("{name:0<64}").into()),
            name: name.into(),
            state: "running".to_owned(),
            pid: None,
            netns: None,
            netns_error: None,
            unread: false,
            sandbox: None,
            network_mode: mode.to_owned(),
            labels: std::collections::BTreeMap::new(),
        }
    }

    fn relatives(rows: &[Container], of: usize) -> Vec<&str> {
        let all: Vec<_> = rows.iter().collect();
        let fits = |other: &&Container| are_relatives(&all, &rows[of], other);
        rows.iter().filter(fits).map(|row| &*row.name).collect()
    }

    #[test]
    fn a_chain_of_any_length_is_one_family() {
        let id = |name: &str| format!("container:{name:0<64}");
        let rows = [
            row("a", "none"),
            row("b", &id("a")),
            row("c", &id("b")),
            row("d", &id("c")),
            row("e", "none"),
        ];
        for of in 0..4 {
            assert_eq!(relatives(&rows, of), ["a", "b", "c", "d"], "{of}");
        }
        assert_eq!(relatives(&rows, 4), ["e"]);
    }

    #[test]
    fn the_first_of_them_may_be_gone_or_be_named_as_it_was_typed() {
        let rows =
            [row("b", "container:gone"), row("c", "container:b"), row("d", "container:gone")];
        assert_eq!(relatives(&rows, 0), ["b", "c", "d"]);
        assert_eq!(relatives(&rows, 2), ["b", "c", "d"]);
    }

    #[test]
    fn a_circle_has_an_end() {
        let rows = [row("a", "container:b"), row("b", "container:a")];
        assert!(relatives(&rows, 0).contains(&"a"));
    }
}
